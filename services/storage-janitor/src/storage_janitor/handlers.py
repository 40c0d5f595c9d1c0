"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork

from storage_janitor import usecases


def on_import_completed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.remember_ended_imports(uow, events)


def on_import_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.remember_ended_imports(uow, events)
