"""The inbox of the provider's reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from messaging.store import columns
from messaging.store.tables import webhook_event


def add(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The event ids that were not there."""
    return [row.event_id for row in columns.add(conn, webhook_event, rows, ["event_id"])]
