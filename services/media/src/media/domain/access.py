"""Who may watch a video, and how (reference A6)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

ONLINE = "ONLINE"
"""The enrollment service's mark of somebody who attends by watching (its AttendanceStatus)."""
GRACE_SECONDS = 3
CLASS_SPEED = Decimal("1.00")
_STUDENT, _STAFF = "e:", "s:"


class AccessMode(StrEnum):
    """FREE_REVIEW: as one likes. PROCTORED_CLASS: it counts as attending, watched. BLOCKED: not at all."""

    FREE_REVIEW = "FREE_REVIEW"
    PROCTORED_CLASS = "PROCTORED_CLASS"
    BLOCKED = "BLOCKED"


class SessionState(StrEnum):
    """ACTIVE while heartbeats come; ENDED by the player, REVOKED for violations, else EXPIRED."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class Denial(StrEnum):
    """Why a student may not watch."""

    NOT_ENROLLED = "not_enrolled"
    NO_SESSION_ACCESS = "no_session_access"
    VIDEO_NOT_READY = "video_not_ready"
    BLOCKED = "blocked"

    @property
    def detail(self) -> str:
        """The Korean sentence shown to people."""
        return _DETAILS[self]


_DETAILS = {
    Denial.NOT_ENROLLED: "이 강의를 수강 중이 아니어서 영상을 볼 수 없습니다.",
    Denial.NO_SESSION_ACCESS: "이 차시의 명단에 없어 영상을 볼 수 없습니다.",
    Denial.VIDEO_NOT_READY: "아직 재생할 수 없는 영상입니다. 잠시 후 다시 시도해 주세요.",
    Denial.BLOCKED: "이 영상의 시청이 제한되었습니다. 학원에 문의해 주세요.",
}


@dataclass(frozen=True, slots=True)
class Override:
    """What staff has set for one student and one video; None = as the video and the rule say."""

    mode: AccessMode | None = None
    allow_skip: bool | None = None
    max_speed: Decimal | None = None
    show_watermark: bool | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about one enrollment and one video; `attendance` is the mark in the video's session."""

    playable: bool
    enrolled: bool
    in_session: bool
    attendance: str | None
    completed: bool
    override: Override


@dataclass(frozen=True, slots=True)
class Limits:
    """Sessions and devices of a student at once; `violations`, or that `ratio` of events, end a session."""

    sessions: int
    devices: int
    violations: int
    ratio: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How one may watch. `free_seek`: anywhere; else up to what was watched, and GRACE_SECONDS."""

    mode: AccessMode
    free_seek: bool
    max_speed: Decimal
    watermark: bool


def decide(standing: Standing) -> AccessMode | Denial:
    """The mode, or why not. An override's mode wins over attendance, never over enrollment."""
    if not standing.enrolled:
        return Denial.NOT_ENROLLED
    if not standing.in_session:
        return Denial.NO_SESSION_ACCESS
    if standing.override.mode is AccessMode.BLOCKED:
        return Denial.BLOCKED
    if not standing.playable:
        return Denial.VIDEO_NOT_READY
    if standing.override.mode is not None:
        return standing.override.mode
    proctored = standing.attendance == ONLINE and not standing.completed
    return AccessMode.PROCTORED_CLASS if proctored else AccessMode.FREE_REVIEW


def policy_of(
    mode: AccessMode, override: Override, *, allow_skip: bool, max_speed: Decimal, show_watermark: bool
) -> Policy:
    """The mode's rules, the video's settings, and on top what staff set for the student.

    A class is watched in order, at CLASS_SPEED and with a watermark; `allow_skip` lets its students skip too.
    """
    proctored = mode is AccessMode.PROCTORED_CLASS
    seek = allow_skip if proctored else True
    speed = CLASS_SPEED if proctored else max_speed
    mark = True if proctored else show_watermark
    return Policy(
        mode,
        seek if override.allow_skip is None else override.allow_skip,
        speed if override.max_speed is None else override.max_speed,
        mark if override.show_watermark is None else override.show_watermark,
    )


LEAST_EVENTS = 6


def is_revoked(limits: Limits, events: int, violations: int) -> bool:
    """Whether a session ends for its violations.

    The ratio counts from LEAST_EVENTS on: the earlier system's very first event could end a session.
    """
    return violations >= limits.violations or (events >= LEAST_EVENTS and violations >= limits.ratio * events)


def viewer_of_enrollment(enrollment_id: UUID) -> str:
    """The `uid` of a student's signed URLs: an enrollment can end, and be looked up by its key."""
    return f"{_STUDENT}{enrollment_id}"


def viewer_of_staff(subject: str) -> str:
    """The `uid` of a staff member's signed URLs; "|" separates in what is signed."""
    return f"{_STAFF}{subject.replace('|', '_')}"


def enrollment_of(viewer: str) -> UUID | None:
    """The enrollment of a student's URL; None for staff's."""
    return UUID(viewer.removeprefix(_STUDENT)) if viewer.startswith(_STUDENT) else None
