"""Commands of the students context: a unit of work in, changes and events out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from contracts.columns import rows
from contracts.identity import name_key, normalise_name
from eventkit.ids import new_id
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from sqlalchemy import Row

from students.domain.logins import login_ids
from students.domain.roster import SEVERAL_DELETED_CANDIDATES, identity_refusal, profile_refusal
from students.store import roster, students
from students.store.tables import PROFILE

# generated login ids to choose from: the tenth of a millionth row for which all are taken is tried again
LOGIN_CANDIDATES = 3
MAX_BATCH_ROWS = 1000
MAX_BATCH_BYTES = 200_000

CHANGED = ("student_id", "version", "name", "parent_phone", "student_phone", "school", "grade")


def resolve_roster(uow: UnitOfWork, chunk: dict[str, Any], cause: Cause) -> None:
    """Match, restore or create the student of every row of an enrollment.roster.parsed chunk.

    One transaction, a constant number of statements. Publishes students.roster.resolved for the
    chunk and students.student.changed for whom it wrote; a dry run writes and changes nothing.
    """
    students.lock_identities(uow.conn, uow.tenant)
    roster.load(uow.conn, _prepared(chunk["rows"]))
    roster.resolve(uow.conn, uow.tenant, SEVERAL_DELETED_CANDIDATES)
    if chunk["dry_run"]:
        found = roster.forecast(uow.conn)
    else:
        roster.write(uow.conn, uow.tenant, UUID(chunk["job_id"]), chunk["initial_password_hash"])
        found = roster.outcomes(uow.conn, uow.tenant)
        publish_changed(uow, [row for row in found if row.version is not None], cause)
    uow.publish(
        "students.roster.resolved",
        subject=chunk["job_id"],
        data={
            "job_id": chunk["job_id"],
            "chunk": chunk["chunk"],
            "rows": _columns(found, ("row", "outcome", "student_id", "code", "version")),
        },
        cause=cause,
    )


def publish_changed(uow: UnitOfWork, changed: Sequence[Row[Any]], cause: Cause) -> None:
    """students.student.changed for rows that have the attributes CHANGED, all of them active."""
    for batch in batches(changed):
        columns = _columns(batch, CHANGED)
        uow.publish(
            "students.student.changed",
            subject=uow.tenant,
            data={"students": {**columns, "deleted": [False] * len(batch)}},
            cause=cause,
        )


def batches(changed: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    """Runs that fit in one event, by rows and by bytes."""
    start = size = 0
    for at, student in enumerate(changed):
        length = len(orjson.dumps([getattr(student, name) for name in CHANGED]))
        if at - start == MAX_BATCH_ROWS or size + length > MAX_BATCH_BYTES:
            yield changed[start:at]
            start, size = at, 0
        size += length
    if start < len(changed):
        yield changed[start:]


def forget_credentials(db: Database, now: datetime) -> None:
    """Periodic task: an initial password that was never used in its 14 days is gone for good."""
    with db.system() as conn:
        students.forget_credentials(conn, now)


def _columns(found: Sequence[Row[Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in found] for name in names}


def _prepared(columns: dict[str, list[Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows as store.roster.COPIED: checked, keyed, and with the ids that they may need."""
    table = rows(columns, "row", "name", "parent_phone", *PROFILE)
    logins = iter(login_ids(2 * LOGIN_CANDIDATES * len(table)))
    for n, (sheet_row, raw_name, parent_phone, *profile) in enumerate(table):
        name = normalise_name(raw_name)
        code = _refusal(name, parent_phone, profile)
        person = (None, name, name_key(name), parent_phone, *profile)
        if code is not None:  # a refused row may hold what cannot be stored: only its number travels
            person = (code, "", "", "", *[None] * len(profile))
        yield (
            n,
            sheet_row,
            *person,
            new_id(),
            new_id(),
            _array(next(logins) for _ in range(LOGIN_CANDIDATES)),
            new_id(),
            new_id(),
            _array(next(logins) for _ in range(LOGIN_CANDIDATES)),
        )


def _refusal(name: str, parent_phone: str, profile: Sequence[Any]) -> str | None:
    student_phone, school, school_type, grade, gender, *texts = profile
    return identity_refusal(name, parent_phone, student_phone) or profile_refusal(
        school_type, grade, gender, name, school, *texts
    )


def _array(items: Iterator[str]) -> str:
    """PostgreSQL array literal of plain login ids."""
    return "{" + ",".join(items) + "}"
