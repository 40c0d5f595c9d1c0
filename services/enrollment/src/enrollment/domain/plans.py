"""What has changed since a preview, so that it cannot be carried out as it was shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from contracts.identity import name_key

from enrollment.domain.imports import Outcome, StudentOutcome


@dataclass(frozen=True, slots=True)
class Planned:
    """A row as the preview has told it."""

    row: int
    name: str
    parent_phone: str
    outcome: str
    student_outcome: str | None
    student_id: UUID | None


class Known(NamedTuple):
    """A student as he now is."""

    student_id: UUID
    name: str
    parent_phone: str
    deleted: bool


def changes(
    rows: Iterable[Planned], students: Iterable[Known], active: Collection[UUID]
) -> Iterator[tuple[int, str]]:
    """(row, what is different now, in Korean). `active`: who is in the lecture now."""
    by_id: dict[UUID, Known] = {}
    by_identity: dict[tuple[str, str], list[Known]] = defaultdict(list)
    for student in students:
        by_id[student.student_id] = student
        by_identity[name_key(student.name), student.parent_phone].append(student)
    for planned in rows:
        same = by_identity[name_key(planned.name), planned.parent_phone]
        change = _student_change(planned, same, by_id) or _enrollment_change(planned, active)
        if change:
            yield planned.row, change


def _student_change(planned: Planned, same: list[Known], by_id: dict[UUID, Known]) -> str | None:
    active = [student for student in same if not student.deleted]
    known = by_id.get(planned.student_id) if planned.student_id else None
    match planned.student_outcome:
        case StudentOutcome.CREATED if active:
            return "신규 학생으로 예정되었지만 이제 같은 학생이 있습니다."
        case StudentOutcome.CREATED if same:
            return "신규 학생으로 예정되었지만 이제 삭제된 학생 가운데 같은 학생이 있습니다."
        case StudentOutcome.MATCHED if known is None or known.deleted:
            return "기존 학생으로 예정되었지만 그 학생이 삭제되었습니다."
        case StudentOutcome.RESTORED if known is None:
            return "복원으로 예정되었지만 그 학생이 영구 삭제되었습니다."
        case StudentOutcome.RESTORED if active or (known and not known.deleted):
            return "복원으로 예정되었지만 이제 같은 학생이 있습니다."
    return None


def _enrollment_change(planned: Planned, active: Collection[UUID]) -> str | None:
    if planned.student_outcome != StudentOutcome.MATCHED:
        return None
    now = planned.student_id in active
    if planned.outcome == Outcome.ENROLLED and now:
        return "등록으로 예정되었지만 이미 등록되어 있습니다."
    if planned.outcome == Outcome.ALREADY_ENROLLED and not now:
        return "이미 등록됨으로 예정되었지만 이제 수강 중이 아닙니다."
    return None
