"""The trash: students are deleted, come back, and are kept from a purge by a legal hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from students.domain.audit import Action, Actor
from students.store import accounts, students
from students.store import trash as store
from students.usecases.audit import record
from students.usecases.changes import publish_changed


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody to whom nothing was done; `conflict_student_id` is who stands in the way."""

    id: UUID
    code: str
    conflict_student_id: UUID | None = None


def delete_students(uow: UnitOfWork, by: Actor, ids: Sequence[UUID]) -> tuple[int, list[Skipped]]:
    """Put active students in the trash and end their sign-ins; how many, and who was not there to delete.

    Nothing of the record changes but deleted_at, version and updated_at.
    """
    rows = store.delete(uow.conn, uow.tenant, ids)
    deleted = [row.id for row in rows]
    left = [one for one in ids if one not in set(deleted)]
    known = store.existing(uow.conn, uow.tenant, left)
    accounts.end_sessions(uow.conn, uow.tenant, deleted)
    publish_changed(uow, rows, deleted=True)
    record(uow, by, Action.DELETED, deleted)
    return len(rows), [Skipped(one, "already_deleted" if one in known else "not_found") for one in left]


def delete_student(uow: UnitOfWork, by: Actor, student_id: UUID) -> None:
    """Put one student in the trash. Raises Problem 404, 409 already_deleted."""
    _, skipped = delete_students(uow, by, [student_id])
    if skipped and skipped[0].code == "not_found":
        raise Problem("not_found")
    if skipped:
        raise Problem("already_deleted", "이미 삭제된 학생입니다.", status=409)


def restore_students(
    uow: UnitOfWork, by: Actor, ids: Sequence[UUID]
) -> tuple[Sequence[Row[Any]], list[Skipped]]:
    """Bring students of the trash back: their rows as publish_changed takes them, and who stays, and why.

    Enrols nobody, sends nothing, gives no new password. Of two with one identity the one deleted first
    comes back.
    """
    return restore_as(uow, by, [{"student_id": one} for one in ids])


def restore_as(
    uow: UnitOfWork, by: Actor, wanted: Sequence[Mapping[str, Any]]
) -> tuple[Sequence[Row[Any]], list[Skipped]]:
    """`restore_students` with values of PROFILE beside each student_id that replace the stored ones."""
    students.lock_identities(uow.conn, uow.tenant)
    ids = [one["student_id"] for one in wanted]
    met = store.candidates(uow.conn, uow.tenant, ids)
    skipped = [refusal for one in ids if (refusal := obstacle(one, met.get(one)))]
    stay = {refusal.id for refusal in skipped}
    back = [one for one in wanted if one["student_id"] not in stay]
    if not back:
        return [], skipped
    store.bring_back(uow.conn, uow.tenant, back)
    restored = [one["student_id"] for one in back]
    rows = students.rows_of(uow.conn, uow.tenant, restored)
    publish_changed(uow, rows)
    record(uow, by, Action.RESTORED, restored)
    return rows, skipped


def hold_student(
    uow: UnitOfWork, by: Actor, student_id: UUID, *, reason: str, until: datetime | None
) -> None:
    """Keep a student, deleted or not, from every purge. Raises Problem 404.

    The reason may name people, so it stays with the hold and out of the trail.
    """
    if store.lock_student(uow.conn, uow.tenant, student_id) is None:
        raise Problem("not_found")
    store.hold(uow.conn, uow.tenant, student_id, reason=reason, until=until, by=by.name)
    record(uow, by, Action.HELD, [student_id], {"until": until})


def release_student(uow: UnitOfWork, by: Actor, student_id: UUID) -> None:
    """Lift a legal hold. Raises Problem 404 where there is none."""
    if not store.release(uow.conn, uow.tenant, student_id):
        raise Problem("not_found")
    record(uow, by, Action.RELEASED, [student_id])


def obstacle(student_id: UUID, met: Row[Any] | None) -> Skipped | None:
    """Why a restore would be wrong, or None."""
    if met is None:
        return Skipped(student_id, "not_found")
    if met.deleted_at is None:
        return Skipped(student_id, "not_deleted")
    if met.merged_into is not None:
        return Skipped(student_id, "merged", met.merged_into)
    if met.active_id is not None:
        return Skipped(student_id, "active_student_exists", met.active_id)
    if met.turn > 1:
        return Skipped(student_id, "same_identity_in_request", met.first_id)
    return None
