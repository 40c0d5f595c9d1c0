"""What other services say: who attends what, and who is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.columns import concat
from eventkit.erasure import Counts, Person
from eventkit.projection import project
from eventkit.uow import UnitOfWork

from media.store import erasure, playback, tables


def follow_enrollments(uow: UnitOfWork, enrollments: Mapping[str, Sequence[Any]]) -> None:
    """Keep the read model of who is enrolled in which lecture; what was watched follows a merged student."""
    ids, students = enrollments["enrollment_id"], enrollments["student_id"]
    moved = playback.moved(uow.conn, uow.tenant, ids, students)
    project(uow, tables.enrollment_ref, enrollments)
    if moved:
        playback.reseat(uow.conn, uow.tenant, moved)


def follow_session_enrollments(
    uow: UnitOfWork, session_enrollments: Sequence[Mapping[str, Sequence[Any]]]
) -> None:
    """Keep the read model of who attends which session, and with which mark.

    A build that tells no marks leaves them as they are: its tables are projected by themselves, or the marks
    of the others would be left out with them.
    """
    for marked in (False, True):
        told = [table for table in session_enrollments if ("attendance" in table) is marked]
        if told:
            project(uow, tables.session_enrollment_ref, concat(told))


def follow_sessions(uow: UnitOfWork, sessions: Mapping[str, Sequence[Any]]) -> None:
    """Keep the read model of lectures and their sessions."""
    project(uow, tables.session_ref, sessions)


def erase_students(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    """A purged student attends nothing and has watched nothing."""
    return erasure.erase(uow.conn, uow.tenant, [person.id for person in people])
