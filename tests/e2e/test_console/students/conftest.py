"""Students of the console's own academy, made without the console."""

from __future__ import annotations

from typing import Any

import pytest
from testkit.academy import Academy
from testkit.stack import LocalStack


class People(Academy):
    """Students of an academy, made without the console."""

    def add(self, name: str, parent_phone: str, **values: Any) -> str:
        """The id of a new student."""
        body = {"name": name, "parent_phone": parent_phone, "initial_password": "desk-2026", **values}
        return str(self.api.post("/api/v1/students/", body)["id"])

    def delete(self, *ids: str) -> None:
        assert self.api.post("/api/v1/students/bulk_delete/", {"ids": ids})["deleted"] == len(ids)

    def deleted(self, name: str, parent_phone: str, days: int) -> str:
        """The id of a record in the trash for `days`; several of one identity, as older systems left them."""
        rows = self.query(
            "INSERT INTO students.student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
            f" VALUES (%(tenant)s, gen_random_uuid(), $${name}$$, $${name}$$, '{parent_phone}',"
            f" now() - interval '{days} days') RETURNING id"
        )
        return str(rows[0][0])


@pytest.fixture
def people(console: Any, stack: LocalStack) -> People:
    """The same academy's students, by API and database."""
    return People(stack, console.tenant)
