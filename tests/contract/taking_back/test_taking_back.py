"""An import and its undo, across both services: afterwards both databases are as before, row by row."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from enrollment.domain.attendance import AttendanceStatus
from enrollment.domain.imports import CHUNKS_UNDER_WAY
from enrollment.usecases.attendance import set_all
from enrollment.usecases.cancelling import cancel_import
from enrollment.usecases.plans import accept_plan
from enrollment.usecases.reviews import review
from enrollment.usecases.undo import request_undo
from eventkit.ids import new_id
from servicekit.problem import Problem
from students.usecases import trash

FIRST = [
    ("김하나", "010-1000-0001", "010-9000-0001", "서울고", "1", "여", "처음"),
    ("이두리", "010-1000-0002", "", "", "", "", ""),
    ("박세찬", "010-1000-0003", "", "한빛중", "2", "남", "옛 메모"),
    ("최네온", "010-1000-0004", "", "", "", "", ""),
]
# created (one is a sibling), known, known and ended, known and there, restored, failed, twice in the file
SECOND = [
    ("정다온", "010-2000-0001", "010-9100-0001", "서울고", "3", "남", ""),
    ("김동생", "010-1000-0001", "", "", "", "", ""),
    ("김하나", "010-1000-0001", "", "", "", "", ""),
    ("이두리", "010-1000-0002", "", "", "", "", ""),
    ("최네온", "010-1000-0004", "", "", "", "", ""),
    ("박세찬", "010-1000-0003", "010-9200-0003", "가람고", "3", "남", "새 메모"),
    ("오실패", "1234", "", "", "", "", ""),
    ("정다온", "010-2000-0001", "", "", "", "", ""),
    ("한새봄", "010-2000-0009", "", "", "", "", ""),
]
ENDS = {"created": 3, "matched": 3, "restored": 1}


@pytest.fixture
def academy(wire):
    """Four students in an old lecture; one is in the trash, one has left the new lecture, one is in it."""
    wire.run(wire.lecture("지난 학기"), FIRST)
    new = wire.lecture("이번 학기")
    wire.run(new, [FIRST[1], FIRST[3]])
    wire.all("enrollment", "UPDATE enrollment SET status = 'INACTIVE', version = nextval('change_seq')"
             " WHERE lecture_id = %s AND student_id = (SELECT student_id FROM student_ref WHERE name = %s)",
             new, "이두리")  # fmt: skip
    with wire.work("students") as uow:
        trash.delete_students(uow, wire.staff, [wire.student("박세찬")["id"]])
    wire.settle()
    wire.all("enrollment", "DELETE FROM import_effect")
    return new


def take_back(wire, job_id, *, deaths=0.0):
    with wire.work("enrollment") as uow:
        request_undo(uow, job_id, "user-2")
    wire.settle(deaths=deaths)


@pytest.mark.parametrize("deaths", [0.5, 1.0])
def test_imports_and_undos_leave_both_databases_as_they_were(wire, academy, deaths):
    """Of one into a lecture that is there, and of one that makes its session; some or all steps die first."""
    other = wire.lecture("새 강의")
    before = wire.state()
    job_id = wire.run(academy, SECOND)
    result = wire.job(job_id)["result"]
    kinds = [row["student_outcome"] for row in wire.rows(job_id).values()]
    assert {kind: kinds.count(kind) for kind in ENDS} == ENDS
    assert (result["failed_count"], result["duplicate_count"]) == (1, 1)
    between = wire.state()
    assert between != before
    next_id = wire.run(other, SECOND)
    for one, state in ((next_id, between), (job_id, before)):
        take_back(wire, one, deaths=deaths)
        job = wire.job(one)
        assert (job["undo_status"], job["undo_by"]) == ("UNDONE", "user-2")
        assert {row["undo"] for row in wire.rows(one).values()} == {"undone", None}
        after = wire.state()
        assert {name: rows for name, rows in after.items() if rows != state[name]} == {}
    again = wire.run(academy, SECOND)
    assert wire.job(again)["result"]["created_students_count"] == ENDS["created"]


def test_rows_that_somebody_has_touched_stay_and_are_told(wire, academy):
    lecture = wire.lecture("새 강의")
    job_id = wire.run(lecture, SECOND)
    [session] = wire.all("enrollment", "SELECT id FROM session WHERE lecture_id = %s", lecture)
    marks = wire.all(
        "enrollment",
        "SELECT a.id FROM attendance a JOIN enrollment e ON e.id = a.enrollment_id JOIN student_ref r"
        " USING (student_id) WHERE a.session_id = %s AND r.name IN ('김하나', '정다온')",
        session["id"],
    )
    with wire.work("enrollment") as uow:
        set_all(uow, session["id"], AttendanceStatus.PRESENT, only=[mark["id"] for mark in marks],
                only_unset=False, confirmed=False)  # fmt: skip
    wire.all("students", "UPDATE student SET memo = '상담', version = version + 1 WHERE name = '한새봄'")
    take_back(wire, job_id)
    kept = {row["name"]: row["undo_code"] for row in wire.rows(job_id).values() if row["undo"] == "kept"}
    assert kept == {
        "김하나": "enrollment_changed",
        "정다온": "enrollment_changed",
        "한새봄": "student_changed",
    }
    members = wire.all(
        "enrollment",
        "SELECT r.name FROM enrollment e JOIN student_ref r USING (student_id) WHERE lecture_id = %s"
        " ORDER BY 1",
        lecture,
    )
    assert [row["name"] for row in members] == sorted(kept)
    left = {row["name"] for row in wire.all("students", "SELECT name FROM student WHERE deleted_at IS NULL")}
    assert {"정다온", "한새봄"} <= left
    assert "김동생" not in left
    # what stood in the way is gone: tried again, it is taken back too
    wire.all("students", "UPDATE import_effect SET version = version + 1")
    take_back(wire, job_id)
    assert {row["name"] for row in wire.rows(job_id).values() if row["undo"] == "kept"} == {
        "김하나",
        "정다온",
    }


def test_a_plan_is_carried_out_as_it_was_shown(wire, academy):
    plan = wire.run(academy, SECOND, dry_run=True)
    before = wire.state()
    planned = {n: (row["outcome"], row["student_outcome"]) for n, row in wire.rows(plan).items()}
    with wire.work("enrollment") as uow:
        job_id = accept_plan(uow, plan, "user-1").job_id
    wire.settle()
    done = {n: (row["outcome"], row["student_outcome"]) for n, row in wire.rows(job_id).items()}
    assert done == planned
    assert wire.job(job_id)["status"] == "DONE"
    with wire.work("enrollment") as uow:
        assert accept_plan(uow, plan, "user-1").job_id == job_id
    assert [key for key in wire.objects.content if key.startswith("excel/")] == []
    take_back(wire, job_id)
    assert wire.state() == before


def test_a_plan_that_no_longer_holds_says_why_and_does_nothing(wire, academy):
    plan = wire.run(academy, SECOND, dry_run=True)
    wire.run(wire.lecture("다른 강의"), [SECOND[0]])
    with wire.work("students") as uow:
        trash.restore_students(uow, wire.staff, [wire.student("박세찬")["id"]])
        trash.delete_students(uow, wire.staff, [wire.student("김하나")["id"]])
    wire.settle()
    with pytest.raises(Problem) as refused, wire.work("enrollment") as uow:
        accept_plan(uow, plan, "user-1")
    assert (refused.value.status, refused.value.code) == (409, "plan_changed")
    assert set(refused.value.errors) == {"2", "4", "7"}
    assert wire.all("enrollment", "SELECT FROM import_job WHERE plan_id = %s", plan) == []


def test_what_changes_at_the_last_moment_fails_its_row_alone(wire, academy):
    plan = wire.run(academy, SECOND, dry_run=True)
    with wire.work("students") as uow:  # not told yet
        trash.restore_students(uow, wire.staff, [wire.student("박세찬")["id"]])
    with wire.work("enrollment") as uow:
        job_id = accept_plan(uow, plan, "user-1").job_id
    wire.settle()
    wrong = {row["name"]: row["code"] for row in wire.rows(job_id).values() if row["outcome"] == "failed"}
    assert wrong == {"오실패": "invalid_parent_phone", "박세찬": "plan_changed"}


@pytest.fixture
def twins(wire, academy):
    """Three are in the trash twice: how things were, an import of them, and name → row that has to ask."""
    names = ["박세찬", "김하나", "최네온"]
    with wire.work("students") as uow:
        trash.delete_students(uow, wire.staff, [wire.student(name)["id"] for name in names[1:]])
    wire.settle()
    wire.all("students", "INSERT INTO student (id, tenant_id, name, name_key, parent_phone, deleted_at)"
             " SELECT gen_random_uuid(), tenant_id, name, name_key, parent_phone, now() FROM student"
             " WHERE name = ANY(%s)", names)  # fmt: skip
    before = wire.state()
    job_id = wire.run(academy, SECOND)
    asking = {row["name"]: row for row in wire.rows(job_id).values() if row["outcome"] == "needs_review"}
    assert set(asking) == set(names)
    return before, job_id, asking


def decide(wire, job_id, *decisions):
    with wire.work("enrollment") as uow:
        review(
            uow,
            job_id,
            [
                {"row": row["row"], "action": action, "student_id": student}
                for row, action, student in decisions
            ],
        )


def test_a_person_picks_makes_somebody_new_or_skips_and_the_import_goes_on(wire, twins):
    before, job_id, asking = twins
    picked, made, skipped = asking["박세찬"], asking["김하나"], asking["최네온"]
    candidates = {one["id"] for one in wire.all("students", "SELECT id FROM student WHERE name = '박세찬'")}
    assert set(picked["candidates"]) == candidates
    chosen = picked["candidates"][1]
    undecided = wire.state()
    for stranger in (made["candidates"][0], wire.student("이두리")["id"], new_id()):
        with pytest.raises(Problem) as refused:
            decide(wire, job_id, (skipped, "skip", None), (picked, "pick", stranger))
        assert refused.value.code == "not_a_candidate"
    assert (wire.job(job_id)["status"], wire.state()) == ("DONE", undecided)
    decide(wire, job_id, (skipped, "skip", None))
    assert wire.job(job_id)["status"] == "DONE"
    decide(wire, job_id, (picked, "pick", chosen), (made, "create", None))
    for command in (request_undo, lambda *given: review(*given[:2], [{"row": 2, "action": "skip"}])):
        with pytest.raises(Problem) as refused, wire.work("enrollment") as uow:
            command(uow, job_id, "user-2")
        assert refused.value.status == 409
    wire.settle()
    ends = {
        row["name"]: (row["outcome"], row["student_outcome"], row["code"])
        for row in wire.rows(job_id).values()
        if row["name"] in asking
    }
    assert ends == {
        "박세찬": ("enrolled", "restored", None),
        "김하나": ("enrolled", "created", None),
        "최네온": ("skipped", None, "skipped_by_person"),
    }
    ended = {row["name"]: row["student_id"] for row in wire.rows(job_id).values()}
    assert ended["박세찬"] == chosen
    assert ended["김하나"] not in made["candidates"]
    result = wire.job(job_id)["result"]
    assert (result["review_count"], result["restored_students_count"]) == (0, 1)
    with pytest.raises(Problem) as refused:
        decide(wire, job_id, (made, "skip", None))
    assert refused.value.code == "unknown_rows"
    take_back(wire, job_id)
    assert wire.state() == before


def cancel(wire, job_id, by):
    with wire.work("enrollment") as uow:
        cancel_import(uow, job_id, by)


def test_a_cancelled_import_stops_at_the_next_chunk_and_can_be_undone(wire, academy):
    rows = [(f"학생{chr(0xAC00 + n)}", f"0103000{n:04d}", "", "", "", "", "") for n in range(30)]
    before = wire.state()
    stopped = wire.upload(academy, rows)
    cancel(wire, stopped, "user-1")
    wire.settle()
    assert (wire.job(stopped)["status"], wire.job(stopped)["error_code"]) == ("FAILED", "import_cancelled")
    assert wire.state() == before
    assert [key for key in wire.objects.content if key.startswith("excel/")] == []

    job_id = wire.upload(academy, rows)
    [accepted] = wire.waiting()
    wire.deliver(*accepted)
    sent = [event for _, event in wire.waiting() if event.type == "enrollment.roster.parsed"]
    assert len(sent) == CHUNKS_UNDER_WAY
    with ThreadPoolExecutor() as two:
        list(two.map(lambda by: cancel(wire, job_id, by), ("user-1", "user-1")))
    with pytest.raises(Problem) as refused, wire.work("enrollment") as uow:
        request_undo(uow, job_id, "user-2")
    assert refused.value.code == "import_not_ended"
    wire.settle()
    job = wire.job(job_id)
    assert (job["status"], job["cancelled_by"]) == ("DONE", "user-1")
    assert (job["result"]["enrolled_count"], job["result"]["failed_count"]) == (2 * CHUNKS_UNDER_WAY, 22)
    assert {row["code"] for row in wire.rows(job_id).values()} == {None, "cancelled"}
    take_back(wire, job_id)
    assert wire.state() == before
