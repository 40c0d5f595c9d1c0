"""What a sweep of a bucket finds, and which plans it makes of it."""

from datetime import timedelta
from uuid import UUID

import pytest
from eventkit.lease import LeaseBusyError
from testkit.points import Crash

TENANT, VIDEO, OTHER = "hangang", UUID(int=12), UUID(int=123)
JOB = UUID(int=7)
DAY, HOURS_71, HOURS_73 = timedelta(hours=24), timedelta(hours=71), timedelta(hours=73)
EXPORT = f"exports/{TENANT}/{JOB}_출석부.xlsx"
RAW, OTHER_RAW = (f"tenants/hangang/video/raw/{UUID(int=2)}/{UUID(int=n)}.mp4" for n in (1012, 1123))
HLS = f"tenants/hangang/video/hls/{VIDEO}/"
PHOTO = f"photos/{TENANT}/{UUID(int=5)}"


def items(janitor, kind="policy"):
    """(key, rule, reason) of the newest plan of this kind."""
    plan = janitor.plan(kind)
    if plan is None:
        return []
    query = "SELECT key, rule, reason FROM plan_item WHERE plan_id = %s ORDER BY seq"
    return janitor.admin.execute(query, [plan.id]).fetchall()


def found(janitor, kind):
    query = "SELECT key FROM finding WHERE kind = %s ORDER BY key"
    return [key for (key,) in janitor.admin.execute(query, [kind]).fetchall()]


def test_exports_of_a_day_are_planned_and_apply_themselves(janitor):
    janitor.excel.put(EXPORT, age=DAY)
    janitor.excel.put(f"{EXPORT}.new.xlsx", age=DAY - timedelta(seconds=2))
    janitor.sweep("excel")
    assert items(janitor) == [(EXPORT, "export", "written")]
    plan = janitor.plan()
    assert (plan.state, plan.objects, plan.bytes, plan.fuses) == ("approved", 1, 5, [])
    assert plan.approved_by == f"policy:{janitor.policy.digest[:12]}"
    janitor.apply()
    assert janitor.excel.content.keys() == {f"{EXPORT}.new.xlsx"}
    plan = janitor.plan()
    assert (plan.state, plan.deleted, plan.deleted_bytes, plan.kept) == ("done", 1, 5, {})
    assert (plan.sampled, plan.survivors, plan.ledger_from, plan.ledger_to) == (1, 0, 1, 1)
    assert janitor.ledgered() == [EXPORT]


def test_a_leftover_workbook_goes_an_hour_after_its_import_ended(janitor):
    key, running = janitor.import_ended(JOB), f"excel/{TENANT}/{UUID(int=8)}.xlsx"
    ended = janitor.admin.execute("SELECT ended_at FROM ended_import").fetchone()[0]
    janitor.excel.put(key, running)
    janitor.until(ended + timedelta(minutes=59))
    janitor.sweep("excel")
    assert items(janitor) == []
    janitor.until(ended + timedelta(minutes=61))
    janitor.sweep("excel")
    assert items(janitor) == [(key, "import-upload", "ended")]


@pytest.mark.parametrize("state", ["uploaded", "failed", "ready", "kept"])
def test_objects_of_a_video_that_is_there_are_no_finding(janitor, state):
    expires = None if state == "kept" else (janitor.clock.now() + timedelta(days=300)).isoformat()
    janitor.hear(janitor.event("media.video.uploaded"))
    if state == "failed":
        janitor.hear(janitor.event("media.video.failed"))
    elif state != "uploaded":
        janitor.hear(janitor.event("media.video.ready", raw_expires_at=expires))
    janitor.store(RAW, f"{HLS}master.m3u8", f"{HLS}a/b/c.m4s")
    janitor.later(days=200)
    janitor.sweep("video")
    assert (items(janitor), found(janitor, "orphan"), found(janitor, "missing")) == ([], [], [])


def test_what_releases_have_missed_is_planned_later(janitor):
    janitor.hear(janitor.event("media.video.ready"))  # expired long ago, and media never said so
    janitor.hear(janitor.event("media.video.deleted", OTHER))
    janitor.store(RAW, f"{HLS}master.m3u8", f"{HLS.replace(str(VIDEO), str(OTHER))}a.m4s", OTHER_RAW)
    deleted = janitor.admin.execute("SELECT max(deleted_at) FROM video_ref").fetchone()[0]
    other_hls = f"{HLS.replace(str(VIDEO), str(OTHER))}a.m4s"
    for after, expected in (
        ({"hours": 23}, {(RAW, "video-raw", "expired")}),
        ({"hours": 47}, {(RAW, "video-raw", "expired"), (OTHER_RAW, "video-raw", "expired")}),
        ({"hours": 49}, {*_raws("expired"), (other_hls, "video-hls", "deleted")}),
    ):
        janitor.until(deleted + timedelta(**after))
        janitor.forget_plans()
        janitor.sweep("video")
        assert set(items(janitor)) == expected


def _raws(reason):
    return {(key, "video-raw", reason) for key in (RAW, OTHER_RAW)}


def test_an_object_without_a_row_is_an_orphan_after_72_hours(janitor):
    janitor.objects.put(RAW, f"{HLS}master.m3u8", age=HOURS_73)
    janitor.objects.put(OTHER_RAW, age=HOURS_71)
    janitor.sweep("video")
    assert items(janitor) == []
    expected = [(f"{HLS}master.m3u8", "video-hls", "unreferenced"), (RAW, "video-raw", "unreferenced")]
    assert items(janitor, "orphans") == expected
    assert janitor.plan("orphans").state == "planned"
    janitor.apply()
    assert len(janitor.objects.content) == 3
    trend = janitor.admin.execute("SELECT class, kind, objects FROM finding_count ORDER BY 1").fetchall()
    assert trend == [("video-hls", "orphan", 1), ("video-raw", "orphan", 1)]


def test_a_photo_is_an_orphan_when_its_owner_says_so(janitor):
    needed = f"photos/{TENANT}/{UUID(int=6)}"
    janitor.memory["storage"].put(PHOTO, needed, age=HOURS_73)
    janitor.owners.needed = {needed}
    janitor.sweep("storage")
    assert found(janitor, "orphan") == [PHOTO]
    janitor.owners.away = {"students"}
    janitor.sweep("storage")
    assert found(janitor, "orphan") == []


def test_a_row_without_object_is_missing_until_it_is_there(janitor):
    future = (janitor.clock.now() + timedelta(days=30)).isoformat()
    janitor.hear(janitor.event("media.video.ready", raw_expires_at=future))
    janitor.sweep("video")
    assert found(janitor, "missing") == [HLS, RAW]
    janitor.store(RAW, f"{HLS}master.m3u8")
    janitor.sweep("video")
    assert found(janitor, "missing") == []


def test_what_has_gone_by_policy_is_not_missed(janitor):
    janitor.store(RAW, f"{HLS}master.m3u8")
    janitor.hear(janitor.event("media.video.ready"), janitor.event("media.raw.expired"))
    janitor.run()
    janitor.sweep("video")
    assert (found(janitor, "missing"), janitor.objects.content.keys()) == ([], {f"{HLS}master.m3u8"})


def test_unknown_shapes_are_quarantined_and_never_planned(janitor):
    strange = [f"readiness/{UUID(int=n)}" for n in range(3)]
    hostile = ["/", "exports/", f"EXPORTS/{TENANT}/x", HLS.removesuffix("/"), "tenants/../raw/x"]
    janitor.objects.put(*strange, *hostile, age=timedelta(days=900))
    janitor.sweep("video")
    assert (janitor.plans("kind"), found(janitor, "orphan")) == ([], [])
    rows = janitor.admin.execute("SELECT shape, objects FROM quarantine WHERE objects > 1").fetchall()
    assert rows == [("readiness/{uuid}", 3)]
    janitor.objects.content.clear()
    janitor.sweep("video")
    assert janitor.admin.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)


def test_usage_is_the_peak_of_the_day_by_academy_and_class(janitor):
    janitor.excel.put(EXPORT, EXPORT.replace(TENANT, "other"), "strange/key", size=7)
    janitor.sweep("excel")
    janitor.excel.content.clear()
    janitor.sweep("excel")
    query = "SELECT tenant_id, class, objects, bytes FROM usage ORDER BY 1, 2"
    expected = [("", "unknown", 1, 7), (TENANT, "export", 1, 7), ("other", "export", 1, 7)]
    assert janitor.admin.execute(query).fetchall() == expected


@pytest.mark.parametrize("moment", ["judging", "listed"])
def test_a_sweep_that_dies_is_gone_on_with_where_it_was(janitor, moment):
    keys = sorted(f"exports/{TENANT}/{UUID(int=n)}_x.xlsx" for n in range(35))
    janitor.excel.put(*keys, age=DAY)
    janitor.excel.page = 10
    seen = []

    def die(listed):
        seen.append(listed)
        if len(seen) == 2:
            raise Crash

    janitor.excel.listed = die
    with pytest.raises(Crash):
        janitor.sweep("excel")
    janitor.excel.listed = seen.append
    janitor.excel.put("exports/zzz")  # behind the cursor it is found, before it it would be the next sweep's
    janitor.sweep("excel")
    assert [len(keys) for keys in seen[2:]] == [10, 6]
    assert [key for key, _, _ in items(janitor)] == keys
    rows = janitor.admin.execute("SELECT objects, bytes, pages FROM sweep").fetchall()
    assert rows == [(36, 180, 4)]


def test_one_sweep_of_a_bucket_at_a_time(janitor):
    janitor.excel.put(EXPORT, age=DAY)
    refused = []

    def again(_keys):
        with pytest.raises(LeaseBusyError) as busy:
            janitor.sweep("excel")
        refused.append(busy)

    janitor.excel.listed = again
    janitor.sweep("excel")
    assert len(refused) == 1
    assert len(janitor.plans("id")) == 1


def test_while_a_plan_is_under_way_no_other_is_made_and_an_unapproved_one_is_superseded(janitor):
    janitor.objects.put(RAW, age=HOURS_73)
    janitor.sweep("video")
    janitor.sweep("video")
    assert [state for (state,) in janitor.plans("state")] == ["superseded", "planned"]
    janitor.excel.put(EXPORT, age=DAY)
    janitor.sweep("excel")
    janitor.sweep("excel")
    assert [state for (state,) in janitor.plans("state")] == ["superseded", "planned", "approved"]


def test_an_unfinished_sweep_of_another_policy_begins_anew(janitor, other_policy):
    janitor.excel.put(*(f"exports/{TENANT}/{UUID(int=n)}_x" for n in range(20)), age=DAY)
    janitor.excel.page = 10
    janitor.excel.listed = lambda keys: (_ for _ in ()).throw(Crash)
    with pytest.raises(Crash):
        janitor.sweep("excel")
    janitor.excel.listed = lambda keys: None
    janitor.use({}, other_policy(('age = "24h"', 'age = "48h"')))
    janitor.sweep("excel")
    assert janitor.plans("objects") == []
    assert janitor.admin.execute("SELECT objects FROM sweep").fetchall() == [(20,)]
