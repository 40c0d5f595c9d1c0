"""The rules of an import, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts import REGISTRY
from enrollment import events
from enrollment.domain.imports import (
    REASONS,
    Answer,
    JobState,
    JobStatus,
    Outcome,
    Step,
    StudentOutcome,
    Tally,
    progress,
    register,
    settle,
    without,
)
from servicekit.passwords import hash_password

PARSED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)


def state(status: str, step: str, total: int = 0, done: int = 0, usable: int | None = None) -> JobState:
    parsed = PARSED if step in ("enrolling", "done") else None
    return JobState(JobStatus(status), Step(step), total, done, total if usable is None else usable, parsed)


def test_percent_never_falls_over_a_whole_import() -> None:
    life = [
        state("PENDING", "waiting"),
        state("RUNNING", "downloading"),
        *(state("RUNNING", "parsing", read) for read in range(0, 120_001, 250)),
        *(state("RUNNING", "enrolling", 100_000, done) for done in range(0, 100_001, 250)),
        state("DONE", "done", 100_000, 100_000),
    ]
    percents = [progress(job, PARSED)["percent"] for job in life]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert max(percents[:-1]) == 99


@pytest.mark.parametrize(
    ("job", "seconds", "left"),
    [
        (state("RUNNING", "parsing", 5000), 10, None),
        (state("RUNNING", "enrolling", 1000, 0), 10, None),
        (state("RUNNING", "enrolling", 1000, 250), 10, 30),
        # rows that failed while the sheet was read say nothing about the rate
        (state("RUNNING", "enrolling", 1000, 500, usable=500), 10, None),
        (state("RUNNING", "enrolling", 1000, 750, usable=500), 10, 10),
        (state("DONE", "done", 1000, 1000), 10, 0),
        (state("FAILED", "enrolling", 1000, 500), 10, None),
    ],
)
def test_seconds_left_follow_the_measured_rate(job: JobState, seconds: int, left: int | None) -> None:
    assert progress(job, PARSED + timedelta(seconds=seconds))["seconds_left"] == left


def test_a_student_in_the_lecture_is_not_enrolled_again() -> None:
    answers = [
        Answer(2, "matched", ONE, None),
        Answer(3, "created", TWO, None),
        Answer(4, "matched", TWO, None),
    ]
    ended = [(row.row, row.outcome, row.student_outcome) for row in settle(answers, {ONE})]
    assert ended == [
        (2, Outcome.ALREADY_ENROLLED, StudentOutcome.MATCHED),
        (3, Outcome.ENROLLED, StudentOutcome.CREATED),
        (4, Outcome.ALREADY_ENROLLED, StudentOutcome.MATCHED),
    ]


def test_students_that_a_dry_run_would_create_are_told_apart() -> None:
    ended = settle([Answer(2, "created", None, None), Answer(3, "created", None, None)], set())
    assert [row.outcome for row in ended] == [Outcome.ENROLLED] * 2


def test_without_a_lecture_a_student_is_there_already_or_registered_now() -> None:
    answers = [
        Answer(2, "created", ONE, None),
        Answer(3, "matched", ONE, None),
        Answer(4, "restored", TWO, None),
        Answer(5, "created", None, None),  # a dry run
    ]
    ended = [(row.row, row.outcome, row.student_outcome) for row in register(answers)]
    assert ended == [
        (2, Outcome.REGISTERED, StudentOutcome.CREATED),
        (3, Outcome.ALREADY_REGISTERED, StudentOutcome.MATCHED),
        (4, Outcome.REGISTERED, StudentOutcome.RESTORED),
        (5, Outcome.REGISTERED, StudentOutcome.CREATED),
    ]


@pytest.mark.parametrize("end", [lambda answers: settle(answers, set()), register])
def test_a_row_of_an_erased_student_fails_and_names_nobody(end: Any) -> None:
    answers = [Answer(2, "matched", ONE, None), Answer(3, "created", None, None)]
    gone, other = end(without(answers, {ONE}))
    assert (gone.outcome, gone.student_outcome, gone.student_id) == (Outcome.FAILED, None, None)
    assert (gone.code, gone.reason) == ("student_gone", "처리하는 사이에 학생이 영구 삭제되었습니다.")
    assert other.student_outcome is StudentOutcome.CREATED


@pytest.mark.parametrize("code", [None, "no_such_code", "invalid_grade"])
@pytest.mark.parametrize("outcome", ["failed", "needs_review", "something_new"])
@pytest.mark.parametrize("end", [lambda answers: settle(answers, set()), register])
def test_a_row_without_student_always_says_why_in_korean(end: Any, outcome: str, code: str | None) -> None:
    (ended,) = end([Answer(2, outcome, None, code)])
    assert ended.outcome is (Outcome.NEEDS_REVIEW if outcome == "needs_review" else Outcome.FAILED)
    assert ended.code
    assert ended.reason in REASONS.values()
    assert ended.student_id is None


def test_counts_add_up_or_it_is_a_bug() -> None:
    good = Tally({"enrolled": 3, "failed": 2}, {"created": 2, "matched": 1})
    assert good.fields()["rows_total"] == good.total == 5
    registered = Tally({"registered": 2, "already_registered": 1}, {"restored": 2, "matched": 1})
    assert registered.fields()["rows_total"] == 3
    for outcome in ("enrolled", "registered", "already_registered"):
        with pytest.raises(AssertionError):
            Tally({outcome: 3}, {"created": 2}).fields()


def test_passwords_are_hashed_as_owasp_asks_each_with_its_salt() -> None:
    first, second = hash_password("abcd"), hash_password("abcd")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


def test_what_it_says_and_hears_is_what_the_registry_says() -> None:
    assert REGISTRY.published_by(events.SERVICE) == events.PUBLISHES
    assert REGISTRY.consumed_by(events.SERVICE) == events.CONSUMES
