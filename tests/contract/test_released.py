"""What owners say to the storage-janitor: released is what nothing refers to, and so it stays.

Everything else is needed: another academy's keys, other shapes, whatever a service does not know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from enrollment.store.tables import import_job
from media.store import videos
from testkit.api import app_of, internal, refused

TENANT, OTHER = "hangang", "other"
ONE, TWO = UUID(int=1), UUID(int=2)


def raw(number, tenant=TENANT):
    return f"tenants/{tenant}/video/raw/{TWO}/{UUID(int=number)}.mp4"


def hls(video, tenant=TENANT):
    return f"tenants/{tenant}/video/hls/{video}/v1/00000.m4s"


def workbook(number, tenant=TENANT):
    return f"excel/{tenant}/{UUID(int=number)}.xlsx"


def photo(number, tenant=TENANT):
    return f"photos/{tenant}/{UUID(int=number)}"


@pytest.fixture
def ask(migrated, issuer):
    """`ask("media", key, …)` → those that are released; the database is ask.database."""

    class Ask:
        def __init__(self):
            self.database = migrated("media", "enrollment", "students")

        def __call__(self, service, *keys, tenant=TENANT):
            app = app_of(service, issuer, self.database.url_of(service))
            given = {"tenant_id": tenant, "keys": list(keys)}
            answer = internal(app).post("/internal/storage/released/", json=given)
            assert answer.status_code == 200, answer.get_json()
            return answer.get_json()["released"]

        def video(self, raw_key, **columns):
            values = {"lecture_id": ONE, "session_id": TWO, "title": "1강", "position": 1, "raw_key": raw_key}
            with self.database.database_of("media").tenant(TENANT) as conn:
                row = videos.insert(conn, TENANT, {**values, "created_by": "user-1", **columns})
            return row.id

        def change(self, statement, *values):
            self.database.admin.execute(statement.encode(), values)

    return Ask()


@pytest.mark.parametrize("status", ["PENDING", "UPLOADED", "PROCESSING", "VIEWABLE", "READY", "FAILED"])
def test_a_video_that_is_there_needs_all_it_has(ask, status):
    video = ask.video(raw(1), status=status)
    assert ask("media", raw(1), hls(video)) == []


def test_a_released_original_and_everything_of_a_deleted_video_may_go(ask):
    video = ask.video(raw(1), status="READY", raw_released_at=datetime.now(UTC))
    assert ask("media", raw(1), hls(video)) == [raw(1)]
    ask.change("UPDATE media.video SET deleted_at = now(), deleted_by = 'user-1'")
    assert ask("media", raw(1), hls(video)) == sorted([raw(1), hls(video)])


def test_what_no_video_has_may_go(ask):
    ask.video(raw(1))
    nobody = uuid4()
    assert ask("media", raw(1), raw(2), hls(nobody)) == sorted([raw(2), hls(nobody)])


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "DONE", "FAILED"])
def test_a_workbook_may_go_when_its_import_has_ended(ask, status):
    values = {"id": UUID(int=1), "tenant_id": TENANT, "object_key": workbook(1), "file_sha256": "x"}
    values |= {
        "file_name": "x",
        "dry_run": False,
        "forced": False,
        "requested_by": "x",
        "correlation_id": "x",
    }
    values |= {"status": status, "error_code": "no_rows" if status == "FAILED" else None}
    values |= {"result": {} if status == "DONE" else None}
    with ask.database.database_of("enrollment").tenant(TENANT) as conn:
        conn.execute(import_job.insert().values(values))
    needed = status in ("PENDING", "RUNNING")
    assert ask("enrollment", workbook(1), workbook(2)) == ([] if needed else [workbook(1)]) + [workbook(2)]


@pytest.mark.parametrize("deleted", ["NULL", "now()"])
def test_a_photo_may_go_when_its_student_was_purged(ask, deleted):
    ask.change(
        "INSERT INTO students.student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
        f" VALUES (%s, %s, '김하나', '김하나', '01012345678', {deleted})",
        TENANT,
        UUID(int=1),
    )
    assert ask("students", photo(1), photo(2)) == [photo(2)]


@pytest.mark.parametrize(
    ("service", "key"),
    [
        ("media", raw(1, OTHER)),
        ("media", hls(ONE, OTHER)),
        ("media", f"tenants/{TENANT}/video/hls/{ONE}"),
        ("media", f"tenants/{TENANT}/video/hls/"),
        ("media", f"tenants/{TENANT}/video/hls/12/x"),
        ("media", workbook(1)),
        ("enrollment", workbook(1, OTHER)),
        ("enrollment", f"exports/{TENANT}/{ONE}_x.xlsx"),
        ("enrollment", photo(1)),
        ("students", photo(1, OTHER)),
        ("students", f"photos/{TENANT}/{ONE}.jpg"),
        ("students", f"photos/{TENANT}/x"),
        ("students", f"erasures/{TENANT}/2026-03-02/{ONE}.json"),
        ("students", raw(1)),
        ("media", ""),
        ("students", "photos/"),
    ],
)
def test_what_is_not_one_s_own_is_needed(ask, service, key):
    assert ask(service, key) == []


@pytest.mark.parametrize("service", ["enrollment", "media", "students"])
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "invalid_request"),
        ({"tenant_id": TENANT}, "invalid_request"),
        ({"tenant_id": TENANT, "keys": []}, "invalid_request"),
        ({"tenant_id": TENANT, "keys": ["x"] * 1001}, "invalid_request"),
        ({"tenant_id": TENANT, "keys": [1]}, "invalid_request"),
        ({"tenant_id": "Not A Tenant", "keys": ["x"]}, "invalid_request"),
        ({"tenant_id": TENANT, "keys": ["x"], "all": True}, "invalid_request"),
    ],
)
def test_what_is_no_question_gets_no_answer(service, issuer, given, code):
    answer = internal(app_of(service, issuer)).post("/internal/storage/released/", json=given)
    assert refused(answer)[:2] == (422, code)
