"""What a student does with a video: start, report, end. Every function runs inside the caller's transaction.

Everything is checked anew each time, by the same rule: a token says who watches what, never that one may.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.pagination import Page, fetch_page
from servicekit.problem import Problem
from sqlalchemy import Row

from media.domain.access import (
    AccessMode,
    Denial,
    Limits,
    Override,
    Policy,
    SessionState,
    Standing,
    decide,
    is_revoked,
    policy_of,
)
from media.domain.links import Links
from media.domain.progress import COMPLETE_AT, SKIPPED, Watched, advance, fraction, is_skip
from media.domain.signing import Refusal, SignatureRefusedError
from media.domain.videos import PLAYABLE, VideoStatus
from media.store import access, playback


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a playback token says. `issued_at`: the database's clock, in Unix seconds."""

    tenant: str
    video_id: UUID
    enrollment_id: UUID
    student_id: UUID
    session: UUID | None
    mode: AccessMode
    policy_version: int
    issued_at: float

    def seal(self, links: Links, expires: int) -> str:
        """The token; `expires` in Unix seconds."""
        claims = {
            "t": self.tenant, "v": str(self.video_id), "e": str(self.enrollment_id),
            "s": str(self.student_id), "sid": str(self.session or ""), "m": self.mode.value,
            "pv": self.policy_version, "iat": self.issued_at,
        }  # fmt: skip
        return links.keys.seal(claims, expires)


@dataclass(frozen=True, slots=True)
class Watching:
    """A ticket, the video as its student finds it now, and the policy that follows."""

    ticket: Ticket
    found: Row[Any]
    policy: Policy

    @property
    def watched(self) -> Watched:
        """What was credited so far."""
        return Watched(self.found.watched_position_ms, self.found.max_watched_ms, self.found.watched_ms)


def open_ticket(links: Links, token: str, tenant: str, students: Collection[UUID]) -> Ticket:
    """The ticket of a token that this caller may use. Raises Problem 403.

    Codes: playback_token_expired, and invalid_playback_token for forged ones and other people's alike.
    """
    try:
        claims = links.keys.unseal(token, datetime.now(UTC).timestamp())
    except SignatureRefusedError as error:
        if error.refusal is Refusal.EXPIRED:
            raise _refused(
                "playback_token_expired", "재생 시간이 만료되었습니다. 영상을 다시 열어 주세요."
            ) from None
        raise _strange_token() from None
    ticket = Ticket(
        claims["t"], UUID(claims["v"]), UUID(claims["e"]), UUID(claims["s"]),
        UUID(claims["sid"]) if claims["sid"] else None, AccessMode(claims["m"]), claims["pv"], claims["iat"],
    )  # fmt: skip
    if ticket.tenant != tenant or ticket.student_id not in students:
        raise _strange_token()
    return ticket


def start(
    uow: UnitOfWork,
    video_id: UUID,
    enrollment_id: UUID,
    device_id: str,
    students: Collection[UUID],
    *,
    ttl: timedelta,
    limits: Limits,
) -> Watching:
    """Begin to watch; a class gets a session, a review leaves no trace but progress.

    Raises Problem 404, 403 with a code of Denial, 409 too_many_sessions, too_many_devices.
    """
    access.hold_enrollment(uow.conn, uow.tenant, enrollment_id)
    found = access.standing(uow.conn, uow.tenant, video_id, enrollment_id)
    if found is None:
        raise Problem("not_found")
    if found.student_id not in students:  # also an enrollment that does not exist
        raise denied(Denial.NOT_ENROLLED)
    policy = _policy(found)
    playback.open_progress(uow.conn, uow.tenant, video_id, enrollment_id, found.student_id)
    session = None
    if policy.mode is AccessMode.PROCTORED_CLASS:
        session = _begin(uow, found, device_id, ttl, limits)
    ticket = Ticket(
        uow.tenant, video_id, enrollment_id, found.student_id, session, policy.mode, found.policy_version,
        found.at.timestamp(),
    )  # fmt: skip
    return Watching(ticket, found, policy)


def renew(uow: UnitOfWork, ticket: Ticket, ttl: timedelta) -> Watching:
    """As `held`, and the session lives on; the ticket is issued now."""
    watching = held(uow, ticket)
    if ticket.session is not None and playback.count(uow.conn, uow.tenant, ticket.session, ttl) is None:
        raise session_inactive()
    renewed = replace(ticket, issued_at=watching.found.at.timestamp())
    return replace(watching, ticket=renewed)


def held(uow: UnitOfWork, ticket: Ticket) -> Watching:
    """The ticket's video with its progress row held. Raises Problem 404, 403 (Denial, policy_changed)."""
    found = access.standing(uow.conn, uow.tenant, ticket.video_id, ticket.enrollment_id, hold=True)
    if found is None or found.student_id != ticket.student_id:
        raise Problem("not_found")
    allowed = _policy(found).mode
    stricter = (ticket.mode, allowed) == (AccessMode.FREE_REVIEW, AccessMode.PROCTORED_CLASS)
    changed = found.own_set_at is not None and found.own_set_at.timestamp() > ticket.issued_at
    if found.policy_version != ticket.policy_version or stricter or changed:
        raise policy_changed()
    # who finishes a class while watching it watches on by the class's rules
    return Watching(ticket, found, _policy_in(ticket.mode, found))


def report(
    uow: UnitOfWork, ticket: Ticket, position_ms: int, *, ttl: timedelta, limits: Limits
) -> dict[str, Any]:
    """Credit what was watched. Raises what `held` does, and Problem 409 session_inactive."""
    return _credit(uow, held(uow, ticket), position_ms, ttl=ttl, limits=limits)


def _credit(
    uow: UnitOfWork, watching: Watching, position_ms: int, *, ttl: timedelta, limits: Limits
) -> dict[str, Any]:
    ticket, found, policy = watching.ticket, watching.found, watching.policy
    elapsed = max(0, int((found.at - found.watched_at).total_seconds() * 1000))
    skipped = is_skip(watching.watched, position_ms, elapsed, policy)
    state = _tick(uow, ticket, ttl, limits, skipped=skipped, position_ms=position_ms)
    watched = advance(watching.watched, position_ms, elapsed, found.duration_ms or 0, policy)
    progress = fraction(watched, found.duration_ms or 0)
    stored = playback.watch(uow.conn, _credited(ticket, watched, progress, found.at))
    return {
        "position": watched.position_ms / 1000,
        "max_watched": watched.max_watched_ms / 1000,
        "progress": stored.progress,
        "completed": stored.completed_at is not None,
        "violated": skipped and ticket.session is not None,
        "session_state": state,
    }


def finish(
    uow: UnitOfWork, ticket: Ticket, position_ms: int | None, *, ttl: timedelta, limits: Limits
) -> None:
    """The player closes: the last place counts, and the session ends. One that has ended stays so."""
    watching = held(uow, ticket)
    alive = ticket.session is None or playback.count(uow.conn, uow.tenant, ticket.session, ttl) is not None
    if position_ms is not None and alive:
        _credit(uow, watching, position_ms, ttl=ttl, limits=limits)
    if ticket.session is not None:
        playback.end(uow.conn, uow.tenant, ticket.session, SessionState.ENDED)


def note_events(
    uow: UnitOfWork, ticket: Ticket, events: Sequence[Mapping[str, Any]], *, ttl: timedelta, limits: Limits
) -> dict[str, Any]:
    """Store what the player noticed; a repeated `client_id` counts once. A review stores nothing.

    Raises what `held` does, and Problem 409 session_inactive.
    """
    held(uow, ticket)
    if ticket.session is None:
        return {"stored": 0, "session_state": None}
    rows = [
        {
            "tenant_id": uow.tenant, "session_id": ticket.session, "video_id": ticket.video_id,
            "enrollment_id": ticket.enrollment_id, "student_id": ticket.student_id, **event,
        }
        for event in events
    ]  # fmt: skip
    new = playback.add_events(uow.conn, rows)  # undone where the session turns out to have ended
    state = _counted(uow, ticket.session, ttl, limits, events=len(new), violations=sum(new))
    return {"stored": len(new), "session_state": state}


def list_videos(
    uow: UnitOfWork,
    students: Collection[UUID],
    *,
    session: UUID | None,
    page_size: int,
    cursor: str | None = None,
) -> Page:
    """Videos of a session, or of all that the students are enrolled in: playable ones, and those to come."""
    query = access.standings_of_students(uow.tenant, students, session)
    order = access.STUDENT_ORDER
    return fetch_page(uow.conn, query, order, cursor=cursor, page_size=page_size, descending=True)


def listed(found: Row[Any]) -> dict[str, Any]:
    """A row of `list_videos` as people get it."""
    allowed = mode_or_reason(found)
    return {
        **found._mapping,
        **allowed,
        "duration": (found.duration_ms or 0) / 1000,
        "can_play": allowed["reason"] is None,
        "last_position": found.watched_position_ms / 1000,
        "completed": found.completed_at is not None,
    }


def mode_or_reason(found: Row[Any]) -> dict[str, str | None]:
    """`access_mode`, or the `reason` of none."""
    allowed = _decision(found)
    if isinstance(allowed, Denial):
        return {"access_mode": None, "reason": allowed.value}
    return {"access_mode": allowed.value, "reason": None}


def _decision(found: Row[Any]) -> AccessMode | Denial:
    """The rule of domain.access for a row of store.access."""
    return decide(
        Standing(
            VideoStatus(found.status) in PLAYABLE,
            found.enrolled,
            found.in_session,
            found.attendance,
            found.completed_at is not None or found.proctored_completed_at is not None,
            _override(found),
        )
    )


def denied(why: Denial) -> Problem:
    return Problem(why.value, why.detail, status=403)


def session_inactive(status: int = 409) -> Problem:
    """For a player that reports; an address is refused with 403."""
    return Problem("session_inactive", "종료된 시청입니다. 영상을 다시 열어 주세요.", status=status)


def policy_changed() -> Problem:
    return _refused("policy_changed", "시청 조건이 바뀌었습니다. 영상을 다시 열어 주세요.")


def _policy(found: Row[Any]) -> Policy:
    allowed = _decision(found)
    if isinstance(allowed, Denial):
        raise denied(allowed)
    return _policy_in(allowed, found)


def _policy_in(mode: AccessMode, found: Row[Any]) -> Policy:
    return policy_of(
        mode,
        _override(found),
        allow_skip=found.allow_skip,
        max_speed=found.max_speed,
        show_watermark=found.show_watermark,
    )


def _override(found: Row[Any]) -> Override:
    mode = None if found.own_mode is None else AccessMode(found.own_mode)
    return Override(mode, found.own_allow_skip, found.own_max_speed, found.own_show_watermark)


def _begin(uow: UnitOfWork, found: Row[Any], device_id: str, ttl: timedelta, limits: Limits) -> UUID:
    playback.hold_student(uow.conn, uow.tenant, found.student_id)
    playback.take_over(uow.conn, uow.tenant, found.student_id, found.id, device_id)
    use = playback.use_of(uow.conn, uow.tenant, found.student_id, device_id)
    if use.sessions >= limits.sessions:
        detail = "동시에 시청할 수 있는 영상 수를 넘었습니다. 다른 영상을 닫고 다시 시도해 주세요."
        raise Problem("too_many_sessions", detail, status=409)
    if use.other_devices >= limits.devices:
        detail = "동시에 사용할 수 있는 기기 수를 넘었습니다. 다른 기기에서 시청을 끝내 주세요."
        raise Problem("too_many_devices", detail, status=409)
    return playback.add_session(
        uow.conn,
        uow.tenant,
        ttl,
        video_id=found.id,
        enrollment_id=found.enrollment_id,
        student_id=found.student_id,
        device_id=device_id,
        mode=AccessMode.PROCTORED_CLASS.value,
        policy_version=found.policy_version,
    )


def _tick(
    uow: UnitOfWork, ticket: Ticket, ttl: timedelta, limits: Limits, *, skipped: bool, position_ms: int
) -> str | None:
    """The session lives on, or ends for one skip too many; its state, None without one."""
    if ticket.session is None:
        return None
    if skipped:
        playback.note_skip(uow.conn, uow.tenant, ticket.session, SKIPPED, position_ms)
    return _counted(uow, ticket.session, ttl, limits, events=int(skipped), violations=int(skipped))


def _counted(
    uow: UnitOfWork, session: UUID, ttl: timedelta, limits: Limits, *, events: int, violations: int
) -> str:
    counts = playback.count(uow.conn, uow.tenant, session, ttl, events=events, violations=violations)
    if counts is None:
        raise session_inactive()
    if violations and is_revoked(limits, counts.event_count, counts.violation_count):
        playback.end(uow.conn, uow.tenant, session, SessionState.REVOKED)
        return SessionState.REVOKED.value
    return SessionState.ACTIVE.value


def _credited(ticket: Ticket, watched: Watched, progress: Decimal, at: datetime) -> dict[str, Any]:
    return {
        "tenant": ticket.tenant,
        "video": ticket.video_id,
        "enrollment": ticket.enrollment_id,
        "position_ms": watched.position_ms,
        "max_watched_ms": watched.max_watched_ms,
        "watched_ms": watched.watched_ms,
        "progress": progress,
        "done": progress >= COMPLETE_AT,
        "proctored": ticket.mode is AccessMode.PROCTORED_CLASS,
        "at": at,
    }


def _strange_token() -> Problem:
    return _refused("invalid_playback_token", "재생 정보가 올바르지 않습니다. 영상을 다시 열어 주세요.")


def _refused(code: str, detail: str) -> Problem:
    return Problem(code, detail, status=403)
