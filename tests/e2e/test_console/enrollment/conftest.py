"""The console's enrollment pages against a stand-in that is held to the service's own routes and schemas.

What the real service does with the same calls is tested beside it; here it is the pages that are looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest
from enrollment.domain.attendance import AttendanceStatus
from enrollment.domain.exports import TEMPLATE_NAME
from enrollment.http import BLUEPRINTS
from testkit.browser import Browser
from testkit.console import DESK, RECORDER, Console
from testkit.console_api import Answer, Handler, console_handler, problem, token
from testkit.real_routes import RealRoutes
from testkit.servers import serving

REAL = RealRoutes(BLUEPRINTS)
AT = "2026-11-23T01:00:00Z"
HOSTILE = "<script>alert('1')</script><img src=x onerror=alert(2)>"
Row = dict[str, Any]


def uid(number: int) -> str:
    return str(UUID(int=number))


LECTURE, JOB, PLAN, EXPORT = uid(1), uid(2), uid(3), uid(4)


def listed(rows: Iterable[Row], after: str | None = None) -> Row:
    return {"results": list(rows), "next": after}


def lecture(**values: Any) -> Row:
    return {
        "id": LECTURE, "title": "수학 특강", "name": "김선생", "subject": "수학", "description": "",
        "start_date": "2026-11-02", "end_date": None, "lecture_time": "월 19:00", "color": "#3b82f6",
        "chip_label": "수", "is_active": True, "created_at": AT, "updated_at": AT, **values,
    }  # fmt: skip


def session(order: int, **values: Any) -> Row:
    return {
        "id": uid(1000 + order), "lecture_id": LECTURE, "order": order, "title": f"{order}차시",
        "date": f"2026-11-{order:02d}", "session_type": "REGULAR", "created_at": AT, "updated_at": AT,
        **values,
    }  # fmt: skip


def enrollment(number: int, name: str, **values: Any) -> Row:
    return {
        "id": uid(3000 + number), "lecture_id": LECTURE, "lecture_title": "수학 특강",
        "student_id": uid(2000 + number), "student_name": name, "student_phone": None,
        "parent_phone": f"0107001{number:04d}", "school": "한빛중", "grade": 2, "status": "ACTIVE",
        "enrolled_at": AT, **values,
    }  # fmt: skip


def mark(student: int, order: int, status: str = "UNSET", memo: str = "") -> Row:
    return {"attendance_id": uid(student * 1000 + order + 10**6), "status": status, "memo": memo}


def student(number: int, name: str, marks: dict[int, Row], **values: Any) -> Row:
    """A row of the matrix; `marks` by the order of the session."""
    return {
        "student_id": uid(2000 + number), "enrollment_id": uid(3000 + number), "enrollment_status": "ACTIVE",
        "name": name, "student_phone": None, "parent_phone": f"0107001{number:04d}",
        "attendance": {uid(1000 + order): each for order, each in marks.items()}, **values,
    }  # fmt: skip


def attendance(mark: Row, row: Row, session_id: str) -> Row:
    """A mark of the matrix as the other routes tell it."""
    return {
        "id": mark["attendance_id"], "session_id": session_id, "enrollment_id": row["enrollment_id"],
        "student_id": row["student_id"], "student_name": row["name"], "status": mark["status"],
        "status_label": AttendanceStatus(mark["status"]).label, "memo": mark["memo"], "recorded_at": None,
    }  # fmt: skip


def result(**counts: int) -> Row:
    names = ("enrolled", "created_students", "matched_students", "restored_students", "already_enrolled",
             "registered", "already_registered", "duplicate", "skipped", "failed", "review")  # fmt: skip
    found = {f"{name}_count": counts.get(name, 0) for name in names}
    total = sum(count for name, count in counts.items() if "students" not in name)
    return {
        **found, "rows_total": total, "session_id": uid(1001), "lecture_title": "수학 특강",
        "failed": [], "rows_url": f"/api/v1/enrollments/excel_job_rows/{JOB}/",
    }  # fmt: skip


def job(status: str, **values: Any) -> Row:
    done = {"PENDING": 0, "RUNNING": 1}.get(status, 2)
    steps = (("waiting", "대기", 0), ("enrolling", "등록", 70), ("done", "완료", 100))[done]
    return {
        "job_id": JOB, "job_type": "lecture_roster", "status": status,
        "progress": {"percent": steps[2], "step": steps[0], "step_index": 2 * done, "step_total": 4,
                     "step_name_display": steps[1], "rows_total": 30, "rows_done": 15 * done,
                     "seconds_left": None},
        "result": None, "error_code": None, "error_message": None, "dry_run": False,
        "file_name": "명단.xlsx", "lecture_id": LECTURE, "requested_by": "user-1", "plan_id": None,
        "cancelled": False, "undo": None, "workbook": None, "created_at": AT, **values,
    }  # fmt: skip


def job_row(row: int, outcome: str, **values: Any) -> Row:
    return {
        "row": row, "name": f"학생{row}", "parent_phone": "01070010001", "outcome": outcome,
        "student_outcome": None, "student_id": None, "code": None, "reason": None, "candidates": None,
        "undo": None, "undo_code": None, **values,
    }  # fmt: skip


def past(**values: Any) -> Row:
    names = ("job_id", "status", "lecture_id", "file_name", "dry_run", "plan_id", "cancelled", "result",
             "error_code", "error_message", "requested_by", "created_at")  # fmt: skip
    known = job("DONE", result=result(enrolled=3))
    return {**{name: known[name] for name in names}, "undo_status": None, "ended_at": AT, **values}


def export(status: str, **values: Any) -> Row:
    done = {"PENDING": 0, "RUNNING": 50}.get(status, 100)
    return {
        "id": EXPORT, "kind": "attendance", "target_id": LECTURE, "status": status,
        "progress": {"percent": done, "rows_done": done, "rows_total": 100},
        "file_name": "출결_수학 특강.xlsx",
        "bytes": 12_345 if status == "DONE" else None,
        "download_url": "/bucket/attendance.xlsx" if status == "DONE" else None, "error_code": None,
        "error_message": None, "requested_by": "user-1", "created_at": AT,
        "expires_at": "2026-11-24T01:00:00Z" if status == "DONE" else None, **values,
    }  # fmt: skip


@dataclass
class Api:
    """Answers by (method, pattern below /api/v1/); those of a test come first. `asked` has every call."""

    routes: list[tuple[str, str, Callable[..., Answer]]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    streams: list[list[Row | Event] | Answer] = field(default_factory=list)
    """What the next connections to a job's events get; after them its status ends each."""

    def on(self, method: str, pattern: str, answer: Callable[..., Answer]) -> None:
        """`answer` is called with the query or the body, then the pattern's groups."""
        self.routes.insert(0, (method, pattern, answer))

    def lists(self, pattern: str, *rows: Row) -> None:
        self.on("GET", pattern, lambda _query, *_: (200, listed(rows)))

    def refuses(self, method: str, pattern: str, status: int, code: str, detail: str, **members: Any) -> None:
        self.on(method, pattern, lambda *_: (status, problem(code, detail, **members)))

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        self.asked.append((method, path, query, body))
        status, said = self._said(method, path, query, body)
        if path.startswith(("enrollments/", "lectures/", "students/bulk_create_from")):
            self.wrong += REAL.wrong(method, f"/api/v1/{path}", query, body, status, said)
        return status, said

    def _said(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        own: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", "lectures/lectures/", lambda _: (200, listed([lecture()]))),
            ("GET", "lectures/lectures/([^/]+)/", lambda _, id: (200, lecture(id=id))),
            ("GET", "lectures/sessions/", lambda _: (200, listed([]))),
            ("GET", "enrollments/exports/", lambda _: (200, listed([]))),
            ("GET", "enrollments/excel_job_rows/([^/]+)/", lambda *_: (200, listed([]))),
        ]
        for wanted, pattern, run in [*self.routes, *own]:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return run(query if body is None else body, *found.groups())
        return 404, problem("not_found", "찾을 수 없습니다.")

    def events(self, job_id: str) -> list[Row | Event] | Answer:
        """One connection to the events of a job."""
        self.asked.append(("GET", f"enrollments/excel_job_events/{job_id}/", {}, None))
        if self.streams:
            return self.streams.pop(0)
        status, said = self._said("GET", f"enrollments/excel_job_status/{job_id}/", {}, None)
        return (status, said) if status >= 400 else [said]

    def follows(self, now: Row) -> None:
        """`now` is the job, by either way, until it is changed."""
        self.on("GET", "enrollments/excel_job_status/[^/]+/", lambda _: (200, now))

    def sent(self, method: str, ending: str) -> list[Any]:
        """Bodies, of GET the queries, of the calls whose path ends so."""
        return [
            query if body is None else body
            for asked, path, query, body in self.asked
            if asked == method and path.endswith(ending)
        ]

    def shows(self, lecture_row: Row, sessions: list[Row], students: list[Row]) -> None:
        """A lecture's matrix, which marks change as they do at the service."""
        places = {
            each["attendance_id"]: (each, row, session_id)
            for row in students
            for session_id, each in row["attendance"].items()
        }

        def change(body: Row, id: str) -> Answer:
            each, row, session_id = places[id]
            if each["status"] == "SECESSION":
                return 409, problem("attendance_terminal", "퇴원 처리된 출결은 바꿀 수 없습니다.")
            marks = [each]
            if body.get("status") == "SECESSION":
                row["enrollment_status"] = "INACTIVE"
                marks = list(row["attendance"].values())
            for one in marks:
                one["status"] = body.get("status", one["status"])
            each["memo"] = body.get("memo", each["memo"])
            return 200, attendance(each, row, session_id)

        def change_all(body: Row) -> Answer:
            meant = [place for place in places.values() if place[2] == body["session"]]
            open_ = [place for place in meant if place[0]["status"] != "SECESSION"]
            wanted = [
                place
                for place in open_
                if place[0]["status"] == "UNSET"
                or (not body["only_unset"] and place[0]["status"] != body["status"])
            ]
            for each, _, _ in wanted:
                each["status"] = body["status"]
            undo = "t" * 40 if wanted and body["status"] != "SECESSION" else None
            results = [attendance(*place) for place in meant]
            counts = {"changed": len(wanted), "unchanged": len(open_) - len(wanted)}
            return 200, {
                **counts,
                "terminal": len(meant) - len(open_),
                "undo_token": undo,
                "results": results,
            }

        shown = {"lecture": lecture_row, "sessions": sessions, "students": students}
        self.on("GET", "lectures/attendance/matrix/", lambda _: (200, shown))
        self.on("PATCH", "lectures/attendance/([^/]+)/", change)
        self.on("POST", "lectures/attendance/bulk_set/", change_all)


@dataclass
class Line:
    """Leads to the stand-in of the test that runs."""

    api: Api = field(default_factory=Api)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        return self.api.answer(method, path, query, body)


def desk_handler(line: Line) -> type[Handler]:
    """With what is no JSON: events, files, and forms that bring one."""

    class Desk(console_handler(line)):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/api/v1/enrollments/excel_job_events/"):
                self.stream(line.api.events(path.split("/")[-2]))
            elif path.endswith("/excel_template/") or path.startswith("/bucket/"):
                line.api.asked.append(("GET", path.removeprefix("/api/v1/"), {}, None))
                name = quote(TEMPLATE_NAME) if path.endswith("/") else path.split("/")[-1]
                named = f"attachment; filename=\"book.xlsx\"; filename*=UTF-8''{name}"
                self.reply(200, b"PK", Content_Type="application/octet-stream", Content_Disposition=named)
            else:
                super().do_GET()

        def do_POST(self) -> None:
            if not self.headers.get("Content-Type", "").startswith("multipart/"):
                super().do_POST()
                return
            self.rfile.read(int(self.headers["Content-Length"]))
            path = urlsplit(self.path).path.removeprefix("/api/v1/")
            status, said = line.api.answer("POST", path, {}, None)
            self.reply(status, json.dumps(said).encode(), Content_Type="application/json")

        def stream(self, told: list[Row | Event] | Answer) -> None:
            if isinstance(told, tuple):
                kind = "application/problem+json"
                self.reply(told[0], json.dumps(told[1]).encode(), Content_Type=kind, Retry_After="1")
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"retry: 2000\n\n: \n\n")
            for each in told:
                if isinstance(each, Event):
                    assert each.wait(20)
                else:
                    self.wfile.write(b"event: job\ndata: " + json.dumps(each).encode() + b"\n\n")

    return Desk


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture(scope="module")
def loaded(
    browser: Browser, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Console, Line, Path]]:
    """One page for a file's tests: loading it is what takes long."""
    line, downloads = Line(), tmp_path_factory.mktemp("downloads")
    with serving(desk_handler(line)) as url, browser.profile(downloads, RECORDER) as driver:
        yield Console(driver, url, artifacts), line, downloads


@pytest.fixture
def desk(loaded: tuple[Console, Line, Path], api: Api) -> Iterator[Console]:
    """Signed in as staff; afterwards neither browser nor service had anything to complain of."""
    console, line, _ = loaded
    console.allowed = ()
    console.size(DESK)
    console.driver.execute_script("try { localStorage.clear() } catch {}")
    console.sign_in(token("staff"))
    console.driver.execute_script("document.getElementById('toasts').replaceChildren()")
    console.complaints()
    line.api = api
    yield console
    console.check_quiet()
    assert api.wrong == []


@pytest.fixture
def fetched(loaded: tuple[Console, Line, Path]) -> Callable[[str], bool]:
    """Whether the browser has saved a file of this name; it is then taken away."""

    def taken(name: str) -> bool:
        path = loaded[2] / name
        if found := path.is_file():
            path.unlink()
        return found

    return taken


@pytest.fixture
def made() -> Any:
    """Makers of what the service answers, and ids, for the tests."""
    makers = (lecture, session, enrollment, mark, student, attendance, result, job, job_row, past, export)
    names = {maker.__name__: maker for maker in (*makers, uid, problem, listed)}
    return SimpleNamespace(**names, LECTURE=LECTURE, JOB=JOB, PLAN=PLAN, EXPORT=EXPORT, HOSTILE=HOSTILE)
