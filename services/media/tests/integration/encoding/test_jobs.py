"""The table as a queue: one job per video, fair between academies, one encoder's word against another's."""

import threading
from datetime import timedelta

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.domain.jobs import LEASE, STALL_LIMIT, JobState, verdict
from media.store import jobs
from media.usecases.encoding.attempt import Attempt
from media.usecases.encoding.queueing import cancel, enqueue
from media.usecases.encoding.reconciling import retry_lost
from testkit.at_once import at_once
from testkit.waiting import wait_until


@pytest.fixture
def claim(db, clock):
    def run(worker="a"):
        with db.system() as conn:
            return jobs.claim(conn, worker, clock.now())

    return run


@pytest.fixture
def within(db):
    """`within(enqueue, video_id)`: in a transaction of the academy."""

    def run(command, video_id, tenant="hangang"):
        with unit_of_work(db, tenant, Cause.start("flow-2"), source="media") as uow:
            return command(uow, video_id)

    return run


def test_a_video_has_one_active_job_however_often_it_is_asked_for(upload, within, admin):
    video_id = upload()
    assert len({within(enqueue, video_id) for _ in range(3)}) == 1
    assert admin.execute("SELECT count(*), min(correlation_id) FROM encode_job").fetchone() == (1, "flow-1")


def test_two_that_ask_at_once_get_the_same_job(upload, within):
    video_id = upload(queued=False)
    first, second = at_once(lambda: within(enqueue, video_id), lambda: within(enqueue, video_id))
    assert first.result() == second.result()


def test_a_new_job_after_the_last_one_ended(upload, within, encoder, job_of):
    video_id = upload()
    encoder.run_once()
    ended = job_of(video_id)["id"]
    assert within(enqueue, video_id) == job_of(video_id)["id"] != ended


def test_a_cancelled_job_is_never_claimed(upload, within, claim, job_of):
    video_id = upload()
    within(cancel, video_id)
    assert claim() is None
    assert job_of(video_id)["state"] == "CANCELLED"


def test_another_academy_cannot_cancel_it(upload, within, job_of):
    video_id = upload()
    within(cancel, video_id, tenant="other")
    assert job_of(video_id)["state"] == "QUEUED"


def test_the_academy_with_the_fewest_running_jobs_is_next(upload, claim):
    for _ in range(3):
        upload("hangang")
    upload("namsan")
    assert [claim().tenant for _ in range(4)] == ["hangang", "namsan", "hangang", "hangang"]
    assert claim() is None


def test_a_job_waits_until_it_is_due(upload, claim, clock, admin):
    upload()
    admin.execute("UPDATE encode_job SET state = 'RETRY_WAIT', due_at = now() + interval '5 minutes'")
    assert claim() is None
    clock.pass_(minutes=5)
    assert claim().attempt == 1


def test_encoders_at_once_never_take_the_same_job(upload, claim):
    for _ in range(4):
        upload()
    taken = at_once(*[lambda name=name: claim(name) for name in "abcd"])
    assert len({each.result().job_id for each in taken}) == 4


@pytest.fixture
def late(claim, upload, db, mending, clock):
    """(a claim whose lease ran out, the claim of the encoder that has the job now)."""
    upload()
    first = claim("a")
    clock.pass_(minutes=2)
    retry_lost(db, clock.now(), ports=mending)
    clock.pass_(minutes=2)
    return first, claim("b")


LATE_WRITES = {
    "renew": lambda conn, late, now: jobs.renew(conn, late, now + LEASE, now),
    "report": lambda conn, late, now: jobs.report(conn, late, {"percent": 99}, now),
    "keep": lambda conn, late, now: jobs.keep(conn, late, "v1", {"prefix": "x"}),
    "hold": lambda conn, late, now: jobs.hold(conn, late),
    "hand_back": lambda conn, late, now: jobs.hand_back(conn, late, 1, now),
    "settle": lambda conn, late, now: jobs.settle(conn, late, JobState.SUCCEEDED, 1, now),
    "settle_failed": lambda conn, late, now: jobs.settle_failed(
        conn, late, verdict(permanent=True, failures=1, jitter=0), "not_a_video", 1, now
    ),
}


@pytest.mark.parametrize("write", LATE_WRITES)
def test_a_late_encoder_s_word_does_not_count(late, db, clock, job_of, write):
    first, second = late
    with db.tenant("hangang") as conn:
        assert LATE_WRITES[write](conn, first, clock.now()) is False
    job = job_of(second.video_id)
    assert (job["state"], job["attempt"], job["worker"]) == ("RUNNING", 2, "b")
    assert (job["percent"], job["checkpoint"]) == (0, {})


def test_the_same_attempt_of_another_worker_does_not_count_either(late, db, clock):
    _, second = late
    stranger = jobs.Claim(**{name: getattr(second, name) for name in second.__slots__} | {"worker": "c"})
    with db.tenant("hangang") as conn:
        assert not jobs.renew(conn, stranger, clock.now(), clock.now())


def test_a_lost_lease_counts_one_failure_each_time_until_the_job_is_dead(
    upload, claim, db, mending, clock, job_of, video_of, events
):
    video_id = upload()
    for failures in range(1, 6):
        assert claim() is not None
        clock.pass_(seconds=LEASE.total_seconds() + 1)
        retry_lost(db, clock.now(), ports=mending)
        assert job_of(video_id)["failures"] == failures
        clock.pass_(minutes=30)
    assert (job_of(video_id)["state"], job_of(video_id)["error_code"]) == ("DEAD", "lease_lost")
    assert video_of(video_id)["status"] == "FAILED"
    assert [type for type, *_ in events()] == ["media.video.failed"]


def test_a_living_lease_is_left_alone(upload, claim, db, mending, clock, job_of):
    video_id = upload()
    claim()
    clock.pass_(seconds=LEASE.total_seconds() - 1)
    retry_lost(db, clock.now(), ports=mending)
    assert job_of(video_id)["state"] == "RUNNING"


@pytest.fixture
def attempt(upload, claim, encoder):
    upload()
    return Attempt(claim(), encoder.ports, threading.Event())


def test_a_beat_renews_the_lease_only_while_something_moves(attempt, clock, job_of):
    clock.pass_(minutes=10)
    attempt.beat()
    renewed = job_of(attempt.claim.video_id)
    assert renewed["lease_until"] > clock.now() + timedelta(seconds=50)
    assert renewed["progress_at"] < clock.now() - timedelta(minutes=9)
    clock.pass_(seconds=STALL_LIMIT.total_seconds())
    attempt.beat()
    assert job_of(attempt.claim.video_id)["lease_until"] == renewed["lease_until"]


def test_the_same_percentage_again_is_no_progress(attempt, clock, job_of):
    attempt.moved(0.5)
    before = job_of(attempt.claim.video_id)["progress_at"]
    clock.pass_(minutes=14)
    attempt.moved(0.5)
    attempt.beat()
    assert job_of(attempt.claim.video_id)["progress_at"] == before
    clock.pass_(minutes=14)
    with pytest.raises(Exception, match="encoder_stalled"):
        attempt.moved(0.5)


def test_the_reconciler_takes_a_job_from_an_encoder_that_beats_and_does_nothing(
    attempt, db, admin, clock, mending, job_of
):
    clock.pass_(seconds=(STALL_LIMIT + 2 * LEASE).total_seconds() + 1)
    admin.execute("UPDATE encode_job SET lease_until = %s", [clock.now() + LEASE])
    retry_lost(db, clock.now(), ports=mending)
    assert (job_of(attempt.claim.video_id)["state"], job_of(attempt.claim.video_id)["failures"]) == (
        "RETRY_WAIT", 1,
    )  # fmt: skip


def test_a_new_job_wakes_an_encoder_that_waits(encoder, upload, video_of, admin, monkeypatch):
    monkeypatch.setattr("media.usecases.encoding.loop.POLL", 3600.0)
    running = threading.Thread(target=encoder.loop.run, args=[encoder.stop])
    running.start()
    try:
        listening = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        wait_until(lambda: admin.execute(listening).fetchone() is not None, 30)
        video_id = upload()
        wait_until(lambda: video_of(video_id)["status"] == "READY", 60)
    finally:
        encoder.stop.set()
        running.join(30)
    assert not running.is_alive()


def test_what_an_encoder_is_needed_for(upload, claim, db, clock, admin):
    def needed():
        with db.system() as conn:
            return jobs.needed(conn, clock.now())

    assert needed() is None
    upload()
    assert needed() == "job"
    claim()
    assert needed() == "job"
    admin.execute("UPDATE encode_job SET state = 'RETRY_WAIT', due_at = now() + interval '5 minutes'")
    assert needed() is None
    clock.pass_(minutes=5)
    assert needed() == "job"
