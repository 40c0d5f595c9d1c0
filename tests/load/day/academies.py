"""The academies of the replay, made before it: students with own passwords, a lecture, a video, money."""

from __future__ import annotations

import random
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from academyctl.client import ApiClient
from academyctl.config import Directories
from academyctl.issuer import DevelopmentIssuer
from testkit.cinema import Cinema
from testkit.solapi import Simulator
from testkit.stack import LocalStack
from testkit.videos import Videos
from testkit.workbooks import roster_workbook

from day.settings import Academies

STUDENTS = "/api/v1/students"
MESSAGING = "/api/v1/messaging"
SENDER, INITIAL, OWN = "025550000", "spring-2026", "산책하는-고래-2026"
_OF_OTHERS = "0212345678"  # other tests of the same stack send from it
_WATCHERS = 5
"""One of so many students has signed in and watches."""


@dataclass
class Pupil:
    """A student who has signed in; `playback` is what a started lecture answered."""

    login: str
    student: str
    enrollment: str
    token: str = ""
    playback: dict[str, Any] = field(default_factory=dict)
    segments: list[str] = field(default_factory=list)


@dataclass
class School:
    """One academy as the visits find it; `marks` are (mark, student)."""

    cinema: Cinema
    token: str
    students: list[str]
    marks: list[tuple[str, str]]
    pupils: list[Pupil]
    video: str
    recipients: int
    roster_rows: int

    @property
    def tenant(self) -> str:
        return self.cinema.tenant

    def pupil(self, chance: random.Random) -> Pupil:
        return chance.choice(self.pupils)


def simulator(stack: LocalStack) -> Simulator:
    """The stack's own provider of messages."""
    return Simulator(stack.url("solapi"), stack.secret("solapi_key"), stack.secret("solapi_secret"))


def open_schools(stack: LocalStack, academies: Academies, folder: Path, videos: Videos) -> list[School]:
    """All of them, ready."""
    simulator(stack).settings(senders=[SENDER, _OF_OTHERS])
    file, lecture = roster_workbook(folder / "school.xlsx", academies.students, seed=7), videos.path("long")
    run = secrets.token_hex(3)
    with ThreadPoolExecutor(2) as pool:
        names = [f"load-{run}-{number}" for number in range(academies.tenants)]
        return list(pool.map(lambda name: _open(stack, academies, name, file, lecture), names))


def _open(stack: LocalStack, academies: Academies, tenant: str, file: Path, lecture: Path) -> School:
    cinema = Cinema(stack, tenant)
    done = cinema.run(cinema.lecture_id, file, session_id=cinema.session_id)
    assert done["status"] == "DONE", done
    cinema.settle()
    listed = cinema.api.get(f"{STUDENTS}/", page_size="500")["results"]
    marks = cinema.api.get("/api/v1/lectures/attendance/", session=cinema.session_id)["results"]
    video = cinema.send(lecture)
    _pay(stack, cinema)
    pupils = _pupils(cinema, listed, marks, academies.students // _WATCHERS)
    assert cinema.encoded(video)["status"] == "READY"
    cinema.settle()
    token, students = stack.token(tenant), [one["id"] for one in listed]
    known = [(one["id"], one["student_id"]) for one in marks]
    return School(cinema, token, students, known, pupils, video, academies.recipients, academies.roster_rows)


def _pay(stack: LocalStack, cinema: Cinema) -> None:
    """A sender and credits for more than any run sends."""
    approver = DevelopmentIssuer(Directories(stack.data).secrets).token(
        "operations", ["approver"], "lee", timedelta(hours=1)
    )
    paid = {"tenant_id": cinema.tenant, "amount": 10_000_000, "reference": f"입금 {cinema.tenant}"}
    ApiClient(stack.base_url, approver).post("/api/v1/operations/messaging/credits/charge/", paid)
    cinema.api.post(f"{MESSAGING}/verify-sender/", {"phone": SENDER})
    caps = {"sender": SENDER, "daily_cap": 1_000_000, "hourly_cap": 1_000_000}
    cinema.api.patch(f"{MESSAGING}/info/", caps)


def _pupils(cinema: Cinema, listed: list[Any], marks: list[Any], count: int) -> list[Pupil]:
    enrollments = {one["student_id"]: one["enrollment_id"] for one in marks}
    known = [one for one in listed if one["login_id"] and one["id"] in enrollments]
    pupils = [Pupil(one["login_id"], one["id"], enrollments[one["id"]]) for one in known[:count]]
    for pupil in pupils:
        who = {"academy": cinema.tenant, "login_id": pupil.login, "password": INITIAL, "new_password": OWN}
        pupil.token = cinema.api.post(f"{STUDENTS}/token/password/", who)["access_token"]
    return pupils
