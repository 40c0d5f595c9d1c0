"""The one way in which a student is removed for good, and the daily task that uses it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from eventkit.clock import Clock
from eventkit.errors import TransientError
from eventkit.failures import describe, is_outage, place
from eventkit.ids import new_id
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from students.domain.audit import Action, Actor, Pseudonyms
from students.domain.purge import BATCH, KEEP_FOR, Fuse, Reason, Refused
from students.events import SERVICE
from students.metrics import PURGE_HELD
from students.store import purge as store
from students.store import students
from students.usecases.audit import record
from students.usecases.changes import columns

log = logging.getLogger(__name__)

TASK = "purge_deleted"
_FUSE = "fuse"
_HELD_BACK = (Refused.LEGAL_HOLD, Refused.CROSS_TENANT_REFERENCE)
_FIRST = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody who stays; `code` is one of domain.purge.Refused."""

    id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Purged:
    """Who is gone, under which erasures, and who stayed."""

    purged: list[UUID]
    erasure_ids: list[UUID]
    refused: list[Refusal]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did, or would do, in one tenant. `due`: expired and not under a legal hold."""

    tenant: str
    due: int
    students: int
    fused: bool = False
    purged: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def purge(uow: UnitOfWork, by: Actor, student_ids: Iterable[UUID], reason: str) -> Purged:
    """Remove students of the trash, merged ones too, with all that hangs on them; the rest is refused.

    Nothing else deletes a student. A constant number of statements, in the caller's transaction, under
    the lock of identities. Publishes students.student.purged: every service erases what it holds.
    """
    students.lock_identities(uow.conn, uow.tenant)
    wanted = list(dict.fromkeys(student_ids))
    found = store.lock(uow.conn, uow.tenant, wanted)
    refused = _refusals(uow, wanted, found)
    stay = {refusal.id for refusal in refused}
    gone = [row for row in found if row.id not in stay]
    if not gone:
        return Purged([], [], refused)
    store.remove(
        uow.conn,
        uow.tenant,
        [row.id for row in gone],
        list({row.parent_id for row in gone if row.parent_id is not None}),
    )
    ids = [row.id for row in gone]
    erasure_ids = _open_erasures(uow, by, gone, reason)
    record(uow, by, Action.PURGED, ids, {"reason": str(reason)})
    return Purged(ids, erasure_ids, refused)


def record_refusals(uow: UnitOfWork, by: Actor, refused: Sequence[Refusal], reason: str) -> None:
    """Tell the trail who was held back from a purge; what was not in the trash is no refusal of it."""
    for code in _HELD_BACK:
        ids = [refusal.id for refusal in refused if refusal.code == code]
        record(uow, by, Action.PURGE_REFUSED, ids, {"reason": str(reason), "code": str(code)})


def held_people(metrics: Metrics, clock: Clock) -> Finding:
    """For purge_expired: people whom it held back, in all tenants, by reason."""
    return Finding(metrics, PURGE_HELD, (_FUSE, *_HELD_BACK), clock, good_for=timedelta(hours=25))


def purge_expired(db: Database, now: datetime, *, pseudonyms: Pseudonyms, held: Finding) -> None:
    """Periodic task: 30 days after its deletion a student is gone for good.

    Each batch commits, so a crash continues where it stopped. Raises TransientError after all tenants
    when one of them failed.
    """
    by = Actor(f"task:{TASK}", pseudonyms)
    runs = empty_trash(db, by, now - KEEP_FOR, Fuse())
    refused = sum((run.refused for run in runs), Counter[str]())
    held.show({**refused, _FUSE: sum(run.due for run in runs if run.fused)})


def empty_trash(
    db: Database,
    by: Actor,
    before: datetime,
    fuse: Fuse,
    *,
    tenant: str | None = None,
    dry_run: bool = False,
) -> list[Run]:
    """Purge who was deleted before then, tenant by tenant (or in one `tenant`); a dry run only looks.

    A tenant whose fuse blows is left alone. One tenant's failure stops no other: raises TransientError
    at the end.
    """
    with db.system() as conn:
        academies = store.academies(conn, before, tenant)
    runs, failed = [], 0
    for academy in academies:
        try:
            runs.append(_empty(db, by, before, fuse, academy, dry_run))
        except SQLAlchemyError as error:
            if is_outage(error):
                raise
            failed += 1
            about = {"tenant": academy.tenant_id, "error": describe(error), "place": place(error)}
            log.error("an academy's trash was not emptied", extra=about)
    if failed:
        raise TransientError(f"{failed} academies failed")
    return runs


def _empty(db: Database, by: Actor, before: datetime, fuse: Fuse, academy: Row[Any], dry_run: bool) -> Run:
    tenant, due, total = academy.tenant_id, academy.due, academy.students
    if fuse.blows(due, total):
        about = {"tenant": tenant, "due": due, "students": total}
        log.error("fuse: too many students to purge at once; look, then override it", extra=about)
        return Run(tenant, due, total, fused=True, refused=Counter({Refused.LEGAL_HOLD: academy.held}))
    purged, refused, after = 0, Counter[str](), _FIRST
    while True:
        with unit_of_work(db, tenant, Cause.start(), source=SERVICE) as uow:
            batch = store.expired(uow.conn, tenant, before, after, BATCH)
            if not batch:
                return Run(tenant, due, total, purged=purged, refused=refused)
            ids = [row.id for row in batch]
            done = look(uow, ids) if dry_run else _purge_batch(uow, by, ids)
            purged += len(done.purged)
            refused.update(refusal.code for refusal in done.refused)
            after = (batch[-1].deleted_at, batch[-1].id)


def look(uow: UnitOfWork, student_ids: Sequence[UUID]) -> Purged:
    """What `purge` would do now; nothing is changed."""
    refused = _refusals(uow, student_ids, store.lock(uow.conn, uow.tenant, student_ids))
    stay = {refusal.id for refusal in refused}
    return Purged([one for one in student_ids if one not in stay], [], refused)


def _purge_batch(uow: UnitOfWork, by: Actor, ids: Sequence[UUID]) -> Purged:
    """One who is held back day after day stands in the trail once, not once a day."""
    done = purge(uow, by, ids, Reason.EXPIRED)
    held = [refusal for refusal in done.refused if refusal.code in _HELD_BACK]
    if held:
        known = store.told(
            uow.conn,
            uow.tenant,
            by.name,
            Action.PURGE_REFUSED,
            [(refusal.id, refusal.code, by.pseudonyms.of(uow.tenant, refusal.id)) for refusal in held],
        )
        record_refusals(uow, by, [refusal for refusal in held if refusal.id not in known], Reason.EXPIRED)
    return done


def _refusals(uow: UnitOfWork, wanted: Sequence[UUID], found: Sequence[Row[Any]]) -> list[Refusal]:
    """In the order of `wanted`, each with the first reason that applies."""
    deleted_at = {row.id: row.deleted_at for row in found}
    in_trash = [one for one in wanted if deleted_at.get(one) is not None]
    held = store.held(uow.conn, uow.tenant, in_trash)
    foreign = store.referenced_elsewhere(uow.conn, uow.tenant, in_trash)
    reasons = (
        (Refused.NOT_FOUND, lambda one: one not in deleted_at),
        (Refused.NOT_DELETED, lambda one: deleted_at[one] is None),
        (Refused.LEGAL_HOLD, held.__contains__),
        (Refused.CROSS_TENANT_REFERENCE, foreign.__contains__),
    )
    codes = ((one, next((code for code, applies in reasons if applies(one)), None)) for one in wanted)
    return [Refusal(one, code) for one, code in codes if code is not None]


def _open_erasures(uow: UnitOfWork, by: Actor, gone: Sequence[Row[Any]], reason: str) -> list[UUID]:
    """One erasure and one event for each 500 people; the certificate is found by the student's id."""
    batches = [(new_id(), gone[at : at + BATCH]) for at in range(0, len(gone), BATCH)]
    erasure_ids = [erasure_id for erasure_id, _ in batches]
    store.add_erasures(uow.conn, uow.tenant, erasure_ids, str(reason), by.name)
    store.add_subjects(uow.conn, uow.tenant, list(_subjects(uow.tenant, by.pseudonyms, batches)))
    for erasure_id, people in batches:
        ids = [str(row.id) for row in people]
        traits = columns(people, ("name", "parent_phone", "student_phone"))
        uow.publish(
            "students.student.purged",
            subject=str(erasure_id),
            data={"erasure_id": str(erasure_id), "students": {"student_id": ids, **traits}},
        )
    return erasure_ids


def _subjects(
    tenant: str, pseudonyms: Pseudonyms, batches: Sequence[tuple[UUID, Sequence[Row[Any]]]]
) -> Iterator[tuple[UUID, UUID, str, datetime]]:
    for erasure_id, people in batches:
        for row in people:
            yield row.id, erasure_id, pseudonyms.of(tenant, row.id), row.deleted_at
