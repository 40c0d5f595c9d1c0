"""What was released leaves the bucket, whole and nothing beside it, and its owner hears of it once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from eventkit.errors import TransientError, UnavailableError
from servicekit.storage import r2_client
from storage_janitor.adapters.buckets import R2Bucket
from testkit.points import Crash

TENANT, VIDEO, OTHER = "hangang", UUID(int=12), UUID(int=123)
HLS, OTHER_HLS = (f"tenants/hangang/video/hls/{video}/" for video in (VIDEO, OTHER))
# as conftest.raw_key names them
RAW, OTHER_RAW = (f"tenants/hangang/video/raw/{UUID(int=2)}/{UUID(int=n)}.mp4" for n in (1012, 1123))
SEGMENT = f"{HLS}job-1/v1/00000.m4s"
NEIGHBOURS = {
    f"{HLS.removesuffix('/')}3/v1/00000.m4s",
    HLS.removesuffix("/"),
    f"{OTHER_HLS}master.m3u8",
    f"{HLS.replace(TENANT, 'hangang2')}master.m3u8",
    OTHER_RAW,
    f"{RAW}.part",
}


@pytest.fixture
def released(janitor):
    """A deleted video with three objects of 5 bytes, beside its neighbours."""
    janitor.store(SEGMENT, f"{HLS}master.m3u8", RAW, *NEIGHBOURS)
    event = janitor.event("media.video.deleted")
    janitor.hear(event)
    return event


def test_a_deleted_video_goes_whole_and_its_neighbours_stay(janitor, released):
    janitor.run()
    assert janitor.objects.content.keys() == NEIGHBOURS
    assert janitor.answers() == [("video", str(VIDEO), 3, 15)]
    assert janitor.deletions() == [("video", "done", None)]


def test_the_answer_belongs_to_the_flow_of_the_deletion(janitor, released):
    janitor.run()
    causes = janitor.admin.execute("SELECT correlation_id, causation_id, tenant_id FROM outbox").fetchall()
    assert causes == [(released.correlationid, str(released.id), TENANT)]


def test_a_video_without_any_object_is_answered_too(janitor):
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.run()
    assert janitor.answers() == [("video", str(VIDEO), 0, 0)]


def test_repeated_and_late_events_delete_and_answer_once(janitor):
    late, event = (janitor.event("media.video.deleted") for _ in range(2))
    janitor.store(SEGMENT)
    janitor.hear_together(late, event, event)
    janitor.run()
    janitor.hear(event, late)
    janitor.run_later(hours=2)
    assert janitor.answers() == [("video", str(VIDEO), 1, 5)]


def test_an_owner_that_asks_again_is_answered_again(janitor, released):
    janitor.run()
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.run()
    assert janitor.answers() == [("video", str(VIDEO), 3, 15), ("video", str(VIDEO), 0, 0)]


def test_what_is_written_after_the_deletion_goes_a_day_later_without_another_answer(janitor, released):
    janitor.run()
    janitor.store(SEGMENT, RAW)
    janitor.run_later(hours=23)
    assert SEGMENT in janitor.objects.content
    janitor.run_later(hours=2)
    assert janitor.objects.content.keys() == NEIGHBOURS
    assert len(janitor.answers()) == 1
    janitor.store(SEGMENT)
    janitor.run_later(days=30)
    assert SEGMENT in janitor.objects.content  # an orphan by now, which a plan finds


def test_while_the_store_is_away_nothing_is_lost_and_nothing_is_answered(janitor, released):
    janitor.hear(janitor.event("media.video.deleted", OTHER))
    janitor.objects.away = True
    for _ in range(3):
        with pytest.raises(UnavailableError):
            janitor.run_later(hours=2)
    assert janitor.answers() == []
    assert ("video", "failed", "storage: test") in janitor.deletions()
    janitor.objects.away = False
    janitor.run_later(hours=2)
    assert sorted(janitor.answers()) == [("video", str(VIDEO), 3, 15), ("video", str(OTHER), 2, 10)]


def test_a_failed_last_look_is_repeated_and_the_deletion_stays_done(janitor, released):
    janitor.run()
    janitor.store(SEGMENT)
    janitor.objects.away = True
    with pytest.raises(UnavailableError):
        janitor.run_later(hours=25)
    assert janitor.deletions() == [("video", "done", "storage: test")]
    janitor.objects.away = False
    janitor.run_later(hours=2)
    assert SEGMENT not in janitor.objects.content
    assert len(janitor.answers()) == 1


def test_a_key_that_the_store_refuses_holds_up_nothing_else(janitor):
    keys = [f"{HLS}{number:04}" for number in range(2500)]
    janitor.store(*keys, RAW)
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.hear(janitor.event("media.video.deleted", OTHER))
    janitor.objects.stuck = {keys[7]}
    janitor.run()
    assert janitor.objects.content.keys() == {keys[7]}
    assert janitor.answers() == [("video", str(OTHER), 0, 0)]
    refused = "1 objects not deleted: AccessDenied"
    assert janitor.deletions() == [("video", "failed", refused), ("video", "done", None)]
    janitor.objects.stuck = set()
    janitor.run_later(hours=2)
    assert janitor.objects.content == {}
    assert janitor.answers()[1:] == [("video", str(VIDEO), 2501, 5 * 2501)]
    assert sorted(janitor.ledgered()) == sorted([*keys, RAW])


def test_a_store_that_asks_to_slow_down_is_left_alone(janitor):
    janitor.store(*(f"{HLS}{number:05}" for number in range(5000)))
    janitor.hear(janitor.event("media.video.deleted"))
    asked = []

    def slow_down(deleted):
        asked.append(len(deleted))
        raise TransientError("storage: SlowDown")

    janitor.objects.before = slow_down
    janitor.run()
    assert asked == [1000]


def test_a_long_deletion_is_done_in_several_runs(janitor):
    janitor.store(*(f"{HLS}{number:04}" for number in range(2500)))
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.objects.after = lambda keys: janitor.clock.advance(300)
    janitor.run()
    assert (len(janitor.objects.content), janitor.answers()) == (1500, [])
    janitor.run()
    janitor.run()
    janitor.run()
    assert janitor.objects.content == {}
    assert janitor.answers() == [("video", str(VIDEO), 2500, 12_500)]


def test_an_event_that_comes_meanwhile_is_answered_instead_of_the_one_before(janitor, released):
    newer = janitor.event("media.video.deleted")
    janitor.objects.after = lambda keys: janitor.hear(newer)
    janitor.run()
    causes = janitor.admin.execute("SELECT causation_id FROM outbox").fetchall()
    assert causes == [(str(newer.id),)]
    assert janitor.answers() == [("video", str(VIDEO), 3, 15)]


# originals whose retention has ended


@pytest.fixture
def ready(janitor):
    """A READY video with its objects, that expires in an hour."""
    janitor.store(SEGMENT, RAW)
    janitor.hear(janitor.event("media.video.ready", raw_expires_at=in_future(janitor, hours=1)))


def in_future(janitor, **after):
    return (janitor.clock.now() + timedelta(**after)).isoformat()


def test_an_expired_original_goes_alone(janitor, ready):
    janitor.store(f"{RAW}.part")
    janitor.hear(janitor.event("media.raw.expired"))
    janitor.run()
    assert janitor.objects.content.keys() == {SEGMENT, f"{RAW}.part"}
    assert janitor.answers() == [("raw", str(VIDEO), 1, 5)]


def test_an_original_of_a_video_that_is_not_ready_is_kept_until_that_is_heard_of(janitor):
    janitor.store(SEGMENT, RAW)
    early = janitor.event("media.video.ready")
    janitor.hear(janitor.event("media.video.uploaded"), janitor.event("media.raw.expired"))
    janitor.run()
    assert (RAW in janitor.objects.content, janitor.answers()) == (True, [])
    assert janitor.deletions() == [("raw", "failed", "unconfirmed")]
    janitor.hear(early, janitor.event("media.video.ready", raw_expires_at=in_future(janitor, hours=-1)))
    janitor.run_later(hours=2)
    assert janitor.answers() == [("raw", str(VIDEO), 1, 5)]


@pytest.mark.parametrize("word", ["uploaded", "failed", "kept", "kept longer"])
def test_an_original_that_is_needed_again_is_kept_until_it_expires_again(janitor, ready, word):
    janitor.hear(janitor.event("media.raw.expired"))
    if word.startswith("kept"):
        until = in_future(janitor, days=30) if word == "kept longer" else None
        janitor.hear(janitor.event("media.video.ready", raw_expires_at=until))
    else:
        janitor.hear(janitor.event(f"media.video.{word}"))
    janitor.run()
    janitor.run_later(hours=2)
    assert (RAW in janitor.objects.content, janitor.answers()) == (True, [])
    assert janitor.deletions() == [("raw", "withdrawn", None)]
    janitor.hear(janitor.event("media.video.ready"), janitor.event("media.raw.expired"))
    janitor.run()
    assert janitor.answers() == [("raw", str(VIDEO), 1, 5)]


def test_the_original_of_another_video_is_not_taken(janitor, ready):
    janitor.store(OTHER_RAW)
    janitor.hear(janitor.event("media.raw.expired", raw_key=OTHER_RAW))
    janitor.run()
    assert OTHER_RAW in janitor.objects.content
    assert janitor.deletions() == [("raw", "failed", "unconfirmed")]


def test_a_video_deleted_while_its_original_expires_is_answered_for_both(janitor, ready):
    janitor.hear(janitor.event("media.raw.expired"), janitor.event("media.video.deleted"))
    janitor.run()
    assert janitor.objects.content == {}
    assert sorted(answer[0] for answer in janitor.answers()) == ["raw", "video"]


# figures


def test_metrics_show_what_waits_how_long_and_what_is_gone(janitor, released):
    value = janitor.registry.get_sample_value
    janitor.objects.away = True
    with pytest.raises(UnavailableError):
        janitor.run_later(hours=7)
    assert value("academy_deletions_pending", {"state": "failed"}) == 1
    assert value("academy_deletions_pending", {"state": "planned"}) == 0
    assert value("academy_deletions_oldest_seconds", {"state": "failed"}) > 6 * 3600
    assert value("academy_objects_deleted_total") == 0
    janitor.objects.away = False
    janitor.run_later(hours=2)
    assert value("academy_deletions_pending", {"state": "failed"}) == 0
    assert value("academy_deletions_oldest_seconds", {"state": "failed"}) == 0
    assert (value("academy_objects_deleted_total"), value("academy_bytes_deleted_total")) == (3, 15)
    janitor.store(SEGMENT)
    janitor.run_later(hours=25)
    assert value("academy_objects_deleted_total") == 4


def test_an_owner_that_keeps_asking_does_not_make_a_pending_deletion_young(janitor, released):
    janitor.objects.away = True
    for _ in range(7):
        janitor.hear(replace(janitor.event("media.video.deleted"), time=janitor.clock.now()))
        with pytest.raises(UnavailableError):
            janitor.run_later(hours=1)
    oldest = janitor.registry.get_sample_value("academy_deletions_oldest_seconds", {"state": "failed"})
    assert oldest > 6 * 3600


# with a process that dies in the middle

SEGMENTS = [f"{HLS}job-1/v{number % 3 + 1}/{number:05}.m4s" for number in range(2500)]


def die(_keys):
    raise Crash


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_it_goes_on_and_answers_once(janitor, moment):
    janitor.store(*SEGMENTS, RAW)
    janitor.hear(janitor.event("media.video.deleted"))
    setattr(janitor.objects, moment, die)
    with pytest.raises(Crash):
        janitor.run()
    assert len(janitor.objects.content) == (2501 if moment == "before" else 1501)
    setattr(janitor.objects, moment, lambda keys: None)
    janitor.run()  # the lease of the dead one has not ended
    assert janitor.answers() == []
    janitor.run_later(minutes=11)
    assert janitor.objects.content == {}
    assert janitor.answers() == [("video", str(VIDEO), 2501, 5 * 2501)]
    assert sorted(janitor.ledgered()) == sorted([*SEGMENTS, RAW])
    assert (janitor.verified().entries, janitor.verified().broken_at) == (2501, None)


@pytest.fixture
def bucket(s3_server):
    """A bucket with a video of 101 objects and its neighbours, listed 40 at once."""
    client = r2_client(s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    client.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 40}
    )
    name = f"janitor-{uuid4().hex}"
    bucket = R2Bucket(client, "video", name)
    for _ in range(2):
        bucket.make()

    def put(key):
        client.put_object(Bucket=name, Key=key, Body=b"12345")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, [*SEGMENTS[:100], RAW, *NEIGHBOURS]))
    yield bucket
    for key in keys_of(bucket):
        bucket.delete([key])
    client.delete_bucket(Bucket=name)


def keys_of(bucket):
    return {found.key for page in bucket.pages() for found in page}


@pytest.mark.servers
def test_the_same_on_a_real_s3_server(janitor, bucket, monkeypatch):
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.use({"video": bucket})
    with monkeypatch.context() as patched:
        patched.setattr(bucket, "delete", lambda keys: R2Bucket.delete(bucket, keys) or die(keys))
        with pytest.raises(Crash):
            janitor.run()
    assert len(keys_of(bucket)) == 61 + len(NEIGHBOURS)
    janitor.run_later(minutes=11)
    assert keys_of(bucket) == NEIGHBOURS
    assert janitor.answers() == [("video", str(VIDEO), 101, 5 * 101)]
    assert sorted(janitor.ledgered()) == sorted([*SEGMENTS[:100], RAW])
    assert (janitor.verified().entries, janitor.verified().broken_at) == (101, None)
