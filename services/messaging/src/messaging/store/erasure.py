"""What this context holds of a student, and how it forgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from eventkit import projection
from eventkit.erasure import Counts
from sqlalchemy import Connection

from messaging.store.tables import enrollment_ref, message_subject, recipient, request_subject

_KINDS: Mapping[str, sa.Table] = {
    "recipients": recipient,
    "messages": message_subject,
    "requests": request_subject,
    "enrollments": enrollment_ref,
}


def holdings(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """How many things of each kind there are of each of the students."""
    return projection.held(conn, _KINDS, tenant, student_ids)


# A message about several siblings stays until the last of them is erased.
_ABOUT = sa.text("""
    SELECT s.message_id FROM message_subject s
    WHERE s.tenant_id = :tenant AND s.student_id = ANY(CAST(:ids AS uuid[]))
    EXCEPT
    SELECT s.message_id FROM message_subject s
    WHERE s.tenant_id = :tenant AND s.student_id <> ALL(CAST(:ids AS uuid[]))
        AND s.message_id IN (SELECT message_id FROM message_subject
            WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[])))
""")
_FORGET_BODIES = sa.text("""
    DELETE FROM message_body WHERE tenant_id = :tenant AND message_id = ANY(CAST(:messages AS uuid[]))
""")
_FORGET_MASKS = sa.text("""
    UPDATE message SET recipient = NULL
    WHERE tenant_id = :tenant AND id = ANY(CAST(:messages AS uuid[]))
""")
_FORGET_CONSENT = sa.text("""
    WITH gone AS (
        UPDATE consent SET phone = NULL WHERE tenant_id = :tenant AND phone = ANY(CAST(:phones AS text[]))
            AND phone NOT IN (SELECT parent_phone FROM recipient WHERE tenant_id = :tenant)
        RETURNING fingerprint)
    UPDATE opt_out SET recipient = NULL
    WHERE tenant_id = :tenant AND fingerprint IN (SELECT fingerprint FROM gone)
""")


def messages_about(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> list[UUID]:
    """Messages that are about these students and nobody else."""
    return list(conn.execute(_ABOUT, {"tenant": tenant, "ids": list(student_ids)}).scalars())


def erase(
    conn: Connection,
    tenant: str,
    student_ids: Collection[UUID],
    messages: Sequence[UUID],
    phones: Sequence[str],
) -> Counts:
    """Forget these recipients and the text and number of `messages`; what each student had.

    The messages' fingerprints, keys and prices stay: they name nobody, and they keep a message from being
    sent twice. A consent's number goes unless a student who stays has the same parent.
    """
    conn.execute(_FORGET_BODIES, {"tenant": tenant, "messages": list(messages)})
    conn.execute(_FORGET_MASKS, {"tenant": tenant, "messages": list(messages)})
    counts = projection.erase(conn, _KINDS, tenant, student_ids)
    conn.execute(_FORGET_CONSENT, {"tenant": tenant, "phones": list(phones)})
    return counts
