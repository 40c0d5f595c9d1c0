"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.uow import UnitOfWork

from messaging import usecases


def on_student_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    usecases.follow_students(uow, concat(event.data["students"] for event in events))
