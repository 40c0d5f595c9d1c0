"""What an academy has set of triggers; what it never touched has no row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.store.tables import trigger_setting


def chosen(conn: Connection, tenant: str) -> dict[str, Row[Any]]:
    """By the trigger's name."""
    query = sa.select(trigger_setting).where(trigger_setting.c.tenant_id == tenant)
    return {row.trigger: row for row in conn.execute(query)}


def choose(
    conn: Connection, tenant: str, trigger: str, first: Mapping[str, Any], changes: Mapping[str, Any]
) -> Row[Any]:
    """`first` is what a row begins with, `changes` what an existing one becomes."""
    statement = insert(trigger_setting).values(tenant_id=tenant, trigger=trigger, **{**first, **changes})
    changed = {**changes, "updated_at": sa.func.now()}
    return conn.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "trigger"], set_=changed).returning(
            trigger_setting
        )
    ).one()
