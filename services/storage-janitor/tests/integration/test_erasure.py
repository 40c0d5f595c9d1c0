"""With a purge the leftover workbooks of the academy go; sheets still being read stay."""

from functools import partial
from uuid import UUID

import pytest
from eventkit.envelope import decode
from eventkit.erasure import Person
from eventkit.errors import UnavailableError
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from storage_janitor.handlers import on_import_completed, on_student_purged
from testkit.objects import MemoryObjects
from testkit.purges import eraser, purged

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def database(migrated):
    return migrated("storage_janitor")


@pytest.fixture
def handle(database, make_event):
    def run(handler, type, data, tenant="hangang"):
        with unit_of_work(database.database, tenant, Cause.start(), source="storage-janitor") as uow:
            handler(uow, [make_event(type, tenant, data)])

    return run


@pytest.fixture
def ended(handle):
    """An import of the tenant has ended; the key of its workbook."""

    def run(number, tenant="hangang"):
        job = str(UUID(int=number))
        key = f"excel/{tenant}/{job}.xlsx"
        data = {"job_id": job, "lecture_id": None, "dry_run": False, "object_key": key}
        figures = {"enrolled_count": 1, "rows_total": 1}
        handle(on_import_completed, "enrollment.import.completed", {**data, **figures}, tenant)
        return key

    return run


@pytest.fixture
def purge(handle):
    def run(objects):
        people = [Person(ONE, "김하나", "01012345678", None), Person(TWO, "이두리", "01022223333", None)]
        handler = partial(on_student_purged, objects=objects, erase=eraser("storage.erasure.completed"))
        handle(handler, "students.student.purged", purged(UUID(int=9), *people))

    return run


def receipts(database):
    rows = database.admin.execute("SELECT body FROM outbox ORDER BY seq").fetchall()
    found = [decode(body) for (body,) in rows]
    assert {event.type for event in found} <= {"storage.erasure.completed"}
    return [event.data["counts"] for event in found]


def test_leftovers_of_ended_imports_are_deleted_and_counted_once(database, ended, purge):
    leftovers = {ended(11), ended(12)}
    ended(13)  # its workbook is gone already
    kept = {"excel/hangang/in-use.xlsx", "excel/hangang2/x.xlsx", ended(14, "other")}
    objects = MemoryObjects(dict.fromkeys(leftovers | kept, b"sheet"))
    purge(objects)
    assert objects.content.keys() == kept
    assert receipts(database) == [{"student_id": [str(ONE)], "kind": ["workbooks"], "count": [2]}]


def test_nothing_left_over_is_an_empty_receipt(database, purge):
    purge(MemoryObjects())
    assert receipts(database) == [{"student_id": [], "kind": [], "count": []}]


def test_while_the_store_is_away_nothing_is_answered(database, ended, purge):
    objects = MemoryObjects({ended(11): b"sheet"}, away=True)
    with pytest.raises(UnavailableError):
        purge(objects)
    assert receipts(database) == []
    assert database.admin.execute("SELECT count(*) FROM erased").fetchone() == (0,)
