"""The real ffmpeg on real sample files."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from media.adapters.ffmpeg import Ffmpeg, Limits, find_tools
from media.domain.ladder import ladder
from media.domain.source import Rendition, Rung, Source


def quiet(_seconds):
    """A watch that has nothing to say."""


@dataclass
class Encoded:
    """A sample through the whole of it."""

    source: Source
    rungs: tuple[Rung, ...]
    renditions: list[Rendition]
    folder: Path


@pytest.fixture(scope="session")
def tools():
    return find_tools()


@pytest.fixture(scope="session")
def ffmpeg(tools):
    return Ffmpeg(tools)


@pytest.fixture
def make(tools):
    """`make(stall_seconds=1)`: a transcoder with other limits."""
    return lambda **limits: Ffmpeg(tools, Limits(**limits))


@pytest.fixture
def encode(ffmpeg, videos, tmp_path):
    """`encode("phone")`: probed, encoded, examined."""

    def run(kind):
        path = videos.path(kind)
        source = ffmpeg.probe(path, quiet)
        rungs = ladder(source)
        ffmpeg.encode(path, source, rungs, tmp_path, quiet)
        renditions = [ffmpeg.examine(tmp_path / rung.name, rung) for rung in rungs]
        return Encoded(source, rungs, renditions, tmp_path)

    return run


@pytest.fixture(scope="session")
def sample(ffmpeg, videos, tmp_path_factory):
    """One encoded video that tests copy and break: 7 s, two renditions of two segments."""
    path = videos.path("long_sound")
    source = ffmpeg.probe(path, quiet)
    folder = tmp_path_factory.mktemp("sample")
    ffmpeg.encode(path, source, ladder(source), folder, quiet)
    return Encoded(source, ladder(source), [], folder)


@pytest.fixture
def look(tools):
    """`look(path)`: streams as another program tells them, every frame decoded."""

    def run(path, *options):
        command = [tools.ffprobe, "-v", "error", "-count_frames", *options, "-show_streams", "-of", "json"]
        answer = subprocess.run([*command, str(path)], check=True, capture_output=True, text=True)
        assert answer.stderr == ""
        return {stream["codec_type"]: stream for stream in json.loads(answer.stdout)["streams"]}

    return run
