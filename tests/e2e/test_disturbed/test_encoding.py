"""Whatever dies while a video is encoded: it ends READY, once, with one set of objects and no scratch."""

import os
import signal
from pathlib import Path

import pytest
from media.domain.jobs import Step
from testkit.cinema import addresses, fetch
from testkit.stack import second_encoder
from testkit.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]

STEPS = [step for step in Step if step is not Step.PREPARING]


@pytest.fixture(scope="module")
def file(tmp_path_factory, videos):
    """Long enough to be caught in the middle."""
    path = tmp_path_factory.mktemp("lecture") / "lecture.mp4"
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
    videos.play(path, "-map", "0:v", "-map", "1:a", *coded, rate="10", seconds=12)
    return path


def begun(cinema, video, step, attempt=1):
    """This step was reached in this attempt, or it was too short to be seen and the next is under way."""

    def reached():
        found = cinema.query(f"SELECT step, state, attempt FROM media.encode_job WHERE video_id = '{video}'")
        at, state, now = found[0]
        if now < attempt:
            cinema.time_passes(attempt - 1)
        return state == "SUCCEEDED" or (now >= attempt and at and Step(at).position >= step.position)

    wait_until(reached, 120)


def ended_well(cinema, video, disturbed=1):
    """`disturbed`: the last attempt that something happened to."""

    def ready():
        cinema.time_passes(disturbed)
        return cinema.video(video)["status"] == "READY"

    wait_until(ready, 240, interval=0.5)
    attempts = cinema.query(f"SELECT state, attempt FROM media.encode_job WHERE video_id = '{video}'")
    assert [state for state, _ in attempts] == ["SUCCEEDED"]
    said = f"SELECT DISTINCT id FROM media.outbox WHERE type = 'media.video.ready' AND subject = '{video}'"
    assert len(cinema.query(said)) == 1
    status, master = fetch(cinema.play_url(video))
    assert (status, len(addresses(master.decode()))) == (200, len(cinema.video(video)["renditions"]))
    return attempts[0][1]


def scratch(stack):
    """What encoders have left on the disk."""
    return [path for path in Path(stack.data).glob("**/encoder-scratch/*/*") if path.is_dir()]


@pytest.mark.parametrize("steps", [STEPS[::2], STEPS[1::2]], ids="-".join)
def test_the_encoder_is_killed_at(own_stack, new_cinema, file, steps):
    """One video's attempts in turn, each at a step of its own."""
    cinema = new_cinema()
    video = cinema.send(file)
    for attempt, step in enumerate(steps, start=1):
        begun(cinema, video, step, attempt)
        own_stack.kill("media-encoder")
    ended_well(cinema, video, len(steps))
    wait_until(lambda: not scratch(own_stack), 60)


@pytest.mark.parametrize("part", ["s3", "postgres", "sqs"])
def test_another_part_is_killed(own_stack, new_cinema, file, part):
    cinema = new_cinema()
    video = cinema.send(file)
    begun(cinema, video, Step.TRANSCODING)
    own_stack.kill(part)
    ended_well(cinema, video)


def test_an_encoder_that_is_told_to_stop_hands_its_job_back(own_stack, new_cinema, file):
    cinema = new_cinema()
    video = cinema.send(file)
    begun(cinema, video, Step.TRANSCODING)
    os.kill(own_stack.pid("media-encoder"), signal.SIGTERM)
    ended_well(cinema, video)
    assert cinema.query(f"SELECT failures FROM media.encode_job WHERE video_id = '{video}'") == [(0,)]


def test_two_encoders_have_the_same_job(own_stack, new_cinema, file):
    """The first sleeps until the second has its job; then it goes on, and changes nothing."""
    cinema = new_cinema()
    video = cinema.send(file)
    begun(cinema, video, Step.TRANSCODING)
    first = own_stack.pid("media-encoder")
    os.kill(first, signal.SIGSTOP)
    with second_encoder(own_stack):
        assert ended_well(cinema, video) >= 2
        made = cinema.objects(video)
        os.kill(first, signal.SIGCONT)
        pid = own_stack.pid("media-encoder")
        wait_until(lambda: "fenced" in own_stack.log("media-encoder"), 60)
    assert pid == first
    assert set(made) <= set(cinema.objects(video))
    assert cinema.video(video)["status"] == "READY"
