"""With a purge the leftover workbooks of the academy go; sheets still being read, and held ones, stay."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from eventkit.effects import Effects
from eventkit.envelope import decode
from eventkit.erasure import Person
from eventkit.errors import UnavailableError
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from storage_janitor.handlers import on_student_purged
from storage_janitor.store import holds
from testkit.purges import eraser, purged

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def purge(janitor):
    def run(effects=None):
        people = [Person(ONE, "김하나", "01012345678", None), Person(TWO, "이두리", "01022223333", None)]
        remover = janitor.remover.recording(effects) if effects else janitor.remover
        handler = partial(on_student_purged, remover=remover, erase=eraser("storage.erasure.completed"))
        event = janitor.make_event("students.student.purged", "hangang", purged(UUID(int=9), *people))
        with unit_of_work(janitor.db, "hangang", Cause.start(), source="storage-janitor") as uow:
            handler(uow, [event])

    return run


@pytest.fixture
def leftovers(janitor):
    """Two, beside one that is gone, one in use, and those of other academies."""
    found = [janitor.import_ended(UUID(int=11)), janitor.import_ended(UUID(int=12))]
    janitor.import_ended(UUID(int=13))
    janitor.excel.put(*found, *KEPT, janitor.import_ended(UUID(int=14), "other"))
    return found


KEPT = ["excel/hangang/in-use.xlsx", "excel/hangang2/x.xlsx"]
OTHER = f"excel/other/{UUID(int=14)}.xlsx"


def receipts(janitor):
    rows = janitor.admin.execute("SELECT body FROM outbox ORDER BY seq").fetchall()
    found = [decode(body) for (body,) in rows]
    assert {event.type for event in found} <= {"storage.erasure.completed"}
    return [event.data["counts"] for event in found]


def counted(number):
    return {"student_id": [str(ONE)], "kind": ["workbooks"], "count": [number]}


def test_leftovers_of_ended_imports_are_deleted_counted_once_and_in_the_ledger(janitor, leftovers, purge):
    purge()
    assert janitor.excel.content.keys() == {*KEPT, OTHER}
    assert receipts(janitor) == [counted(2)]
    assert janitor.ledgered() == leftovers


def test_a_rehearsal_says_how_much_it_would_delete_and_deletes_nothing(janitor, leftovers, purge):
    effects = Effects()
    purge(effects)
    assert janitor.excel.content.keys() == {*leftovers, *KEPT, OTHER}
    assert (effects.counts, janitor.ledgered()) == ({"objects deleted": 2}, [])


def test_nothing_left_over_is_an_empty_receipt(janitor, purge):
    purge()
    assert receipts(janitor) == [{"student_id": [], "kind": [], "count": []}]


def test_a_held_workbook_stays_and_is_not_counted(janitor, leftovers, purge):
    hold = {"kind": "prefix", "tenant_id": "hangang", "bucket": "excel", "value": leftovers[0]}
    end = {
        "reason": "분쟁",
        "created_by": "operator-1",
        "expires_at": janitor.clock.now() + timedelta(days=1),
    }
    with janitor.db.system() as conn:
        holds.add(conn, hold | end)
    purge()
    assert leftovers[0] in janitor.excel.content
    assert receipts(janitor) == [counted(1)]


def test_while_the_store_is_away_nothing_is_answered(janitor, leftovers, purge):
    janitor.excel.away = True
    with pytest.raises(UnavailableError):
        purge()
    assert receipts(janitor) == []
    assert janitor.admin.execute("SELECT count(*) FROM erased").fetchone() == (0,)
