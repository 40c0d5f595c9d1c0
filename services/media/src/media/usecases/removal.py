"""The end of videos and of unfinished uploads. Every function runs inside the caller's transaction."""

from __future__ import annotations

from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.multipart import UploadStore
from servicekit.problem import Problem

from media.domain.uploads import UploadState
from media.domain.videos import hls_prefix
from media.store import uploads, videos
from media.usecases.announcing import of_video
from media.usecases.encoding import queueing
from media.usecases.videos import held


def remove(uow: UnitOfWork, store: UploadStore, video_id: UUID, by: str) -> None:
    """Delete a video, with its upload when that is open: no encoder has it any more, and its objects will go.

    Raises Problem 404.
    """
    video, upload = _held(uow, video_id)
    if upload is not None and upload.state == UploadState.OPEN:
        _give_up(uow, store, upload, UploadState.CANCELLED)
    _discard(uow, video, by)


def cancel_upload(uow: UnitOfWork, store: UploadStore, video_id: UUID, by: str) -> None:
    """Give up an open upload with all its parts, and its video. Raises Problem 404, 409 upload_ended."""
    _end_open(uow, store, video_id, UploadState.CANCELLED, by)


def expire_upload(uow: UnitOfWork, store: UploadStore, video_id: UUID) -> None:
    """As cancel_upload, by nobody: its time is over."""
    _end_open(uow, store, video_id, UploadState.EXPIRED, "task:settle_uploads")


def announce_deleted(uow: UnitOfWork, video: videos.Video) -> None:
    """Its objects are needed no more; said again until the storage-janitor confirms that they are gone."""
    places = {"raw_key": video.raw_key, "hls_prefix": hls_prefix(uow.tenant, video.id)}
    uow.publish("media.video.deleted", subject=str(video.id), data={**of_video(video), **places})


def upload_ended() -> Problem:
    """Nothing can be added to it, and nothing completed."""
    return Problem("upload_ended", "이미 끝났거나 취소된 업로드입니다. 새로 올려 주세요.", status=409)


def _end_open(uow: UnitOfWork, store: UploadStore, video_id: UUID, state: UploadState, by: str) -> None:
    video, upload = _held(uow, video_id)
    if upload is None or upload.state != UploadState.OPEN:
        raise upload_ended()
    _give_up(uow, store, upload, state)
    _discard(uow, video, by)


def _held(uow: UnitOfWork, video_id: UUID) -> tuple[videos.Video, uploads.Upload | None]:
    video = held(uow, video_id)
    return video, uploads.hold(uow.conn, uow.tenant, video_id)


def _give_up(uow: UnitOfWork, store: UploadStore, upload: uploads.Upload, state: UploadState) -> None:
    """First in the store: if that fails, nothing has changed, and it is done again."""
    if upload.s3_upload_id:
        store.abort_multipart(upload.object_key, upload.s3_upload_id)
    uploads.end(uow.conn, uow.tenant, upload.id, state)


def _discard(uow: UnitOfWork, video: videos.Video, by: str) -> None:
    queueing.cancel(uow, video.id)
    videos.soft_delete(uow.conn, uow.tenant, video.id, by)
    announce_deleted(uow, video)
