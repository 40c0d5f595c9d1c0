"""`media encoder` as a process with the real ffmpeg: to a READY video; stopped and killed in the middle."""

import os
import re
import signal
import sys
from contextlib import contextmanager
from urllib.request import urlopen
from uuid import uuid4

import pytest
from academyctl.embedded.program import Program, answers_ok, plain_environment, running
from testkit.api import environment
from testkit.servers import free_ports
from testkit.waiting import wait_until

pytestmark = pytest.mark.servers


@pytest.fixture
def start(database, issuer, s3_server, bucket, scratch_root, tmp_path):
    """`with start() as (port, pid of, log):` an encoder; it ends with the block."""
    store = {
        "R2_ENDPOINT": s3_server.endpoint,
        "R2_ACCESS_KEY": s3_server.access_key,
        "R2_SECRET_KEY": s3_server.secret_key,
        "R2_VIDEO_BUCKET": bucket,
        "ENCODER_SCRATCH": str(scratch_root),
    }

    @contextmanager
    def run(**more):
        port, log = free_ports(), tmp_path / f"encoder-{uuid4().hex[:6]}.log"
        program = Program(
            "encoder",
            (sys.executable, "-m", "media", "encoder"),
            lambda: answers_ok(port, "/readyz"),
            env={
                **plain_environment(),
                **environment(issuer, database.url, **store, **more),
                "HEALTH_BIND": f"127.0.0.1:{port}",
            },
            start_seconds=90,
            stop_seconds=30,
        )
        with running(program, log):
            yield port, log

    return run


@pytest.fixture
def film(upload, admin, objects, videos, video_of):
    """`film("h264")`: an uploaded video of that kind; its id."""

    def make(kind):
        video_id = upload(queued=True, stored=False)
        objects.put_file(video_of(video_id)["raw_key"], videos.path(kind))
        return video_id

    return make


def encoder_pid(job):
    """Of `host:pid`, by which an encoder signs its claim."""
    return int(job["worker"].rpartition(":")[2])


def transcoding(job_of, video_id):
    return wait_until(lambda: (job := job_of(video_id))["step"] == "transcoding" and job, 120)


def metrics(port):
    with urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        return page.read().decode()


def test_it_makes_a_video_ready_shows_it_is_alive_and_drains(start, film, video_of, objects, left):
    video_id = film("h264")
    with start() as (port, log):
        wait_until(lambda: video_of(video_id)["status"] == "READY", 300)
        assert answers_ok(port, "/livez")
        ended = re.compile(r'academy_encode_attempts_total\{code="",outcome="succeeded"\} 1\.0')
        wait_until(lambda: ended.search(metrics(port)), 20)
    assert [one["name"] for one in video_of(video_id)["renditions"]] == ["v1", "v2"]
    assert objects.read_range(video_of(video_id)["master_key"], 0, 7) == b"#EXTM3U"
    assert left() == []
    assert "attempt ended" in log.read_text()


def test_sigterm_hands_the_job_back_and_the_next_encoder_finishes_it(start, film, job_of, video_of, left):
    video_id = film("long")
    with start():
        transcoding(job_of, video_id)
    job = job_of(video_id)
    assert (job["state"], job["failures"]) == ("QUEUED", 0)
    assert left() == []
    with start():
        wait_until(lambda: video_of(video_id)["status"] == "READY", 300)


def test_kill_9_costs_one_failure_and_leaves_nothing(start, film, job_of, video_of, admin, left):
    video_id = film("long")
    with start():
        os.kill(encoder_pid(transcoding(job_of, video_id)), signal.SIGKILL)
    assert left() != []
    # a minute later
    admin.execute("UPDATE encode_job SET lease_until = now() - interval '1 second'")
    with start():
        wait_until(lambda: job_of(video_id)["state"] == "RETRY_WAIT", 60)
        admin.execute("UPDATE encode_job SET due_at = now()")
        wait_until(lambda: video_of(video_id)["status"] == "READY", 300)
    assert job_of(video_id)["failures"] == 1
    assert left() == []


def test_an_idle_encoder_ends_by_itself(start, film, video_of):
    video_id = film("h264")
    with start(SELF_STOP="exit", SELF_STOP_AFTER_POLLS="2") as (port, _log):
        wait_until(lambda: video_of(video_id)["status"] == "READY", 300)
        wait_until(lambda: not answers_ok(port, "/livez"), 60)
