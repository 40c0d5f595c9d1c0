"""One pointer, written last: what it names is in the store, whole, and of the one attempt that may say so."""

from __future__ import annotations

from typing import Any

from eventkit.uow import UnitOfWork

from media.domain.jobs import JobState
from media.domain.source import Source
from media.domain.videos import hls_prefix
from media.store import jobs, publication, videos
from media.store.publication import Entry, Published
from media.store.videos import Video
from media.usecases.announcing import of_video
from media.usecases.encoding.attempt import Attempt, FencedError


def begin(attempt: Attempt) -> Video:
    """The video, PROCESSING. Raises FencedError when it is deleted, or the job is somebody else's."""
    with attempt.transaction() as uow:
        video = _hold(uow, attempt)
        publication.mark_processing(uow.conn, video.id)
        return video


def keep(attempt: Attempt, name: str, entry: dict[str, Any]) -> None:
    """A rendition is uploaded: the next attempt need not make it. Raises FencedError."""
    with attempt.transaction() as uow:
        if not jobs.keep(uow.conn, attempt.claim, name, entry):
            raise FencedError


def publish_viewable(attempt: Attempt, master_key: str, source: Source, lowest: Entry) -> None:
    """Whoever opens the video from now on sees it, small. Raises FencedError."""
    with attempt.transaction() as uow:
        video = _hold(uow, attempt)
        publication.mark_viewable(uow.conn, video.id, master_key, source, lowest)


def publish_ready(attempt: Attempt, source: Source, published: Published) -> None:
    """The job's end, the video's state and the event: all or nothing. Raises FencedError."""
    claim, clock = attempt.claim, attempt.ports.clock
    with attempt.transaction() as uow:
        video = _hold(uow, attempt)
        jobs.settle(uow.conn, claim, JobState.SUCCEEDED, attempt.seconds, clock.now())
        jobs.unsweep(uow.conn, claim)
        video = publication.mark_ready(uow.conn, video.id, source, published)
        session = videos.find_session(uow.conn, uow.tenant, video.session_id)
        lecture = {"lecture_title": session.lecture_title} if session else {}
        uow.publish("media.video.ready", subject=str(video.id), data={**_ready(video), **lecture})
        attempt.ports.points("before_ready")


def _hold(uow: UnitOfWork, attempt: Attempt) -> Video:
    video = videos.hold(uow.conn, uow.tenant, attempt.claim.video_id)
    if video is None or not jobs.hold(uow.conn, attempt.claim):
        raise FencedError
    return video


def _ready(video: Video) -> dict[str, Any]:
    return {
        **of_video(video),
        "title": video.title,
        "duration_ms": video.duration_ms,
        "hls_prefix": hls_prefix(video.tenant_id, video.id),
        "hls_bytes": video.hls_bytes,
        "raw_key": video.raw_key,
        "raw_expires_at": video.raw_expires_at and video.raw_expires_at.isoformat(),
    }
