"""A workbook whose job has ended is known to be a leftover."""

from uuid import UUID

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from storage_janitor.handlers import on_import_completed, on_import_failed

JOB = str(UUID(int=1))
ENDED = {
    "job_id": JOB,
    "lecture_id": str(UUID(int=2)),
    "dry_run": False,
    "object_key": f"excel/hangang/{JOB}.xlsx",
}
COMPLETED = {**ENDED, "enrolled_count": 1, "rows_total": 1}
FAILED = {**ENDED, "error_code": "no_rows"}


@pytest.mark.parametrize(
    ("handler", "event", "data"),
    [
        (on_import_completed, "enrollment.import.completed", COMPLETED),
        (on_import_failed, "enrollment.import.failed", FAILED),
    ],
)
def test_an_ended_import_is_remembered_once(migrated, make_event, handler, event, data):
    database = migrated("storage_janitor")
    for _ in range(2):
        with unit_of_work(database.database, "hangang", Cause.start(), source="storage-janitor") as uow:
            handler(uow, [make_event(event, "hangang", data)])
    rows = database.admin.execute("SELECT tenant_id, job_id::text, object_key FROM ended_import").fetchall()
    assert rows == [("hangang", JOB, ENDED["object_key"])]
