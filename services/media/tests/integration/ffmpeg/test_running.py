"""ffmpeg as a child: it ends when it should, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from media.adapters.ffmpeg import Ffmpeg, Limits, Tools, ToolsMissingError, find_tools
from media.adapters.ffmpeg.run import SilentError, run
from media.domain.failures import TRANSIENT, EncodeError
from media.domain.ladder import ladder
from testkit.waiting import wait_until


class StoppedError(Exception):
    """What a watch raises."""


def quiet(_seconds):
    """A watch that has nothing to say."""


@pytest.fixture
def program(tmp_path):
    """`program("sleep 60")`: a shell script in ffmpeg's place."""

    def write(body):
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def transcoder(program):
    return lambda body, **limits: Ffmpeg(Tools(program(body), program(body)), Limits(**limits))


def own_children():
    return {child.pid for child in psutil.Process().children(recursive=True)}


def left_behind(before):
    """New children; those of a server that was there before, as PostgreSQL's own, are its business."""
    now = psutil.Process().children(recursive=True)
    return {child for child in now if child.pid not in before and child.ppid() not in before}


def test_what_the_watch_raises_stops_it_and_comes_out(ffmpeg, videos, tmp_path):
    path = videos.path("long")
    source = ffmpeg.probe(path, quiet)
    before = own_children()

    def stop(seconds):
        raise StoppedError(seconds)

    with pytest.raises(StoppedError):
        ffmpeg.encode(path, source, ladder(source), tmp_path, stop)

    assert left_behind(before) == set()


@pytest.mark.parametrize("body", ["exec sleep 600", "sleep 600 & while :; do echo nothing; sleep 0.05; done"])
@pytest.mark.parametrize("step", ["probe", "encode", "poster", "storyboard", "captions"])
def test_the_watch_stops_one_that_tells_nothing(step, body, transcoder, videos, ffmpeg, tmp_path):
    """Whoever is told to stop does not wait for the program's next word."""
    path = videos.path("captioned")
    source = ffmpeg.probe(path, quiet)
    silent, before, looks = transcoder(body), own_children(), []
    given = {
        "probe": (), "encode": (source, ladder(source), tmp_path / "out"), "poster": (source, tmp_path),
        "storyboard": (source, tmp_path), "captions": (source, *source.captions, tmp_path / "out"),
    }  # fmt: skip

    def stop(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        getattr(silent, step)(path, *given[step], stop)

    assert looks == [0, 0, 0]
    assert left_behind(before) == set()


def test_the_watch_sees_it_grow_to_the_end(ffmpeg, videos, tmp_path):
    path = videos.path("long")
    source = ffmpeg.probe(path, quiet)
    seen = []

    ffmpeg.encode(path, source, ladder(source)[:1], tmp_path, seen.append)

    assert seen == sorted(seen)
    assert seen[-1] > source.duration_ms / 1000 - 1


def test_one_that_goes_on_without_progress_is_stopped_with_its_children(transcoder, videos, ffmpeg, tmp_path):
    source = ffmpeg.probe(videos.path("h264"), quiet)
    before = own_children()
    hanging = transcoder("sleep 600 & while :; do echo out_time_us=5; sleep 0.05; done", stall_seconds=0.5)

    with pytest.raises(EncodeError, match="encoder_stalled") as caught:
        hanging.encode(videos.path("h264"), source, ladder(source), tmp_path / "out", quiet)

    assert caught.value.code in TRANSIENT
    assert left_behind(before) == set()


def test_progress_moves_the_deadline(program):
    slow = program("for n in 1 2 3 4; do echo $n; sleep 0.3; done")
    run([slow], Limits(), 1.0, lambda _: True, lambda: None)


def test_a_program_that_says_nothing_is_stopped(program):
    with pytest.raises(SilentError):
        run([program("exec sleep 600")], Limits(), 0.2, lambda _: False, lambda: None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("av_interleaved_write_frame(): No space left on device", "no_space"),
        ("moov atom not found", "truncated_file"),
        ("Cannot allocate memory", "encoder_failed"),
        ("", "encoder_failed"),
    ],
)
def test_what_it_says_becomes_a_code_and_is_not_passed_on(said, code, transcoder, videos, ffmpeg, tmp_path):
    source = ffmpeg.probe(videos.path("h264"), quiet)
    failing = transcoder(f"yes 'noise /home/kim/lecture.mp4' | head -n 100000 >&2; echo '{said}' >&2; exit 1")

    with pytest.raises(EncodeError) as caught:
        failing.encode(videos.path("h264"), source, ladder(source), tmp_path / "out", quiet)

    assert caught.value.code == code
    assert "kim" not in str(caught.value)


def test_killed_by_the_system(transcoder, videos, ffmpeg, tmp_path):
    source = ffmpeg.probe(videos.path("h264"), quiet)

    with pytest.raises(EncodeError, match="encoder_failed"):
        transcoder("kill -9 $$").encode(videos.path("h264"), source, ladder(source), tmp_path / "out", quiet)


@pytest.mark.parametrize("body", ["yes x | tr -d '\\n'", "yes"])
def test_a_prober_that_never_ends_its_answer(body, transcoder, videos):
    with pytest.raises(EncodeError, match="not_a_video"):
        transcoder(body).probe(videos.path("h264"), quiet)


def test_the_child_is_bounded_nice_and_knows_no_secret(program, monkeypatch):
    monkeypatch.setenv("R2_SECRET_KEY", "s3cr3t")
    lines = []

    run(
        [program("ulimit -v; ulimit -c; nice; env")],
        Limits(memory_bytes=2 << 30, nice=7),
        60,
        lambda line: bool(lines.append(line)),
        lambda: None,
    )

    assert lines[:2] == [str(2 << 20), "0"]
    assert int(lines[2]) >= 7
    assert not any("R2_SECRET_KEY" in line for line in lines)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_it_dies_with_a_caller_that_is_killed(program, tmp_path):
    noted = tmp_path / "pid"
    code = (
        "from media.adapters.ffmpeg.run import run\nfrom media.adapters.ffmpeg.tools import Limits\n"
        f"run([{program(f'echo $$ > {noted}; exec sleep 600')!r}],"
        " Limits(), 600, lambda _: False, lambda: None)"
    )
    caller = subprocess.Popen([sys.executable, "-c", code])
    wait_until(lambda: noted.exists() and noted.read_text().strip(), 60)
    child = int(noted.read_text())

    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()

    wait_until(lambda: not psutil.pid_exists(child) or ended(child), 60)


def ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_source_that_ends_before_it_says(ffmpeg, videos, tmp_path):
    """Probing was told that there is more, as by a file that is cut inside a packet."""
    path = videos.path("h264")
    source = ffmpeg.probe(path, quiet)
    longer = type(source)(**{**{n: getattr(source, n) for n in source.__slots__}, "duration_ms": 60_000})

    with pytest.raises(EncodeError, match="truncated_file"):
        ffmpeg.encode(path, longer, ladder(source)[:1], tmp_path, quiet)


def test_tools_that_are_named():
    own = find_tools()

    assert find_tools(own.ffmpeg, own.ffprobe) == own
    assert Path(own.ffmpeg).is_absolute()


@pytest.mark.parametrize(
    ("ffmpeg", "ffprobe", "said"),
    [("/nowhere/ffmpeg", "/nowhere/ffprobe", "not a program"), ("ffmpeg", "", "both or none")],
)
def test_tools_that_are_not_there(ffmpeg, ffprobe, said):
    with pytest.raises(ToolsMissingError, match=said):
        find_tools(ffmpeg, ffprobe)
