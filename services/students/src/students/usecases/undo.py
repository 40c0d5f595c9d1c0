"""An import is taken back: whom it created is gone, whom it restored is in the trash again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.columns import rows
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork

from students.domain.audit import Action, Actor, Pseudonyms
from students.domain.purge import Reason
from students.store import students, trash
from students.store import undo as store
from students.usecases.audit import record
from students.usecases.changes import publish_changed
from students.usecases.purge import purge

UNDOABLE_FOR = timedelta(days=30)


def withdraw_roster(uow: UnitOfWork, chunk: dict[str, Any], cause: Cause, pseudonyms: Pseudonyms) -> None:
    """Take back what an import did to the students of a chunk (enrollment.roster.withdrawn).

    Somebody touched since stays as he is (`student_changed`). Created students leave by the one way out, a
    purge, so that every service forgets them. Done again, everybody who is gone is `removed` again.
    """
    job_id, by = UUID(chunk["job_id"]), Actor(f"job:{chunk['job_id']}", pseudonyms)
    named = [(row, UUID(student_id)) for row, student_id in rows(chunk["rows"], "row", "student_id")]
    ids = [student_id for _, student_id in named]
    students.lock_identities(uow.conn, uow.tenant)
    found = store.effects(uow.conn, uow.tenant, job_id, ids)
    kept = {one.student_id for one in found if one.touched}
    kept |= _remove(uow, by, [one.student_id for one in found if one.created and not one.touched])
    back = [one.student_id for one in found if not one.created and not one.touched]
    _put_back(uow, by, job_id, back)
    done = [one.student_id for one in found if one.student_id not in kept]
    store.forget(uow.conn, uow.tenant, job_id, done)
    # nothing known of them: an earlier delivery has done it, or it is too long ago
    unknown = set(ids) - {one.student_id for one in found}
    kept |= trash.existing(uow.conn, uow.tenant, list(unknown))
    outcomes = ["kept" if one in kept else "undone" for one in ids]
    codes = ["student_changed" if outcome == "kept" else None for outcome in outcomes]
    columns = {"row": [row for row, _ in named], "outcome": outcomes, "code": codes}
    data = {"job_id": chunk["job_id"], "chunk": chunk["chunk"], "rows": columns}
    uow.publish("students.roster.withdrawn", subject=chunk["job_id"], data=data, cause=cause)


def _remove(uow: UnitOfWork, by: Actor, ids: list[UUID]) -> set[UUID]:
    """Trash and purge; answers who had to stay."""
    if not ids:
        return set()
    publish_changed(uow, trash.delete(uow.conn, uow.tenant, ids), deleted=True)
    record(uow, by, Action.DELETED, ids)
    return {refusal.id for refusal in purge(uow, by, ids, Reason.IMPORT_UNDONE).refused}


def _put_back(uow: UnitOfWork, by: Actor, job_id: UUID, ids: list[UUID]) -> None:
    if ids:
        publish_changed(uow, store.put_back(uow.conn, uow.tenant, job_id, ids), deleted=True)
        record(uow, by, Action.DELETED, ids)


def forget_effects(db: Database, _now: datetime) -> None:
    """Periodic task: after 30 days an import can no longer be undone."""
    with db.system() as conn:
        store.prune(conn, UNDOABLE_FOR)
