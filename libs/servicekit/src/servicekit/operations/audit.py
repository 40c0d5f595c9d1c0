"""What operators did, kept for good: nobody can change or remove a row."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from servicekit.pagination import Page, fetch_page

_audit = sa.table(
    "operator_audit",
    sa.column("seq", sa.BigInteger),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor", sa.Text),
    sa.column("action", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("detail", sa.JSON),
)
_RECORD = sa.text("""
    INSERT INTO operator_audit (actor, action, subject, detail)
    VALUES (:actor, :action, :subject, CAST(:detail AS jsonb))
""")


def record(conn: Connection, actor: str, action: str, subject: object, **detail: Any) -> None:
    """In the transaction of the deed. `detail` holds no personal data."""
    text = orjson.dumps(detail, default=str).decode()
    conn.execute(_RECORD, {"actor": actor, "action": action, "subject": str(subject), "detail": text})


def page(conn: Connection, *, cursor: str | None, page_size: int) -> Page:
    """Newest first."""
    return fetch_page(
        conn, sa.select(_audit), [_audit.c.seq], cursor=cursor, page_size=page_size, descending=True
    )
