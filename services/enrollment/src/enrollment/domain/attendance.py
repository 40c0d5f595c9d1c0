"""Attendance of one student at one session (차시): its statuses and what may follow what."""

from __future__ import annotations

from enum import StrEnum


class AttendanceStatus(StrEnum):
    """The front desk's words (reference A7). UNSET is the default: nobody has said anything yet."""

    UNSET = "UNSET"
    PRESENT = "PRESENT"
    LATE = "LATE"
    ONLINE = "ONLINE"
    SUPPLEMENT = "SUPPLEMENT"
    EARLY_LEAVE = "EARLY_LEAVE"
    ABSENT = "ABSENT"
    RUNAWAY = "RUNAWAY"
    MATERIAL = "MATERIAL"
    INACTIVE = "INACTIVE"
    SECESSION = "SECESSION"

    @property
    def label(self) -> str:
        """The Korean word shown to people."""
        return _LABELS[self]


_LABELS = {
    AttendanceStatus.UNSET: "미입력",
    AttendanceStatus.PRESENT: "출석",
    AttendanceStatus.LATE: "지각",
    AttendanceStatus.ONLINE: "온라인",
    AttendanceStatus.SUPPLEMENT: "보강",
    AttendanceStatus.EARLY_LEAVE: "조퇴",
    AttendanceStatus.ABSENT: "결석",
    AttendanceStatus.RUNAWAY: "출튀",
    AttendanceStatus.MATERIAL: "자료",
    AttendanceStatus.INACTIVE: "부재",
    AttendanceStatus.SECESSION: "퇴원",
}


class TerminalStatusError(Exception):
    """A student who left the lecture (SECESSION) keeps that mark."""


class SecessionNotConfirmedError(Exception):
    """SECESSION ends the whole enrollment, so it needs an explicit confirmation."""


def check_transition(current: AttendanceStatus, new: AttendanceStatus, *, confirmed: bool) -> None:
    """Every mark may be corrected to every other one, except that SECESSION is confirmed and final.

    Raises TerminalStatusError or SecessionNotConfirmedError; repeating the present status is no change.
    """
    if new is current:
        return
    if current is AttendanceStatus.SECESSION:
        raise TerminalStatusError
    if new is AttendanceStatus.SECESSION and not confirmed:
        raise SecessionNotConfirmedError
