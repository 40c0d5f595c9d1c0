"""Reports that the provider sends by itself.

They are not signed, so they are hints: what became of a message is asked (usecases.resolving), which also
makes their order and number meaningless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection

from messaging.store import ledger, webhooks

MOST_ITEMS = 1000


def receive(conn: Connection, items: Sequence[Any], now: datetime) -> int:
    """Keep each report once, by its eventDataId, and have its message asked for; how many were new."""
    reports = {name: one for one in items if (name := _event_id(one))}
    rows = [
        {"event_id": name, "body": orjson.dumps(_without_person(one)).decode(), "retries": _retries(one)}
        for name, one in reports.items()
    ]
    new = webhooks.add(conn, rows)
    told = [_mapping(reports[name].get("data")) for name in new]
    ids = [str(one["messageId"]) for one in told if one.get("messageId")]
    ledger.hint(conn, ids, list(_ledgers(told)), now)
    return len(new)


def _event_id(one: Any) -> str | None:
    name = _mapping(one).get("eventDataId")
    return name if isinstance(name, str) and 0 < len(name) <= 200 else None


def _without_person(one: Mapping[str, Any]) -> dict[str, Any]:
    """What it says, without number and text."""
    data = _mapping(one.get("data"))
    kept = {
        name: data[name] for name in ("messageId", "groupId", "statusCode", "customFields") if name in data
    }
    return {"data": kept}


def _retries(one: Mapping[str, Any]) -> int:
    count = one.get("retryCount")
    return count if isinstance(count, int) and 0 <= count < 1000 else 0


def _ledgers(told: Sequence[Mapping[str, Any]]) -> Iterator[UUID]:
    """The messages whose own ids the provider does not know us by yet."""
    for one in told:
        try:
            yield UUID(str(_mapping(one.get("customFields"))["ledger"]))
        except (KeyError, ValueError):
            continue


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
