"""POST /api/v1/students/bulk_create_from_excel/: an import that registers students and enrolls nobody."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from enrollment import handlers
from enrollment.domain.imports import MAX_UPLOAD_BYTES
from enrollment.domain.roster import RosterRow
from eventkit.ids import new_id
from testkit.api import signed_in
from testkit.at_once import at_once
from testkit.workbooks import roster_workbook

Usable = Callable[..., RosterRow]

URL = "/api/v1/students/bulk_create_from_excel/"
LECTURE_URL = "/api/v1/enrollments/lecture_enroll_from_excel/"
BASES = ("students", "enrollments")


@pytest.fixture
def sheet(tmp_path: Path) -> bytes:
    return roster_workbook(tmp_path / "r.xlsx", 3).read_bytes()


@pytest.fixture
def upload(client: Any, sheet: bytes) -> Callable[..., Any]:
    """`upload(field=value)`: a good upload with these fields changed; None leaves one out."""

    def send(*, by: Any = client, url: str = URL, headers: Any = None, **fields: Any) -> Any:
        good = {"file": sheet, "initial_password": "abcd1234"}
        given = {name: value for name, value in {**good, **fields}.items() if value is not None}
        if isinstance(given.get("file"), bytes):
            given["file"] = (io.BytesIO(given["file"]), "학생.xlsx")
        return by.post(url, data=given, content_type="multipart/form-data", headers=headers)

    return send


def status(client: Any, accepted: Any, base: str = "students") -> Any:
    answer = client.get(f"/api/v1/{base}/excel_job_status/{accepted.data['job_id']}/")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_an_upload_is_a_job_without_lecture(upload: Any, imports: Any, sheet: bytes) -> None:
    answer = upload()

    assert (answer.status_code, answer.json["status"]) == (202, "PENDING")
    job = imports.one("SELECT * FROM import_job")
    assert (str(job["id"]), job["lecture_id"], job["session_id"]) == (answer.json["job_id"], None, None)
    assert imports.objects.content == {f"excel/demo/{job['id']}.xlsx": sheet}
    (accepted,) = imports.published("enrollment.import.accepted")
    assert accepted.data["job_id"] == answer.json["job_id"]


HOSTILE: dict[str, tuple[dict[str, Any], int, str]] = {
    "no file": ({"file": None}, 422, "file"),
    "file as text": ({"file": "x"}, 422, "file"),
    "no password": ({"initial_password": None}, 422, "initial_password"),
    "short password": ({"initial_password": "abc"}, 422, "initial_password"),
    "blank password": ({"initial_password": "    "}, 422, "initial_password"),
    "long password": ({"initial_password": "x" * 129}, 422, "initial_password"),
    "a lecture": ({"lecture_id": str(uuid4())}, 422, "lecture_id"),
    "a session": ({"session_id": str(uuid4())}, 422, "session_id"),
    "a tenant": ({"tenant_id": "other"}, 422, "tenant_id"),
    "dry_run yes": ({"dry_run": "yes"}, 422, "dry_run"),
    "force 1": ({"force": "1"}, 422, "force"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_field_is_named_and_nothing_is_kept(upload: Any, imports: Any, hashing: Any, name: str) -> None:
    fields, code, field = HOSTILE[name]

    answer = upload(**fields)

    assert (answer.status_code, answer.json["code"]) == (code, "invalid_request")
    assert field in answer.json["errors"]
    assert imports.objects.content == {}
    assert imports.count("import_job") == imports.count("outbox") == hashing.calls == 0


@pytest.mark.parametrize(
    ("file", "status_code", "code"),
    [
        (b"", 422, "invalid_request"),
        (b"P", 422, "not_a_workbook"),
        ("이름,전화\n".encode("cp949"), 422, "csv_file"),
        (b"<html></html>", 422, "html_file"),
        (b"PK\x03\x04" + b"x" * MAX_UPLOAD_BYTES, 413, "too_large"),
    ],
)
def test_a_file_that_is_no_list_is_refused(
    upload: Any, imports: Any, file: bytes, status_code: int, code: str
) -> None:
    answer = upload(file=file)
    assert (answer.status_code, answer.json["code"]) == (status_code, code)
    assert imports.count("import_job") == 0


@pytest.mark.parametrize("roles", [("student",), ("parent",), ()])
def test_only_staff_may_upload(upload: Any, imports: Any, app: Any, issuer: Any, roles: Any) -> None:
    assert upload(by=signed_in(app, issuer, roles=roles)).status_code == 403
    assert upload(by=app.test_client()).status_code == 401
    assert imports.count("import_job") == 0


def test_the_same_file_is_the_same_job_until_it_failed_or_is_forced(upload: Any, imports: Any) -> None:
    first = upload().json
    assert upload(initial_password="different").json == first
    assert upload(dry_run="true").json["job_id"] != first["job_id"]
    assert upload(force="true").json["job_id"] != first["job_id"]

    imports.all("UPDATE import_job SET status = 'FAILED', error_code = 'x', ended_at = now()")
    assert upload().json["job_id"] != first["job_id"]


def test_a_lectures_import_of_the_same_file_is_another_job(upload: Any, imports: Any) -> None:
    first = upload().json
    of_lecture = upload(url=LECTURE_URL, lecture_id=str(imports.lecture())).json
    assert of_lecture["job_id"] != first["job_id"]
    assert upload().json["job_id"] == first["job_id"]


def test_two_uploads_at_once_are_one_job(upload: Any, imports: Any, app: Any, issuer: Any) -> None:
    answers = [one.result() for one in at_once(*[lambda: upload(by=signed_in(app, issuer))] * 4)]

    (job,) = {answer.json["job_id"] for answer in answers}
    assert list(imports.objects.content) == [f"excel/demo/{job}.xlsx"]


def test_every_row_ends_in_exactly_one_outcome_and_nobody_is_enrolled(
    imports: Any, client: Any, usable: Usable
) -> None:
    created, matched, restored = new_id(), new_id(), new_id()
    said: dict[int, tuple[str, UUID | None, str | None]] = {
        2: ("created", created, None),
        3: ("matched", matched, None),
        4: ("restored", restored, None),
        5: ("matched", created, None),
        6: ("needs_review", None, "several_deleted_candidates"),
        7: ("failed", None, "invalid_grade"),
    }
    rows = [
        *(usable(row) for row in said),
        usable(8, verdict="duplicate", code="duplicate_in_file", reason="2행과 같습니다."),
        usable(9, verdict="skipped", code="sample_row", reason="예시 행입니다."),
        usable(10, verdict="failed", code="invalid_parent_phone", reason="전화번호", parent_phone=None),
    ]
    accepted = imports.job(None)

    imports.run(accepted, rows, lambda row, _name: said[row])

    assert imports.outcomes(accepted) == {
        2: "registered",
        3: "already_registered",
        4: "registered",
        5: "already_registered",
        6: "needs_review",
        7: "failed",
        8: "duplicate",
        9: "skipped",
        10: "failed",
    }
    body = status(client, accepted)
    assert (body["status"], body["job_type"]) == ("DONE", "excel_parsing")
    failed = body["result"].pop("failed")
    assert body["result"] == {
        "enrolled_count": 0,
        "created_students_count": 1,
        "matched_students_count": 2,
        "restored_students_count": 1,
        "already_enrolled_count": 0,
        "registered_count": 2,
        "already_registered_count": 2,
        "duplicate_count": 1,
        "skipped_count": 1,
        "failed_count": 2,
        "review_count": 1,
        "rows_total": 9,
        "session_id": None,
        "lecture_title": None,
        "rows_url": f"/api/v1/students/excel_job_rows/{body['job_id']}/",
    }
    assert [row["row"] for row in failed] == [7, 10]
    for name in ("lecture", "session", "enrollment", "session_enrollment", "attendance"):
        assert imports.count(name) == 0, name
    known = imports.all("SELECT student_id FROM student_ref")
    assert {row["student_id"] for row in known} == {created, matched, restored}
    (completed,) = imports.published("enrollment.import.completed", accepted)
    assert completed.data == {
        "job_id": body["job_id"],
        "lecture_id": None,
        "dry_run": False,
        "object_key": f"excel/demo/{body['job_id']}.xlsx",
        "enrolled_count": 0,
        "rows_total": 9,
    }
    assert imports.published("enrollment.enrollment.changed") == []


@pytest.mark.parametrize("route", ["excel_job_status", "excel_job_rows"])
def test_both_addresses_show_any_job_of_the_academy_and_no_other(
    imports: Any, client: Any, app: Any, issuer: Any, route: str
) -> None:
    for accepted in (imports.job(None), imports.job(imports.lecture())):
        addresses = [f"/api/v1/{base}/{route}/{accepted.data['job_id']}/" for base in BASES]
        bodies = [client.get(address).json for address in addresses]
        assert bodies[0] == bodies[1]
        assert "code" not in bodies[0]
        for address in addresses:
            assert signed_in(app, issuer, "other").get(address).status_code == 404
            assert signed_in(app, issuer, roles=("parent",)).get(address).status_code == 403
            assert app.test_client().get(address).status_code == 401


def test_rows_are_filtered_by_the_new_outcomes(imports: Any, client: Any, usable: Usable) -> None:
    accepted = imports.job(None)
    said = {2: ("created", new_id(), None), 3: ("matched", new_id(), None)}
    imports.run(accepted, [usable(2), usable(3)], lambda row, _: said[row])

    def rows(outcome: str) -> list[tuple[Any, ...]]:
        url = f"/api/v1/students/excel_job_rows/{accepted.data['job_id']}/"
        found = client.get(url, query_string={"outcome": outcome}).json["results"]
        return [(row["row"], row["student_outcome"]) for row in found]

    assert rows("registered") == [(2, "created")]
    assert rows("already_registered") == [(3, "matched")]
    assert rows("enrolled") == []


def test_a_dry_run_forecasts_the_same_and_remembers_nobody(imports: Any, usable: Usable) -> None:
    matched, deleted = new_id(), new_id()
    forecast: dict[int, tuple[str, UUID | None, str | None]] = {
        2: ("created", None, None),
        3: ("matched", matched, None),
        4: ("restored", deleted, None),
    }
    rows = [usable(row) for row in forecast]
    dry = imports.job(None, dry_run=True)
    forecasted = imports.run(dry, rows, lambda row, _: forecast[row])
    assert imports.count("student_ref") == 0

    real = imports.job(None)
    done = imports.run(real, rows, lambda row, _: {**forecast, 2: ("created", new_id(), None)}[row])

    assert imports.outcomes(dry) == imports.outcomes(real)
    assert {**forecasted["result"], "rows_url": ""} == {**done["result"], "rows_url": ""}


def test_redelivered_and_late_answers_change_nothing(imports: Any, usable: Usable, created: Any) -> None:
    accepted = imports.job(None)
    rows = [usable(row) for row in range(2, 1502)]
    imports.read(accepted, rows)
    imports.read(accepted, rows)
    first, second = imports.published("enrollment.roster.parsed", accepted)
    imports.enroll(imports.answer(first, created))
    again = imports.answer(first, lambda *_: ("matched", new_id(), None))
    imports.enroll(again)
    imports.enroll(imports.answer(second, created), again)
    ended = imports.state(accepted), imports.rows(accepted)
    assert ended[0]["result"]["registered_count"] == 1500

    imports.enroll(again)

    assert (imports.state(accepted), imports.rows(accepted)) == ended
    assert len(imports.published("enrollment.import.completed", accepted)) == 1


def test_chunks_on_two_workers_at_once(imports: Any, usable: Usable, created: Any) -> None:
    accepted = imports.job(None)
    imports.read(accepted, [usable(row) for row in range(2, 2502)])
    answers = imports.answers(accepted, created)

    for one in at_once(*(partial(imports.enroll, answer) for answer in answers)):
        one.result()

    state = imports.state(accepted)
    assert (state["status"], state["result"]["registered_count"]) == ("DONE", 2500)


def test_a_list_without_usable_rows_ends_by_itself(imports: Any, usable: Usable) -> None:
    accepted = imports.job(None)
    imports.read(accepted, [usable(2, verdict="skipped", code="sample_row", reason="예시 행입니다.")])
    state = imports.state(accepted)
    assert (state["status"], state["result"]["rows_total"]) == ("DONE", 1)


def test_a_failed_job_names_no_lecture_and_its_sheet_goes(imports: Any, client: Any) -> None:
    accepted = imports.job(None)
    imports.objects.content.clear()
    imports.read(accepted, [])

    body = status(client, accepted)
    assert (body["status"], body["error_code"], body["result"]) == ("FAILED", "source_missing", None)
    (failed,) = imports.published("enrollment.import.failed", accepted)
    assert failed.data["lecture_id"] is None
    imports.end([failed], handlers.on_import_failed)


def erase(imports: Any, student: UUID) -> None:
    imports.all("INSERT INTO erased (tenant_id, student_id) VALUES (%s, %s)", imports.tenant, student)


@pytest.mark.parametrize("of_lecture", [True, False])
def test_a_student_purged_meanwhile_does_not_come_back(
    imports: Any, client: Any, usable: Usable, of_lecture: bool
) -> None:
    gone, other = new_id(), new_id()
    accepted = imports.job(imports.lecture() if of_lecture else None)
    imports.read(accepted, [usable(2, "지워진이"), usable(3)])
    erase(imports, gone)

    said = {2: ("matched", gone, None, 7), 3: ("created", other, None, 1)}
    imports.enroll(*imports.answers(accepted, lambda row, _: said[row]))

    row = imports.rows(accepted)[0]
    assert (row["outcome"], row["code"], row["student_id"]) == ("failed", "student_gone", None)
    assert row["reason"] == "처리하는 사이에 학생이 영구 삭제되었습니다."
    assert [row[name] for name in ("name", "parent_phone", "student_phone", "school", "grade")] == [None] * 5
    assert [row["student_id"] for row in imports.all("SELECT student_id FROM student_ref")] == [other]
    assert gone not in {row["student_id"] for row in imports.all("SELECT student_id FROM enrollment")}
    assert imports.count("enrollment") == (1 if of_lecture else 0)
    result = status(client, accepted)["result"]
    assert (result["failed_count"], result["rows_total"]) == (1, 2)
    assert "지워진이" not in str(imports.all("SELECT * FROM import_row"))


def test_another_academys_tombstone_is_not_this_ones(imports: Any, usable: Usable) -> None:
    student = new_id()
    erase(imports.of("other"), student)
    accepted = imports.job(None)
    imports.run(accepted, [usable(2)], lambda *_: ("matched", student, None))
    assert imports.outcomes(accepted) == {2: "already_registered"}


@pytest.mark.parametrize("of_lecture", [True, False])
def test_however_many_were_purged_the_statements_are_the_same(
    imports: Any, usable: Usable, created: Any, statements: Any, of_lecture: bool
) -> None:
    def seen(rows: int) -> int:
        accepted = imports.job(imports.lecture(f"강의 {rows}") if of_lecture else None)
        imports.read(accepted, [usable(row, f"{rows}의 {row}") for row in range(2, rows + 2)])
        for row in range(2, rows + 2, 2):
            erase(imports, created(row, f"{rows}의 {row}")[1])
        answers = imports.answers(accepted, created)
        with statements() as found:
            imports.enroll(*answers)
        assert imports.state(accepted)["result"]["failed_count"] == rows // 2
        return len(found)

    assert seen(4) == seen(1200)


def test_a_job_that_ended_before_registrations_were_counted_shows_none(
    imports: Any, client: Any, usable: Usable, created: Any
) -> None:
    accepted = imports.job(imports.lecture())
    imports.run(accepted, [usable(2)], created)
    imports.all("UPDATE import_job SET result = result - 'registered_count' - 'already_registered_count'")
    result = status(client, accepted, "enrollments")["result"]
    assert (result["registered_count"], result["already_registered_count"]) == (0, 0)
