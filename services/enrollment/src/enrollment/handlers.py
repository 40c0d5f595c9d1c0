"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.envelope import Event
from eventkit.queue import Queue
from eventkit.uow import UnitOfWork
from servicekit.erasure import erase
from servicekit.storage import ObjectStore

from enrollment.usecases.erasure import erase_students, other_names
from enrollment.usecases.imports import ReadingPorts, read_import
from enrollment.usecases.merges import merge_students, unmerge_students
from enrollment.usecases.rosters import enroll_resolved
from enrollment.usecases.students import follow_students


def on_import_accepted(uow: UnitOfWork, events: Sequence[Event], *, ports: ReadingPorts) -> None:
    """Subscribed as single: a sheet may take a minute."""
    for event in events:
        read_import(uow, ports, event)


def on_roster_resolved(uow: UnitOfWork, events: Sequence[Event]) -> None:
    enroll_resolved(uow, events)


def on_student_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    follow_students(uow, events)


def on_student_merged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    merge_students(uow, events)


def on_student_unmerged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    unmerge_students(uow, events)


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, dead: Queue) -> None:
    erase(
        uow, events, erase_students, receipt="enrollment.erasure.completed", dead=dead, known_as=other_names
    )


def on_import_completed(_uow: UnitOfWork, events: Sequence[Event], *, objects: ObjectStore) -> None:
    """The sheet is deleted only now, after the end state is stored."""
    objects.delete([event.data["object_key"] for event in events])


def on_import_failed(_uow: UnitOfWork, events: Sequence[Event], *, objects: ObjectStore) -> None:
    """As after success: a failed import starts over with a new upload."""
    objects.delete([event.data["object_key"] for event in events])
