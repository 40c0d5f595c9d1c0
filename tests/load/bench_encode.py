"""`make bench-encode`: one encode job beside bare ffmpeg of the same ladder, in one pass and in three.

All run the same program on the same file, in turns: what differs is our own work (probing, gate, poster,
storyboard) and the plan. `python tests/load/bench_encode.py SECONDS ROUNDS` for a quick look. Prints a table.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from measuring import machine
from media.adapters.ffmpeg import Ffmpeg, Limits, Tools, find_tools
from media.domain.ladder import ladder
from media.domain.renditions import Listed, compare, master
from media.domain.source import Rung, Source

SECONDS = 60
ROUNDS = 3
BARE = ("one_pass", "separate_passes")
# a slide that changes every 10 s, a teacher in its corner, a camera's noise
_SLIDE = "smptehdbars=size=1280x720:rate=30,drawgrid=w=64:h=36:t=1:c=white,hue=h=40*floor(t/10)"
_LECTURE = f"{_SLIDE}[s];testsrc2=size=320x240:rate=30[c];[s][c]overlay=940:460,noise=alls=3:allf=t"
_KEYS = ("-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0")
_HLS = ("-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_segment_type")


def _quiet(_seconds: float) -> None:
    """Nobody stops it."""


class Cost(NamedTuple):
    """Seconds on the wall, and of processors: what other work on the machine disturbs less."""

    wall: float
    cpu: float


class Bench:
    """The same lecture for all; every run has an empty folder."""

    def __init__(self, tools: Tools, folder: Path, seconds: int) -> None:
        self.tools = tools
        self.folder = folder
        self.path = folder / "lecture.mp4"
        # in production it yields to others; here both sides compete alike
        self.ffmpeg = Ffmpeg(tools, Limits(nice=0))
        made = ("-f", "lavfi", "-i", _LECTURE, "-f", "lavfi", "-i", "anoisesrc=a=0.05", "-t", str(seconds))
        self.bare(
            *made, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac", str(self.path)
        )
        self.source: Source = self.ffmpeg.probe(self.path, _quiet)
        self.rungs = ladder(self.source)

    def bare(self, *words: str) -> None:
        subprocess.run([self.tools.ffmpeg, "-nostdin", "-v", "error", "-y", *words], check=True)

    # what is measured

    def one_group(self, into: Path) -> None:
        """The job of a short video: all rungs in one decode."""
        self.job(into, [self.rungs])

    def two_groups(self, into: Path) -> None:
        """The job of a long video: the lowest first, so that it can be watched."""
        self.job(into, [self.rungs[:1], self.rungs[1:]])

    def job(self, into: Path, groups: Sequence[Sequence[Rung]]) -> None:
        source = self.ffmpeg.probe(self.path, _quiet)
        found = []
        for rungs in groups:
            self.ffmpeg.encode(self.path, source, rungs, into, _quiet)
            found += [self.ffmpeg.examine(into / rung.name, rung) for rung in rungs]
        compare(found, source)
        self.ffmpeg.poster(self.path, source, into, _quiet)
        self.ffmpeg.storyboard(self.path, source, into, _quiet)
        text = master([Listed(one, f"{one.name}/index.m3u8") for one in found])
        (into / "master.m3u8").write_text(text, "utf-8")

    def one_pass(self, into: Path) -> None:
        """As anybody would write it."""
        names = [rung.name for rung in self.rungs]
        split = f"[0:v]split={len(names)}{''.join(f'[i{name}]' for name in names)}"
        scales = [f"[i{rung.name}]scale={rung.width}:{rung.height}[{rung.name}]" for rung in self.rungs]
        outputs = [word for rung in self.rungs for word in self.output(rung, into, f"[{rung.name}]")]
        self.bare("-i", str(self.path), "-filter_complex", ";".join([split, *scales]), *outputs)

    def separate_passes(self, into: Path) -> None:
        """A decode for each rung."""
        for rung in self.rungs:
            scale = ("-vf", f"scale={rung.width}:{rung.height}")
            self.bare("-i", str(self.path), *scale, *self.output(rung, into, "0:v"))

    def output(self, rung: Rung, into: Path, picture: str) -> list[str]:
        folder = into / rung.name
        folder.mkdir(parents=True)
        rate = ("-crf", str(rung.crf), "-maxrate", f"{rung.max_kbps}k", "-bufsize", f"{2 * rung.max_kbps}k")
        sound = ("-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", f"{rung.audio_kbps}k")
        return [
            *(
                "-map",
                picture,
                "-map",
                "0:a",
                "-c:v",
                "libx264",
                "-preset",
                "veryfast",
                *rate,
                *_KEYS,
                *sound,
            ),
            *(*_HLS, "fmp4", "-hls_segment_filename", f"{folder}/%05d.m4s", f"{folder}/index.m3u8"),
        ]

    # the measuring

    def timed(self, run: Callable[[Path], None]) -> Cost:
        into = Path(tempfile.mkdtemp(dir=self.folder))
        started, used = time.perf_counter(), cpu_seconds()
        run(into)
        took = Cost(time.perf_counter() - started, cpu_seconds() - used)
        shutil.rmtree(into)
        return took

    def packaging(self) -> list[tuple[str, int, int]]:
        """(rung, bytes as fMP4, bytes as TS) of the same packets."""
        into = Path(tempfile.mkdtemp(dir=self.folder))
        self.job(into, [self.rungs])
        found = []
        for rung in self.rungs:
            fmp4, ts = into / rung.name, into / f"{rung.name}-ts"
            ts.mkdir()
            copy = ("-i", str(fmp4 / "index.m3u8"), "-c", "copy", *_HLS, "mpegts")
            self.bare(*copy, "-hls_segment_filename", f"{ts}/%05d.ts", f"{ts}/index.m3u8")
            found.append((rung.name, weight(fmp4), weight(ts)))
        return found


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def main(seconds: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(find_tools(), Path(folder), seconds)
        runs = (bench.one_group, bench.one_pass, bench.separate_passes, bench.two_groups)
        took: dict[str, list[Cost]] = {run.__name__: [] for run in runs}
        for _ in range(rounds):
            for run in runs:
                took[run.__name__].append(bench.timed(run))
        print(f"{machine()}; {seconds} s of 720p30, {len(bench.rungs)} rungs, {rounds} rounds, medians\n")
        print(
            "| run | s | CPU s | to one bare pass: s, CPU | to a pass each: s, CPU |\n|---|---|---|---|---|"
        )
        for name, costs in took.items():
            wall, cpu = (statistics.median(cost[at] for cost in costs) for at in (0, 1))
            ratios = [f"{ratio(costs, took[o], 0):.2f}, {ratio(costs, took[o], 1):.2f}" for o in BARE]
            print(f"| {name} | {wall:.1f} | {cpu:.1f} | {' | '.join(ratios)} |")
        print("\n| rung | fMP4 bytes | TS bytes | TS to fMP4 |\n|---|---|---|---|")
        for name, fmp4, ts in bench.packaging():
            print(f"| {name} | {fmp4:,} | {ts:,} | {ts / fmp4:.3f} |")


def ratio(ours: Sequence[Cost], others: Sequence[Cost], at: int) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a[at] / b[at] for a, b in zip(ours, others, strict=True))


if __name__ == "__main__":
    chosen = [int(word) for word in sys.argv[1:]]
    main(*(chosen or (SECONDS, ROUNDS)))
