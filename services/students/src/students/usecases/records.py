"""Records of students, created one by one or in bulk. Who is known already is never written, but named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import orjson
from eventkit.ids import new_id
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from sqlalchemy import Row

from students.domain.audit import Action, Actor
from students.domain.records import PROFILE
from students.domain.roster import (
    DELETED_STUDENT_EXISTS,
    DUPLICATE_IN_REQUEST,
    DUPLICATE_STUDENT,
    LOGIN_ID_TAKEN,
    SEVERAL_DELETED_CANDIDATES,
    UNKNOWN_TAGS,
)
from students.store import roster
from students.store import students as store
from students.store import tags as tag_store
from students.usecases import audit
from students.usecases.changes import publish_changed
from students.usecases.people import Person, prepared

REASONS = {
    DUPLICATE_STUDENT: "같은 이름과 학부모 전화번호의 학생이 이미 있습니다.",
    DUPLICATE_IN_REQUEST: "같은 이름과 학부모 전화번호가 목록에 두 번 이상 있습니다.",
    DELETED_STUDENT_EXISTS: "같은 이름과 학부모 전화번호의 삭제된 학생이 있습니다.",
    LOGIN_ID_TAKEN: "이미 사용 중인 로그인 ID입니다.",
    UNKNOWN_TAGS: "이 학원의 태그가 아닙니다.",
    "invalid_name": "이름을 확인해 주세요.",
    "invalid_parent_phone": "학부모 전화번호를 확인해 주세요.",
    "invalid_student_phone": "학생 전화번호를 확인해 주세요.",
    "invalid_school_type": "학교급을 확인해 주세요.",
    "invalid_grade": "학년을 확인해 주세요.",
    "invalid_gender": "성별을 확인해 주세요.",
    "invalid_text": "사용할 수 없는 문자가 포함되어 있습니다.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStudent:
    """A record to be created, as NewStudentSchema leaves it; `row` is how the caller knows it.

    `password_hash` (Argon2id) is a password that its owner chose: it need not be changed at first use.
    """

    row: int
    name: str
    parent_phone: str
    student_phone: str | None = None
    login_id: str | None = None
    school: str | None = None
    school_type: str | None = None
    grade: int | None = None
    gender: str | None = None
    school_class: str | None = None
    major: str | None = None
    origin_school: str | None = None
    address: str | None = None
    memo: str | None = None
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    is_managed: bool = True
    tags: Sequence[UUID] = ()
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one NewStudent; `code` says why it failed, `conflict_student_id` who is in the way."""

    row: int
    name: str
    outcome: Literal["created", "failed"]
    student_id: UUID | None
    code: str | None
    conflict_student_id: UUID | None


def create_students(
    uow: UnitOfWork, by: Actor, students: Sequence[NewStudent], initial_hash: str | None
) -> list[Registered]:
    """Create whom nobody is yet; one answer per given student, in order. Restores and matches nobody.

    `initial_hash` is the Argon2id hash that new accounts sign in with first, and must change; without it
    only those with a `password_hash` can sign in before a reset. Codes are the keys of REASONS.
    """
    store.lock_identities(uow.conn, uow.tenant)
    known = _known_tags(uow, [tag_id for student in students for tag_id in student.tags])
    people = [_person(student, known) for student in students]
    roster.load(uow.conn, prepared(people, len(people)))
    roster.resolve(uow.conn, uow.tenant, SEVERAL_DELETED_CANDIDATES)
    roster.refuse_known(uow.conn, uow.tenant)
    roster.write(uow.conn, uow.tenant, new_id(), initial_hash)
    found = roster.outcomes(uow.conn, uow.tenant)
    created = [row for row in found if row.outcome == "created"]
    answers = [_registered(student, row) for student, row in zip(students, found, strict=True)]
    _link(uow, students, answers)
    publish_changed(uow, created)
    audit.record(uow, by, Action.CREATED, [UUID(row.student_id) for row in created])
    return answers


def create_one(uow: UnitOfWork, by: Actor, student: NewStudent, initial_hash: str) -> UUID:
    """The id of the new student.

    Raises Problem 409 duplicate_student with `existing_student`, 409 deleted_student_exists with
    `deleted_student` (the one deleted last) and the number of `candidates`, 409 login_id_taken,
    422 unknown_tags.
    """
    [answer] = create_students(uow, by, [student], initial_hash)
    if answer.student_id is None:
        raise _refusal(uow, answer)
    return answer.student_id


def duplicate(uow: UnitOfWork, student_id: UUID) -> Problem:
    """409 duplicate_student that shows who it is."""
    return Problem(
        DUPLICATE_STUDENT,
        REASONS[DUPLICATE_STUDENT],
        status=409,
        members={"existing_student": _brief(uow, student_id)},
    )


def deleted_exists(uow: UnitOfWork, student_id: UUID) -> Problem:
    """409 deleted_student_exists that shows who it is, and how many in the trash have this identity."""
    who = _brief(uow, student_id, "deleted_at")
    count = store.count_deleted(uow.conn, uow.tenant, who["name"], who["parent_phone"])
    members = {"deleted_student": who, "candidates": count}
    return Problem(DELETED_STUDENT_EXISTS, REASONS[DELETED_STUDENT_EXISTS], status=409, members=members)


def login_taken() -> Problem:
    """409 login_id_taken; not by whom."""
    errors = {"login_id": [REASONS[LOGIN_ID_TAKEN]]}
    return Problem(LOGIN_ID_TAKEN, REASONS[LOGIN_ID_TAKEN], status=409, errors=errors)


def unknown_tags() -> Problem:
    """422 unknown_tags."""
    errors = {"tags": [REASONS[UNKNOWN_TAGS]]}
    return Problem(UNKNOWN_TAGS, REASONS[UNKNOWN_TAGS], status=422, errors=errors)


def _known_tags(uow: UnitOfWork, tag_ids: Sequence[UUID]) -> set[UUID]:
    return tag_store.hold_tags(uow.conn, uow.tenant, tag_ids) if tag_ids else set()


def _person(student: NewStudent, known_tags: set[UUID]) -> Person:
    custom = orjson.dumps(dict(student.custom_fields)).decode() if student.custom_fields else None
    profile = [custom if name == "custom_fields" else getattr(student, name) for name in PROFILE]
    return Person(
        student.row,
        student.name,
        student.parent_phone,
        profile,
        is_managed=student.is_managed,
        wished_login=student.login_id,
        password_hash=student.password_hash,
        code=None if known_tags.issuperset(student.tags) else UNKNOWN_TAGS,
    )


def _registered(student: NewStudent, row: Row[Any]) -> Registered:
    if row.outcome == "created":
        return Registered(student.row, student.name, "created", UUID(row.student_id), None, None)
    # "matched": somebody who does not take the lock was faster
    raced = row.outcome == "matched"
    conflict = UUID(row.student_id) if raced else row.conflict_id
    code = DUPLICATE_STUDENT if raced else row.code
    return Registered(student.row, student.name, "failed", None, code, conflict)


def _link(uow: UnitOfWork, students: Sequence[NewStudent], answers: Sequence[Registered]) -> None:
    links = [
        (answer.student_id, tag_id)
        for student, answer in zip(students, answers, strict=True)
        if answer.student_id is not None
        for tag_id in student.tags
    ]
    if links:
        tag_store.add_links(uow.conn, uow.tenant, links)


def _refusal(uow: UnitOfWork, answer: Registered) -> Problem:
    code, conflict = answer.code or "", answer.conflict_student_id
    if code == DUPLICATE_STUDENT and conflict is not None:
        return duplicate(uow, conflict)
    if code == DELETED_STUDENT_EXISTS and conflict is not None:
        return deleted_exists(uow, conflict)
    if code == LOGIN_ID_TAKEN:
        return login_taken()
    if code == UNKNOWN_TAGS:
        return unknown_tags()
    return Problem("invalid_request", REASONS.get(code, ""))


def _brief(uow: UnitOfWork, student_id: UUID, *more: str) -> dict[str, Any]:
    row = store.briefs(uow.conn, uow.tenant, [student_id])[student_id]
    return {name: getattr(row, name) for name in ("id", "name", "parent_phone", "login_id", *more)}
