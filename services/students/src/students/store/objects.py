"""Which photos are needed no more."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from students.store.tables import student

_PREFIX = "photos/{}/"
_LENGTH = len(str(UUID(int=0)))


def released(conn: Connection, tenant: str, keys: Sequence[str]) -> set[str]:
    """Photos of nobody: whoever was purged does not come back under the same id.

    A student who is there may be given a photo at any moment, in the trash too: those are not released.
    """
    prefix = _PREFIX.format(tenant)
    mine = {key: UUID(key.removeprefix(prefix)) for key in keys if _is_photo(prefix, key)}
    there = sa.select(student.c.id).where(student.c.tenant_id == tenant, student.c.id.in_(set(mine.values())))
    known = set(conn.execute(there).scalars())
    return {key for key, student_id in mine.items() if student_id not in known}


def _is_photo(prefix: str, key: str) -> bool:
    if not key.startswith(prefix) or len(key) != len(prefix) + _LENGTH:
        return False
    try:
        return str(UUID(key.removeprefix(prefix))) == key.removeprefix(prefix)
    except ValueError:
        return False
