"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventkit.envelope import Event
from eventkit.queue import Queue
from eventkit.uow import UnitOfWork
from servicekit.erasure import erase
from servicekit.storage import ObjectStore

from storage_janitor import usecases


def on_import_completed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.remember_ended_imports(uow, events)


def on_import_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.remember_ended_imports(uow, events)


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, objects: ObjectStore, dead: Queue) -> None:
    own = partial(usecases.erase_workbooks, objects=objects)
    erase(uow, events, own, receipt="storage.erasure.completed", dead=dead)
