"""Rules of an Excel import: its steps and progress, what becomes of a row, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from enrollment.domain.roster import REASONS as SHEET_REASONS

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
PASSWORD_LENGTH = (4, 128)
CHUNK_ROWS = 1000
# SQS takes 256 KB; the rest is the envelope's
CHUNK_BYTES = 200_000
# one row may not fill a chunk, however it is escaped (6 bytes per character at worst)
ROW_CHARACTERS = 20_000
MAX_ATTEMPTS = 5
# so many chunks are with the students service at once: enough to keep it busy, few enough to stop soon
CHUNKS_UNDER_WAY = 4
# how long a preview may be carried out: as long as its workbook is there
PLAN_LIFETIME = timedelta(hours=24)
FAILED_SHOWN = 100

# How long a job may stand still before it is given up: while its sheet is being read the queue tries again
# within minutes; rows that wait for the students service, or a queue that is behind, get more patience.
READING_LIMIT = timedelta(minutes=30)
WAITING_LIMIT = timedelta(hours=6)


class JobStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class Step(StrEnum):
    """Where a job is; the order is the order of work."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    PARSING = "parsing"
    ENROLLING = "enrolling"
    DONE = "done"

    @property
    def number(self) -> int:
        return list(Step).index(self)

    @property
    def label(self) -> str:
        return _STEP_LABELS[self]


_STEP_LABELS = {
    Step.WAITING: "대기",
    Step.DOWNLOADING: "다운로드",
    Step.PARSING: "파싱",
    Step.ENROLLING: "등록",
    Step.DONE: "완료",
}
READING = (Step.WAITING, Step.DOWNLOADING, Step.PARSING)


class Outcome(StrEnum):
    """How an input row ended, in the words of the report; every row gets exactly one.

    A lecture's import enrolls; one without a lecture registers, and enrolls nobody.
    """

    ENROLLED = "enrolled"
    ALREADY_ENROLLED = "already_enrolled"
    REGISTERED = "registered"
    ALREADY_REGISTERED = "already_registered"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"
    NEEDS_REVIEW = "needs_review"


class StudentOutcome(StrEnum):
    """What the students service did to have a student for the row."""

    CREATED = "created"
    MATCHED = "matched"
    RESTORED = "restored"


REASONS = {
    "needs_review": "같은 학생으로 볼 수 있는 기록이 여럿이라 확인이 필요합니다.",
    "several_deleted_candidates": "이름과 학부모 전화번호가 같은 삭제된 학생이 여럿이라 확인이 필요합니다.",
    "student_failed": "학생 정보를 등록하지 못했습니다.",
    "student_gone": "처리하는 사이에 학생이 영구 삭제되었습니다.",
    "invalid_name": "이름이 없거나 50자를 넘습니다.",
    "invalid_parent_phone": SHEET_REASONS["invalid_parent_phone"],
    "invalid_student_phone": "학생 전화번호가 010으로 시작하는 11자리가 아닙니다.",
    "invalid_school_type": "학교 구분을 알 수 없습니다.",
    "invalid_grade": "학년이 올바르지 않습니다.",
    "invalid_gender": "성별이 올바르지 않습니다.",
    "invalid_text": "저장할 수 없는 문자가 들어 있습니다.",
    "plan_changed": "미리 보기와 달라져서 처리하지 않았습니다.",
    "picked_is_gone": "고른 학생이 더 이상 삭제된 학생 목록에 없습니다.",
    "review_expired": "확인할 수 있는 기간이 지났습니다. 이 행을 다시 올려 주세요.",
    "skipped_by_person": "담당자가 건너뛰기로 했습니다.",
    "cancelled": "가져오기가 취소되어 처리하지 않았습니다.",
    "row_too_long": "한 행의 내용이 너무 깁니다.",
}

# How a whole job fails, besides what is wrong with the sheet.
FAILURES = {
    "source_missing": "올린 파일을 찾을 수 없습니다. 파일을 다시 올려 주세요.",
    "import_crashed": "파일을 읽는 작업이 계속 중단되었습니다. 파일을 확인한 뒤 다시 올려 주세요.",
    "import_abandoned": "작업이 오래 멈춰 있어 중단했습니다. 파일을 다시 올려 주세요.",
    "import_cancelled": "가져오기를 취소했습니다. 아무것도 등록되지 않았습니다.",
    "plan_expired": "미리 보기가 오래되어 그대로 등록할 수 없습니다. 파일을 다시 올려 주세요.",
    "lecture_gone": "등록하는 동안 강의가 삭제되었습니다.",
    "session_gone": "등록하는 동안 차시가 삭제되었습니다. 이미 처리된 학생은 강의에 등록되어 있습니다.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the students service says about one row; `outcome` as in students.roster.resolved."""

    row: int
    outcome: str
    student_id: UUID | None
    code: str | None
    version: int | None = None
    """Of a student just written: its students.student.changed has this version."""
    candidates: str | None = None
    """Ids, comma separated, between which a person has to decide."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One row's end, as it is stored and shown."""

    row: int
    outcome: Outcome
    student_outcome: StudentOutcome | None
    student_id: UUID | None
    code: str | None
    reason: str | None
    candidates: str | None = None


def has_student(answer: Answer) -> bool:
    return answer.outcome in set(StudentOutcome)


def without(answers: Iterable[Answer], erased: Collection[UUID]) -> list[Answer]:
    """The answers, those about erased students as failures."""
    return [
        Answer(answer.row, Outcome.FAILED, None, "student_gone") if answer.student_id in erased else answer
        for answer in answers
    ]


def settle(answers: Iterable[Answer], active: Collection[UUID]) -> Iterator[Settled]:
    """The end of each answered row; `active` are the students who were in the lecture before these rows.

    A second row of one student finds the student in the lecture, whether the rows came together or not.
    """
    seen = set(active)
    for answer in answers:
        if not has_student(answer):
            yield _without_student(answer)
            continue
        known = answer.student_id in seen
        yield _with_student(answer, Outcome.ALREADY_ENROLLED if known else Outcome.ENROLLED)
        if answer.student_id is not None:
            seen.add(answer.student_id)


def register(answers: Iterable[Answer]) -> Iterator[Settled]:
    """The end of each answered row where there is no lecture: the student was there before, or is now."""
    for answer in answers:
        if not has_student(answer):
            yield _without_student(answer)
            continue
        known = answer.outcome == StudentOutcome.MATCHED
        yield _with_student(answer, Outcome.ALREADY_REGISTERED if known else Outcome.REGISTERED)


def _with_student(answer: Answer, outcome: Outcome) -> Settled:
    return Settled(answer.row, outcome, StudentOutcome(answer.outcome), answer.student_id, None, None)


def _without_student(answer: Answer) -> Settled:
    review = answer.outcome == Outcome.NEEDS_REVIEW
    outcome, fallback = (
        (Outcome.NEEDS_REVIEW, "needs_review") if review else (Outcome.FAILED, "student_failed")
    )
    code = answer.code or fallback
    reason = REASONS.get(code, REASONS[fallback])
    return Settled(answer.row, outcome, None, None, code, reason, answer.candidates if review else None)


# Rows whose student the counts of created, matched and restored students tell of: each job has rows of
# the first kind, or of the other two.
COUNTED_STUDENTS = frozenset({Outcome.ENROLLED, Outcome.REGISTERED, Outcome.ALREADY_REGISTERED})


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows ended in which way; `by_student` counts the rows of COUNTED_STUDENTS."""

    by_outcome: Mapping[str, int]
    by_student: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_outcome.values())

    def fields(self) -> dict[str, int]:
        """The counts of a job's result. Raises AssertionError when the kinds of student do not add up."""
        kinds = {f"{kind}_students_count": self.by_student.get(kind, 0) for kind in StudentOutcome}
        rows = sum(self.by_outcome.get(outcome, 0) for outcome in COUNTED_STUDENTS)
        if sum(kinds.values()) != rows:
            raise AssertionError(f"{sum(kinds.values())} students of {rows} rows")
        return {
            "enrolled_count": self.by_outcome.get(Outcome.ENROLLED, 0),
            **kinds,
            "already_enrolled_count": self.by_outcome.get(Outcome.ALREADY_ENROLLED, 0),
            "registered_count": self.by_outcome.get(Outcome.REGISTERED, 0),
            "already_registered_count": self.by_outcome.get(Outcome.ALREADY_REGISTERED, 0),
            "duplicate_count": self.by_outcome.get(Outcome.DUPLICATE, 0),
            "skipped_count": self.by_outcome.get(Outcome.SKIPPED, 0),
            "failed_count": self.by_outcome.get(Outcome.FAILED, 0),
            "review_count": self.by_outcome.get(Outcome.NEEDS_REVIEW, 0),
            "rows_total": self.total,
        }


@dataclass(frozen=True, slots=True)
class JobState:
    """The figures of a job that its progress is computed from."""

    status: JobStatus
    step: Step
    rows_total: int
    rows_done: int
    rows_usable: int
    parsed_at: datetime | None


def progress(job: JobState, now: datetime) -> dict[str, Any]:
    """What a poll shows. `percent` never falls; `seconds_left` is null until a rate has been measured."""
    return {
        "percent": _percent(job),
        "step": job.step.value,
        "step_index": job.step.number,
        "step_total": Step.DONE.number,
        "step_name_display": job.step.label,
        "rows_total": job.rows_total,
        "rows_done": job.rows_done,
        "seconds_left": _seconds_left(job, now),
    }


def _percent(job: JobState) -> int:
    """Downloading 5, parsing 10 to 39 (the length of a sheet is known at its end), enrolling 40 to 99."""
    match job.step:
        case Step.WAITING:
            return 0
        case Step.DOWNLOADING:
            return 5
        case Step.PARSING:
            return 10 + 29 * job.rows_total // (job.rows_total + 2 * CHUNK_ROWS)
        case Step.ENROLLING:
            return 40 + 59 * job.rows_done // max(job.rows_total, 1)
        case Step.DONE:
            return 100


def _seconds_left(job: JobState, now: datetime) -> int | None:
    if job.status is JobStatus.DONE:
        return 0
    settled = job.rows_usable - (job.rows_total - job.rows_done)
    if job.status is not JobStatus.RUNNING or job.parsed_at is None or settled <= 0:
        return None
    elapsed = (now - job.parsed_at).total_seconds()
    return max(0, math.ceil(elapsed * (job.rows_total - job.rows_done) / settled))
