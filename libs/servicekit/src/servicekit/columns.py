"""Columns and checks that a service's tables share. Migrations write theirs out: they never change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, Column, DateTime, Text, text


def tenant() -> Column[str]:
    """Whose row it is, where the key is another."""
    return Column("tenant_id", Text, nullable=False)


def written_at(name: str) -> Column[datetime]:
    """A time that is the transaction's unless another is given."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))


def listed(values: Iterable[str]) -> str:
    """`'A', 'B'` for an IN of our own words: never of what somebody typed."""
    return ", ".join(f"'{value}'" for value in values)


def one_of(column: str, values: Iterable[str], name: str) -> CheckConstraint:
    """The column holds one of these words."""
    return CheckConstraint(f"{column} IN ({listed(values)})", name=name)
