"""Whether everything that was promised has happened, once: what an auditor asks after the replay."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from testkit.stack import LocalStack, run_academyctl
from testkit.waiting import wait_until

from day.academies import School, simulator
from day.visits import World

_SECONDS = 300
_SELDOM = 1.5  # asking costs PostgreSQL something as well, and what costs are is to be seen


@dataclass(frozen=True)
class Check:
    """`wrong`: what does not hold, at most five of it."""

    what: str
    looked_at: int
    wrong: list[str]


def settle(stack: LocalStack, schools: list[School]) -> None:
    """Wait until every event of the academies was handled. Raises TimeoutError."""
    for school in schools:
        wait_until(lambda: not school.cinema.unaccounted(), _SECONDS, interval=_SELDOM)  # noqa: B023 - awaited here


def encoded(world: World) -> None:
    """Wait until every upload is READY or FAILED, without asking the API for it. Raises TimeoutError."""
    for school, video in world.effects.uploads:
        status = f"SELECT 1 FROM media.video WHERE id = '{video}' AND status IN ('READY', 'FAILED')"
        wait_until(lambda: school.cinema.query(status), _SECONDS, interval=_SELDOM)  # noqa: B023 - awaited here


def checks(stack: LocalStack, world: World) -> list[Check]:
    """All of them; waits for uploads and events first."""
    effects = world.effects
    with suppress(TimeoutError):  # then it is among what is wrong
        encoded(world)
        settle(stack, world.schools)
    return [
        *checks_of_effects(stack, world),
        _ledger(stack),
        _check("flows of imports are complete", (_flow(stack, job) for _, job in effects.imports[:3])),
    ]


def checks_of_effects(stack: LocalStack, world: World) -> list[Check]:
    """Those of these academies alone."""
    effects = world.effects
    return [
        _check("imports are DONE, each with all its rows enrolled and created", _imports(world)),
        _check("exports are DONE", (_export(*one) for one in effects.exports)),
        _check("uploads are READY", (_upload(*one) for one in effects.uploads)),
        _check("messages reached the provider once each", _messages(stack, world)),
        _check("students of the trash are back", (_restored(*one) for one in effects.restored)),
        _check("what was written last is what is read", _written(world)),
    ]


def _check(what: str, found: Iterator[str] | list[str]) -> Check:
    listed = []
    try:
        listed += found
    except TimeoutError as error:
        listed.append(f"not in time: {error}"[:200])
    return Check(what, len(listed), [one for one in listed if one][:5])


def _imports(world: World) -> Iterator[str]:
    for school, job in world.effects.imports:
        status = school.cinema.finish(job, _SECONDS)
        result, rows = status["result"] or {}, school.roster_rows
        counts = [result.get(name) for name in ("rows_total", "enrolled_count", "created_students_count")]
        good = status["status"] == "DONE" and counts == [rows, rows, rows]
        yield "" if good else f"{job}: {status['status']} {counts}"


def _export(school: School, export: str) -> str:
    path = f"/api/v1/enrollments/exports/{export}/"
    wait_until(lambda: school.cinema.api.get(path)["status"] in ("DONE", "FAILED"), _SECONDS, interval=0.2)
    status = school.cinema.api.get(path)["status"]
    return "" if status == "DONE" else f"{export}: {status}"


def _upload(school: School, video: str) -> str:
    status = school.cinema.video(video)["status"]
    return "" if status == "READY" else f"{video}: {status}"


def _messages(stack: LocalStack, world: World) -> Iterator[str]:
    """By the simulator's own record: every text to as many different numbers as were asked, none twice."""
    taken = Counter((one["text"], one["recipient"]) for one in simulator(stack).record)
    reached = Counter(text for text, _ in taken)
    for school, batch, text, wanted in world.effects.sends:
        path = f"/api/v1/messaging/batches/{batch}/"
        states = school.cinema.api.get(path)["states"]
        twice = [count for (sent, _), count in taken.items() if sent == text and count > 1]
        good = reached[text] == wanted and not twice
        yield "" if good else f"{batch}: {reached[text]} of {wanted}, {len(twice)} twice, {states}"


def _restored(school: School, student: str) -> str:
    found = school.cinema.query(f"SELECT deleted_at FROM students.student WHERE id = '{student}'")
    return "" if found == [(None,)] else f"{student}: {found}"


def _written(world: World) -> Iterator[str]:
    """Marks and memos that one visit alone has written; of others nobody knows who was last."""
    for schema, column, effects in (
        ("enrollment.attendance", "status", world.effects.marks),
        ("students.student", "memo", world.effects.edits),
    ):
        times = Counter(row for _, row, _ in effects)
        for school, row, value in effects:
            if times[row] == 1:
                found = school.cinema.query(f"SELECT {column} FROM {schema} WHERE id = '{row}'")
                yield "" if found == [(value,)] else f"{schema} {row}: {found}, not {value}"


def _ledger(stack: LocalStack) -> Check:
    """`academyctl audit events`: every event of the last hour."""
    done = _academyctl(stack, "audit", "events", "--json", "--hours", "1")
    found = json.loads(done.stdout)
    published, dead, lost = 0, 0, found["unaccounted"]
    for line in found["services"].values():
        published += line["published"]
        dead += line["dead"] + line["parked"]
    wrong = [f"{lost} unaccounted, {dead} dead or parked"] if lost or dead else []
    return Check("events published are handled, none unaccounted", published, wrong)


def _flow(stack: LocalStack, job: str) -> str:
    """`academyctl flow` ends with 0 when nothing is missing or dead."""
    done = _academyctl(stack, "flow", job)
    return "" if done.returncode == 0 else f"{job}: {done.stdout[-200:]}{done.stderr[-200:]}"


def _academyctl(stack: LocalStack, *words: str):
    return run_academyctl(stack.data, urlsplit(stack.base_url).port, *words)
