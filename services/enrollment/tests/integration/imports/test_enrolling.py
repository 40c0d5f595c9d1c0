"""students.roster.resolved: the answered rows are enrolled, each ends once, the last chunk ends the job."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from contracts.columns import rows as table
from enrollment.domain.imports import settle
from enrollment.domain.roster import RosterRow
from enrollment.usecases import rosters
from eventkit.errors import PermanentError, TransientError
from eventkit.ids import new_id
from testkit.at_once import at_once

Usable = Callable[..., RosterRow]

COUNTS = (
    "enrolled_count",
    "created_students_count",
    "matched_students_count",
    "restored_students_count",
    "already_enrolled_count",
    "registered_count",
    "already_registered_count",
    "duplicate_count",
    "skipped_count",
    "failed_count",
    "review_count",
    "rows_total",
)


def counts(state: dict[str, Any]) -> dict[str, int]:
    return {name: state["result"][name] for name in COUNTS if state["result"][name]}


def test_every_row_ends_in_exactly_one_outcome(imports: Any, usable: Usable) -> None:
    lecture = imports.lecture("물리")
    active, ended = new_id(), new_id()
    imports.enrollment(lecture, active)
    imports.enrollment(lecture, ended, "INACTIVE")
    said = {
        2: ("created", new_id(), None),
        3: ("matched", new_id(), None),
        4: ("restored", new_id(), None),
        5: ("matched", active, None),
        6: ("matched", ended, None),
        7: ("needs_review", None, "several_deleted_candidates"),
        8: ("failed", None, "invalid_grade"),
        9: ("failed", None, None),
    }
    rows = [
        *(usable(row) for row in said),
        usable(10, verdict="duplicate", code="duplicate_in_file", reason="2행과 같습니다."),
        usable(11, verdict="skipped", code="sample_row", reason="예시 행입니다."),
        usable(12, verdict="failed", code="invalid_parent_phone", reason="전화번호", parent_phone=None),
    ]
    accepted = imports.job(lecture)

    state = imports.run(accepted, rows, lambda row, _name: said[row])

    assert imports.outcomes(accepted) == {
        2: "enrolled",
        3: "enrolled",
        4: "enrolled",
        5: "already_enrolled",
        6: "enrolled",
        7: "needs_review",
        8: "failed",
        9: "failed",
        10: "duplicate",
        11: "skipped",
        12: "failed",
    }
    assert state["status"] == "DONE"
    assert counts(state) == {
        "enrolled_count": 4,
        "created_students_count": 1,
        "matched_students_count": 2,
        "restored_students_count": 1,
        "already_enrolled_count": 1,
        "duplicate_count": 1,
        "skipped_count": 1,
        "failed_count": 3,
        "review_count": 1,
        "rows_total": 11,
    }
    assert [row["row"] for row in state["result"]["failed"]] == [8, 9, 12]
    assert all(
        row["reason"] for row in imports.rows(accepted) if row["outcome"] in ("failed", "needs_review")
    )
    assert state["result"]["lecture_title"] == "물리"
    assert state["result"]["rows_url"] == f"/api/v1/enrollments/excel_job_rows/{state['id']}/"


def test_enrolled_students_are_in_the_session_with_attendance_unset(
    imports: Any, usable: Usable, created: Any
) -> None:
    lecture = imports.lecture()
    before = new_id()
    imports.enrollment(lecture, before)
    accepted = imports.job(lecture)

    imports.run(
        accepted,
        [usable(2), usable(3)],
        lambda row, name: ("matched", before, None) if row == 2 else created(row, name),
    )

    session = imports.one("SELECT * FROM session")
    placed = imports.all("SELECT * FROM session_enrollment")
    assert {row["session_id"] for row in placed} == {session["id"]}
    assert len(placed) == 2
    attendance = imports.all("SELECT * FROM attendance")
    assert [(row["status"], row["recorded_at"]) for row in attendance] == [("UNSET", None)] * 2
    assert {row["enrollment_id"] for row in attendance} == {row["enrollment_id"] for row in placed}


def test_a_given_session_is_the_target_and_no_other_is_made(
    imports: Any, usable: Usable, created: Any
) -> None:
    lecture = imports.lecture()
    session = imports.session(lecture, order=3)
    accepted = imports.job(lecture, session=session)

    state = imports.run(accepted, [usable(2)], created)

    assert imports.one("SELECT session_id FROM session_enrollment")["session_id"] == session
    assert state["result"]["session_id"] == str(session)
    assert imports.count("session") == 1


def test_an_ended_enrollment_begins_anew(imports: Any, usable: Usable) -> None:
    lecture = imports.lecture()
    student = new_id()
    enrollment = imports.enrollment(lecture, student, "PENDING")
    imports.all("UPDATE enrollment SET enrolled_at = '2020-01-01'")
    before = imports.one("SELECT * FROM enrollment")

    imports.run(imports.job(lecture), [usable(2)], lambda *_: ("matched", student, None))

    after = imports.one("SELECT * FROM enrollment")
    assert (after["id"], after["status"]) == (enrollment, "ACTIVE")
    assert after["version"] > before["version"]
    assert after["enrolled_at"].year > 2020


def test_the_roster_is_readable_at_done_and_newer_knowledge_stays(imports: Any, usable: Usable) -> None:
    known, fresh = new_id(), new_id()
    imports.all(
        "INSERT INTO student_ref (tenant_id, student_id, name, parent_phone, version)"
        " VALUES (%s, %s, '새 이름', '01099999999', 7)",
        imports.tenant,
        known,
    )
    said = {2: ("matched", known, None), 3: ("created", fresh, None)}

    imports.run(imports.job(imports.lecture()), [usable(2), usable(3)], lambda row, _: said[row])

    names = {r["student_id"]: (r["name"], r["version"]) for r in imports.all("SELECT * FROM student_ref")}
    assert names == {known: ("새 이름", 7), fresh: ("학생3", 0)}


def test_changes_are_published_with_what_they_are(imports: Any, usable: Usable, created: Any) -> None:
    lecture = imports.lecture()
    already = new_id()
    imports.enrollment(lecture, already)
    accepted = imports.job(lecture)

    imports.run(
        accepted,
        [usable(row) for row in range(2, 12)],
        lambda row, name: ("matched", already, None) if row == 2 else created(row, name),
    )

    enrolled = [
        row
        for event in imports.published("enrollment.enrollment.changed", accepted)
        for row in table(event.data["enrollments"], "student_id", "lecture_id", "status", "deleted")
    ]
    assert len(enrolled) == 9
    assert str(already) not in {row[0] for row in enrolled}
    assert {row[1:] for row in enrolled} == {(str(lecture), "ACTIVE", False)}
    placed = [
        row
        for event in imports.published("enrollment.session_enrollment.changed", accepted)
        for row in table(event.data["session_enrollments"], "student_id")
    ]
    assert len(placed) == 10
    (completed,) = imports.published("enrollment.import.completed", accepted)
    assert (completed.data["enrolled_count"], completed.data["rows_total"]) == (9, 10)


def test_done_comes_with_the_last_chunk_whatever_their_order(
    imports: Any, usable: Usable, created: Any
) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(row) for row in range(2, 2502)])
    answers = imports.answers(accepted, created)
    assert len(answers) == 3

    seen = []
    for answer in reversed(answers):
        imports.enroll(answer)
        state = imports.state(accepted)
        seen.append((state["status"], state["chunks_done"], state["rows_done"]))

    assert seen == [("RUNNING", 1, 500), ("RUNNING", 2, 1500), ("DONE", 3, 2500)]


def test_chunks_answered_together_take_no_more_statements(
    imports: Any,
    usable: Usable,
    created: Any,
    statements: Any,
    all_at_once: None,
) -> None:
    def seen(rows: int) -> int:
        accepted = imports.job(imports.lecture(f"강의 {rows}"))
        imports.read(accepted, [usable(row) for row in range(2, rows + 2)])
        answers = imports.answers(accepted, created)
        with statements() as found:
            imports.enroll(*answers)
        assert imports.state(accepted)["status"] == "DONE"
        return len(found)

    assert seen(3) == seen(900) == seen(4500)


def test_the_same_answer_again_changes_nothing(imports: Any, usable: Usable, created: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(row) for row in range(2, 1502)])
    chunks = imports.published("enrollment.roster.parsed", accepted)
    first = imports.answer(chunks[0], created)
    again = imports.answer(chunks[0], lambda *_: ("created", new_id(), None))
    imports.enroll(first)
    before = imports.state(accepted), imports.rows(accepted), imports.count("enrollment")

    imports.enroll(again)
    imports.enroll(first, again)

    assert (imports.state(accepted), imports.rows(accepted), imports.count("enrollment")) == before
    imports.enroll(imports.answer(chunks[1], created), again)
    assert imports.state(accepted)["status"] == "DONE"
    assert imports.count("enrollment") == 1500


def test_an_answer_after_the_end_changes_nothing(imports: Any, usable: Usable, created: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.run(accepted, [usable(2)], created)
    (answer,) = imports.answers(accepted, created)
    imports.all("DELETE FROM attendance; DELETE FROM session_enrollment; DELETE FROM enrollment")

    imports.enroll(answer)

    assert imports.count("enrollment") == 0
    assert len(imports.published("enrollment.import.completed", accepted)) == 1


def test_chunks_on_two_workers_at_once(imports: Any, usable: Usable, created: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(row) for row in range(2, 3502)])
    answers = imports.answers(accepted, created)

    for one in at_once(*(partial(imports.enroll, answer) for answer in answers)):
        one.result()

    state = imports.state(accepted)
    assert (state["status"], state["rows_done"], state["chunks_done"]) == ("DONE", 3500, 4)
    assert state["result"]["enrolled_count"] == 3500
    assert imports.count("enrollment") == imports.count("attendance") == 3500
    assert len(imports.published("enrollment.import.completed", accepted)) == 1


def test_the_same_answer_on_two_workers_at_once(imports: Any, usable: Usable, created: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(row) for row in range(2, 802)])
    (answer,) = imports.answers(accepted, created)

    raised = [one.exception() for one in at_once(*[partial(imports.enroll, answer)] * 2)]

    assert raised.count(None) >= 1
    assert all(error is None or isinstance(error, TransientError) for error in raised)
    imports.enroll(answer)
    assert imports.state(accepted)["result"]["rows_total"] == 800
    assert imports.count("enrollment") == 800


def test_two_imports_of_one_lecture_at_once_enroll_each_student_once(
    imports: Any, usable: Usable, created: Any
) -> None:
    lecture = imports.lecture()
    jobs = [imports.job(lecture), imports.job(lecture)]
    rows = [usable(row) for row in range(2, 1002)]
    for accepted, given in zip(jobs, (rows, rows[::-1]), strict=True):
        imports.read(accepted, given)
    answers = [imports.answers(accepted, created)[0] for accepted in jobs]

    for one in at_once(*(partial(imports.enroll, answer) for answer in answers)):
        one.result()

    states = [imports.state(accepted) for accepted in jobs]
    assert sum(state["result"]["enrolled_count"] for state in states) == 1000
    assert sum(state["result"]["already_enrolled_count"] for state in states) == 1000
    assert imports.count("enrollment") == imports.count("session_enrollment") == 1000


def test_one_student_on_two_rows_is_enrolled_once(imports: Any, usable: Usable) -> None:
    student = new_id()
    accepted = imports.job(imports.lecture())

    state = imports.run(accepted, [usable(2), usable(3)], lambda *_: ("matched", student, None))

    assert imports.outcomes(accepted) == {2: "enrolled", 3: "already_enrolled"}
    assert counts(state)["rows_total"] == 2


@pytest.mark.parametrize(("gone", "code"), [("lecture", "lecture_gone"), ("session", "session_gone")])
def test_a_target_deleted_meanwhile_fails_the_job_and_its_rows(
    imports: Any, usable: Usable, created: Any, gone: str, code: str
) -> None:
    accepted = imports.job(imports.lecture())
    bad = usable(3, verdict="failed", code="invalid_parent_phone", reason="전화번호")
    imports.read(accepted, [usable(2), bad])
    imports.all("DELETE FROM session")
    if gone == "lecture":
        imports.all("DELETE FROM lecture")

    imports.enroll(*imports.answers(accepted, created))

    state = imports.state(accepted)
    assert (state["status"], state["error_code"]) == ("FAILED", code)
    assert [(row["outcome"], row["code"]) for row in imports.rows(accepted)] == [
        ("failed", code),
        ("failed", "invalid_parent_phone"),
    ]
    assert imports.count("enrollment") == 0
    assert len(imports.published("enrollment.import.failed", accepted)) == 1


def test_a_dry_run_reports_the_same_and_writes_nothing(imports: Any, usable: Usable) -> None:
    lecture = imports.lecture()
    active, ended, deleted = new_id(), new_id(), new_id()
    imports.enrollment(lecture, active)
    imports.enrollment(lecture, ended, "INACTIVE")
    forecast: dict[int, tuple[str, UUID | None, str | None]] = {
        2: ("created", None, None),
        3: ("matched", active, None),
        4: ("matched", ended, None),
        5: ("restored", deleted, None),
        6: ("needs_review", None, "several_deleted_candidates"),
        7: ("created", None, None),
    }
    rows = [usable(row) for row in forecast]
    written = ("lecture", "session", "enrollment", "session_enrollment", "attendance", "student_ref")
    before = {name: imports.all(f"SELECT * FROM {name}") for name in written}
    dry = imports.job(lecture, dry_run=True)

    forecasted = imports.run(dry, rows, lambda row, _: forecast[row])

    assert {name: imports.all(f"SELECT * FROM {name}") for name in written} == before
    assert imports.published("enrollment.enrollment.changed") == []
    real = imports.job(lecture)
    said = {**forecast, 2: ("created", new_id(), None), 7: ("created", new_id(), None)}
    done = imports.run(real, rows, lambda row, _: said[row])
    assert counts(forecasted) == counts(done)
    assert imports.outcomes(dry) == imports.outcomes(real)
    assert forecasted["dry_run"]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"student_id": [None]}, "student_id_missing"),
        ({"student_id": ["not-a-uuid"]}, "malformed_student_id"),
    ],
)
def test_an_answer_that_no_service_may_give_is_dead_at_once(
    imports: Any, usable: Usable, columns: dict[str, Any], code: str
) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(2)])
    plain = {"row": [2], "outcome": ["created"], "student_id": [None], "code": [None]}
    data = {"job_id": accepted.data["job_id"], "chunk": 0, "rows": {**plain, **columns}}

    with pytest.raises(PermanentError) as raised:
        imports.enroll(imports.make_event("students.roster.resolved", imports.tenant, data))

    assert raised.value.code == code
    assert imports.outcomes(accepted) == {2: None}


def test_a_job_that_ends_while_a_chunk_is_enrolled_takes_the_chunk_back(
    imports: Any, usable: Usable, created: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(row) for row in range(2, 1202)])
    answers = imports.answers(accepted, created)

    def interrupted(*args: Any) -> Any:
        imports.all(
            "UPDATE import_job SET status = 'FAILED', error_code = 'import_abandoned', ended_at = now()"
        )
        return settle(*args)

    monkeypatch.setattr(rosters, "settle", interrupted)
    with pytest.raises(TransientError):
        imports.enroll(answers[0])

    assert imports.count("enrollment") == 0
    imports.enroll(answers[0])
    assert imports.count("enrollment") == 0


def test_two_tenants_with_the_same_roster_do_not_meet(imports: Any, usable: Usable, created: Any) -> None:
    other = imports.of("other")
    mine, theirs = imports.job(imports.lecture()), other.job(other.lecture())
    rows = [usable(row) for row in range(2, 12)]
    imports.read(mine, rows)
    other.read(theirs, rows)

    other.enroll(*imports.answers(mine, created))
    assert imports.outcomes(mine) == dict.fromkeys(range(2, 12))
    assert other.count("enrollment") == imports.count("enrollment") == 0

    imports.enroll(*imports.answers(mine, created))
    other.enroll(*other.answers(theirs, created))
    for who, accepted in ((imports, mine), (other, theirs)):
        assert who.state(accepted)["result"]["enrolled_count"] == 10
        assert who.count("enrollment") == who.count("attendance") == 10
