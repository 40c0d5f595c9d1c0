"""A purged student is in no read model any more, and stays so."""

from functools import partial
from uuid import UUID

import pytest
from eventkit.envelope import decode
from eventkit.erasure import Person
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.handlers import on_enrollment_changed, on_session_enrollment_changed, on_student_purged
from media.store.erasure import holdings
from testkit.purges import eraser, purged

LECTURE, SESSION = str(UUID(int=7)), str(UUID(int=8))
ERASURE = UUID(int=9)
GONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def handle(database, make_event):
    def run(handler, type, data, tenant="hangang"):
        with unit_of_work(database.database, tenant, Cause.start(), source="media") as uow:
            handler(uow, [make_event(type, tenant, data)])

    return run


@pytest.fixture
def enroll(handle):
    """Each student in one lecture and one session of it."""

    def run(*students, version=1, tenant="hangang"):
        shared = {
            "enrollment_id": [str(UUID(int=100 + student.int)) for student in students],
            "lecture_id": [LECTURE for _ in students],
            "student_id": [str(student) for student in students],
            "version": [version for _ in students],
            "deleted": [False for _ in students],
        }
        enrollments = {**shared, "status": ["ACTIVE" for _ in students]}
        handle(on_enrollment_changed, "enrollment.enrollment.changed", {"enrollments": enrollments}, tenant)
        members = {**shared, "session_id": [SESSION for _ in students]}
        data = {"session_enrollments": members}
        handle(on_session_enrollment_changed, "enrollment.session_enrollment.changed", data, tenant)

    return run


@pytest.fixture
def purge(handle):
    def run():
        data = purged(ERASURE, Person(GONE, "김하나", "01012345678", None))
        handler = partial(on_student_purged, erase=eraser("media.erasure.completed"))
        handle(handler, "students.student.purged", data)

    return run


def stored(database):
    query = """
        SELECT tenant_id, student_id, 'enrollment' AS kind FROM enrollment_ref
        UNION ALL SELECT tenant_id, student_id, 'session' FROM session_enrollment_ref ORDER BY 1, 2, 3
    """
    return database.admin.execute(query).fetchall()


def test_only_the_purged_student_s_rows_are_deleted_and_the_receipt_counts_them(database, enroll, purge):
    enroll(GONE, OTHER)
    enroll(GONE, tenant="other")
    purge()
    assert stored(database) == [
        ("hangang", OTHER, "enrollment"),
        ("hangang", OTHER, "session"),
        ("other", GONE, "enrollment"),
        ("other", GONE, "session"),
    ]
    (body,) = database.admin.execute("SELECT body FROM outbox").fetchone()
    receipt = decode(body)
    assert receipt.type == "media.erasure.completed"
    assert receipt.data["counts"] == {
        "student_id": [str(GONE)] * 2,
        "kind": ["enrollments", "session_enrollments"],
        "count": [1, 1],
    }


def test_late_events_bring_no_row_back(database, enroll, purge):
    purge()
    enroll(GONE, version=99)
    assert stored(database) == []


def test_holdings(database, enroll):
    enroll(GONE)
    with database.database.tenant("hangang") as conn:
        assert holdings(conn, "hangang", [GONE, OTHER]) == {
            (GONE, "enrollments"): 1,
            (GONE, "session_enrollments"): 1,
        }
