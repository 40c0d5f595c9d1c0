"""Changes of one record by people: fields, identity, login id, tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from contracts.identity import name_key
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from students.domain.audit import Action, Actor
from students.domain.records import GRADE_TOO_HIGH, PROFILE, grade_fits
from students.store import logins, roster, tags
from students.store import students as store
from students.usecases import audit, records
from students.usecases.changes import publish_changed
from students.usecases.people import Person, prepared

_OF_IDENTITY = frozenset({"name", "parent_phone", "login_id"})


def update(uow: UnitOfWork, by: Actor, student_id: UUID, values: Mapping[str, Any]) -> None:
    """Change the given fields (schemas.students.ChangesSchema); what is as given already is no change.

    A new parent phone links the student to that number's parent, made when there is none; the old
    parent stays until a purge. Raises Problem 404, 409 student_deleted, version_conflict,
    duplicate_student (with `existing_student`), login_id_taken, 422 unknown_tags, invalid_request (grade).
    """
    wanted = dict(values)
    read = wanted.pop("version", None)
    if wanted.keys() & _OF_IDENTITY:
        store.lock_identities(uow.conn, uow.tenant)
    present = active(uow, student_id)
    if read is not None and read != present.version:
        raise Problem(
            "version_conflict",
            "그 사이 다른 사람이 이 학생을 수정했습니다. 새로 고친 뒤 다시 시도해 주세요.",
            status=409,
        )
    new_tags = wanted.pop("tags", None)
    changed = {name: value for name, value in wanted.items() if value != getattr(present, name)}
    _check(uow, present, changed)
    fields = set(changed)
    if new_tags is not None and _retag(uow, student_id, new_tags):
        fields.add("tags")
    if fields:
        _store(uow, present, changed)
        publish_changed(uow, store.rows_of(uow.conn, uow.tenant, [student_id]))
        audit.record(uow, by, Action.UPDATED, [student_id], {"fields": sorted(fields)})


def active(uow: UnitOfWork, student_id: UUID) -> Row[Any]:
    """The student, locked until the transaction ends. Raises Problem 404, 409 student_deleted."""
    present = store.lock_student(uow.conn, uow.tenant, student_id)
    if present is None:
        raise Problem("not_found")
    if present.deleted_at is not None:
        raise Problem("student_deleted", "삭제된 학생입니다. 먼저 복구해 주세요.", status=409)
    return present


def _check(uow: UnitOfWork, present: Row[Any], changed: Mapping[str, Any]) -> None:
    after = {**present._mapping, **changed}
    if changed.keys() & {"school_type", "grade"} and not grade_fits(after["school_type"], after["grade"]):
        raise Problem("invalid_request", errors={"grade": [GRADE_TOO_HIGH]})
    if changed.keys() & {"name", "parent_phone"}:
        twin = store.active_twin(
            uow.conn, uow.tenant, present.id, name_key(after["name"]), after["parent_phone"]
        )
        if twin is not None:
            raise records.duplicate(uow, twin)
    if "login_id" in changed and logins.is_taken(uow.conn, uow.tenant, changed["login_id"]):
        raise records.login_taken()


def _store(uow: UnitOfWork, present: Row[Any], changed: Mapping[str, Any]) -> None:
    values = dict(changed)
    login_id = values.pop("login_id", None)
    if "name" in values:
        values["name_key"] = name_key(values["name"])
    if "parent_phone" in values:
        values["parent_id"] = _parent(uow, values.get("name", present.name), values["parent_phone"])
    store.update_student(uow.conn, uow.tenant, present.id, values)
    if login_id is not None:
        logins.set_login(uow.conn, uow.tenant, present.id, login_id)


def _parent(uow: UnitOfWork, name: str, phone: str) -> UUID:
    """The parent of this phone, made with an account as an import does, whose password staff has to set."""
    roster.load(uow.conn, prepared([Person(0, name, phone, [None] * len(PROFILE))], 1))
    roster.ensure_parents(uow.conn, uow.tenant)
    return store.parent_of_phone(uow.conn, uow.tenant, phone)


def _retag(uow: UnitOfWork, student_id: UUID, wanted: Iterable[UUID]) -> bool:
    new = set(wanted)
    old = {tag["id"] for tag in tags.tags_of(uow.conn, uow.tenant, [student_id]).get(student_id, [])}
    added = sorted(new - old)
    if len(tags.hold_tags(uow.conn, uow.tenant, added)) < len(added):
        raise records.unknown_tags()
    tags.remove_links(uow.conn, uow.tenant, student_id, sorted(old - new))
    tags.add_links(uow.conn, uow.tenant, [(student_id, tag_id) for tag_id in added])
    return new != old
