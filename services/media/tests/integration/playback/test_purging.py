"""A student who is purged, or merged with another record, at the moment something is written of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from eventkit.erasure import Person
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.domain.access import Limits
from media.handlers import on_enrollment_changed, on_student_purged
from media.store.erasure import holdings
from media.usecases.access import set_access
from media.usecases.watching import start
from testkit.purges import eraser, purged
from testkit.waiting import wait_until

WRITES = {
    "start": lambda uow, video, player: start(
        uow, video, player.enrollment, "device-1", {player.student},
        ttl=timedelta(minutes=10), limits=Limits(9, 9, 3, 0.5),
    ),
    "set_access": lambda uow, video, player: set_access(uow, video, player.enrollment, {}, "teacher-1"),
}  # fmt: skip


@pytest.fixture
def open_uow(database):
    return lambda: unit_of_work(database.database, "demo", Cause.start(), source="media")


@pytest.fixture
def meanwhile(academy, open_uow, make_event):
    """`meanwhile(write, handler, type, data)`: the event comes after the write, and before its commit."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    def handle(handler, type, data):
        with open_uow() as uow:
            handler(uow, [make_event(type, "demo", data)])

    def run(write, *event):
        with ThreadPoolExecutor(1) as other:
            with open_uow() as uow:
                write(uow)
                handled = other.submit(handle, *event)
                wait_until(lambda: handled.done() or academy.sql(waiting) != [(0,)])
            handled.result()

    return run


@pytest.mark.parametrize("name", WRITES)
def test_a_purge_finds_what_was_just_being_written(academy, database, meanwhile, name):
    video, player = academy.video(), academy.student("ONLINE")
    gone = purged(UUID(int=9), Person(player.student, "김하나", "01012345678", None))
    purge = partial(on_student_purged, erase=eraser("media.erasure.completed"))
    write = partial(WRITES[name], video=video, player=player)
    meanwhile(write, purge, "students.student.purged", gone)
    with database.database.tenant("demo") as conn:
        assert holdings(conn, "demo", [player.student]) == {}


@pytest.mark.parametrize("name", WRITES)
def test_what_was_just_being_written_follows_a_merged_student(academy, database, meanwhile, name):
    video, player, kept = academy.video(), academy.student("ONLINE"), uuid4()
    row = {
        "enrollment_id": str(player.enrollment), "lecture_id": str(academy.lecture),
        "student_id": str(kept), "status": "ACTIVE", "version": 2, "deleted": False,
    }  # fmt: skip
    moved = {"enrollments": {name: [value] for name, value in row.items()}}
    write = partial(WRITES[name], video=video, player=player)
    meanwhile(write, on_enrollment_changed, "enrollment.enrollment.changed", moved)
    with database.database.tenant("demo") as conn:
        left = holdings(conn, "demo", [player.student])
        assert set(left) == {(player.student, "session_enrollments")}
