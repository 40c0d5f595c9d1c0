"""A dead letter of an import is tried without effect, by the worker's own handlers on the real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from enrollment import handlers
from enrollment.adapters.sheet import annotate, read_roster
from enrollment.metrics import ALL
from enrollment.usecases.imports import ReadingPorts
from enrollment.usecases.workbooks import EndingPorts
from eventkit import inbox, lease
from eventkit.clock import SYSTEM_CLOCK
from eventkit.deadletters.rehearsal import Forecast, Rehearsal
from eventkit.envelope import Event, encode
from eventkit.errors import UnavailableError
from eventkit.ids import new_id
from eventkit.lease import LeaseBusyError
from eventkit.metrics import Metrics
from eventkit.queue import Outgoing, Queue
from eventkit.runtime import Runtime
from eventkit.subscription import by_type, on
from prometheus_client import CollectorRegistry
from servicekit.erasure import Eraser
from testkit.sqs import FakeSqs
from testkit.workbooks import roster_workbook

STUDENTS = 30


@pytest.fixture
def dead() -> Queue:
    """Holds one letter, which no rehearsal may take out."""
    sqs = FakeSqs(SYSTEM_CLOCK)
    sqs.make_pair("enrollment")
    queue = Queue.open(sqs, "enrollment-dlq")
    queue.send_batch([Outgoing("a letter")])
    return queue


@pytest.fixture
def try_out(imports: Any, objects: Any, dead: Queue) -> Callable[[Event], Forecast]:
    """What a dry run says of an event's letter; the ports are bound as worker.py binds them."""
    db = imports.academy.database
    runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry()))
    reading = ReadingPorts(db, objects, read_roster, SYSTEM_CLOCK, "worker-1")
    ended = {"ports": EndingPorts(objects, annotate, Metrics(CollectorRegistry(), ALL))}
    subscriptions = by_type(
        [
            on("enrollment.import.accepted", handlers.on_import_accepted, single=True, ports=reading),
            on("enrollment.import.completed", handlers.on_import_completed, **ended),
            on("enrollment.import.failed", handlers.on_import_failed, **ended),
            on("students.roster.resolved", handlers.on_roster_resolved),
            on(
                "students.student.purged",
                handlers.on_student_purged,
                erase=Eraser(dead, "enrollment.erasure.completed"),
                objects=objects,
            ),
        ]
    )
    rehearsal = Rehearsal("enrollment", db, subscriptions, runtime)
    return lambda event: rehearsal.try_out(encode(event))


@pytest.fixture
def unchanged(everything: Callable[[], str], objects: Any, dead: Queue) -> Any:
    """`with unchanged():` not a row, not an object, not a message is another one after it."""

    @contextmanager
    def block() -> Iterator[None]:
        before = everything(), dict(objects.content), dead.depth()
        yield
        assert (everything(), objects.content, dead.depth()) == before

    return block


@pytest.fixture
def accepted(imports: Any, objects: Any, tmp_path: Path) -> Event:
    """An upload of 30 students, of which nobody has read anything yet."""
    event = imports.job(imports.lecture())
    path = roster_workbook(tmp_path / "roster.xlsx", STUDENTS)
    objects.content[event.data["object_key"]] = path.read_bytes()
    assert isinstance(event, Event)
    return event


def test_an_accepted_import_says_how_many_rows_it_would_read(
    imports: Any, accepted: Event, try_out: Any, unchanged: Any
) -> None:
    for _ in range(2):
        with unchanged():
            forecast = try_out(accepted)
        assert forecast.word == "would_change"
        assert forecast.changes["import_row"] == STUDENTS
        assert forecast.changes["events"] == 2, "of the rows, and of the session that they are put in"
        assert forecast.changes["session"] == 1
        assert set(forecast.changes) == {"import_row", "import_job", "session", "events"}
    assert imports.state(accepted)["attempts"] == 0


def test_what_was_rehearsed_is_then_done_as_if_it_never_had_been(
    imports: Any, accepted: Event, try_out: Any, created: Any
) -> None:
    try_out(accepted)
    imports.read(accepted, read_roster)
    for answer in imports.answers(accepted, created):
        imports.enroll(answer)
    state = imports.state(accepted)
    assert (state["status"], state["attempts"], state["result"]["enrolled_count"]) == ("DONE", 1, STUDENTS)


def test_a_sheet_that_cannot_be_read_would_end_the_import(
    objects: Any, accepted: Event, try_out: Any, unchanged: Any
) -> None:
    objects.content[accepted.data["object_key"]] = b"not a workbook"
    with unchanged():
        forecast = try_out(accepted)
    # enrollment and storage-janitor would hear of it
    assert (forecast.word, forecast.changes["events"]) == ("would_change", 2)
    assert forecast.changes["import_job"] > 0


def test_an_answered_chunk_says_how_many_would_be_enrolled(
    imports: Any, accepted: Event, created: Any, try_out: Any, unchanged: Any
) -> None:
    imports.read(accepted, read_roster)
    (answer,) = imports.answers(accepted, created)
    with unchanged():
        forecast = try_out(answer)
    assert forecast.word == "would_change"
    assert forecast.changes["enrollment"] == forecast.changes["session_enrollment"] == STUDENTS
    assert forecast.changes["import_row"] == STUDENTS
    # enrollments to media and messaging, sessions to media, the end to enrollment and storage-janitor
    assert forecast.changes["events"] == 5


def test_what_the_worker_has_handled_is_already_applied(
    imports: Any, accepted: Event, try_out: Any, unchanged: Any
) -> None:
    with imports.academy.database.tenant("demo") as conn:
        inbox.claim(conn, "on_import_accepted", [accepted])
    with unchanged():
        assert try_out(accepted) == Forecast("already_applied")


def test_an_object_is_not_deleted_by_a_rehearsal(
    imports: Any, accepted: Event, try_out: Any, unchanged: Any
) -> None:
    data = {
        "job_id": accepted.data["job_id"], "lecture_id": str(new_id()), "dry_run": False,
        "object_key": accepted.data["object_key"], "error_code": "not_xlsx",
    }  # fmt: skip
    with unchanged():
        forecast = try_out(imports.make_event("enrollment.import.failed", "demo", data))
    assert forecast == Forecast("would_change", {"objects deleted": 1})


def test_nobody_is_erased_by_a_rehearsal(
    imports: Any, accepted: Event, created: Any, try_out: Any, unchanged: Any
) -> None:
    imports.read(accepted, read_roster)
    (answer,) = imports.answers(accepted, created)
    imports.enroll(answer)
    row = imports.rows(accepted)[0]
    data = {
        "erasure_id": str(new_id()),
        "students": {
            "student_id": [str(row["student_id"])], "name": [row["name"]],
            "parent_phone": [row["parent_phone"]], "student_phone": [None],
        },
    }  # fmt: skip
    with unchanged():
        forecast = try_out(imports.make_event("students.student.purged", "demo", data))
    assert forecast.word == "would_change"
    assert forecast.changes["enrollment"] == 1
    assert forecast.changes["erased"] == 1
    assert forecast.changes["enrollment-dlq looked through"] == 1


def test_a_letter_that_still_fails_says_why_and_where(
    imports: Any, accepted: Event, created: Any, try_out: Any, unchanged: Any
) -> None:
    """The answer names no student for a row that has one."""
    imports.read(accepted, read_roster)
    (answer,) = imports.answers(accepted, created)
    answer.data["rows"]["student_id"][0] = None
    with unchanged():
        forecast = try_out(answer)
    assert (forecast.word, forecast.reason, forecast.changes) == ("still_fails", "student_id_missing", {})
    assert len(forecast.fingerprint) == 12


def test_a_storage_that_is_away_says_nothing_of_the_letter(
    objects: Any, accepted: Event, try_out: Any, unchanged: Any
) -> None:
    objects.away = True
    with unchanged(), pytest.raises(UnavailableError):
        try_out(accepted)


def test_an_import_that_is_being_read_is_waited_for(
    imports: Any, accepted: Event, try_out: Any, unchanged: Any
) -> None:
    with imports.academy.database.tenant("demo") as conn:
        lease.claim(conn, f"import:{accepted.data['job_id']}", "worker-2", timedelta(minutes=1))
    with unchanged(), pytest.raises(LeaseBusyError):
        try_out(accepted)
