"""What is done with imports after their upload, over HTTP; its effects are in tests/contract/taking_back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest
from enrollment.adapters import streams
from testkit.api import signed_in

JOBS = "/api/v1/enrollments/excel_jobs/"
EVENTS = "/api/v1/enrollments/excel_job_events/"


@pytest.fixture
def done(imports: Any, usable: Any, created: Any) -> Any:
    """`done(dry_run=True)`: a finished import; its id."""

    def run(title: str = "수학", **options: Any) -> str:
        accepted = imports.job(imports.lecture(title), **options)
        imports.run(accepted, [usable(2), usable(3)], created)
        return str(accepted.data["job_id"])

    return run


def test_the_history_says_who_when_which_file_and_how_it_ended(client: Any, imports: Any, done: Any) -> None:
    first, preview = done("수학"), done("영어", dry_run=True)
    waiting = imports.job(imports.lecture("물리")).data["job_id"]
    rows = client.get(JOBS).json["results"]
    assert [row["job_id"] for row in rows] == [waiting, preview, first]
    assert [(row["status"], row["dry_run"]) for row in rows] == [
        ("PENDING", False),
        ("DONE", True),
        ("DONE", False),
    ]
    assert (rows[2]["requested_by"], rows[2]["file_name"]) == ("user-1", "명단.xlsx")
    assert (rows[2]["result"]["enrolled_count"], rows[0]["result"]) == (2, None)
    assert rows[2]["ended_at"]
    assert [row["job_id"] for row in client.get(f"{JOBS}?dry_run=true").json["results"]] == [preview]
    [mine] = client.get(JOBS, query_string={"lecture": rows[2]["lecture_id"]}).json["results"]
    assert mine["job_id"] == first
    page = client.get(f"{JOBS}?page_size=2").json
    assert [row["job_id"] for row in page["results"]] == [waiting, preview]
    rest = client.get(JOBS, query_string={"cursor": page["next"]}).json
    assert ([row["job_id"] for row in rest["results"]], rest["next"]) == ([first], None)


def test_an_undo_begins_once_and_is_shown(client: Any, imports: Any, done: Any) -> None:
    job = done()
    for _ in range(2):
        answer = client.post(f"{JOBS}{job}/undo/")
        assert (answer.status_code, answer.json["undo"]["status"]) == (202, "UNDOING")
    assert answer.json["undo"]["requested_by"]
    assert len(imports.published("enrollment.undo.requested")) == 1


def test_a_running_import_is_cancelled_once(client: Any, imports: Any) -> None:
    job = imports.job(imports.lecture()).data["job_id"]
    answer = client.post(f"{JOBS}{job}/cancel/")
    assert (answer.status_code, answer.json["cancelled"], answer.json["status"]) == (202, True, "FAILED")
    refused = client.post(f"{JOBS}{job}/cancel/")
    assert (refused.status_code, refused.json["code"]) == (409, "import_ended")


def test_what_cannot_be_done_is_refused_and_changes_nothing(
    client: Any, imports: Any, app: Any, issuer: Any, done: Any, everything: Any
) -> None:
    job, preview, waiting = done("수학"), done("영어", dry_run=True), imports.job(imports.lecture("물리"))
    open_job, nobody = waiting.data["job_id"], str(uuid4())
    imports.all("UPDATE import_job SET ended_at = now() - interval '25 hours' WHERE id = %s", preview)
    pick = {"row": 2, "action": "pick", "student_id": str(uuid4())}
    skip = {"row": 2, "action": "skip"}
    table: list[tuple[str, Any, int, str]] = [
        (f"{job}/apply/", None, 409, "not_a_preview"),
        (f"{preview}/apply/", None, 409, "plan_expired"),
        (f"{preview}/undo/", None, 409, "is_preview"),
        (f"{open_job}/undo/", None, 409, "import_not_ended"),
        (f"{job}/cancel/", None, 409, "import_ended"),
        (f"{job}/review/", {"decisions": [skip]}, 422, "unknown_rows"),
        (f"{open_job}/review/", {"decisions": [skip]}, 409, "not_waiting_for_review"),
        *((f"{nobody}/{verb}/", None, 404, "not_found") for verb in ("apply", "undo", "cancel")),
        (f"{nobody}/review/", {"decisions": [skip]}, 404, "not_found"),
    ]
    bodies: list[Any] = [
        None, {}, [], {"decisions": []}, {"decisions": [skip, skip]}, {"decisions": [skip] * 501},
        {"decisions": [{"row": 0, "action": "skip"}]}, {"decisions": [{"row": "2", "action": "skip"}]},
        {"decisions": [{"row": 2, "action": "delete"}]}, {"decisions": [{**pick, "student_id": None}]},
        {"decisions": [{**pick, "action": "create"}]}, {"decisions": [{**pick, "student_id": "7"}]},
        {"decisions": [pick], "force": True},
    ]  # fmt: skip
    before = everything()
    for path, body, status, code in table:
        answer = client.post(JOBS + path, json=body) if body else client.post(JOBS + path)
        assert (answer.status_code, answer.json["code"]) == (status, code), path
    for body in bodies:
        answer = client.post(f"{JOBS}{job}/review/", json=body)
        assert answer.status_code in (400, 415, 422), body
    stranger = signed_in(app, issuer, "other")
    for verb in ("apply", "undo", "cancel"):
        assert stranger.post(f"{JOBS}{job}/{verb}/").status_code == 404
    assert stranger.get(JOBS).json["results"] == []
    assert stranger.get(f"{EVENTS}{job}/").status_code == 404
    assert everything() == before


# --- live progress ----------------------------------------------------------------------------------


def bodies_of(answer: Any) -> list[Any]:
    lines = answer.get_data().splitlines()
    return [orjson.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")]


def test_a_stream_shows_what_a_poll_shows_and_ends_with_the_job(client: Any, done: Any) -> None:
    job = done()
    answer = client.get(f"{EVENTS}{job}/")
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    polled = client.get(f"/api/v1/enrollments/excel_job_status/{job}/").json
    assert bodies_of(answer) == [polled]


def test_a_stream_tells_every_change_once(
    client: Any, imports: Any, usable: Any, created: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK_EVERY", 0.0)
    accepted = imports.job(imports.lecture())
    answer = client.get(f"{EVENTS}{accepted.data['job_id']}/", buffered=False)
    lines = iter(answer.response)
    began = [next(lines), next(lines), next(lines), next(lines)]
    assert [line[:5] for line in began] == [b"retry", b"event", b": \n\n", b": \n\n"]
    imports.run(accepted, [usable(2)], created)
    told = [line for line in lines if line.startswith(b"event")]
    answer.close()
    assert [orjson.loads(line.partition(b"data: ")[2])["status"] for line in told][-1] == "DONE"
    assert len(told) == len(set(told))


def test_streams_are_few_and_come_free_again(client: Any, imports: Any, app: Any, issuer: Any) -> None:
    job = imports.job(imports.lecture()).data["job_id"]
    held = [signed_in(app, issuer).get(f"{EVENTS}{job}/", buffered=False) for _ in range(2)]
    refused = client.get(f"{EVENTS}{job}/")
    assert (refused.status_code, refused.json["code"]) == (503, "too_many_streams")
    assert refused.headers["Retry-After"] == "5"
    assert client.get(f"/api/v1/enrollments/excel_job_status/{job}/").status_code == 200
    held[0].close()
    again = client.get(f"{EVENTS}{job}/", buffered=False)
    assert again.status_code == 200
    for answer in (again, held[1]):
        answer.close()
