"""What one visit of each operation of deploy/capacity/day.toml does. Its effects are noted, to be checked."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from testkit.cinema import addresses
from testkit.workbooks import HEADER, workbook

from day.academies import INITIAL, OWN, School
from day.caller import Form, Visit

API = "/api/v1"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_POLLS, _EVERY = 120, 1.0
_ENDED = frozenset({"DELIVERED", "FAILED", "SKIPPED", "CANCELLED"})


@dataclass
class Effects:
    """What was promised to whoever came: lists only grow, by one item at a time."""

    imports: list[tuple[School, str]] = field(default_factory=list)
    exports: list[tuple[School, str]] = field(default_factory=list)
    uploads: list[tuple[School, str]] = field(default_factory=list)
    sends: list[tuple[School, str, str, int]] = field(default_factory=list)
    marks: list[tuple[School, str, str]] = field(default_factory=list)
    edits: list[tuple[School, str, str]] = field(default_factory=list)
    restored: list[tuple[School, str]] = field(default_factory=list)


@dataclass
class World:
    """The academies, a folder for rosters, the video that is uploaded."""

    schools: list[School]
    folder: Path
    lecture: Path
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        self._numbers, self._lock = 0, threading.Lock()
        # not those who watch, for a deleted student's sign-ins end and the enrollment stays ended
        self._others = {one.tenant: deque(_others(one)) for one in self.schools}
        self._marked = {one.tenant: _half(one) for one in self.schools}

    def number(self) -> int:
        """Never the same twice."""
        with self._lock:
            self._numbers += 1
            return self._numbers

    def borrow(self, school: School) -> str:
        """A student whom no other visit changes until `give_back`. Raises IndexError when all are taken."""
        return self._others[school.tenant].popleft()

    def give_back(self, school: School, student: str) -> None:
        self._others[school.tenant].append(student)

    def mark(self, school: School, chance: random.Random) -> str:
        """An attendance mark of a student whom nobody deletes."""
        return chance.choice(self._marked[school.tenant])


def _watching(school: School) -> set[str]:
    return {pupil.student for pupil in school.pupils}


def _others(school: School) -> list[str]:
    free = [one for one in school.students if one not in _watching(school)]
    return free[: len(free) // 2]


def _half(school: School) -> list[str]:
    """Marks of students that are not among the others."""
    kept = set(school.students) - set(_others(school)) - _watching(school)
    return [mark for mark, student in school.marks if student in kept]


Doing = Callable[[Visit, World, School, random.Random], None]


def home(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    token = school.pupil(chance).token
    visit.call("GET", f"{API}/students/me/", "students/me", token)
    visit.call("GET", f"{API}/media/videos/student/", "media/videos/student", token)
    visit.call(
        "GET",
        f"{API}/media/videos/student/?session={school.cinema.session_id}",
        "media/videos/student",
        token,
    )


def sign_in(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    who = {"academy": school.tenant, "login_id": school.pupil(chance).login, "password": OWN}
    visit.call("POST", f"{API}/students/token/", "students/token", body=who)


def students_page(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    visit.call("GET", f"{API}/students/?page_size=50", "students", school.token)
    visit.call("GET", f"{API}/students/?search=010-2", "students?search", school.token)
    one = chance.choice(school.students)
    visit.call("GET", f"{API}/students/{one}/", "students/<id>", school.token)


def attendance(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    token, lecture, session = school.token, school.cinema.lecture_id, school.cinema.session_id
    lectures = f"{API}/lectures"
    visit.call("GET", f"{lectures}/lectures/", "lectures", token)
    visit.call("GET", f"{lectures}/sessions/?lecture={lecture}", "sessions", token)
    visit.call("GET", f"{lectures}/attendance/matrix/?lecture={lecture}", "attendance/matrix", token)
    visit.call("GET", f"{lectures}/attendance/?session={session}", "attendance", token)
    for _ in range(2):
        mark, status = world.mark(school, chance), chance.choice(("PRESENT", "LATE", "ABSENT"))
        path = f"{lectures}/attendance/{mark}/"
        visit.call("PATCH", path, "attendance/<id>", token, {"status": status})
        world.effects.marks.append((school, mark, status))


def edit(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    student, memo = world.borrow(school), f"메모 {world.number()}"
    try:
        path = f"{API}/students/{student}/"
        visit.call("GET", path, "students/<id>", school.token)
        visit.call("PATCH", path, "students/<id>", school.token, {"memo": memo})
        world.effects.edits.append((school, student, memo))
    finally:
        world.give_back(school, student)


def trash(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    student = world.borrow(school)
    try:
        visit.call("DELETE", f"{API}/students/{student}/", "students/<id>", school.token)
        visit.call("GET", f"{API}/students/?deleted=true", "students?deleted", school.token)
        ids = {"ids": [student]}
        visit.call("POST", f"{API}/students/bulk_restore/", "students/bulk_restore", school.token, ids)
        world.effects.restored.append((school, student))
        visit.call("GET", f"{API}/students/?page_size=50", "students", school.token)
    finally:
        world.give_back(school, student)


def import_(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    file = _roster(world, chance)
    fields = {"lecture_id": school.cinema.lecture_id, "initial_password": INITIAL}
    form = Form(fields, file.name, file.read_bytes(), _XLSX)
    path = f"{API}/enrollments/lecture_enroll_from_excel/"
    job = visit.call("POST", path, "lecture_enroll_from_excel", school.token, form)["job_id"]
    world.effects.imports.append((school, job))
    _poll(visit, school, f"{API}/enrollments/excel_job_status/{job}/", "excel_job_status")
    visit.call("GET", f"{API}/enrollments/excel_job_rows/{job}/", "excel_job_rows", school.token)


def _roster(world: World, chance: random.Random) -> Path:
    """New students: the number in the name and in the phone is this roster's own."""
    number = world.number()
    rows = [
        (f"새학생{number}", f"010-{5000 + number // 100:04d}-{number % 100:02d}{row:02d}", "", "", "", "", "")
        for row in range(world.schools[0].roster_rows)
    ]
    return workbook(world.folder / f"roster-{number}.xlsx", {"명단": (HEADER, *rows)}, "xlsxwriter")


def export(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    ask = {"kind": "roster", "target_id": school.cinema.lecture_id}
    path = f"{API}/enrollments/exports/"
    export = visit.call("POST", path, "exports", school.token, ask)["id"]
    world.effects.exports.append((school, export))
    _poll(visit, school, f"{path}{export}/", "exports/<id>")
    visit.call("GET", path, "exports", school.token)


def _poll(visit: Visit, school: School, path: str, route: str) -> None:
    """Every second until it is DONE or FAILED; what has not ended then is seen when effects are checked."""
    for _ in range(_POLLS):
        visit.pause(_EVERY)
        if visit.call("GET", path, route, school.token)["status"] in ("DONE", "FAILED"):
            return


def video_page(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    videos, session = f"{API}/media/videos", school.cinema.session_id
    visit.call("GET", f"{videos}/?session={session}", "media/videos", school.token)
    visit.call("GET", f"{videos}/{school.video}/", "media/videos/<id>", school.token)
    visit.call("GET", f"{videos}/{school.video}/stats/", "media/videos/<id>/stats", school.token)


def message_log(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    visit.call("GET", f"{API}/messaging/batches/", "messaging/batches", school.token)
    visit.call("GET", f"{API}/messaging/log/", "messaging/log", school.token)


def send(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    text = f"알림 {school.tenant} {world.number()}"
    ask = {
        "student_ids": _half_students(school)[: school.recipients], "send_to": "parent",
        "message_mode": "sms", "category": "info", "raw_body": text, "raw_subject": "", "variables": {},
        "at": None, "not_after": None,
    }  # fmt: skip
    messaging = f"{API}/messaging"
    told = visit.call("POST", f"{messaging}/estimate/", "messaging/estimate", school.token, ask)
    ask["confirm"] = told["confirm"]
    sent = visit.call("POST", f"{messaging}/send/", "messaging/send", school.token, ask)
    batch, wanted = sent["batch_id"], len(ask["student_ids"])
    world.effects.sends.append((school, batch, text, wanted))
    for _ in range(_POLLS):
        visit.pause(_EVERY)
        path = f"{messaging}/batches/{batch}/"
        states = visit.call("GET", path, "messaging/batches/<id>", school.token)["states"]
        if set(states) <= _ENDED:
            return


def _half_students(school: School) -> list[str]:
    """Who is never deleted."""
    return [one for one in school.students if one not in _others(school)]


def upload(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    content, media = world.lecture.read_bytes(), f"{API}/media/videos"
    body = {
        "session": school.cinema.session_id, "title": f"강의 {world.number()}",
        "filename": world.lecture.name, "content_type": "video/mp4", "size_bytes": len(content),
        "fingerprint": f"{visit.at}",
    }  # fmt: skip
    begun = visit.call("POST", f"{media}/upload/init/", "media/upload/init", school.token, body)
    video = begun["video"]["id"]
    kind = {"Content-Type": "video/mp4"}
    visit.call("PUT", begun["upload_url"], "(R2)", body=content, **kind)
    path = f"{media}/{video}/upload/complete/"
    visit.call("POST", path, "media/upload/complete", school.token, {})
    world.effects.uploads.append((school, video))


def watch(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    pupil = school.pupil(chance)
    ask = {"video_id": school.video, "enrollment_id": pupil.enrollment, "device_id": pupil.login}
    playback = visit.call("POST", f"{API}/media/playback/start/", "media/playback/start", pupil.token, ask)
    master = urljoin(visit.caller.base_url, playback["play_url"])
    playlist = visit.call("GET", master, "media/hls/master").decode()
    variant = urljoin(master, addresses(playlist)[0])
    listed = visit.call("GET", variant, "media/hls/playlist").decode()
    pupil.segments = [urljoin(variant, one) for one in addresses(listed)]
    pupil.playback = playback


def beat(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    pupil = school.pupil(chance)
    body = {"token": pupil.playback["token"], "position": round(chance.uniform(0, 20), 2)}
    visit.call("POST", f"{API}/media/playback/heartbeat/", "media/playback/heartbeat", pupil.token, body)


def segment(visit: Visit, world: World, school: School, chance: random.Random) -> None:
    visit.call("GET", chance.choice(school.pupil(chance).segments), "media/hls/segment")


DOING: dict[str, Doing] = {
    "home": home, "sign_in": sign_in, "students_page": students_page, "attendance": attendance, "edit": edit,
    "trash": trash, "import": import_, "export": export, "video_page": video_page,
    "message_log": message_log, "send": send, "upload": upload, "watch": watch, "beat": beat,
    "segment": segment,
}  # fmt: skip
