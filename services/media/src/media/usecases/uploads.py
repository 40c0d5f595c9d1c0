"""An upload from begin to end: the file goes from the browser straight to the store, the rows say what it is.

No transaction is open while the store is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from eventkit.errors import PermanentError, TransientError
from eventkit.ids import new_id
from eventkit.uow import Transaction, UnitOfWork
from servicekit.multipart import Part
from servicekit.problem import Problem
from servicekit.storage import ObjectInfo, ObjectMissingError

from media.domain.failures import PERMANENT
from media.domain.uploads import (
    HEAD_BYTES,
    MAX_OPEN,
    OPEN_FOR,
    PART_URL,
    PUT_URL,
    Plan,
    UploadKind,
    UploadState,
    extension_of,
    is_video,
    plan,
)
from media.domain.videos import GIB, VideoStatus, raw_key
from media.ports import UploadPorts
from media.store import settings, uploads, videos
from media.usecases import announcing
from media.usecases.removal import upload_ended
from media.usecases.videos import announce_uploaded, unknown_session


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVideo:
    """What somebody is about to upload; `size_bytes` is the file's, `fingerprint` the client's name of it."""

    session_id: UUID
    title: str
    filename: str
    content_type: str
    size_bytes: int
    fingerprint: str
    allow_skip: bool
    max_speed: Decimal
    show_watermark: bool
    created_by: str


def begin(transaction: Transaction, ports: UploadPorts, new: NewVideo) -> UUID:
    """A PENDING video with an OPEN upload; the video's id.

    Raises Problem 422 empty_file, unsupported_file_type, unknown_session, 413 video_too_large, 409
    quota_exceeded, too_many_uploads.
    """
    extension = _check_file(new)
    how = plan(new.size_bytes)
    with transaction() as uow:
        _check_room(uow, new)
        key = raw_key(uow.tenant, new.session_id, new_id(), extension)
    store_id = None
    if how.kind is UploadKind.MULTIPART:
        store_id = ports.uploads.create_multipart(key, new.content_type)
    needed = False
    try:
        with transaction() as uow:
            videos.lock_all(uow.conn, uow.tenant)
            lecture_id = _check_room(uow, new)
            video_id = _record(uow, new, lecture_id, key, how, store_id)
            # at the commit itself the outcome may be unknown: then the upload stays, or expires
            needed = True
    finally:
        if not needed and store_id:
            with suppress(TransientError, PermanentError):
                ports.uploads.abort_multipart(key, store_id)
    return video_id


def _check_file(new: NewVideo) -> str:
    """The extension of its key."""
    if new.size_bytes == 0:
        raise Problem("empty_file", PERMANENT["empty_file"], status=422)
    extension = extension_of(new.filename)
    if extension is None:
        detail = "동영상 파일(mp4, mov, mkv, webm, avi, wmv 등)만 올릴 수 있습니다."
        raise Problem("unsupported_file_type", detail, status=422, errors={"filename": [detail]})
    return extension


def _check_room(uow: UnitOfWork, new: NewVideo) -> UUID:
    """The session's lecture."""
    session = videos.find_session(uow.conn, uow.tenant, new.session_id)
    if session is None:
        raise unknown_session()
    limits = settings.find(uow.conn, uow.tenant)
    if new.size_bytes > limits.max_video_bytes:
        detail = f"파일이 너무 큽니다. 한 영상은 {_gib(limits.max_video_bytes)}까지 올릴 수 있습니다."
        raise Problem("video_too_large", detail, status=413, members={"max_bytes": limits.max_video_bytes})
    used = videos.used_bytes(uow.conn, uow.tenant)
    if used + new.size_bytes > limits.quota_bytes:
        detail = (
            f"학원의 영상 저장 한도({_gib(limits.quota_bytes)})를 넘습니다. 필요 없는 영상을 삭제해 주세요."
        )
        members = {"quota_bytes": limits.quota_bytes, "used_bytes": used}
        raise Problem("quota_exceeded", detail, status=409, members=members)
    if uploads.count_open(uow.conn, uow.tenant) >= MAX_OPEN:
        detail = f"진행 중인 업로드가 {MAX_OPEN}개입니다. 끝나지 않은 업로드를 마치거나 취소해 주세요."
        raise Problem("too_many_uploads", detail, status=409)
    lecture_id: UUID = session.lecture_id
    return lecture_id


def _gib(size: int) -> str:
    return f"{size / GIB:.1f}".removesuffix(".0") + "GB"


def _record(
    uow: UnitOfWork, new: NewVideo, lecture_id: UUID, key: str, how: Plan, store_id: str | None
) -> UUID:
    values = {
        "lecture_id": lecture_id,
        "session_id": new.session_id,
        "title": new.title,
        "position": videos.next_position(uow.conn, uow.tenant, new.session_id),
        "raw_key": key,
        "raw_bytes": new.size_bytes,
        "allow_skip": new.allow_skip,
        "max_speed": new.max_speed,
        "show_watermark": new.show_watermark,
        "created_by": new.created_by,
    }
    video_id: UUID = videos.insert(uow.conn, uow.tenant, values).id
    upload = {
        "video_id": video_id,
        "kind": how.kind,
        "object_key": key,
        "s3_upload_id": store_id,
        "filename": new.filename,
        "content_type": new.content_type,
        "size_bytes": how.size,
        "part_bytes": how.part_bytes,
        "fingerprint": new.fingerprint,
        "created_by": new.created_by,
    }
    uploads.insert(uow.conn, uow.tenant, upload, OPEN_FOR)
    return video_id


def describe(upload: uploads.Upload, ports: UploadPorts) -> dict[str, Any]:
    """An upload as people get it; `upload_url` is signed anew each time, null for one in parts or ended."""
    single = upload.kind == UploadKind.SINGLE and upload.state == UploadState.OPEN
    url = None
    if single:
        url = ports.uploads.presign_put(upload.object_key, upload.content_type, upload.size_bytes, PUT_URL)
    shown = {**upload._mapping, "part_count": _plan(upload).part_count}
    return {
        "video_id": upload.video_id,
        "upload": shown,
        "upload_url": url,
        "file_key": upload.object_key,
        "content_type": upload.content_type,
    }


def of(uow: UnitOfWork, video_id: UUID) -> uploads.Upload:
    """A video's upload. Raises Problem 404."""
    video = videos.find(uow.conn, uow.tenant, video_id)
    upload = uploads.find(uow.conn, uow.tenant, video_id)
    if video is None or upload is None:
        raise Problem("not_found")
    return upload


def open_of(uow: UnitOfWork, ports: UploadPorts, by: str, fingerprint: str) -> list[dict[str, Any]]:
    """Somebody's open uploads of a file, or all of theirs: what a browser resumes after a reload."""
    return [describe(upload, ports) for upload in uploads.open_of(uow.conn, uow.tenant, by, fingerprint)]


def show(transaction: Transaction, ports: UploadPorts, video_id: UUID) -> dict[str, Any]:
    """The upload and what of it the store has: `uploaded_parts` whole ones, `stored` the complete object.

    Raises Problem 404.
    """
    with transaction() as uow:
        upload = of(uow, video_id)
    open_ = upload.state == UploadState.OPEN
    stored = upload.state == UploadState.COMPLETED or (open_ and _stored(ports, upload) is not None)
    present: list[int] = []
    if open_ and not stored and upload.s3_upload_id:
        with suppress(ObjectMissingError):
            present = _plan(upload).present({part.number: part.size for part in _parts(ports, upload)})
    return {**describe(upload, ports), "stored": stored, "uploaded_parts": present}


def presign(
    transaction: Transaction, ports: UploadPorts, video_id: UUID, numbers: list[int]
) -> list[dict[str, Any]]:
    """A URL for each part. Raises Problem 404, 409 upload_ended, upload_single, 422 unknown_parts."""
    upload = _open(transaction, video_id)
    if upload.s3_upload_id is None:
        raise Problem("upload_single", "한 번에 올리는 파일에는 조각이 없습니다.", status=409)
    how = _plan(upload)
    unknown = [number for number in numbers if number > how.part_count]
    if unknown:
        detail = f"조각 번호는 1부터 {how.part_count}까지입니다."
        raise Problem("unknown_parts", detail, status=422, errors={"parts": [detail]})
    return [
        {
            "part": number,
            "size": how.size_of(number),
            "url": ports.uploads.presign_part(
                upload.object_key, upload.s3_upload_id, number, how.size_of(number), PART_URL
            ),
        }
        for number in numbers
    ]


def complete(transaction: Transaction, ports: UploadPorts, video_id: UUID) -> None:
    """The file is there: its video is UPLOADED and waits for an encoder. Completed again, nothing happens.

    A file that is no video makes it FAILED (not_a_video). What is missing is told, and nothing is lost by it.
    Raises Problem 404, 409 upload_ended, upload_missing, upload_incomplete (`missing_parts`, the first 1,000,
    `missing_count`), upload_size_differs, upload_type_differs, upload_lost.
    """
    with transaction() as uow:
        upload = of(uow, video_id)
    if upload.state == UploadState.COMPLETED:
        return
    if upload.state != UploadState.OPEN:
        raise upload_ended()
    found = _stored(ports, upload) or _assembled(ports, upload)
    _check_stored(upload, found)
    head = ports.objects.read_range(upload.object_key, 0, HEAD_BYTES)
    with transaction() as uow:
        _settle(uow, video_id, is_video(head))


def _settle(uow: UnitOfWork, video_id: UUID, usable: bool) -> None:
    video = videos.hold(uow.conn, uow.tenant, video_id)
    upload = uploads.hold(uow.conn, uow.tenant, video_id)
    if video is None or upload is None:
        raise Problem("not_found")
    if upload.state == UploadState.COMPLETED:
        return
    if upload.state != UploadState.OPEN:
        raise upload_ended()
    uploads.end(uow.conn, uow.tenant, upload.id, UploadState.COMPLETED)
    if usable:
        videos.update(uow.conn, uow.tenant, video_id, {"status": VideoStatus.UPLOADED})
        announce_uploaded(uow, video)
    else:
        announcing.fail(uow, video, "not_a_video")


def _open(transaction: Transaction, video_id: UUID) -> uploads.Upload:
    with transaction() as uow:
        upload = of(uow, video_id)
    if upload.state != UploadState.OPEN:
        raise upload_ended()
    return upload


def _plan(upload: uploads.Upload) -> Plan:
    return Plan(UploadKind(upload.kind), upload.size_bytes, upload.part_bytes)


def _parts(ports: UploadPorts, upload: uploads.Upload) -> list[Part]:
    return list(ports.uploads.list_parts(upload.object_key, upload.s3_upload_id))


def _stored(ports: UploadPorts, upload: uploads.Upload) -> ObjectInfo | None:
    """The object, when it is complete already: in one piece, or of a completion that was not written down."""
    try:
        return ports.objects.head(upload.object_key)
    except ObjectMissingError:
        return None


def _assembled(ports: UploadPorts, upload: uploads.Upload) -> ObjectInfo:
    """The object made of the parts that the store has, which alone knows them."""
    if upload.s3_upload_id is None:
        raise Problem("upload_missing", "파일이 아직 저장소에 없습니다. 업로드를 마쳐 주세요.", status=409)
    try:
        parts = _parts(ports, upload)
        _check_parts(_plan(upload), parts)
        ports.uploads.complete_multipart(upload.object_key, upload.s3_upload_id, parts)
    except ObjectMissingError:
        # ended meanwhile: by another completion, or aborted by the bucket's own rule
        found = _stored(ports, upload)
        if found is None:
            detail = "올린 조각이 저장소에서 지워졌습니다. 취소한 뒤 처음부터 다시 올려 주세요."
            raise Problem("upload_lost", detail, status=409) from None
        return found
    return ports.objects.head(upload.object_key)


def _check_parts(how: Plan, parts: list[Part]) -> None:
    present = set(how.present({part.number: part.size for part in parts}))
    missing = [number for number in range(1, how.part_count + 1) if number not in present]
    if missing:
        members = {"missing_parts": missing[:1000], "missing_count": len(missing)}
        detail = f"아직 올리지 않은 조각이 {len(missing)}개 있습니다."
        raise Problem("upload_incomplete", detail, status=409, members=members)


def _check_stored(upload: uploads.Upload, found: ObjectInfo) -> None:
    if found.size != upload.size_bytes:
        detail = "저장된 파일의 크기가 처음에 알린 크기와 다릅니다. 다시 올려 주세요."
        members: Mapping[str, Any] = {"expected_bytes": upload.size_bytes, "stored_bytes": found.size}
        raise Problem("upload_size_differs", detail, status=409, members=members)
    if found.content_type != upload.content_type:
        detail = "저장된 파일의 형식(Content-Type)이 처음에 알린 것과 다릅니다. 다시 올려 주세요."
        raise Problem("upload_type_differs", detail, status=409)
