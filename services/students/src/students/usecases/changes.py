"""How a change of students leaves this context: students.student.changed, in batches that fit a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from sqlalchemy import Row

MAX_BATCH_ROWS = 1000
MAX_BATCH_BYTES = 200_000
CHANGED = ("student_id", "version", "name", "parent_phone", "student_phone", "school", "grade")


def publish_changed(
    uow: UnitOfWork, changed: Sequence[Row[Any]], *, deleted: bool = False, cause: Cause | None = None
) -> None:
    """students.student.changed for rows that have the attributes CHANGED, all active or all `deleted`."""
    for batch in batches(changed):
        uow.publish(
            "students.student.changed",
            subject=uow.tenant,
            data={"students": {**columns(batch, CHANGED), "deleted": [deleted] * len(batch)}},
            cause=cause,
        )


def batches(changed: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    """Runs that fit in one event, by rows and by bytes."""
    start = size = 0
    for at, student in enumerate(changed):
        length = len(orjson.dumps([getattr(student, name) for name in CHANGED]))
        if at - start == MAX_BATCH_ROWS or size + length > MAX_BATCH_BYTES:
            yield changed[start:at]
            start, size = at, 0
        size += length
    if start < len(changed):
        yield changed[start:]


def columns(found: Sequence[Row[Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Rows as the columns of an event."""
    return {name: [getattr(row, name) for row in found] for name in names}
