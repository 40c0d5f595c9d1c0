"""Commands of the storage-janitor."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork

from storage_janitor import store


def remember_ended_imports(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """From now on the uploaded workbook of these jobs is a leftover, should it still be there."""
    ended = [(UUID(e.data["job_id"]), e.data["object_key"], e.time) for e in events]
    store.add_ended_imports(uow.conn, uow.tenant, ended)
