"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser

from media.usecases import cleaning, readmodels


def on_enrollment_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `enrollment_ref`: who is enrolled in which lecture."""
    readmodels.follow_enrollments(uow, concat(event.data["enrollments"] for event in events))


def on_session_enrollment_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `session_enrollment_ref`: who attends which session, and with which mark."""
    readmodels.follow_session_enrollments(uow, [event.data["session_enrollments"] for event in events])


def on_session_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `session_ref`: the lectures and sessions that videos belong to."""
    readmodels.follow_sessions(uow, concat(event.data["sessions"] for event in events))


def on_object_deleted(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers that nothing of a deleted video is left, or that the original of a kept one is gone."""
    cleaning.note_deleted(uow, events)


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, erase: Eraser) -> None:
    """Deletes their rows and their traces in events, answers and dead letters."""
    erase(uow, events, readmodels.erase_students)
