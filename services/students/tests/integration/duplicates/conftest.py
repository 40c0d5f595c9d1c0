"""Twins in the trash, and a model of who of them should stay."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest


class Model:
    """Guide 3.1 by brute force: reads every row, decides in Python, knows nothing of the service's SQL."""

    def __init__(self, academy: Any, tenant: str) -> None:
        rows = academy.all(
            "SELECT s.id::text, s.name_key, s.parent_phone, s.deleted_at, s.merged_into, h.student_id"
            " FROM student s LEFT JOIN legal_hold h ON h.student_id = s.id WHERE s.tenant_id = %s",
            tenant,
        )
        groups: dict[tuple[str, str], list[tuple[Any, str]]] = {}
        for student, name, phone, deleted_at, merged_into, _ in rows:
            if deleted_at is not None and merged_into is None:
                groups.setdefault((name, phone), []).append((deleted_at, student))
        self.groups = {key: sorted(members) for key, members in groups.items() if len(members) > 1}
        self.refused = {key for key in self.groups if len(set(key[1][3:])) == 1 or key[1] == "01012345678"}
        held = {student for student, *_, hold in rows if hold is not None}
        extra = {
            student
            for key, members in self.groups.items()
            if key not in self.refused
            for _, student in members[1:]
        }
        self.removed = extra - held
        self.survivors = {student for student, *_ in rows} - self.removed
        lines = [",".join(student for _, student in members) for members in self.groups.values()]
        self.digest = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


@pytest.fixture
def model(academy):
    return lambda tenant="demo": Model(academy, tenant)


@pytest.fixture
def left(academy):
    """Ids of a tenant's students."""
    return lambda tenant="demo": {
        one for (one,) in academy.all("SELECT id::text FROM student WHERE tenant_id = %s", tenant)
    }


@pytest.fixture
def deleted(academy):
    """`deleted("김하나", "01011112222", 3, 2, 2)`: records deleted so many days ago; their ids, in order."""

    def make(name, phone, *days, tenant="demo"):
        rows = academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
            " SELECT %s, gen_random_uuid(), %s, %s, %s, date_trunc('day', now()) - d * interval '1 day'"
            " FROM unnest(%s::int[]) AS d RETURNING id::text",
            tenant, name, name, phone, list(days),
        )  # fmt: skip
        return [student for (student,) in rows]

    return make
