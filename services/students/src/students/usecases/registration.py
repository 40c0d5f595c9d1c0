"""Registration requests: strangers ask, staff (or the academy's setting) decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.identity import name_key
from eventkit.ports import Database
from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from servicekit.throttle import Limit, count
from sqlalchemy import Row

from students.domain.audit import Action, Actor, Pseudonyms
from students.domain.registration import (
    ACADEMY_PER_MINUTE,
    ADDRESS_PER_HOUR,
    ALREADY_DECIDED,
    ASKED,
    AUTO_APPROVE,
    KEEP_DECIDED,
    KEEP_PENDING,
    NOT_FOUND,
    REASONS,
    Refusal,
    Status,
)
from students.domain.roster import (
    DELETED_STUDENT_EXISTS,
    DUPLICATE_STUDENT,
    LOGIN_ID_TAKEN,
    SEVERAL_DELETED_CANDIDATES,
)
from students.store import registration as store
from students.store import students
from students.usecases import records
from students.usecases.audit import record_setting
from students.usecases.records import NewStudent, create_students
from students.usecases.trash import restore_students

_OF_ADDRESS = Limit("registration.address", ADDRESS_PER_HOUR, timedelta(hours=1))
_OF_ACADEMY = Limit("registration.academy", ACADEMY_PER_MINUTE, timedelta(minutes=1))


def count_request(uow: UnitOfWork, address: str) -> None:
    """In a transaction of its own, before the password is hashed. Raises Problem 429."""
    count(uow.conn, _OF_ADDRESS, address)
    count(uow.conn, _OF_ACADEMY, uow.tenant)


def ask(uow: UnitOfWork, pseudonyms: Pseudonyms, asked: Mapping[str, Any], password_hash: str) -> None:
    """Keep a request (RequestSchema, its password hashed), and approve it where the academy wants that.

    Says nothing about what it met. The first pending request of a person stands: whoever knows a name
    and a phone number must not be able to put another password behind it.
    """
    request_id = store.add(
        uow.conn,
        uow.tenant,
        {
            "name": asked["name"],
            "name_key": name_key(asked["name"]),
            "parent_phone": asked["parent_phone"],
            "student_phone": asked.get("student_phone"),
            "login_id": asked.get("login_id"),
            "memo": asked.get("memo"),
            "profile": {name: asked[name] for name in ASKED if asked.get(name) is not None},
            "password_hash": password_hash,
        },
    )
    if request_id is not None and store.auto_approve(uow.conn, uow.tenant):
        # refused: it waits for a person like any other
        approve_requests(uow, Actor(AUTO_APPROVE, pseudonyms), [request_id])


def approve_requests(uow: UnitOfWork, by: Actor, request_ids: Sequence[UUID]) -> list[Refusal]:
    """Create a student of each request, with the password that the request came with; who stays, and why.

    A constant number of statements. Codes: not_found, already_decided, and those of create_students.
    """
    students.lock_identities(uow.conn, uow.tenant)
    pending, refused = _pending(uow, request_ids)
    if not pending:
        return refused
    answers = create_students(uow, by, [_student(row, request) for row, request in enumerate(pending)], None)
    created: dict[UUID, UUID] = {}
    for request, answer in zip(pending, answers, strict=True):
        if answer.student_id is not None:
            created[request.id] = answer.student_id
        else:
            assert answer.code is not None
            refused.append(Refusal(request.id, answer.code, answer.conflict_student_id))
    store.approve(uow.conn, uow.tenant, by.name, created)
    return sorted(refused, key=lambda one: request_ids.index(one.id))


def approve_request(uow: UnitOfWork, by: Actor, request_id: UUID, *, restore: bool) -> None:
    """Approve one; with `restore` a deleted student of this identity comes back instead of a new one.

    Raises Problem 404, 409 already_decided, duplicate_student (with `existing_student`),
    deleted_student_exists (with `deleted_student` and `candidates`), several_deleted_candidates,
    login_id_taken.
    """
    refused = approve_requests(uow, by, [request_id])
    if not refused:
        return
    problem = _problem(uow, refused[0])
    if not restore or problem.code != DELETED_STUDENT_EXISTS:
        raise problem
    if problem.members["candidates"] > 1:
        raise _conflict(SEVERAL_DELETED_CANDIDATES)
    student_id = problem.members["deleted_student"]["id"]
    _, skipped = restore_students(uow, by, [student_id])
    assert not skipped, "under the lock nothing can have come in between"
    store.approve(uow.conn, uow.tenant, by.name, {request_id: student_id})


def reject_requests(
    uow: UnitOfWork, by: Actor, request_ids: Sequence[UUID], reason: str | None
) -> tuple[int, list[Refusal]]:
    """How many pending requests ended so, and which did not: not_found, already_decided.

    The reason may name people, so it stays with the requests and out of the trail.
    """
    pending, refused = _pending(uow, request_ids)
    rejected = [request.id for request in pending]
    if rejected:
        store.reject(uow.conn, uow.tenant, by.name, rejected, reason)
        record_setting(uow, by, Action.REGISTRATION_REJECTED, {"request_ids": rejected})
    return len(rejected), refused


def reject_request(uow: UnitOfWork, by: Actor, request_id: UUID, reason: str | None) -> None:
    """Reject one. Raises Problem 404, 409 already_decided."""
    _, refused = reject_requests(uow, by, [request_id], reason)
    if refused:
        raise _problem(uow, refused[0])


def set_auto_approve(uow: UnitOfWork, by: Actor, on: bool) -> None:
    """Whether requests without a conflict are approved at once, from now on."""
    if store.set_auto_approve(uow.conn, uow.tenant, on):
        record_setting(uow, by, Action.SETTING_CHANGED, {"auto_approve": on})


def prune_requests(db: Database, now: datetime) -> None:
    """Periodic task: decided requests are kept for 30 days, those that nobody decides for 90."""
    with db.system() as conn:
        store.prune(conn, decided_before=now - KEEP_DECIDED, asked_before=now - KEEP_PENDING)


def reason_of(code: str) -> str:
    """Korean, for people of the academy."""
    return {**records.REASONS, **REASONS}[code]


def _pending(uow: UnitOfWork, request_ids: Sequence[UUID]) -> tuple[list[Row[Any]], list[Refusal]]:
    """The requests that can be decided, locked until the transaction ends, and the others."""
    found = store.lock(uow.conn, uow.tenant, request_ids)
    pending = [found[one] for one in request_ids if one in found and found[one].status == Status.PENDING]
    open_ids = {request.id for request in pending}
    others = [one for one in request_ids if one not in open_ids]
    return pending, [Refusal(one, ALREADY_DECIDED if one in found else NOT_FOUND) for one in others]


def _student(row: int, request: Row[Any]) -> NewStudent:
    return NewStudent(
        row=row,
        name=request.name,
        parent_phone=request.parent_phone,
        student_phone=request.student_phone,
        login_id=request.login_id,
        memo=request.memo,
        password_hash=request.password_hash,
        **request.profile,
    )


def _problem(uow: UnitOfWork, refusal: Refusal) -> Problem:
    """Why one request stays as it was, for the person who decided about it."""
    if refusal.code == NOT_FOUND:
        return Problem(NOT_FOUND)
    if refusal.code == LOGIN_ID_TAKEN:
        return records.login_taken()
    student_id = refusal.conflict_student_id
    if student_id is None:
        return _conflict(refusal.code)
    if refusal.code == DUPLICATE_STUDENT:
        return records.duplicate(uow, student_id)
    return records.deleted_exists(uow, student_id)


def _conflict(code: str) -> Problem:
    return Problem(code, reason_of(code), status=409)
