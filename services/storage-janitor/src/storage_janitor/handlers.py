"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser
from servicekit.storage import ObjectStore

from storage_janitor import usecases


def on_import_completed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers the uploaded workbook: from now on it is a leftover, should it still be there."""
    usecases.remember_ended_imports(uow, events)


def on_import_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers the uploaded workbook, as after success."""
    usecases.remember_ended_imports(uow, events)


def on_student_purged(
    uow: UnitOfWork, events: Sequence[Event], *, objects: ObjectStore, erase: Eraser
) -> None:
    """Deletes all leftover workbooks of the academy (any may hold these people), and the people's traces in
    events, answers and dead letters.
    """
    erase(uow, events, partial(usecases.erase_workbooks, objects=objects))
