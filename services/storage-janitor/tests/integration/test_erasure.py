"""With a purge the leftover workbooks of the academy go; sheets still being read stay."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from eventkit.clock import SYSTEM_CLOCK
from eventkit.envelope import decode
from eventkit.errors import UnavailableError
from eventkit.queue import Queue
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.erasure import Eraser
from servicekit.storage import ObjectInfo
from storage_janitor.handlers import on_import_completed, on_student_purged
from testkit.sqs import FakeSqs

ONE, TWO = UUID(int=1), UUID(int=2)


@dataclass
class Objects:
    """The part of an ObjectStore that is used here."""

    keys: set[str]
    away: bool = False

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        if self.away:
            raise UnavailableError("storage")
        return (ObjectInfo(k, 1, datetime.now(UTC)) for k in sorted(self.keys) if k.startswith(prefix))

    def delete(self, keys):
        self.keys -= set(keys)


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
        sqs = FakeSqs(SYSTEM_CLOCK)
        sqs.make_pair("storage-janitor")
        columns = {
            "student_id": [str(ONE), str(TWO)],
            "name": ["김하나", "이두리"],
            "parent_phone": ["01012345678", "01022223333"],
            "student_phone": [None, None],
        }
        data = {"erasure_id": str(UUID(int=9)), "students": columns}
        dead = Queue.open(sqs, "storage-janitor-dlq")
        handle(
            partial(on_student_purged, objects=objects, erase=Eraser(dead, "storage.erasure.completed")),
            "students.student.purged",
            data,
        )

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
    objects = Objects(leftovers | kept)
    purge(objects)
    assert objects.keys == kept
    assert receipts(database) == [{"student_id": [str(ONE)], "kind": ["workbooks"], "count": [2]}]


def test_nothing_left_over_is_an_empty_receipt(database, purge):
    purge(Objects(set()))
    assert receipts(database) == [{"student_id": [], "kind": [], "count": []}]


def test_while_the_store_is_away_nothing_is_answered(database, ended, purge):
    objects = Objects({ended(11)}, away=True)
    with pytest.raises(UnavailableError):
        purge(objects)
    assert receipts(database) == []
    assert database.admin.execute("SELECT count(*) FROM erased").fetchone() == (0,)
