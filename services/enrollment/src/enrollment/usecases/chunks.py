"""Rows of a sheet on their way into import_row and, the usable ones, into events for the students service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from contracts.columns import TEXT, TEXT_OR_NONE
from contracts.enrollment import ROSTER_ROW
from eventkit.uow import UnitOfWork

from enrollment.domain.imports import CHUNK_BYTES, CHUNK_ROWS, CHUNKS_UNDER_WAY, REASONS, ROW_CHARACTERS
from enrollment.domain.roster import RosterRow
from enrollment.store import chunks as waiting
from enrollment.store import imports as store

Columns = dict[str, list[Any]]
_TEXTS = tuple(name for name, column in ROSTER_ROW.items() if column in (TEXT, TEXT_OR_NONE))


class Chunks:
    """Holds no more rows than a chunk and a batch, so memory stays flat however long the sheet is."""

    def __init__(self, uow: UnitOfWork, job: store.Job, password_hash: str) -> None:
        self.rows_total = self.rows_usable = self.published = 0
        self._uow = uow
        self._job = job
        self._password_hash = password_hash
        self._waiting: list[RosterRow] = []
        store.stage_rows(uow.conn)

    def add(self, batch: Iterable[RosterRow]) -> None:
        """Take a batch of rows and publish the chunks that are full."""
        rows = [_bounded(row) for row in batch]
        store.copy_rows(self._uow.conn, self._uow.tenant, self._job.id, rows)
        usable = [row for row in rows if row.verdict == "usable"]
        self.rows_total += len(rows)
        self.rows_usable += len(usable)
        self._waiting += usable
        while len(self._waiting) >= CHUNK_ROWS:
            self._publish(self._waiting[:CHUNK_ROWS])
            del self._waiting[:CHUNK_ROWS]

    def close(self) -> None:
        """Publish what is left and store all rows."""
        if self._waiting:
            self._publish(self._waiting)
            self._waiting = []
        store.keep_rows(self._uow.conn)

    def _publish(self, rows: Sequence[RosterRow]) -> None:
        columns: Columns = {name: [getattr(row, name) for row in rows] for name in ROSTER_ROW}
        self.published = send_rows(self._uow, self._job, self._password_hash, columns, self.published)


def send_rows(
    uow: UnitOfWork,
    job: store.Job,
    password_hash: str,
    columns: Columns,
    number: int,
    *,
    at_once: bool = False,
) -> int:
    """Ask the students service about these rows, in as many chunks as it takes; answers the next number.

    The first CHUNKS_UNDER_WAY leave, each of the others when an earlier one is answered, unless `at_once`.
    """
    if len(orjson.dumps(columns)) > CHUNK_BYTES:
        half = len(columns["row"]) // 2
        for part in (slice(half), slice(half, None)):
            cut = {name: cells[part] for name, cells in columns.items()}
            number = send_rows(uow, job, password_hash, cut, number, at_once=at_once)
        return number
    data = {
        "job_id": str(job.id),
        "chunk": number,
        "dry_run": job.dry_run,
        "initial_password_hash": password_hash,
        "rows": columns,
    }
    if at_once or number < CHUNKS_UNDER_WAY:
        _publish(uow, job.id, data)
    else:
        waiting.hold(uow.conn, uow.tenant, job.id, number, data)
    return number + 1


def send_next(uow: UnitOfWork, job_id: UUID, count: int) -> None:
    """As many chunks have been answered: the next ones leave."""
    for data in waiting.take(uow.conn, job_id, count):
        _publish(uow, job_id, data)


def _publish(uow: UnitOfWork, job_id: UUID, data: dict[str, Any]) -> None:
    uow.publish("enrollment.roster.parsed", subject=str(job_id), data=data)
    # written at once: a sheet that turns out to be bad leaves nothing to publish behind
    uow.flush()


def _bounded(row: RosterRow) -> RosterRow:
    """A row whose text could fill an event by itself is not usable."""
    if row.verdict != "usable" or sum(len(getattr(row, name) or "") for name in _TEXTS) <= ROW_CHARACTERS:
        return row
    return replace(row, verdict="failed", code="row_too_long", reason=REASONS["row_too_long"])
