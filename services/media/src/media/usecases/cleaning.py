"""What became of the objects that this context has released."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork

from media.store import cleaning

_OWNER = "media"


def note_deleted(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Of deleted videos nothing is left, or of kept ones the original is gone; unknown videos are ignored."""
    cleaning.mark_cleaned(uow.conn, uow.tenant, _videos(events, "video"))
    cleaning.mark_raw_deleted(uow.conn, uow.tenant, _videos(events, "raw"))


def _videos(events: Sequence[Event], kind: str) -> list[UUID]:
    mine = (event.data for event in events if event.data["owner"] == _OWNER)
    return [UUID(data["reference"]) for data in mine if data["kind"] == kind]
