"""Commands of the storage-janitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from eventkit.envelope import Event
from eventkit.erasure import Counts, Person
from eventkit.uow import UnitOfWork
from servicekit.storage import ObjectStore

from storage_janitor import store


def remember_ended_imports(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """From now on the uploaded workbook of these jobs is a leftover, should it still be there."""
    ended = [(UUID(e.data["job_id"]), e.data["object_key"], e.time) for e in events]
    store.add_ended_imports(uow.conn, uow.tenant, ended)


def erase_workbooks(uow: UnitOfWork, people: Sequence[Person], *, objects: ObjectStore) -> Counts:
    """Delete every leftover workbook of the academy: any of them may hold these people.

    Whose they were is not knowable, so the first person's count has them all. Raises as ObjectStore does.
    """
    ended = store.ended_keys(uow.conn, uow.tenant)
    leftovers = [found.key for found in objects.list(f"excel/{uow.tenant}/") if found.key in ended]
    objects.delete(leftovers)
    return Counter({(people[0].id, "workbooks"): len(leftovers)} if people and leftovers else {})
