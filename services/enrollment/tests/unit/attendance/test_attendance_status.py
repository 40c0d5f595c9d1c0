"""What may follow what in attendance."""

from __future__ import annotations

from itertools import product

import pytest
from enrollment.domain.attendance import (
    AttendanceStatus,
    SecessionNotConfirmedError,
    TerminalStatusError,
    check_transition,
)
from enrollment.store.tables import ATTENDANCE_STATUSES

OPEN = [status for status in AttendanceStatus if status is not AttendanceStatus.SECESSION]
SECESSION = AttendanceStatus.SECESSION


def test_statuses_are_those_of_the_table_and_each_has_its_own_korean_word() -> None:
    assert tuple(AttendanceStatus) == ATTENDANCE_STATUSES
    assert len({status.label for status in AttendanceStatus}) == len(AttendanceStatus)
    assert AttendanceStatus.RUNAWAY.label == "출튀"


def test_every_mark_may_be_corrected_to_every_other() -> None:
    for current, new in product(OPEN, OPEN):
        check_transition(current, new, confirmed=False)


@pytest.mark.parametrize("current", OPEN)
def test_leaving_needs_a_confirmation(current: AttendanceStatus) -> None:
    with pytest.raises(SecessionNotConfirmedError):
        check_transition(current, SECESSION, confirmed=False)
    check_transition(current, SECESSION, confirmed=True)


@pytest.mark.parametrize("new", OPEN)
def test_leaving_is_final_confirmed_or_not(new: AttendanceStatus) -> None:
    check_transition(SECESSION, SECESSION, confirmed=False)
    for confirmed in (True, False):
        with pytest.raises(TerminalStatusError):
            check_transition(SECESSION, new, confirmed=confirmed)
