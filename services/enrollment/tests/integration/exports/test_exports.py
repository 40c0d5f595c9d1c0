"""Workbooks that people ask for: what is in them, when they are made anew, and that they are gone in time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from enrollment.usecases.exports import expire_exports, fail_abandoned_exports
from eventkit.errors import UnavailableError
from testkit.api import signed_in

EXPORTS = "/api/v1/enrollments/exports/"
NOW = datetime.now(UTC)


def cells(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_attendance_has_the_columns_words_and_colours_that_academies_know(exports: Any) -> None:
    lecture = exports.lecture(students=3)
    exports.run("UPDATE student_ref SET name = '=1+1' WHERE name = '학생000001'")
    exports.run("UPDATE student_ref SET student_phone = '01099990000' WHERE name = '학생000002'")
    words = {
        "PRESENT": "현장", "LATE": "지각", "ONLINE": "영상", "SUPPLEMENT": "보강", "EARLY_LEAVE": "조퇴",
        "ABSENT": "결석", "RUNAWAY": "출튀", "MATERIAL": "자료", "INACTIVE": "부재", "SECESSION": "퇴원",
        "UNSET": None,
    }  # fmt: skip
    exports.run(
        'INSERT INTO session (tenant_id, lecture_id, "order", title)'
        " SELECT 'demo', %s, n, n || '차시' FROM generate_series(3, 11) n",
        lecture,
    )
    exports.run(
        "INSERT INTO attendance (tenant_id, session_id, enrollment_id) SELECT 'demo', s.id, e.id"
        ' FROM session s JOIN enrollment e USING (lecture_id) WHERE lecture_id = %s AND "order" > 2',
        lecture,
    )
    exports.run(
        'UPDATE attendance a SET status = (%s::text[])[s."order"] FROM session s, enrollment e, student_ref r'
        " WHERE s.id = a.session_id AND e.id = a.enrollment_id AND r.student_id = e.student_id"
        " AND r.name = '학생000003'",
        list(words),
    )
    done = exports.made("attendance", lecture)
    assert done["status"] == "DONE", done
    assert done["file_name"] == f"출결_중2 수학_{lecture}.xlsx"
    sheet = exports.sheet(done)
    head, formula, second, third = cells(sheet)
    assert head[:5] == ["학생명", "학생번호", "학부모번호", "1차시 (2026-03-02)", "2차시"]
    assert formula[:3] == ["=1+1", None, "01000000001"]
    assert sheet["A2"].data_type == "s"
    assert second[:3] == ["학생000002", "01099990000", "01000000002"]
    assert third[3:] == list(words.values())
    assert sheet.freeze_panes == "D2"
    [ranges] = {str(found.sqref) for found in sheet.conditional_formatting if "D2" in str(found.sqref)}
    coloured = {rule.text for rule in sheet.conditional_formatting[ranges]}
    assert coloured == {word for word in words.values() if word}
    assert all(rule.dxf.fill.bgColor.rgb for rule in sheet.conditional_formatting[ranges])


def test_a_roster_is_complete_and_hides_deleted_students(exports: Any) -> None:
    lecture = exports.lecture(students=701)
    exports.run("UPDATE student_ref SET deleted = true WHERE name = '학생000001'")
    exports.run(
        "UPDATE enrollment SET status = 'INACTIVE', enrolled_at = '2026-03-01 23:30+00' WHERE student_id ="
        " (SELECT student_id FROM student_ref WHERE name = '학생000002')"
    )
    done = exports.made("roster", lecture)
    head, first, *rest = cells(exports.sheet(done))
    assert head == ["이름", "학생 전화번호", "학부모 전화번호", "학교", "학년", "상태", "등록일"]
    assert first == ["학생000002", None, "01000000002", "한빛중", 2, "종료", "2026-03-02"]
    assert [row[0] for row in rest] == [f"학생{n:06d}" for n in range(3, 702)]
    assert {row[5] for row in rest} == {"수강중"}
    assert done["progress"] == {"percent": 100, "rows_done": 700, "rows_total": 700}


def test_a_lecture_without_students_has_its_titles(exports: Any) -> None:
    done = exports.made("attendance", exports.lecture(students=0, sessions=1))
    assert cells(exports.sheet(done))[0] == ["학생명", "학생번호", "학부모번호", "1차시 (2026-03-02)"]
    assert done["progress"]["rows_done"] == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE session_enrollment SET version = nextval('change_seq') WHERE id = (SELECT min(id::text)::uuid"
        " FROM session_enrollment)",
        "UPDATE student_ref SET name = '김하나', version = version + 1 WHERE name = '학생000001'",
        "UPDATE student_ref SET deleted = true WHERE name = '학생000001'",
        "UPDATE lecture SET title = '중3 수학', updated_at = now() + interval '1 second'",
        "DELETE FROM attendance; DELETE FROM session_enrollment; DELETE FROM enrollment",
    ],
)
def test_the_same_content_is_one_job_and_a_change_is_a_new_file(exports: Any, change: str) -> None:
    lecture = exports.lecture()
    first = exports.ask("attendance", lecture)
    assert exports.ask("attendance", lecture)["id"] == first["id"]
    exports.work()
    again = exports.ask("attendance", lecture)
    assert (again["id"], again["status"]) == (first["id"], "DONE")
    assert exports.ask("roster", lecture)["id"] != first["id"]
    for statement in change.split("; "):
        exports.run(statement)
    assert exports.ask("attendance", lecture)["id"] != first["id"]


def test_a_link_is_signed_at_every_reading_and_gone_after_a_day(exports: Any) -> None:
    lecture = exports.lecture()
    asked = exports.ask("roster", lecture)
    assert (asked["status"], asked["download_url"]) == ("PENDING", None)
    exports.work()
    done = exports.show(asked)
    key = f"exports/demo/{done['id']}_{done['file_name']}"
    assert done["download_url"].startswith(f"https://storage.test/{key}?seconds=600&")
    assert done["bytes"] == len(exports.objects.content[key])
    life = datetime.fromisoformat(done["expires_at"]) - datetime.fromisoformat(done["created_at"])
    assert 23.9 < life.total_seconds() / 3600 < 24.1
    exports.run("UPDATE export_job SET expires_at = clock_timestamp() + interval '90 seconds'")
    assert "seconds=89&" in exports.show(asked)["download_url"]
    expire_exports(exports.academy.database, NOW, objects=exports.objects)
    assert key in exports.objects.content
    exports.run("UPDATE export_job SET expires_at = now() - interval '1 second'")
    assert (exports.show(asked)["status"], exports.show(asked)["download_url"]) == ("EXPIRED", None)
    anew = exports.ask("roster", lecture)
    assert anew["id"] != asked["id"]
    expire_exports(exports.academy.database, NOW, objects=exports.objects)
    assert exports.objects.content == {}
    assert exports.show(asked)["status"] == "EXPIRED"
    exports.work()
    assert exports.show(anew)["status"] == "DONE"


def test_a_worker_that_dies_or_comes_twice_makes_one_file(exports: Any) -> None:
    lecture = exports.lecture()
    asked = exports.ask("roster", lecture)
    exports.objects.away = True
    with pytest.raises(UnavailableError):
        exports.work()
    assert exports.show(asked)["status"] == "RUNNING"
    exports.objects.away = False
    exports.work()
    exports.work()
    assert exports.show(asked)["status"] == "DONE"
    assert len(exports.objects.content) == 1
    told = exports.run("SELECT count(*) FROM outbox WHERE type = 'enrollment.export.completed'").fetchone()
    assert told == (0,)  # nobody receives it yet


def test_what_cannot_be_finished_says_so(exports: Any) -> None:
    lecture = exports.lecture(students=0, sessions=0)
    gone, stuck = exports.ask("attendance", lecture), exports.ask("roster", lecture)
    exports.run("UPDATE export_job SET moved_at = now() - interval '31 minutes' WHERE id = %s", stuck["id"])
    fail_abandoned_exports(exports.academy.database, NOW)
    assert exports.show(stuck)["error_code"] == "export_abandoned"
    exports.run("DELETE FROM lecture")
    exports.work()
    told = exports.show(gone)
    assert (told["status"], told["error_code"]) == ("FAILED", "target_gone")
    assert "삭제" in told["error_message"]
    assert exports.show(stuck)["status"] == "FAILED"


def test_hostile_requests_are_refused_and_other_academies_see_nothing(
    exports: Any, app: Any, issuer: Any
) -> None:
    lecture = exports.lecture()
    done = exports.made("roster", lecture)
    table: list[tuple[Any, int, str]] = [
        ({}, 422, "invalid_request"),
        ({"kind": "payroll", "target_id": lecture}, 422, "invalid_request"),
        ({"kind": "roster"}, 422, "invalid_request"),
        ({"kind": "roster", "target_id": "7"}, 422, "invalid_request"),
        ({"kind": "roster", "target_id": lecture, "force": True}, 422, "invalid_request"),
        ({"kind": "roster", "target_id": str(uuid4())}, 422, "unknown_lecture"),
        ({"kind": "import_results", "target_id": lecture}, 422, "unknown_import"),
    ]
    for body, status, code in table:
        answer = exports.client.post(EXPORTS, json=body)
        assert (answer.status_code, answer.json["code"]) == (status, code), body
    stranger = signed_in(app, issuer, "other", ["owner"])
    assert stranger.get(f"{EXPORTS}{done['id']}/").status_code == 404
    assert stranger.get(EXPORTS).json["results"] == []
    refused = stranger.post(EXPORTS, json={"kind": "roster", "target_id": lecture})
    assert refused.json["code"] == "unknown_lecture"
    listed = exports.client.get(EXPORTS, query_string={"kind": "roster", "target": lecture}).json
    assert [row["id"] for row in listed["results"]] == [done["id"]]


def test_names_that_no_system_takes_become_ones_that_every_one_does(exports: Any) -> None:
    title = '../중2: "수학"\\<A|B>?*' + "가" * 150
    done = exports.made("roster", exports.lecture(title))
    assert done["status"] == "DONE"
    assert not set(done["file_name"]) & set('\\/:*?"<>|')
    assert len(done["file_name"]) < 150
