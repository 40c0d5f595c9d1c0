"""The demo academy and the main job, through the public HTTP API only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from academyctl.client import ApiClient, Json
from academyctl.sample import TITLE

TENANT = "demo"
_LECTURES = "/api/v1/lectures/lectures/"
_SESSIONS = "/api/v1/lectures/sessions/"
_ENROLLMENTS = "/api/v1/enrollments"
_DATES = ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23")
_FINAL = ("DONE", "FAILED")


def seed(client: ApiClient) -> str:
    """The id of the demo lecture, which has four sessions; made when it is not there. Raises ApiError."""
    found = client.get(_LECTURES, search=TITLE)["results"]
    lecture = next((item for item in found if item["title"] == TITLE), None) or client.post(
        _LECTURES,
        {
            "title": TITLE,
            "name": "김선생",
            "subject": "수학",
            "description": "시연용 강의입니다.",
            "start_date": _DATES[0],
            "end_date": "2026-06-29",
            "lecture_time": "월 18:00–20:00",
            "color": "#3b82f6",
            "chip_label": "수",
        },
    )
    present = {item["order"] for item in client.get(_SESSIONS, lecture=lecture["id"])["results"]}
    for order, date in enumerate(_DATES, start=1):
        if order not in present:
            client.post(
                _SESSIONS, {"lecture": lecture["id"], "order": order, "title": f"{order}차시", "date": date}
            )
    return str(lecture["id"])


def import_roster(client: ApiClient, lecture: str, file: Path, password: str, *, force: bool) -> str:
    """Upload a workbook; the id of its job. Raises ApiError."""
    fields = {"lecture_id": lecture, "initial_password": password, "force": str(force).lower()}
    return str(client.upload(f"{_ENROLLMENTS}/lecture_enroll_from_excel/", fields, file)["job_id"])


def wait_for_job(
    client: ApiClient, job: str, stopped: threading.Event, progress: Callable[[str], None]
) -> Json | None:
    """Poll until the job has ended; its last status. None when `stopped` is set first. Raises ApiError."""
    shown = ""
    while not stopped.is_set():
        status = client.get(f"{_ENROLLMENTS}/excel_job_status/{job}/")
        line = _progress(status)
        if line != shown:
            progress(line)
        shown = line
        if status["status"] in _FINAL:
            return status
        stopped.wait(0.3)
    return None


def outcomes(client: ApiClient, job: str) -> Iterator[Json]:
    """The outcome of every row, in the order of the sheet. Raises ApiError."""
    path = f"{_ENROLLMENTS}/excel_job_rows/{job}/"
    page = client.get(path)
    yield from page["results"]
    while page["next"]:
        page = client.get(path, cursor=page["next"])
        yield from page["results"]


def _progress(status: Json) -> str:
    at = status["progress"]
    rows = f" {at['rows_done']}/{at['rows_total']}행" if at.get("rows_total") else ""
    return f"{at['percent']:>3}% {at['step_name_display']}{rows}"
