"""Encoders that die, stop, or meet: one READY video, one set of objects, nothing left in scratch folders."""

from datetime import timedelta

import pytest
from media.usecases.encoding.attempt import ENCODE_POINTS
from media.usecases.encoding.reconciling import (
    SUPERSEDED_AFTER,
    delete_superseded,
    queue_forgotten,
    queue_unpublished,
    retry_lost,
)
from testkit.points import Crash


@pytest.fixture
def later(db, clock, mending):
    """The lease of whoever died has run out, and the wait after it is over."""

    def run():
        clock.pass_(minutes=2)
        retry_lost(db, clock.now(), ports=mending)
        clock.pass_(minutes=2)

    return run


@pytest.fixture
def sweep(db, clock, mending):
    def run():
        clock.pass_(seconds=SUPERSEDED_AFTER.total_seconds() + 1)
        delete_superseded(db, clock.now(), ports=mending)

    return run


@pytest.fixture
def reconcile(db, clock, mending):
    return lambda task: task(db, clock.now(), ports=mending)


@pytest.fixture
def whole(video_of, stored, objects, left, events):
    """A READY video of one set of objects, said once, and nothing else anywhere."""

    def check(video_id):
        video = video_of(video_id)
        assert video["status"] == "READY"
        assert [type for type, *_ in events()] == ["media.video.ready"]
        own = video["master_key"].removesuffix("master.m3u8")
        prefixes = [one["prefix"] for one in video["renditions"]]
        keys = stored(video_id)
        assert all(key.startswith((own, *prefixes)) for key in keys)
        used = [key for key in keys if not key.endswith("viewable.m3u8")]
        assert len(used) == video["hls_objects"]
        assert sum(objects.head(key).size for key in used) == video["hls_bytes"]
        assert left() == []

    return check


@pytest.mark.parametrize("point", ENCODE_POINTS)
def test_an_encoder_that_dies_anywhere(make_encoder, upload, points, job_of, later, sweep, whole, point):
    video_id = upload()
    points.crash_at(point)
    with pytest.raises(Crash):
        make_encoder("a").run_once()
    later()
    survivor = make_encoder("b")
    survivor.run_once()
    assert job_of(video_id)["state"] == "SUCCEEDED"
    assert job_of(video_id)["failures"] == (0 if point == "ready" else 1)
    sweep()
    whole(video_id)


@pytest.mark.parametrize("point", ENCODE_POINTS[:-3])
def test_an_encoder_that_is_told_to_stop_hands_its_job_back(
    make_encoder, upload, points, job_of, sweep, whole, point
):
    video_id = upload()
    stopped = make_encoder("a")
    points.at(point, stopped.stop.set)
    stopped.run_once()
    job = job_of(video_id)
    assert (job["state"], job["failures"], job["lease_until"]) == ("QUEUED", 0, None)
    assert make_encoder("b").run_once()
    assert job_of(video_id)["attempt"] == 2
    sweep()
    whole(video_id)


def test_a_stop_after_the_last_check_still_publishes(make_encoder, upload, points, whole):
    video_id = upload()
    encoder = make_encoder()
    points.at("finished", encoder.stop.set)
    encoder.run_once()
    whole(video_id)


@pytest.mark.parametrize("point", ["encoded", "kept", "before_viewable", "finished"])
def test_two_encoders_with_the_same_job(make_encoder, upload, points, job_of, later, sweep, whole, point):
    """The first one hangs until its lease is over, the second one takes the job, then the first goes on."""
    video_id = upload()

    def meanwhile():
        later()
        assert make_encoder("b").run_once()

    points.at(point, meanwhile)
    make_encoder("a").run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["worker"]) == ("SUCCEEDED", "b")
    sweep()
    whole(video_id)


def test_a_deleted_video_ends_its_job_and_nothing_is_published(
    make_encoder, upload, points, admin, job_of, video_of, events, left
):
    video_id = upload()
    points.at("encoded", lambda: admin.execute("UPDATE video SET deleted_at = now()"))
    make_encoder().run_once()
    assert job_of(video_id)["state"] == "CANCELLED"
    assert (video_of(video_id)["master_key"], events(), left()) == (None, [], [])


def test_a_cancelled_job_s_encoder_stops(make_encoder, upload, points, admin, job_of, video_of):
    video_id = upload()
    points.at("encoded", lambda: admin.execute("UPDATE encode_job SET state = 'CANCELLED'"))
    make_encoder().run_once()
    assert (job_of(video_id)["state"], video_of(video_id)["master_key"]) == ("CANCELLED", None)


def test_what_a_killed_encoder_left_is_removed_when_one_starts(make_encoder, scratch_root, left):
    leftover = scratch_root / "encoder-killed" / "job-1"
    leftover.mkdir(parents=True)
    (leftover / "raw").write_bytes(b"original")
    (leftover.parent / "lock").touch()
    living = make_encoder("a")
    with living.loop._scratch.folder("job-2") as folder:
        (folder / "raw").write_bytes(b"original")
        make_encoder("b")
        assert (folder / "raw").exists()
    assert not leftover.exists()
    assert left() == []


# states in which a video can get stuck


def test_a_video_without_job_gets_one(clock, reconcile, upload, job_of, metrics):
    video_id = upload(queued=False)
    reconcile(queue_forgotten)
    clock.pass_(minutes=3)
    reconcile(queue_unpublished)
    reconcile(queue_forgotten)
    reconcile(queue_forgotten)
    assert job_of(video_id)["state"] == "QUEUED"
    mended = metrics.registry.get_sample_value("academy_encode_mended_total", {"stuck": "not_queued"})
    assert mended == 1


@pytest.mark.parametrize("damage", ["status = 'PROCESSING'", "master_key = NULL"])
def test_a_video_whose_job_succeeded_and_that_does_not_play_is_encoded_again(
    encoder, upload, admin, clock, reconcile, video_of, damage
):
    video_id = upload()
    encoder.run_once()
    admin.execute(f"UPDATE video SET {damage}")
    clock.pass_(minutes=3)
    reconcile(queue_forgotten)
    assert not encoder.run_once()
    reconcile(queue_unpublished)
    assert encoder.run_once()
    assert video_of(video_id)["status"] == "READY"
    assert video_of(video_id)["master_key"] is not None


def test_nothing_is_stuck_where_all_is_well(encoder, upload, clock, reconcile):
    upload()
    encoder.run_once()
    upload(status="PENDING", queued=False)
    upload(status="FAILED", queued=False)
    upload()
    clock.pass_(minutes=3)
    reconcile(queue_forgotten)
    reconcile(queue_unpublished)
    assert encoder.run_once()
    assert not encoder.run_once()


def test_objects_of_earlier_attempts_stay_until_no_address_of_them_is_good(
    make_encoder, upload, points, stored, later, clock, reconcile
):
    video_id = upload()
    points.crash_at("uploaded")
    with pytest.raises(Crash):
        make_encoder("a").run_once()
    later()
    make_encoder("b").run_once()
    before = stored(video_id)
    clock.pass_(seconds=(SUPERSEDED_AFTER - timedelta(minutes=10)).total_seconds())
    reconcile(delete_superseded)
    assert stored(video_id) == before
    clock.pass_(minutes=11)
    reconcile(delete_superseded)
    assert len(stored(video_id)) == len(before) - 5


def test_a_video_encoded_anew_leaves_nothing_of_its_first_job(
    encoder, upload, stored, admin, sweep, reconcile, video_of
):
    video_id = upload()
    encoder.run_once()
    sweep()
    first = stored(video_id)
    admin.execute("UPDATE video SET master_key = NULL")
    reconcile(queue_unpublished)
    encoder.run_once()
    sweep()
    assert not set(first) & set(stored(video_id))
    assert video_of(video_id)["status"] == "READY"


def test_a_deleted_video_s_objects_are_the_janitor_s(encoder, upload, stored, admin, sweep):
    video_id = upload()
    encoder.run_once()
    before = stored(video_id)
    admin.execute("UPDATE video SET deleted_at = now(), master_key = NULL, renditions = '[]'")
    sweep()
    assert stored(video_id) == before
