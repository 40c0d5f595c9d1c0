"""bulk_create: many records in one request, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eventkit.uow import UnitOfWork

from students.domain.audit import Actor
from students.domain.records import GivenRow
from students.usecases.records import REASONS, NewStudent, Registered, create_students


def bulk_create(uow: UnitOfWork, by: Actor, given: Sequence[GivenRow], initial_hash: str) -> dict[str, Any]:
    """Create the rows that can be; exactly one result per given row, in order."""
    students = [NewStudent(row=row.row, **row.values) for row in given if row.values is not None]
    answers = iter(create_students(uow, by, students, initial_hash) if students else [])
    results = [_result(next(answers)) if row.values is not None else _unread(row) for row in given]
    failed = [result for result in results if result["outcome"] == "failed"]
    return {
        "created": len(results) - len(failed),
        "failed": failed,
        "total": len(results),
        "results": results,
    }


def _result(answer: Registered) -> dict[str, Any]:
    return {**asdict(answer), "error": REASONS.get(answer.code or "")}


def _unread(row: GivenRow) -> dict[str, Any]:
    return {
        "row": row.row,
        "name": row.name,
        "outcome": "failed",
        "student_id": None,
        "code": row.code,
        "error": row.error,
        "conflict_student_id": None,
    }
