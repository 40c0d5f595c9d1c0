"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser

from media import usecases


def on_enrollment_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `enrollment_ref`: who is enrolled in which lecture."""
    usecases.follow_enrollments(uow, concat(event.data["enrollments"] for event in events))


def on_session_enrollment_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `session_enrollment_ref`: who attends which session."""
    usecases.follow_session_enrollments(uow, concat(event.data["session_enrollments"] for event in events))


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, erase: Eraser) -> None:
    """Deletes their rows and their traces in events, answers and dead letters."""
    erase(uow, events, usecases.erase_students)
