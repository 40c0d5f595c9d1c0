"""The audit trail is written in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from eventkit.uow import UnitOfWork

from students.domain.audit import Action, Actor
from students.store import audit as store


def record(
    uow: UnitOfWork,
    by: Actor,
    action: Action,
    student_ids: Iterable[UUID],
    details: Mapping[str, Any] | None = None,
) -> None:
    """One row per student, in one statement. `details` name fields, counts and reasons, never people."""
    pseudonyms = [by.pseudonyms.of(uow.tenant, student_id) for student_id in student_ids]
    if pseudonyms:
        store.add(uow.conn, uow.tenant, by.name, action, pseudonyms, _text(details))


def record_setting(uow: UnitOfWork, by: Actor, action: Action, details: Mapping[str, Any]) -> None:
    """What concerns no single person."""
    store.add(uow.conn, uow.tenant, by.name, action, [None], _text(details))


def _text(details: Mapping[str, Any] | None) -> str:
    return orjson.dumps(dict(details or {}), default=str).decode()
