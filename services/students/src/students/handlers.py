"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from eventkit.envelope import Event
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork

from students.domain.audit import Pseudonyms
from students.usecases import rosters, undo
from students.usecases.erasures import ErasingPorts, erase_people, receive_receipts


def on_roster_parsed(uow: UnitOfWork, events: Sequence[Event], *, pseudonyms: Pseudonyms) -> None:
    """Resolves the rows of a chunk; with `dry_run` it only forecasts. Each chunk answers for itself."""
    for event in events:
        rosters.resolve_roster(uow, event.data, Cause.of(event), pseudonyms)
        uow.progress()


def on_roster_withdrawn(uow: UnitOfWork, events: Sequence[Event], *, pseudonyms: Pseudonyms) -> None:
    """Takes back what an import did to students, but for those whom somebody has changed since."""
    for event in events:
        undo.withdraw_roster(uow, event.data, Cause.of(event), pseudonyms)
        uow.progress()


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, ports: ErasingPorts) -> None:
    """Erases what is left here (event bodies, answers, dead letters, photos) and writes the ledger."""
    erase_people(uow, events, ports)


def on_erasure_completed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Stores a context's receipt; the last one completes the certificate."""
    receive_receipts(uow, events)
