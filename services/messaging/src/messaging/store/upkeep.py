"""What is forgotten and pulled on time, of all tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from messaging.domain.messages import NO_REPORT
from messaging.store.columns import add
from messaging.store.tables import opt_out, sent_count, webhook_event

_WIPE = sa.text("""
    DELETE FROM message_body b USING message m
    WHERE m.tenant_id = b.tenant_id AND m.id = b.message_id
        AND (m.ended_at < :before
            OR m.status = 'ACCEPTED' AND m.code = :no_report AND m.attempted_at < :before)
""")
_KNOWN = sa.text("""
    SELECT DISTINCT r.tenant_id, p.phone
    FROM recipient r, LATERAL (VALUES (r.parent_phone), (r.student_phone)) AS p (phone)
    WHERE p.phone = ANY(CAST(:phones AS text[]))
""")


def wipe_bodies(conn: Connection, before: datetime) -> int:
    """Forget texts and numbers of messages that ended before, or will never be reported; how many."""
    return conn.execute(_WIPE, {"before": before, "no_report": NO_REPORT}).rowcount


def prune(conn: Connection, before: datetime) -> None:
    """Old reports of the provider, and counts that no cap looks at."""
    conn.execute(sa.delete(webhook_event).where(webhook_event.c.received_at < before))
    conn.execute(sa.delete(sent_count).where(sent_count.c.hour < before))


def known_numbers(conn: Connection, phones: Sequence[str]) -> Sequence[Row[Any]]:
    """(tenant_id, phone) of those that some academy may reach."""
    return conn.execute(_KNOWN, {"phones": list(phones)}).all()


def refuse(conn: Connection, rows: Sequence[tuple[str, str, str]], scope: str, source: str) -> int:
    """(tenant, fingerprint, mask): they get no more of this; how many were new. A wider refusal stays."""
    given = [
        {"tenant_id": tenant, "fingerprint": print_, "recipient": mask, "scope": scope, "source": source}
        for tenant, print_, mask in rows
    ]
    return len(add(conn, opt_out, given, ["fingerprint"]))
