"""Consents as they stand, and the ledger that they follow from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from messaging.domain.consent import RENEWAL_YEARS, Action, Entry, Kind, Standing
from messaging.store.columns import add, unnested
from messaging.store.tables import consent, consent_entry

_C = consent.c
_E = consent_entry.c

STANDING_ORDER = (_C.fingerprint, _C.kind)
NOTICE_ORDER = (_C.changed_at, _C.fingerprint, _C.kind)
RENEWAL_ORDER = (_C.confirmed_at, _C.fingerprint, _C.kind)
# newest first: read with descending=True
ENTRY_ORDER = (_E.seq,)


def standings(tenant: str, fingerprints: Sequence[str] | None = None) -> sa.Select[Any]:
    """Of a tenant, or of these recipients; order and paging are the caller's."""
    query = sa.select(consent).where(_C.tenant_id == tenant)
    if fingerprints is None:
        return query
    return query.where(_C.fingerprint == sa.any_(sa.literal(list(fingerprints), sa.ARRAY(sa.Text))))


def notices(tenant: str) -> sa.Select[Any]:
    """Whose last change has not been told to them (NOTICE_ORDER: the most urgent first)."""
    return standings(tenant).where(_C.notified_at.is_(None) | (_C.notified_at < _C.changed_at))


def renewals(tenant: str, until: datetime) -> sa.Select[Any]:
    """Given, and to be confirmed again by `until` (RENEWAL_ORDER: the most urgent first)."""
    renew_by = _C.confirmed_at + sa.text(f"interval '{RENEWAL_YEARS} years'")
    return standings(tenant).where(_C.given, renew_by <= until)


def entries(tenant: str, fingerprint: str) -> sa.Select[Any]:
    """One recipient's ledger; paging is the caller's (ENTRY_ORDER, descending)."""
    return sa.select(consent_entry).where(_E.tenant_id == tenant, _E.fingerprint == fingerprint)


def lock(
    conn: Connection, tenant: str, phones: Mapping[str, str], kind: Kind, at: datetime, *, new: bool
) -> set[str]:
    """Of these recipients (fingerprint → number) those that have the consent, locked; `new` makes it for all.

    What a new one says follows from its ledger, in the same transaction.
    """
    rows = [
        {
            "tenant_id": tenant,
            "fingerprint": one,
            "kind": kind.value,
            "phone": phones[one],
            "given": False,
            "changed_at": at,
            "confirmed_at": at,
        }
        for one in sorted(phones)
    ]
    if new:
        add(conn, consent, rows)
    query = sa.select(_C.fingerprint).where(
        _C.tenant_id == tenant,
        _C.kind == kind.value,
        _C.fingerprint == sa.any_(sa.literal(sorted(phones), sa.ARRAY(sa.Text))),
    )
    return set(conn.execute(query.order_by(_C.fingerprint).with_for_update()).scalars())


def append(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of the ledger, all with the same keys."""
    if rows:
        given = unnested(consent_entry, rows)
        conn.execute(insert(consent_entry).from_select(list(rows[0]), sa.select(given)))


def ledger(conn: Connection, tenant: str, fingerprints: Sequence[str], kind: Kind) -> dict[str, list[Entry]]:
    """What each of these recipients ever said, in the order in which it was recorded."""
    query = sa.select(consent_entry).where(
        _E.tenant_id == tenant,
        _E.kind == kind.value,
        _E.fingerprint == sa.any_(sa.literal(list(fingerprints), sa.ARRAY(sa.Text))),
    )
    found: dict[str, list[Entry]] = {}
    for row in conn.execute(query.order_by(_E.seq)):
        found.setdefault(row.fingerprint, []).append(Entry(kind, Action(row.action), row.at))
    return found


_STAND = sa.text("""
    UPDATE consent c SET given = g.given, changed_at = g.changed_at, confirmed_at = g.confirmed_at,
        notified_at = g.notified_at, phone = g.phone
    FROM unnest(CAST(:fingerprints AS text[]), CAST(:given AS boolean[]), CAST(:changed AS timestamptz[]),
        CAST(:confirmed AS timestamptz[]), CAST(:notified AS timestamptz[]), CAST(:phones AS text[]))
        AS g (fingerprint, given, changed_at, confirmed_at, notified_at, phone)
    WHERE c.tenant_id = :tenant AND c.kind = :kind AND c.fingerprint = g.fingerprint
""")


def stand(
    conn: Connection, tenant: str, kind: Kind, now: Mapping[str, Standing], phones: Mapping[str, str]
) -> None:
    """How the consents of these recipients stand from now on."""
    given = {
        "tenant": tenant,
        "kind": kind.value,
        "fingerprints": list(now),
        "given": [one.given for one in now.values()],
        "changed": [one.changed_at for one in now.values()],
        "confirmed": [one.confirmed_at for one in now.values()],
        "notified": [one.notified_at for one in now.values()],
        "phones": [phones[one] for one in now],
    }
    conn.execute(_STAND, given)


def stands(row: Row[Any]) -> Standing:
    """Of a row of `standings`."""
    return Standing(row.given, row.changed_at, row.confirmed_at, row.notified_at)
