"""A chunk of a roster: match, restore or create the student of every row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.columns import rows
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from sqlalchemy import Row

from students.domain.audit import Action, Actor, Pseudonyms
from students.domain.records import PROFILE
from students.domain.roster import SEVERAL_DELETED_CANDIDATES
from students.store import roster, students
from students.usecases import audit
from students.usecases.changes import columns, publish_changed
from students.usecases.people import Person, prepared

# optional columns of a chunk: what a person has decided, and what a plan has promised
_INSTRUCTIONS = ("decision", "decided_id", "expected", "expected_id")


def resolve_roster(uow: UnitOfWork, chunk: dict[str, Any], cause: Cause, pseudonyms: Pseudonyms) -> None:
    """Match, restore or create the student of every row of an enrollment.roster.parsed chunk.

    One transaction, a constant number of statements. Publishes students.roster.resolved for the
    chunk and students.student.changed for whom it wrote; a dry run writes and changes nothing.
    """
    table = rows(chunk["rows"], "row", "name", "parent_phone", *PROFILE)
    people = (Person(row, name, phone, profile) for row, name, phone, *profile in table)
    students.lock_identities(uow.conn, uow.tenant)
    roster.load(uow.conn, prepared(people, len(table)))
    roster.resolve(uow.conn, uow.tenant, SEVERAL_DELETED_CANDIDATES)
    told = [row for row in rows(chunk["rows"], "row", *_INSTRUCTIONS) if any(row[1:])]
    if told:
        roster.instruct(uow.conn, uow.tenant, told)
    if chunk["dry_run"]:
        found = roster.forecast(uow.conn, uow.tenant)
    else:
        job_id = UUID(chunk["job_id"])
        roster.remember_deleted(uow.conn, uow.tenant, job_id)
        roster.write(uow.conn, uow.tenant, job_id, chunk["initial_password_hash"])
        roster.remember_created(uow.conn, uow.tenant, job_id)
        found = roster.outcomes(uow.conn, uow.tenant)
        publish_changed(uow, [row for row in found if row.version is not None], cause=cause)
        _record(uow, Actor(f"job:{chunk['job_id']}", pseudonyms), found)
    uow.publish(
        "students.roster.resolved",
        subject=chunk["job_id"],
        data={
            "job_id": chunk["job_id"],
            "chunk": chunk["chunk"],
            "rows": columns(found, ("row", "outcome", "student_id", "code", "version", "candidates")),
        },
        cause=cause,
    )


def forget_credentials(db: Database, now: datetime) -> None:
    """Periodic task: an initial password that was never used in its 14 days is gone for good."""
    with db.system() as conn:
        students.forget_credentials(conn, now)


def _record(uow: UnitOfWork, by: Actor, found: Sequence[Row[Any]]) -> None:
    for action, outcome in ((Action.CREATED, "created"), (Action.RESTORED, "restored")):
        audit.record(uow, by, action, [UUID(row.student_id) for row in found if row.outcome == outcome])
