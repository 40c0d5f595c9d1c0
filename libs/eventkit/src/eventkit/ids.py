"""Identifiers: UUIDv7, so that primary keys grow with time."""

from __future__ import annotations

from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    return compat.uuid7()
