"""A purged student: what of the buckets may hold this person goes, and the ledger has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from eventkit.erasure import Counts, Person
from eventkit.uow import UnitOfWork

from storage_janitor.domain.objects import Doomed
from storage_janitor.store import refs
from storage_janitor.usecases.removing import Cause, NotedRemover, Remover

_BUCKET = "excel"


def erase_workbooks(uow: UnitOfWork, people: Sequence[Person], *, remover: Remover | NotedRemover) -> Counts:
    """Delete every leftover workbook of the academy: any of them may hold these people.

    Whose they were is not knowable, so the first person's count has them all. One that a hold is on stays,
    and goes by policy when the hold ends. Raises as Bucket does.
    """
    ended = refs.ended_keys(uow.conn, uow.tenant)
    cause = Cause(f"purge:{uow.tenant}", f"event:{uow.cause.causationid or uow.cause.correlationid}")
    count = 0
    for page in remover.buckets[_BUCKET].pages(f"excel/{uow.tenant}/"):
        leftovers = [Doomed(one, uow.tenant, "import-upload", "purge") for one in page if one.key in ended]
        count += len(remover.remove(_BUCKET, leftovers, cause).gone) if leftovers else 0
    return Counter({(people[0].id, "workbooks"): count} if people and count else {})
