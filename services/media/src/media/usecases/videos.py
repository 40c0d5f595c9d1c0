"""Videos: what staff may do to them. Every function but `retry` runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from eventkit.uow import Transaction, UnitOfWork
from servicekit.pagination import Page, fetch_page
from servicekit.problem import Problem
from servicekit.storage import ObjectMissingError, ObjectStore

from media.domain.failures import PERMANENT, TRANSIENT
from media.domain.jobs import STEPS, JobState, Step
from media.domain.videos import PLAYABLE, StorageLimits, VideoStatus
from media.store import jobs, settings, videos
from media.usecases.announcing import of_video
from media.usecases.encoding import queueing

Values = Mapping[str, Any]
Poster = Callable[[videos.Video], str | None]
"""The address of a video's poster, signed for whoever asks; None without one."""

_POLICY = ("session_id", "allow_skip", "max_speed", "show_watermark")
_REASONS = {**PERMANENT, **TRANSIENT}
_UNKNOWN = "알 수 없는 오류입니다."
_RENDITION = ("name", "width", "height", "fps", "codecs", "bandwidth", "average_bandwidth", "bytes")


def list_page(uow: UnitOfWork, query: Mapping[str, Any]) -> Page:
    """A session's videos in their order; without a session newest first."""
    of_session = query["session"] is not None
    return fetch_page(
        uow.conn,
        videos.listing(
            uow.tenant,
            session=query["session"],
            lecture=query["lecture"],
            status=query["status"],
            search=query["search"],
        ),
        videos.SESSION_ORDER if of_session else videos.NEWEST,
        cursor=query.get("cursor"),
        page_size=query["page_size"],
        descending=not of_session,
    )


def show(uow: UnitOfWork, video_id: UUID, poster: Poster) -> dict[str, Any]:
    """Raises Problem 404."""
    found = videos.show(uow.conn, uow.tenant, video_id)
    if found is None:
        raise Problem("not_found")
    return render(found, poster)


def render(row: videos.Video, poster: Poster) -> dict[str, Any]:
    """A row of the listing as people get it."""
    status = VideoStatus(row.status)
    return {
        **row._mapping,
        "label": status.label,
        "playable": status in PLAYABLE,
        "poster_url": poster(row),
        "error": _error(row.error_code),
        "progress": _progress(row),
        "duration": None if row.duration_ms is None else row.duration_ms / 1000,
        "renditions": [{name: made[name] for name in _RENDITION} for made in row.renditions],
    }


def _error(code: str | None) -> dict[str, str] | None:
    return None if code is None else {"code": code, "reason": _REASONS.get(code, _UNKNOWN)}


def _progress(row: videos.Video) -> dict[str, Any] | None:
    """What the encoder does for it; null when no job waits or runs."""
    if row.job_state is None:
        return None
    step = Step(row.job_step) if row.job_step and row.job_state == JobState.RUNNING else None
    return {
        "state": row.job_state,
        "step": step.value if step else None,
        "step_name": step.label if step else "대기",
        "step_index": step.position if step else 0,
        "step_total": len(STEPS),
        "step_percent": row.job_step_percent,
        "percent": row.job_percent,
        "remaining_seconds": row.job_remaining_seconds,
        "failures": row.job_failures,
    }


def change(uow: UnitOfWork, video_id: UUID, values: Values) -> None:
    """Change the given fields. Who may watch and how: tokens and URLs given out before die.

    Raises Problem 404, 422 unknown_session.
    """
    if "session_id" in values or "position" in values:
        videos.lock_all(uow.conn, uow.tenant)
    video = held(uow, video_id)
    new = {name: value for name, value in values.items() if value != getattr(video, name)}
    new.pop("position", None)
    moves = "position" in values and ("session_id" in new or values["position"] != video.position)
    if "session_id" in new:
        session = videos.find_session(uow.conn, uow.tenant, new["session_id"])
        if session is None:
            raise unknown_session()
        new["lecture_id"] = session.lecture_id
        new["position"] = videos.next_position(uow.conn, uow.tenant, new["session_id"])
    if any(name in new for name in _POLICY):
        new["policy_version"] = video.policy_version + 1
    if new:
        video = videos.update(uow.conn, uow.tenant, video_id, new)
    if moves:
        videos.move(uow.conn, uow.tenant, video.session_id, video_id, values["position"])


def keep_raw(uow: UnitOfWork, video_id: UUID, keep: bool) -> None:
    """The original stays for good, or its days are counted from now on.

    Raises Problem 404, 409 raw_missing once it is gone or was released to be deleted.
    """
    video = held(uow, video_id)
    if video.raw_deleted_at or video.raw_released_at:
        raise _raw_missing()
    if keep == video.raw_keep:
        return
    counted = not keep and video.status == VideoStatus.READY
    days = settings.find(uow.conn, uow.tenant).raw_retention_days if counted else None
    videos.keep_raw(uow.conn, uow.tenant, video_id, keep, days)


def retry(transaction: Transaction, objects: ObjectStore, video_id: UUID) -> None:
    """A video that FAILED, or is UPLOADED and has no job, waits for an encoder again.

    Raises Problem 404, 409 video_state, raw_missing.
    """
    with transaction() as uow:
        key = _retryable(uow, videos.find(uow.conn, uow.tenant, video_id)).raw_key
    try:
        objects.head(key)
    except ObjectMissingError:
        raise _raw_missing() from None
    with transaction() as uow:
        video = _retryable(uow, videos.hold(uow.conn, uow.tenant, video_id))
        videos.update(uow.conn, uow.tenant, video_id, {"status": VideoStatus.UPLOADED, "error_code": None})
        announce_uploaded(uow, video)


def _retryable(uow: UnitOfWork, video: videos.Video | None) -> videos.Video:
    if video is None:
        raise Problem("not_found")
    stuck = video.status == VideoStatus.UPLOADED and not jobs.is_active(uow.conn, uow.tenant, video.id)
    if video.status != VideoStatus.FAILED and not stuck:
        detail = "실패한 영상만 다시 인코딩할 수 있습니다."
        raise Problem("video_state", detail, status=409, members={"status": video.status})
    if video.raw_deleted_at or video.raw_released_at:
        raise _raw_missing()
    return video


def announce_uploaded(uow: UnitOfWork, video: videos.Video) -> None:
    """Queue the video for an encoder and say so: in the transaction that makes it UPLOADED."""
    queueing.enqueue(uow, video.id)
    data = {**of_video(video), "raw_key": video.raw_key, "raw_bytes": video.raw_bytes}
    uow.publish("media.video.uploaded", subject=str(video.id), data=data)


def show_settings(uow: UnitOfWork) -> dict[str, Any]:
    """The academy's limits, and what its videos take of them."""
    limits = settings.find(uow.conn, uow.tenant)
    return {**asdict(limits), "used_bytes": videos.used_bytes(uow.conn, uow.tenant)}


def change_settings(uow: UnitOfWork, values: Values) -> None:
    """Change the given limits; another retention also counts for the originals that are there."""
    videos.lock_all(uow.conn, uow.tenant)
    present = settings.find(uow.conn, uow.tenant)
    new: StorageLimits = replace(present, **values)
    settings.save(uow.conn, uow.tenant, new)
    if new.raw_retention_days != present.raw_retention_days:
        videos.recount_expiry(uow.conn, uow.tenant, new.raw_retention_days)


def held(uow: UnitOfWork, video_id: UUID) -> videos.Video:
    """The video, locked until the end of the transaction. Raises Problem 404."""
    video = videos.hold(uow.conn, uow.tenant, video_id)
    if video is None:
        raise Problem("not_found")
    return video


def unknown_session() -> Problem:
    """The academy has no such session, or has not told this service of it yet."""
    detail = "이 학원의 차시가 아닙니다. 방금 만든 차시라면 잠시 후 다시 시도해 주세요."
    return Problem("unknown_session", detail, status=422, errors={"session": [detail]})


def _raw_missing() -> Problem:
    return Problem("raw_missing", "원본의 보관 기간이 끝나 삭제되었습니다. 다시 올려 주세요.", status=409)
