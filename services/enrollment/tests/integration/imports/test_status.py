"""GET excel_job_status and excel_job_rows: what a poll sees, and what became of every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from enrollment.domain.roster import RosterRow
from testkit.api import signed_in

Usable = Callable[..., RosterRow]


@pytest.fixture
def poll(client: Any) -> Callable[..., Any]:
    def get(accepted: Any, by: Any = client) -> Any:
        answer = by.get(f"/api/v1/enrollments/excel_job_status/{accepted.data['job_id']}/")
        assert answer.status_code == 200, answer.json
        return answer.json

    return get


def test_a_poll_follows_the_job_and_percent_never_falls(
    imports: Any, poll: Any, usable: Usable, created: Any
) -> None:
    accepted = imports.job(imports.lecture("물리"))
    seen = [poll(accepted)]

    def read(_path: Any) -> Any:
        for first in (2, 1002, 2002):
            seen.append(poll(accepted))
            yield [usable(row) for row in range(first, first + 1000)]

    imports.read(accepted, read)
    seen.append(poll(accepted))
    for answer in imports.answers(accepted, created):
        imports.enroll(answer)
        seen.append(poll(accepted))

    percents = [body["progress"]["percent"] for body in seen]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert [body["status"] for body in seen] == ["PENDING", *["RUNNING"] * 6, "DONE"]
    steps = [(body["progress"]["step_index"], body["progress"]["step_name_display"]) for body in seen]
    assert steps == [(0, "대기"), *[(2, "파싱")] * 3, *[(3, "등록")] * 3, (4, "완료")]
    assert all(body["progress"]["seconds_left"] is None for body in seen[:5])
    assert all(isinstance(body["progress"]["seconds_left"], int) for body in seen[5:])


def test_the_body_is_complete_in_every_state(imports: Any, poll: Any, usable: Usable, created: Any) -> None:
    lecture = imports.lecture("물리")
    pending = imports.job(lecture)
    names = {
        "job_id",
        "job_type",
        "status",
        "progress",
        "result",
        "error_code",
        "error_message",
        "dry_run",
        "created_at",
        "file_name",
        "lecture_id",
        "requested_by",
        "plan_id",
        "cancelled",
        "undo",
        "workbook",
    }
    body = poll(pending)
    assert set(body) == names
    assert (body["job_type"], body["result"], body["error_code"]) == ("excel_parsing", None, None)

    done = imports.job(lecture, dry_run=True)
    imports.run(done, [usable(2)], lambda *_: ("created", None, None))
    body = poll(done)
    assert set(body) == names
    assert (body["status"], body["dry_run"], body["error_message"]) == ("DONE", True, None)
    assert body["result"]["enrolled_count"] == body["result"]["created_students_count"] == 1
    assert body["result"]["lecture_title"] == "물리"
    assert body["progress"]["seconds_left"] == 0

    failed = imports.job(lecture)
    imports.objects.content.clear()
    imports.read(failed, [])
    body = poll(failed)
    assert (body["status"], body["error_code"], body["result"]) == ("FAILED", "source_missing", None)
    assert body["error_message"]
    assert body["progress"]["percent"] < 100


@pytest.mark.parametrize("route", ["excel_job_status", "excel_job_rows"])
def test_unknown_and_foreign_jobs_do_not_exist(
    imports: Any, client: Any, app: Any, issuer: Any, route: str
) -> None:
    accepted = imports.job(imports.lecture())
    mine = f"/api/v1/enrollments/{route}/{accepted.data['job_id']}/"

    assert client.get(mine).status_code == 200
    assert signed_in(app, issuer, "other").get(mine).status_code == 404
    for address in (str(uuid4()), "1", "x' OR 1=1", "%00"):
        answer = client.get(f"/api/v1/enrollments/{route}/{address}/")
        assert answer.status_code in (400, 404), address
    for roles in (("student",), ("parent",)):
        assert signed_in(app, issuer, roles=roles).get(mine).status_code == 403
    assert app.test_client().get(mine).status_code == 401


@pytest.fixture
def finished(imports: Any, usable: Usable, created: Any) -> Any:
    accepted = imports.job(imports.lecture())
    bad = [
        usable(
            row,
            verdict="failed",
            code="invalid_parent_phone",
            reason="전화번호를 확인해 주세요.",
            parent_phone=None,
        )
        for row in range(102, 112)
    ]
    imports.run(accepted, [*(usable(row) for row in range(2, 102)), *bad], created)
    return accepted


def rows(client: Any, accepted: Any, **query: Any) -> Any:
    return client.get(f"/api/v1/enrollments/excel_job_rows/{accepted.data['job_id']}/", query_string=query)


def test_all_rows_page_by_page_in_the_order_of_the_sheet(client: Any, finished: Any) -> None:
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        body = rows(client, finished, page_size=30, **cursor).json
        found += body["results"]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}

    assert [row["row"] for row in found] == list(range(2, 112))
    first, last = found[0], found[-1]
    assert first | {"student_id": None} == {
        "row": 2,
        "name": "학생2",
        "parent_phone": "01000000002",
        "outcome": "enrolled",
        "student_outcome": "created",
        "student_id": None,
        "code": None,
        "reason": None,
        "candidates": None,
        "undo": None,
        "undo_code": None,
    }
    assert (last["outcome"], last["code"], last["student_outcome"]) == (
        "failed",
        "invalid_parent_phone",
        None,
    )


def test_rows_can_be_filtered_by_outcome(client: Any, finished: Any) -> None:
    failed = rows(client, finished, outcome="failed").json
    assert [row["row"] for row in failed["results"]] == list(range(102, 112))
    assert rows(client, finished, outcome="skipped").json["results"] == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"outcome": "ENROLLED"}, 422, "invalid_request"),
        ({"outcome": ""}, 422, "invalid_request"),
        ({"cursor": "zzz"}, 400, "invalid_cursor"),
        ({"page_size": "0"}, 422, "invalid_request"),
        ({"page_size": "501"}, 422, "invalid_request"),
        ({"page": "2"}, 422, "invalid_request"),
    ],
)
def test_bad_queries_are_refused(client: Any, finished: Any, query: Any, status: int, code: str) -> None:
    answer = rows(client, finished, **query)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_rows_still_being_worked_on_are_left_out(imports: Any, client: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())
    skipped = usable(3, verdict="skipped", code="sample_row", reason="예시 행입니다.")
    imports.read(accepted, [usable(2), skipped])
    assert [row["row"] for row in rows(client, accepted).json["results"]] == [3]
