"""Playing a video: what a player is given, and what the origin serves for a signed address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from eventkit.errors import PermanentError
from eventkit.ports import Database
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from servicekit.storage import ObjectStore

from media.domain.access import (
    GRACE_SECONDS,
    AccessMode,
    Denial,
    Policy,
    enrollment_of,
    viewer_of_enrollment,
    viewer_of_staff,
)
from media.domain.links import EscapesError, Links, rewrite
from media.domain.signing import Grant, Refusal, SignatureRefusedError
from media.domain.videos import hls_prefix
from media.ports import Ports
from media.store import access, playback
from media.usecases.access import require_video
from media.usecases.watching import Watching, denied, policy_changed, session_inactive

KEEP_EVENTS = timedelta(days=180)
HEARTBEAT_SECONDS = 15
_MAX_PLAYLIST = 4 << 20
_DETAILS = {
    Refusal.UNSIGNED: "서명이 없는 주소입니다. 영상을 다시 열어 주세요.",
    Refusal.BAD_SIGNATURE: "서명이 올바르지 않은 주소입니다. 영상을 다시 열어 주세요.",
    Refusal.UNKNOWN_KEY: "더 이상 쓰지 않는 서명입니다. 영상을 다시 열어 주세요.",
    Refusal.EXPIRED: "주소의 유효 시간이 지났습니다. 영상을 다시 열어 주세요.",
}


class Playable(Protocol):
    """What of a video row addresses are made of."""

    @property
    def id(self) -> UUID: ...
    @property
    def master_key(self) -> str | None: ...
    @property
    def poster_key(self) -> str | None: ...
    @property
    def storyboard_key(self) -> str | None: ...
    @property
    def policy_version(self) -> int: ...


def playback_links(
    links: Links, tenant: str, video: Playable, viewer: str, session: UUID | None = None
) -> dict[str, str | None]:
    """Signed addresses `master`, `poster`, `storyboard`, each None where there is no such object.

    `viewer` is domain.access.viewer_of_staff(subject) or viewer_of_enrollment(id).
    """
    grant = Grant(viewer, video.policy_version, str(session or ""))
    keys = {"master": video.master_key, "poster": video.poster_key, "storyboard": video.storyboard_key}
    return {name: _link(links, tenant, video, key, grant) for name, key in keys.items()}


def poster_link(links: Links, tenant: str, video: Playable, viewer: str) -> str | None:
    """The poster's address alone, as lists show it."""
    return _link(links, tenant, video, video.poster_key, Grant(viewer, video.policy_version))


def preview(uow: UnitOfWork, links: Links, video_id: UUID, subject: str) -> dict[str, Any]:
    """Addresses for staff. Raises Problem 404, 409 video_not_ready."""
    video = require_video(uow, video_id)
    if video.master_key is None:
        raise Problem("video_not_ready", "아직 재생할 수 없는 영상입니다.", status=409)
    made = playback_links(links, uow.tenant, video, viewer_of_staff(subject))
    return {**_urls(made), "expires_at": _moment(_now() + links.ttl)}


def handed_out(links: Links, watching: Watching) -> dict[str, Any]:
    """What a player gets: token, policy, addresses, watermark."""
    ticket, found, policy = watching.ticket, watching.found, watching.policy
    viewer, expires = viewer_of_enrollment(ticket.enrollment_id), _now() + links.ttl
    made = playback_links(links, ticket.tenant, found, viewer, ticket.session)
    return {
        "token": ticket.seal(links, expires),
        "title": found.title,
        "session_id": ticket.session,
        "expires_at": _moment(expires),
        "access_mode": policy.mode.value,
        "monitoring_enabled": policy.mode is AccessMode.PROCTORED_CLASS,
        "heartbeat_seconds": HEARTBEAT_SECONDS,
        "policy": _shown(policy, found.max_watched_ms),
        "last_position": found.watched_position_ms / 1000,
        "duration": (found.duration_ms or 0) / 1000,
        **_urls(made),
        "watermark": {"user_id": ticket.student_id} if policy.watermark else None,
    }


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that the origin may answer: the object, and how long its address lives on."""

    tenant: str
    video_id: UUID
    rest: str
    grant: Grant
    duration_ms: int
    seconds_left: int

    @property
    def key(self) -> str:
        """In the bucket of videos."""
        return hls_prefix(self.tenant, self.video_id) + self.rest


def check_signature(links: Links, path: str, query: Mapping[str, str]) -> Grant:
    """Raises Problem 403: unsigned_url, bad_signature, unknown_key, url_expired."""
    try:
        return links.keys.verify(path, query, datetime.now(UTC).timestamp())
    except SignatureRefusedError as error:
        raise Problem(error.refusal.value, _DETAILS[error.refusal], status=403) from None


def open_address(
    uow: UnitOfWork, video_id: UUID, rest: str, grant: Grant, query: Mapping[str, str]
) -> Opened:
    """What the signature cannot know: the video is there, the policy as it was, the viewer still admitted.

    Raises Problem 404 for a deleted video, 403 policy_changed, session_inactive, not_enrolled, blocked.
    """
    enrollment = enrollment_of(grant.viewer)
    session = UUID(grant.session) if grant.session else None
    found = access.url_state(uow.conn, uow.tenant, video_id, enrollment, session)
    if found is None:
        raise Problem("not_found")
    if found.policy_version != grant.policy_version:
        raise policy_changed()
    if session is not None and not found.active:
        raise session_inactive(403)
    if enrollment is not None and not found.enrolled:
        raise denied(Denial.NOT_ENROLLED)
    if enrollment is not None and found.own_mode == AccessMode.BLOCKED:
        raise denied(Denial.BLOCKED)
    left = int(query["exp"]) - _now()
    return Opened(uow.tenant, video_id, rest, grant, found.duration_ms or 0, max(left, 0))


def rewritten(ports: Ports, opened: Opened) -> str:
    """A playlist or storyboard with every address in it signed for the same viewer.

    Raises ObjectMissingError; PermanentError for one that names something outside of its video.
    """
    text = _read(ports.objects, opened.key)
    expires = _now() + ports.links.lifetime(opened.duration_ms)

    def sign(place: str) -> str:
        return ports.links.address(opened.tenant, opened.video_id, place, opened.grant, expires)

    try:
        return rewrite(opened.rest, text, sign)
    except (EscapesError, ValueError):
        raise PermanentError("playlist_escapes") from None


def expire_sessions(db: Database, _now: datetime) -> None:
    """Periodic task: classes whose player has gone silent are EXPIRED.

    For statistics alone: whoever uses a session looks at `expires_at`.
    """
    with db.system() as conn:
        playback.expire(conn)


def prune_events(db: Database, now: datetime) -> None:
    """Periodic task: forget playback events and ended classes after 180 days; progress stays."""
    with db.system() as conn:
        playback.prune(conn, now - KEEP_EVENTS)


def _link(links: Links, tenant: str, video: Playable, key: str | None, grant: Grant) -> str | None:
    return links.first(tenant, video.id, key, grant, _now()) if key else None


def _read(objects: ObjectStore, key: str) -> str:
    stream = objects.open(key)
    try:
        if stream.info.size > _MAX_PLAYLIST:
            raise PermanentError("playlist_too_large")
        return b"".join(stream.chunks).decode("utf-8", "replace")
    finally:
        stream.chunks.close()


def _shown(policy: Policy, max_watched_ms: int) -> dict[str, Any]:
    limits = {} if policy.free_seek else {"limit": max_watched_ms / 1000, "grace_seconds": GRACE_SECONDS}
    return {
        "seek": {"mode": "free" if policy.free_seek else "bounded_forward", **limits},
        "max_speed": float(policy.max_speed),
        "watermark": policy.watermark,
    }


def _urls(made: Mapping[str, str | None]) -> dict[str, str | None]:
    return {
        "play_url": made["master"],
        "poster_url": made["poster"],
        "storyboard_url": made["storyboard"],
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
