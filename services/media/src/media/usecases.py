"""Commands of the media context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventkit.erasure import Counts, Person
from eventkit.projection import project
from eventkit.uow import UnitOfWork

from media import store


def follow_enrollments(uow: UnitOfWork, enrollments: Mapping[str, Sequence[Any]]) -> None:
    """Keep the read model of who is enrolled in which lecture."""
    project(uow, store.enrollment_ref, enrollments)


def follow_session_enrollments(uow: UnitOfWork, session_enrollments: Mapping[str, Sequence[Any]]) -> None:
    """Keep the read model of who attends which session."""
    project(uow, store.session_enrollment_ref, session_enrollments)


def erase_students(uow: UnitOfWork, people: Sequence[Person]) -> Counts:
    """A purged student attends nothing; progress in videos comes with their context."""
    return store.erase(uow.conn, uow.tenant, [person.id for person in people])
