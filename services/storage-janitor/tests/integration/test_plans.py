"""Applying a plan: each object is judged anew, the ledger has every deletion once, fuses stop it before."""

from datetime import timedelta
from uuid import UUID

import pytest
from eventkit.errors import TransientError, UnavailableError
from sqlalchemy.exc import DBAPIError
from storage_janitor.domain.plans import PlanKind
from storage_janitor.store import holds, plans
from storage_janitor.usecases import applying, planning
from storage_janitor.usecases.planning import PlanRefusedError
from testkit.points import Crash

TENANT, VIDEO = "hangang", UUID(int=12)
DAY, HOURS_73 = timedelta(hours=25), timedelta(hours=73)
RAW = f"tenants/hangang/video/raw/{UUID(int=2)}/{UUID(int=1012)}.mp4"


def exports(count, first=0):
    return [f"exports/{TENANT}/{UUID(int=n)}_x.xlsx" for n in range(first, first + count)]


def hold(janitor, kind, value, bucket=None, **until):
    values = {"kind": kind, "tenant_id": TENANT, "bucket": bucket, "value": value, "reason": "분쟁"}
    ends = janitor.clock.now() + timedelta(**(until or {"days": 30}))
    with janitor.db.system() as conn:
        return holds.add(conn, {**values, "created_by": "operator-1", "expires_at": ends})


def approve(janitor, kind="orphans", by="approver-1", digest=None):
    plan = janitor.plan(kind)
    with janitor.db.system() as conn:
        return planning.approve(conn, plan.id, digest or plan.digest, by, janitor.clock.now())


def conserved(plan):
    return plan.deleted + sum(plan.kept.values()) == plan.objects


@pytest.fixture
def planned(janitor, monkeypatch):
    """250 exports are due, in a plan that may begin, 100 at once; their keys."""
    monkeypatch.setattr(applying, "BATCH", 100)
    keys = exports(250)
    janitor.excel.put(*keys, age=DAY)
    janitor.sweep("excel")
    return keys


@pytest.fixture
def orphan(janitor):
    """An original that nothing refers to, in a plan that is approved."""
    janitor.objects.put(RAW, age=HOURS_73)
    janitor.sweep("video")
    approve(janitor)
    return RAW


# -- what changes between plan and deletion


def test_what_was_written_anew_is_not_what_was_planned(janitor, planned):
    janitor.excel.put(planned[3])
    del janitor.excel.content[planned[5]]
    janitor.apply()
    assert janitor.excel.content.keys() == {planned[3]}
    plan = janitor.plan()
    assert (plan.state, plan.deleted, plan.kept) == ("done", 248, {"changed": 1, "absent": 1})
    assert len(janitor.ledgered()) == 248


def test_an_owner_that_needs_it_again_keeps_it(janitor, orphan):
    janitor.owners.needed = {orphan}
    janitor.apply()
    assert orphan in janitor.objects.content
    assert (janitor.plan("orphans").state, janitor.plan("orphans").kept) == ("done", {"needed": 1})


@pytest.mark.parametrize("word", ["uploaded", "ready"])
def test_an_event_that_comes_after_the_plan_keeps_it(janitor, orphan, word):
    """Even if the owner were wrong: both have to agree."""
    janitor.hear(janitor.event(f"media.video.{word}"))
    janitor.apply()
    assert orphan in janitor.objects.content


def test_while_an_owner_is_away_nothing_is_deleted(janitor, orphan):
    janitor.owners.away = {"media"}
    with pytest.raises(UnavailableError):
        janitor.apply()
    assert (orphan in janitor.objects.content, janitor.plan("orphans").state) == (True, "applying")
    janitor.owners.away = set()
    janitor.apply()
    assert (janitor.objects.content, janitor.ledgered()) == ({}, [RAW])


def test_a_rule_that_was_changed_after_the_plan_counts(janitor, other_policy):
    janitor.excel.put(*exports(3), age=DAY)
    janitor.sweep("excel")
    janitor.use({}, other_policy(('age = "24h"', 'age = "48h"')))
    janitor.apply()
    assert len(janitor.excel.content) == 3
    assert janitor.plan().kept == {"needed": 3}


@pytest.mark.parametrize(
    ("kind", "value", "bucket"),
    [
        ("tenant", TENANT, None),
        ("prefix", f"exports/{TENANT}/", "excel"),
        ("prefix", exports(1)[0], "excel"),
    ],
)
def test_a_hold_keeps_it_until_it_ends(janitor, kind, value, bucket):
    janitor.excel.put(*exports(1), age=DAY)
    janitor.sweep("excel")
    hold(janitor, kind, value, bucket, hours=10)
    janitor.apply()
    assert (len(janitor.excel.content), janitor.plan().kept) == (1, {"held": 1})
    janitor.later(hours=11)
    janitor.sweep("excel")
    janitor.apply()
    assert janitor.excel.content == {}


@pytest.mark.parametrize(
    ("kind", "value", "bucket"),
    [("tenant", "other", None), ("prefix", f"exports/{TENANT}/", "video"), ("video", str(VIDEO), None)],
)
def test_a_hold_on_something_else_keeps_nothing(janitor, kind, value, bucket):
    janitor.excel.put(*exports(1), age=DAY)
    janitor.sweep("excel")
    with janitor.db.system() as conn:
        values = {"kind": kind, "tenant_id": "other", "bucket": bucket, "value": value, "reason": "분쟁"}
        ends = janitor.clock.now() + timedelta(days=1)
        holds.add(conn, {**values, "created_by": "operator-1", "expires_at": ends})
    janitor.apply()
    assert janitor.excel.content == {}


def test_a_held_video_is_not_deleted_though_its_owner_has_released_it(janitor):
    key = f"tenants/{TENANT}/video/hls/{VIDEO}/master.m3u8"
    janitor.store(key)
    hold(janitor, "video", str(VIDEO))
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.run()
    assert (key in janitor.objects.content, janitor.answers()) == (True, [])
    assert janitor.deletions() == [("video", "failed", "1 objects not deleted: held")]
    janitor.run_later(days=31)
    assert (janitor.objects.content, len(janitor.answers())) == ({}, 1)


def test_a_held_video_keeps_its_original_whose_key_does_not_tell_it(janitor):
    """Released by its owner, and planned by the net below."""
    janitor.hear(janitor.event("media.video.ready"), janitor.event("media.raw.expired"))
    janitor.store(RAW)
    hold(janitor, "video", str(VIDEO))
    janitor.run()
    janitor.sweep("video")
    janitor.later(hours=2)
    janitor.apply()
    assert (RAW in janitor.objects.content, janitor.plan().kept) == (True, {"held": 1})
    assert janitor.deletions() == [("raw", "failed", "1 objects not deleted: held")]
    janitor.run_later(days=31)
    assert janitor.objects.content == {}


# -- approval


def test_a_plan_is_approved_by_its_digest_and_not_by_its_author(janitor):
    janitor.objects.put(RAW, age=HOURS_73)
    janitor.sweep("video")
    with pytest.raises(PlanRefusedError, match="digest_mismatch"):
        approve(janitor, digest="0" * 64)
    with pytest.raises(PlanRefusedError, match="own_approval"):
        approve(janitor, by=janitor.plan("orphans").created_by)
    assert approve(janitor).state == "approved"
    with pytest.raises(PlanRefusedError, match="plan_state"):
        approve(janitor)


def test_items_cannot_be_changed_and_if_they_are_the_plan_is_not_applied(janitor, orphan):
    with pytest.raises(DBAPIError, match="permission denied"), janitor.db.system() as conn:
        conn.exec_driver_sql("UPDATE plan_item SET key = 'other'")
    with pytest.raises(DBAPIError, match="permission denied"), janitor.db.system() as conn:
        conn.exec_driver_sql("DELETE FROM ledger")
    janitor.objects.put("tenants/other/x", age=HOURS_73)
    janitor.admin.execute("UPDATE plan_item SET key = 'tenants/other/x'")
    janitor.apply()
    assert (janitor.plan("orphans").state, janitor.plan("orphans").stop_reason) == (
        "stopped",
        "digest_mismatch",
    )
    assert len(janitor.objects.content) == 2


def test_an_approval_does_not_last_for_ever(janitor, orphan):
    janitor.later(days=8)
    janitor.apply()
    assert (janitor.plan("orphans").state, len(janitor.objects.content)) == ("expired", 1)


def test_an_old_approval_cannot_be_used_by_hand_either(janitor, orphan):
    janitor.later(days=8)
    with janitor.db.system() as conn, pytest.raises(PlanRefusedError, match="plan_state"):
        planning.resume(conn, janitor.plan("orphans").id, janitor.clock.now())


def test_a_rejected_plan_stops_after_its_batch_and_is_not_resumed(janitor, planned):
    def reject(_keys):
        with janitor.db.system() as conn:
            planning.reject(conn, janitor.plan().id)

    janitor.excel.after = reject
    janitor.apply()
    janitor.excel.after = lambda keys: None
    janitor.apply()
    assert (janitor.plan().state, janitor.plan().deleted, len(janitor.excel.content)) == (
        "rejected",
        100,
        150,
    )
    with janitor.db.system() as conn, pytest.raises(PlanRefusedError, match="plan_state"):
        planning.resume(conn, janitor.plan().id, janitor.clock.now())


def test_a_plan_waits_for_its_grace(janitor):
    janitor.hear(janitor.event("media.video.ready"))
    janitor.store(RAW)
    janitor.sweep("video")
    janitor.apply()
    assert RAW in janitor.objects.content
    janitor.later(minutes=61)
    janitor.apply()
    assert janitor.objects.content == {}


# -- fuses


def test_a_policy_edit_that_would_delete_60_percent_of_a_bucket_stops_before_the_first_deletion(
    janitor, other_policy
):
    bucket = janitor.memory["ai"]
    old, new = (
        [f"tenants/{TENANT}/ai/{part}/{n}" for n in range(count)]
        for part, count in (("old", 600), ("new", 400))
    )
    bucket.put(*old, age=timedelta(days=40))
    bucket.put(*new, age=timedelta(days=1))
    janitor.sweep("ai")
    assert janitor.plans("id") == []
    edit = 'pattern = "tenants/{tenant}/ai/{rest}"\naction = "delete"\nfrom = "written"\nage = "30d"'
    janitor.use({}, other_policy(('pattern = "tenants/{tenant}/ai/{rest}"\naction = "keep"', edit)))
    touched = []
    bucket.before = touched.append
    janitor.sweep("ai")
    janitor.apply()
    janitor.later(days=1)
    janitor.apply()
    assert (touched, len(bucket.content)) == ([], 1000)
    plan = janitor.plan()
    fuse = {"rule": "ai-files", "limit": "percent", "planned": 60, "allowed": 20}
    assert (plan.state, plan.objects, plan.fuses, plan.approved_by) == ("planned", 600, [fuse], None)
    approve(janitor, "policy")
    janitor.apply()
    assert sorted(bucket.content) == sorted(new)


def test_many_small_plans_of_a_day_blow_a_fuse_together(janitor, other_policy):
    changes = ("percent = 50, floor = 2000", "objects = 250, percent = 50, floor = 2000")
    janitor.use({}, other_policy(changes))
    for n in range(3):
        janitor.excel.put(*exports(100, 100 * n), age=DAY)
        janitor.sweep("excel")
        janitor.apply()
        janitor.later(hours=1)
    assert [state for (state,) in janitor.plans("state")] == ["done", "done", "planned"]


# -- a process that dies, a store that refuses


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("batch", [1, 3])
def test_killed_in_the_middle_the_ledger_has_every_object_once(janitor, planned, moment, batch):
    seen = []

    def die(keys):
        seen.append(keys)
        if len(seen) == batch:
            raise Crash

    setattr(janitor.excel, moment, die)
    with pytest.raises(Crash):
        janitor.apply()
    setattr(janitor.excel, moment, lambda keys: None)
    janitor.later(minutes=11)
    janitor.apply()
    assert janitor.excel.content == {}
    assert sorted(janitor.ledgered()) == planned
    assert (janitor.verified().entries, janitor.verified().broken_at) == (250, None)
    plan = janitor.plan()
    assert (plan.state, plan.deleted, plan.deleted_bytes, plan.kept) == ("done", 250, 1250, {})
    assert (plan.ledger_from, plan.ledger_to) == (1, 250)
    assert janitor.admin.execute("SELECT count(*) FROM attempt").fetchone() == (0,)


def test_keys_that_the_store_refuses_are_counted_and_planned_again(janitor, planned):
    janitor.excel.stuck = {planned[1], planned[240]}
    janitor.apply()
    plan = janitor.plan()
    assert (plan.state, plan.deleted, plan.kept) == ("done", 248, {"refused": 2})
    assert not janitor.excel.stuck & set(janitor.ledgered())
    janitor.excel.stuck = set()
    janitor.sweep("excel")
    janitor.apply()
    assert janitor.excel.content == {}
    assert sorted(janitor.ledgered()) == planned


def test_a_store_that_asks_to_slow_down_is_asked_again_at_the_next_run(janitor, planned):
    def slow_down(_keys):
        raise TransientError("storage: SlowDown")

    janitor.excel.before = slow_down
    with pytest.raises(TransientError):
        janitor.apply()
    janitor.excel.before = lambda keys: None
    janitor.apply()
    assert sorted(janitor.ledgered()) == planned
    assert janitor.plan().kept == {}


def test_deleting_is_throttled(janitor, planned, other_policy):
    started = janitor.clock.monotonic()
    janitor.use({}, other_policy(("objects_per_second = 2000", "objects_per_second = 10")))
    janitor.apply()
    assert janitor.clock.monotonic() - started >= 25
    assert janitor.plan().state == "done"


def test_two_who_delete_the_same_object_write_it_down_once(janitor, planned):
    """Another process is given the same keys while the first one asks the store."""
    with janitor.db.system() as conn:
        row = plans.get(conn, janitor.plan().id)
        twin = planning.begin(
            conn, PlanKind.WIPE, janitor.policy, janitor.clock.now(), by="test", bucket="excel"
        )
        rows = list(plans.items(conn, row.id))
        columns = "tenant_id, bucket, key, bytes, etag, written_at, rule, reason"
        conn.exec_driver_sql(
            f"INSERT INTO plan_item (plan_id, seq, {columns}) SELECT %s, seq, {columns} FROM plan_item",
            (twin,),
        )
        plans.update(conn, twin, {"state": "approved", "approved_by": "x", "objects": len(rows)})
        plans.update(conn, twin, {"digest": planning.digest_of(conn, plans.get(conn, twin))})
    done = []

    def meanwhile(_keys):
        if not done:
            done.append(True)
            applying.apply(janitor.db, janitor.applying, twin, by="other")

    for moment in ("before", "after"):
        setattr(janitor.excel, moment, meanwhile)
    applying.apply(janitor.db, janitor.applying, row.id, by="one")
    assert sorted(janitor.ledgered()) == planned
    assert janitor.verified().broken_at is None
    with janitor.db.system() as conn:
        assert all(conserved(plans.get(conn, one)) for one in (row.id, twin))
