"""Rows of a list that met a deleted student: that one comes back, or makes room for a new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from contracts.identity import name_key
from eventkit.uow import UnitOfWork
from sqlalchemy import Row

from students.domain.audit import Actor
from students.domain.purge import Reason
from students.domain.records import PROFILE, GivenRow
from students.domain.roster import DELETED_STUDENT_EXISTS, DUPLICATE_IN_REQUEST
from students.store import students
from students.store import trash as store
from students.usecases.purge import purge, record_refusals
from students.usecases.records import NewStudent, create_students
from students.usecases.trash import obstacle, restore_as

IDENTITY_MISMATCH = "identity_mismatch"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A decision: `student_id` is brought back with the row's values, or purged and created anew."""

    student_id: UUID
    action: Literal["restore", "delete"]
    row: GivenRow

    @property
    def student(self) -> NewStudent:
        """The row's values. Only of a row that could be read."""
        return NewStudent(row=self.row.row, **(self.row.values or {}))


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of one row. `code` says why it failed, `message` in words where the code alone does not;
    `conflict_student_id` is who is in the way.
    """

    row: int
    name: str
    outcome: Literal["created", "restored", "failed"]
    student_id: UUID | None = None
    code: str | None = None
    conflict_student_id: UUID | None = None
    message: str | None = None


def resolve_conflicts(
    uow: UnitOfWork, by: Actor, resolutions: Sequence[Resolution], initial_hash: str
) -> list[Resolved]:
    """One answer per resolution, in order; of a failed one nothing is done.

    The row must have the identity of the deleted student: nobody is removed in another's name.
    """
    students.lock_identities(uow.conn, uow.tenant)
    done: dict[int, Resolved] = dict(_impossible(uow, resolutions))
    for action, carry_out in (("restore", _restore), ("delete", _replace)):
        open_ones = {at: one for at, one in enumerate(resolutions) if one.action == action and at not in done}
        if open_ones:
            done |= carry_out(uow, by, open_ones, initial_hash)
    return [done[at] for at in range(len(resolutions))]


def _impossible(uow: UnitOfWork, resolutions: Sequence[Resolution]) -> Iterable[tuple[int, Resolved]]:
    """What the request, or the record it names, rules out."""
    ids = list(dict.fromkeys(one.student_id for one in resolutions))
    met = store.candidates(uow.conn, uow.tenant, ids)
    replaced = [one.student_id for one in resolutions if one.action == "delete"]
    twins = store.deleted_twins(uow.conn, uow.tenant, replaced)
    seen: set[UUID] = set()
    for at, one in enumerate(resolutions):
        code, conflict = _objection(one, met.get(one.student_id), twins, repeated=one.student_id in seen)
        seen.add(one.student_id)
        if code is not None:
            yield at, _failed(one, code, conflict)


def _objection(
    one: Resolution, met: Row[Any] | None, twins: Mapping[UUID, UUID], *, repeated: bool
) -> tuple[str | None, UUID | None]:
    if one.row.values is None:
        return one.row.code, None
    if repeated:
        return DUPLICATE_IN_REQUEST, None
    if (stop := obstacle(one.student_id, met)) is not None:
        return stop.code, stop.conflict_student_id
    student = one.student
    if met is None or (met.name_key, met.parent_phone) != (name_key(student.name), student.parent_phone):
        return IDENTITY_MISMATCH, None
    # purging one of several would leave the others in the way of the new record
    if one.action == "delete" and one.student_id in twins:
        return DELETED_STUDENT_EXISTS, twins[one.student_id]
    return None, None


def _restore(uow: UnitOfWork, by: Actor, wanted: Mapping[int, Resolution], _hash: str) -> dict[int, Resolved]:
    back = [{"student_id": one.student_id, **_profile(one.student)} for one in wanted.values()]
    _, skipped = restore_as(uow, by, back)
    stopped = {skip.id: skip for skip in skipped}
    return {
        at: _failed(one, stop.code, stop.conflict_student_id)
        if (stop := stopped.get(one.student_id))
        else Resolved(one.row.row, one.row.name, "restored", one.student_id)
        for at, one in wanted.items()
    }


def _replace(
    uow: UnitOfWork, by: Actor, wanted: Mapping[int, Resolution], initial_hash: str
) -> dict[int, Resolved]:
    """Purge and create. Where a creation fails, all is taken back and done again without that row."""
    failed: dict[int, Resolved] = {}
    while True:
        left = {at: one for at, one in wanted.items() if at not in failed}
        with uow.conn.begin_nested() as savepoint:
            inner = UnitOfWork(uow.conn, uow.tenant, uow.cause, source=uow.source)
            made, stayed = _purge_and_create(inner, by, left, initial_hash)
            lost = {at: one for at, one in made.items() if one.outcome == "failed"}
            if not lost:
                inner.flush()
                return failed | made | stayed
            savepoint.rollback()
        failed |= lost


def _purge_and_create(
    uow: UnitOfWork, by: Actor, wanted: Mapping[int, Resolution], initial_hash: str
) -> tuple[dict[int, Resolved], dict[int, Resolved]]:
    """Who was purged and perhaps created anew, and whose purge was refused."""
    gone = purge(uow, by, [one.student_id for one in wanted.values()], Reason.REQUESTED)
    record_refusals(uow, by, gone.refused, Reason.REQUESTED)
    codes = {refusal.id: refusal.code for refusal in gone.refused}
    room = {at: one for at, one in wanted.items() if one.student_id not in codes}
    made = create_students(uow, by, [one.student for one in room.values()], initial_hash) if room else []
    answers = {
        at: Resolved(new.row, new.name, new.outcome, new.student_id, new.code, new.conflict_student_id)
        for at, new in zip(room, made, strict=True)
    }
    return answers, {at: _failed(one, codes[one.student_id]) for at, one in wanted.items() if at not in room}


def _failed(one: Resolution, code: str, conflict: UUID | None = None) -> Resolved:
    return Resolved(one.row.row, one.row.name, "failed", None, code, conflict, one.row.error)


def _profile(given: NewStudent) -> dict[str, Any]:
    """What replaces the stored values: only what the row has."""
    return {name: value for name in PROFILE if (value := getattr(given, name)) not in (None, {})}
