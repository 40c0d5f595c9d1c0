"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.envelope import Event
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork

from students import usecases


def on_roster_parsed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Each chunk answers for itself; statements per chunk do not grow with its rows."""
    for event in events:
        usecases.resolve_roster(uow, event.data, Cause.of(event))
        uow.progress()
