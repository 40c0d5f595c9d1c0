"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser
from servicekit.storage import ObjectStore

from enrollment.usecases.endings import report_completed, report_failed
from enrollment.usecases.erasure import erase_students, other_names
from enrollment.usecases.exports import ExportPorts, make_export
from enrollment.usecases.imports import ReadingPorts, read_import
from enrollment.usecases.merges import merge_students, unmerge_students
from enrollment.usecases.plans import carry_out
from enrollment.usecases.reviews import send_reviewed
from enrollment.usecases.rosters import enroll_resolved
from enrollment.usecases.students import follow_students
from enrollment.usecases.undo import undo_answered, undo_import
from enrollment.usecases.workbooks import EndingPorts, keep_result


def on_import_accepted(uow: UnitOfWork, events: Sequence[Event], *, ports: ReadingPorts) -> None:
    """Reads the sheet, stores its rows and sends the usable ones on; one at a time, it may take a minute."""
    for event in events:
        read_import(uow, ports, event)


def on_roster_resolved(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Enrolls the students of the answered rows; with the last chunk the import is DONE."""
    enroll_resolved(uow, events)


def on_plan_accepted(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Carries a preview out: sends its rows again, each with how it has to end."""
    for event in events:
        carry_out(uow, event)


def on_rows_reviewed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Sends the rows that a person has decided again, with the decisions."""
    for event in events:
        send_reviewed(uow, event)


def on_undo_requested(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Takes back what nobody has touched; students that the import made or restored are asked for first."""
    for event in events:
        undo_import(uow, event)


def on_roster_withdrawn(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The students are as before: their enrollments follow; with the last chunk the undo has ended."""
    undo_answered(uow, events)


def on_student_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `student_ref`; a deleted student's enrollments become INACTIVE, a restored one's stay so."""
    follow_students(uow, events)


def on_student_merged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Moves the loser's enrollments, with attendance, to the winner; they end where the winner has one."""
    merge_students(uow, events)


def on_student_unmerged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Gives back what the merge had moved, where nobody has changed it since."""
    unmerge_students(uow, events)


def on_student_purged(
    uow: UnitOfWork, events: Sequence[Event], *, erase: Eraser, objects: ObjectStore
) -> None:
    """Deletes their enrollments, attendance and profile, all exports of the academy (any may hold them),
    blanks their rows of imports, and erases their traces in events, answers and dead letters.
    """
    erase(uow, events, partial(erase_students, objects=objects), known_as=other_names)


def on_export_requested(uow: UnitOfWork, events: Sequence[Event], *, ports: ExportPorts) -> None:
    """Writes the workbook and stores it for 24 hours; one at a time."""
    for event in events:
        make_export(uow, ports, event)


def on_import_completed(uow: UnitOfWork, events: Sequence[Event], *, ports: EndingPorts) -> None:
    """Makes the result workbook, and deletes the uploaded sheet: only now, after the end state is stored."""
    _give_back(uow, events, ports)
    report_completed(uow, events, ports.metrics)


def on_import_failed(uow: UnitOfWork, events: Sequence[Event], *, ports: EndingPorts) -> None:
    """Makes the result workbook of what was read, and deletes the uploaded sheet: a failed import starts
    over with a new upload.
    """
    _give_back(uow, events, ports)
    report_failed(events, ports.metrics)


def _give_back(uow: UnitOfWork, events: Sequence[Event], ports: EndingPorts) -> None:
    for event in events:
        keep_result(uow, ports, UUID(event.data["job_id"]), event.data["object_key"])
        uow.progress()
    ports.objects.delete([event.data["object_key"] for event in events])
