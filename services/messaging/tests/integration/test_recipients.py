"""The numbers a message may reach follow the students service; nothing is sent because of it."""

from uuid import UUID

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging.handlers import on_student_changed

STUDENT = str(UUID(int=1))


@pytest.fixture
def database(migrated):
    return migrated("messaging")


@pytest.fixture
def handle(database, make_event):
    def run(*data):
        with unit_of_work(database.database, "hangang", Cause.start(), source="messaging") as uow:
            on_student_changed(
                uow, [make_event("students.student.changed", "hangang", item) for item in data]
            )

    return run


def student(version, parent_phone="01012345678", *, deleted=False):
    return {
        "students": {
            "student_id": [STUDENT],
            "version": [version],
            "name": ["김하나"],
            "parent_phone": [parent_phone],
            "student_phone": [None],
            "school": [None],
            "grade": [None],
            "deleted": [deleted],
        }
    }


def test_a_changed_number_replaces_the_old_one(database, handle):
    handle(student(1), student(2, "01099998888"))
    handle(student(1))
    rows = database.admin.execute("SELECT parent_phone, version, deleted FROM recipient").fetchall()
    assert rows == [("01099998888", 2, False)]


def test_following_students_requests_no_message(database, handle):
    handle(student(1), student(2, deleted=True))
    assert database.admin.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
