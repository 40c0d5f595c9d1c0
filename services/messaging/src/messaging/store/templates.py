"""Templates of a tenant, and what the provider's reviewers say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.ids import new_id
from sqlalchemy import Connection, Row

from messaging.store.tables import template, trigger_setting

_T = template.c

TEMPLATE_ORDER = (_T.name, _T.id)


def listing(tenant: str, category: str | None) -> sa.Select[Any]:
    """The templates that are not deleted; order and paging are the caller's (TEMPLATE_ORDER)."""
    query = sa.select(template).where(_T.tenant_id == tenant, _T.deleted_at.is_(None))
    return query if category is None else query.where(_T.category == category)


def find(conn: Connection, tenant: str, template_id: UUID, *, lock: bool = False) -> Row[Any] | None:
    """One that is not deleted; `lock`: for one writer at a time."""
    query = listing(tenant, None).where(_T.id == template_id)
    return conn.execute(query.with_for_update() if lock else query).first()


def insert(conn: Connection, tenant: str, values: Mapping[str, Any]) -> Row[Any]:
    """Raises IntegrityError uq_template_name."""
    statement = sa.insert(template).values(**values, id=new_id(), tenant_id=tenant)
    return conn.execute(statement.returning(template)).one()


def update(conn: Connection, tenant: str, template_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Raises IntegrityError uq_template_name."""
    statement = (
        sa.update(template)
        .where(_T.tenant_id == tenant, _T.id == template_id)
        .values(**values, updated_at=sa.func.now())
    )
    return conn.execute(statement.returning(template)).one()


def serves_a_trigger(conn: Connection, tenant: str, template_id: UUID) -> bool:
    """Whether a trigger says what it says."""
    query = sa.select(trigger_setting.c.trigger).where(
        trigger_setting.c.tenant_id == tenant, trigger_setting.c.template_id == template_id
    )
    return conn.execute(query.limit(1)).first() is not None


def in_review(conn: Connection, most: int) -> Sequence[str]:
    """Provider's codes of templates of all tenants that wait for a reviewer, in no order: one that
    cannot be asked about never stands before the others."""
    query = sa.select(_T.provider_code).where(_T.review == "PENDING", _T.deleted_at.is_(None))
    return conn.execute(query.order_by(sa.func.random()).limit(most)).scalars().all()


_REVIEWED = sa.text("""
    UPDATE template t SET review = g.review, review_comment = g.comment, updated_at = :now
    FROM unnest(CAST(:codes AS text[]), CAST(:reviews AS text[]), CAST(:comments AS text[]))
        AS g (code, review, comment)
    WHERE t.provider_code = g.code AND t.review = 'PENDING'
""")


def reviewed(conn: Connection, verdicts: Mapping[str, tuple[str, str | None]], now: datetime) -> int:
    """Provider's code → (review, comment); how many changed."""
    given = {
        "codes": list(verdicts),
        "reviews": [review for review, _ in verdicts.values()],
        "comments": [comment for _, comment in verdicts.values()],
        "now": now,
    }
    return conn.execute(_REVIEWED, given).rowcount
