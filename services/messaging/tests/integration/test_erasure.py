"""A purged student is nobody's recipient any more, and stays so."""

from functools import partial
from uuid import UUID

import pytest
from eventkit.envelope import decode
from eventkit.erasure import Person
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging.handlers import on_student_changed, on_student_purged
from messaging.store.erasure import holdings
from testkit.purges import eraser, purged

GONE, SIBLING = UUID(int=1), UUID(int=2)
ERASURE = UUID(int=9)
PHONE = "01012345678"


@pytest.fixture
def database(migrated):
    return migrated("messaging")


@pytest.fixture
def handle(database, make_event):
    def run(handler, type, data, tenant="hangang"):
        with unit_of_work(database.database, tenant, Cause.start(), source="messaging") as uow:
            handler(uow, [make_event(type, tenant, data)])

    return run


@pytest.fixture
def change(handle):
    def run(*students, version=1, tenant="hangang"):
        columns = {
            "student_id": [str(student) for student in students],
            "version": [version for _ in students],
            "name": ["김하나" if student == GONE else "김두나" for student in students],
            "parent_phone": [PHONE for _ in students],
            "student_phone": [None for _ in students],
            "school": [None for _ in students],
            "grade": [None for _ in students],
            "deleted": [False for _ in students],
        }
        handle(on_student_changed, "students.student.changed", {"students": columns}, tenant)

    return run


@pytest.fixture
def purge(handle):
    def run():
        data = purged(ERASURE, Person(GONE, "김하나", PHONE, None))
        handler = partial(on_student_purged, erase=eraser("messaging.erasure.completed"))
        handle(handler, "students.student.purged", data)

    return run


def stored(database):
    rows = database.admin.execute("SELECT tenant_id, student_id FROM recipient ORDER BY 1, 2")
    return rows.fetchall()


def test_only_the_purged_recipient_is_deleted_and_the_receipt_counts_it(database, change, purge):
    change(GONE, SIBLING)
    change(GONE, tenant="other")
    purge()
    assert stored(database) == [("hangang", SIBLING), ("other", GONE)]
    (body,) = database.admin.execute("SELECT body FROM outbox").fetchone()
    receipt = decode(body)
    assert receipt.type == "messaging.erasure.completed"
    assert receipt.data == {
        "erasure_id": str(ERASURE),
        "counts": {"student_id": [str(GONE)], "kind": ["recipients"], "count": [1]},
    }


def test_a_late_event_brings_no_recipient_back(database, change, purge):
    purge()
    change(GONE, SIBLING, version=99)
    assert stored(database) == [("hangang", SIBLING)]


def test_holdings(database, change):
    change(GONE)
    with database.database.tenant("hangang") as conn:
        assert holdings(conn, "hangang", [GONE, SIBLING]) == {(GONE, "recipients"): 1}
