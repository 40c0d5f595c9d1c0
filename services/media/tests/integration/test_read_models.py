"""The read model of who attends what follows enrollment's events, whatever order they come in."""

from uuid import UUID

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.handlers import on_enrollment_changed, on_session_enrollment_changed

LECTURE, STUDENT, ENROLLMENT, SESSION = (str(UUID(int=n)) for n in range(1, 5))


@pytest.fixture
def handle(database, make_event):
    def run(handler, *data, tenant="hangang", event="enrollment.enrollment.changed"):
        with unit_of_work(database.database, tenant, Cause.start(), source="media") as uow:
            handler(uow, [make_event(event, tenant, item) for item in data])

    return run


def enrollments(*rows):
    """rows: (status, version, deleted) of one enrollment."""
    columns = {
        "enrollment_id": [ENROLLMENT for _ in rows],
        "lecture_id": [LECTURE for _ in rows],
        "student_id": [STUDENT for _ in rows],
        "status": [status for status, _, _ in rows],
        "version": [version for _, version, _ in rows],
        "deleted": [deleted for _, _, deleted in rows],
    }
    return {"enrollments": columns}


def stored(database):
    return database.admin.execute("SELECT tenant_id, status, version, deleted FROM enrollment_ref").fetchall()


def test_the_newest_version_wins_in_any_order(database, handle):
    handle(on_enrollment_changed, enrollments(("INACTIVE", 7, False)))
    handle(on_enrollment_changed, enrollments(("ACTIVE", 5, False)))
    assert stored(database) == [("hangang", "INACTIVE", 7, False)]


def test_one_batch_may_carry_the_same_enrollment_twice(database, handle):
    handle(
        on_enrollment_changed,
        enrollments(("ACTIVE", 1, False), ("INACTIVE", 2, True)),
        enrollments(("ACTIVE", 1, False)),
    )
    assert stored(database) == [("hangang", "INACTIVE", 2, True)]


def test_tenants_do_not_meet(database, handle):
    handle(on_enrollment_changed, enrollments(("ACTIVE", 9, False)))
    handle(on_enrollment_changed, enrollments(("INACTIVE", 3, False)), tenant="other")
    assert sorted(stored(database)) == [("hangang", "ACTIVE", 9, False), ("other", "INACTIVE", 3, False)]


def test_session_enrollments_are_followed(database, handle):
    data = {
        "session_enrollments": {
            "session_id": [SESSION],
            "enrollment_id": [ENROLLMENT],
            "lecture_id": [LECTURE],
            "student_id": [STUDENT],
            "version": [1],
            "deleted": [False],
        }
    }
    handle(on_session_enrollment_changed, data, event="enrollment.session_enrollment.changed")
    rows = database.admin.execute("SELECT session_id::text, deleted FROM session_enrollment_ref").fetchall()
    assert rows == [(SESSION, False)]


def test_a_mark_is_followed_and_stays_when_an_older_build_does_not_tell_it(database, handle):
    def told(version, **mark):
        table = {
            "session_id": [SESSION],
            "enrollment_id": [ENROLLMENT],
            "lecture_id": [LECTURE],
            "student_id": [STUDENT],
            "version": [version],
            "deleted": [False],
        }
        return {"session_enrollments": table | {name: [value] for name, value in mark.items()}}

    def marks():
        return database.admin.execute("SELECT attendance, version FROM session_enrollment_ref").fetchall()

    def run(*tables):
        handle(on_session_enrollment_changed, *tables, event="enrollment.session_enrollment.changed")

    run(told(2, attendance="ONLINE"), told(1, attendance="UNSET"))
    assert marks() == [("ONLINE", 2)]
    run(told(3), told(1, attendance="LATE"))
    assert marks() == [("ONLINE", 3)]
    run(told(4), told(5, attendance="PRESENT"))
    assert marks() == [("PRESENT", 5)]
