"""The 03:15 task: 30 days after the deletion, once across workers, in steps, and with a fuse."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from eventkit.errors import TransientError
from eventkit.metrics import Metrics
from eventkit.runtime import Runtime
from prometheus_client import CollectorRegistry
from servicekit.metrics import WORKER
from servicekit.periodic import PeriodicLoop, PeriodicTask
from sqlalchemy.exc import IntegrityError
from students.domain.audit import Pseudonyms
from students.domain.purge import BATCH, Fuse
from students.metrics import ALL
from students.usecases import purge as usecases
from testkit.api import PSEUDONYM_KEY
from testkit.at_once import at_once
from testkit.clock import FakeClock

PSEUDONYMS = Pseudonyms(bytes.fromhex(PSEUDONYM_KEY))
NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)  # 09:00 in Seoul


@pytest.fixture
def trash(academy):
    """`trash(3, days=31, tenant=…)`: so many students who were deleted that long before NOW; their ids."""

    def make(count, *, days=31, tenant="demo", active=0, start=0):
        rows = academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
            " SELECT %s, gen_random_uuid(), '학생' || n, '학생' || n, '010' || lpad(n::text, 8, '0'),"
            " CASE WHEN n <= %s THEN %s::timestamptz END"
            " FROM generate_series(%s + 1, %s) AS n RETURNING id::text, deleted_at",
            tenant, start + count, NOW - timedelta(days=days), start, start + count + active,
        )  # fmt: skip
        return [student for student, deleted_at in rows if deleted_at is not None]

    return make


class Worker:
    """One worker's 03:15 loop."""

    def __init__(self, db, clock):
        self.clock, self.registry = clock, CollectorRegistry()
        self.metrics = Metrics(self.registry, (*WORKER, *ALL))
        held = usecases.held_people(self.metrics, clock)
        body = partial(usecases.purge_expired, pseudonyms=PSEUDONYMS, held=held)
        task = PeriodicTask("students.purge_deleted", body, daily_at=time(3, 15))
        runtime = Runtime(clock, self.metrics)
        self.loop = PeriodicLoop(task, db, runtime)

    def value(self, name, **labels):
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def worker(academy):
    return lambda clock: Worker(academy.db.database, clock)


@pytest.fixture
def run(academy):
    """One run of the task at NOW; `run.held(reason)` is the gauge afterwards."""
    registry = CollectorRegistry()
    clock = FakeClock(NOW)
    held = usecases.held_people(Metrics(registry, ALL), clock)

    def once(now=NOW):
        usecases.purge_expired(academy.db.database, now, pseudonyms=PSEUDONYMS, held=held)

    once.held = lambda reason: registry.get_sample_value("academy_purge_held", {"reason": reason})
    once.clock = clock
    return once


def left(academy, tenant="demo"):
    return {one for (one,) in academy.all("SELECT id::text FROM student WHERE tenant_id = %s", tenant)}


def told(academy):
    """Ids in all students.student.purged events."""
    events = academy.published("students.student.purged")
    return [student for one in events for student in one.data["students"]["student_id"]]


def test_thirty_days_after_the_deletion_a_student_is_gone(academy, trash, run, trail):
    old, kept = trash(3, days=30.01), trash(2, days=29.99, start=10)
    foreign = trash(1, days=400, tenant="other")
    trash(0, active=4, start=20)
    run()
    assert left(academy) == {*kept} | {
        one for (one,) in academy.all("SELECT id::text FROM student WHERE deleted_at IS NULL")
    }
    assert left(academy, "other") == set()
    assert {(action, actor, details["reason"]) for action, _, actor, details in trail()} == {
        ("purged", "task:purge_deleted", "expired")
    }
    assert sorted(told(academy)) == sorted([*old, *foreign])
    assert (run.held("fuse"), run.held("legal_hold"), run.held("cross_tenant_reference")) == (0, 0, 0)


def test_two_workers_purge_once_and_show_when(academy, trash, worker):
    """03:15 in Seoul; the second worker finds it done."""
    trash(5, days=31)
    clocks = [FakeClock(NOW) for _ in range(2)]
    workers = [worker(clock) for clock in clocks]
    for one in workers:
        one.loop.tick()  # not due yet: only the due time is written
    assert len(left(academy)) == 5
    for clock in clocks:
        clock.advance((datetime(2026, 3, 2, 18, 15, tzinfo=UTC) - NOW).total_seconds())

    def tick(one):
        one.loop.tick()
        one.loop.tick()

    for done in at_once(*(partial(tick, one) for one in workers)):
        done.result()
    assert left(academy) == set()
    runs = [
        one.value("academy_periodic_runs_total", task="students.purge_deleted", outcome="done")
        for one in workers
    ]
    assert sorted(count or 0 for count in runs) == [0, 1]
    shown = [
        one.value("academy_periodic_success_timestamp_seconds", task="students.purge_deleted")
        for one in workers
    ]
    assert clocks[0].now().timestamp() in shown
    assert len(academy.published("students.student.purged")) == 1


def test_after_days_of_downtime_it_catches_up_once(academy, trash, worker):
    early, late = trash(2, days=31), trash(2, days=28, start=10)
    clock = FakeClock(NOW)
    worker(clock).loop.tick()
    clock.advance(5 * 24 * 3600)
    restarted = worker(clock)
    for _ in range(3):
        restarted.loop.tick()
    assert left(academy) == set()
    assert len(early) + len(late) == 4
    assert restarted.value("academy_periodic_runs_total", task="students.purge_deleted", outcome="done") == 1
    trash(1, days=31, start=50)
    restarted.loop.tick()
    assert len(left(academy)) == 1  # due again tomorrow


@pytest.mark.parametrize(
    ("expired", "active", "held"),
    [(500, 6000, False), (501, 6000, True), (50, 0, False), (51, 400, True), (51, 460, False)],
)
def test_the_fuse_stops_an_unusual_day(academy, trash, run, caplog, expired, active, held):
    """More than 500, or more than 50 that are more than a tenth of the academy; other academies go on."""
    trash(expired, active=active)
    trash(2, tenant="other")
    with caplog.at_level(logging.ERROR):
        run()
    assert len(left(academy)) == active + (expired if held else 0)
    assert left(academy, "other") == set()
    assert run.held("fuse") == (expired if held else 0)
    logged = [record for record in caplog.records if "fuse" in record.message]
    assert [(r.tenant, r.due, r.students) for r in logged] == (
        [("demo", expired, expired + active)] if held else []
    )


def test_the_next_day_is_for_whichever_worker_runs_then_to_tell(trash, run):
    """An alarm does not stay on because the other worker has found it mended."""
    trash(600)
    assert math.isnan(run.held("fuse"))
    run()
    run.clock.advance(24 * 3600)
    assert run.held("fuse") == 600
    run.clock.advance(2 * 3600)
    assert math.isnan(run.held("fuse"))


def test_a_fuse_is_overridden_by_word_only(academy, trash, by):
    trash(700, days=40)
    run = partial(usecases.empty_trash, academy.db.database, by, NOW - timedelta(days=30))
    assert [(one.fused, one.purged) for one in run(Fuse())] == [(True, 0)]
    assert [(one.fused, one.purged) for one in run(Fuse(overridden=True), dry_run=True)] == [(False, 700)]
    assert len(left(academy)) == 700
    assert [(one.fused, one.purged) for one in run(Fuse(overridden=True))] == [(False, 700)]
    assert left(academy) == set()


def test_who_is_held_stays_is_shown_and_stands_in_the_trail_once(
    academy, trash, run, office, trail, pseudonym
):
    held, linked, *gone = trash(4)
    office.post(f"{held}/hold/", {"reason": "소송"})
    academy.db.admin.execute("SET session_replication_role = replica")
    academy.db.admin.execute("INSERT INTO student_tag VALUES ('other', %s, gen_random_uuid())", (linked,))
    academy.db.admin.execute("SET session_replication_role = origin")
    for day in range(3):
        run(NOW + timedelta(days=day))
        assert left(academy) == {held, linked}
        assert (run.held("legal_hold"), run.held("cross_tenant_reference")) == (1, 1)
    by_task = "task:purge_deleted"
    refusals = sorted(trail("purge_refused"), key=lambda row: row[3]["code"])
    assert refusals == [
        (
            "purge_refused",
            pseudonym(linked),
            by_task,
            {"reason": "expired", "code": "cross_tenant_reference"},
        ),
        ("purge_refused", pseudonym(held), by_task, {"reason": "expired", "code": "legal_hold"}),
    ]
    office.post(f"{held}/hold/", {"reason": "다른 소송"})
    run(NOW + timedelta(days=4))
    assert len(trail("purge_refused")) == 3
    office.delete(f"{held}/hold/", role="owner")
    run(NOW + timedelta(days=5))
    assert left(academy) == {linked}
    assert len(gone) == 2


def test_held_students_do_not_blow_the_fuse(academy, trash, run):
    trash(60, active=100)
    academy.db.admin.execute(
        "INSERT INTO legal_hold (tenant_id, student_id, reason, created_by)"
        " SELECT tenant_id, id, '소송', 'user-1' FROM student WHERE deleted_at IS NOT NULL LIMIT 20"
    )
    run()
    assert len(left(academy)) == 120
    assert (run.held("fuse"), run.held("legal_hold")) == (0, 20)


def test_a_crash_keeps_the_batches_that_were_done(academy, trash, by, monkeypatch):
    trash(2 * BATCH + 100)
    original, calls = usecases.purge, []

    def crash_in_the_second(uow, by, ids, reason):
        calls.append(len(ids))
        done = original(uow, by, ids, reason)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(usecases, "purge", crash_in_the_second)
    run = partial(
        usecases.empty_trash, academy.db.database, by, NOW - timedelta(days=30), Fuse(overridden=True)
    )
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(left(academy)) == BATCH + 100
    [done] = run()
    assert (done.purged, left(academy)) == (BATCH + 100, set())
    assert len(told(academy)) == len(set(told(academy))) == 2 * BATCH + 100


def test_one_academy_s_trouble_stops_no_other(academy, trash, by, monkeypatch, caplog):
    for tenant in ("a", "b", "c"):
        trash(1, tenant=tenant)
    original = usecases.purge

    def broken_for_b(uow, by, ids, reason):
        if uow.tenant == "b":
            raise IntegrityError("DELETE", {}, ValueError("010-1234-5678"))
        return original(uow, by, ids, reason)

    monkeypatch.setattr(usecases, "purge", broken_for_b)
    with pytest.raises(TransientError, match="1 academies failed"):
        usecases.empty_trash(academy.db.database, by, NOW, Fuse())
    assert academy.all("SELECT DISTINCT tenant_id FROM student") == [("b",)]
    assert "1234" not in caplog.text
