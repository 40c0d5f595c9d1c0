"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.queue import Queue
from eventkit.uow import UnitOfWork
from servicekit.erasure import erase

from messaging import usecases


def on_student_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.follow_students(uow, concat(event.data["students"] for event in events))


def on_student_merged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.follow_merges(uow, events)


def on_student_unmerged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.follow_merges(uow, events)


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, dead: Queue) -> None:
    erase(uow, events, usecases.erase_students, receipt="messaging.erasure.completed", dead=dead)
