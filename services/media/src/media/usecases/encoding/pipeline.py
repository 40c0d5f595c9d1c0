"""From the original in the bucket to a READY video: the steps of one attempt, in order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from posixpath import relpath

from media.domain.jobs import Step
from media.domain.ladder import ladder
from media.domain.renditions import Listed, ListedCaption, compare, master
from media.domain.source import Caption, Rendition, Rung, Source
from media.domain.videos import attempt_prefix, hls_prefix
from media.store.publication import Published
from media.store.videos import Video
from media.usecases.encoding import publishing
from media.usecases.encoding.attempt import Attempt
from media.usecases.encoding.made import Made
from media.usecases.encoding.scratch import require_space
from media.usecases.encoding.transfer import download, follow, upload, verify

LONG = 10 * 60 * 1000
"""From this duration in ms on the lowest rendition is made alone first, so that people can begin to watch."""

MASTER = "master.m3u8"
VIEWABLE = "viewable.m3u8"
Window = tuple[float, float]
# shares of the whole job, for people who wait
_DOWNLOAD: Window = (0.01, 0.10)
_PROBE: Window = (0.10, 0.11)
_BODY: Window = (0.11, 0.90)
_EXTRAS: Window = (0.90, 0.96)
_LAST: Window = (0.96, 1.0)
_ENCODE_SHARE, _GATE_SHARE = 0.85, 0.88


def encode_video(attempt: Attempt, folder: Path) -> None:
    """One attempt from beginning to end, in the empty `folder`.

    Raises EncodeError, and as Attempt.check.
    """
    attempt.ports.points("claimed")
    video = attempt.patiently(lambda: publishing.begin(attempt))
    raw = folder / "raw"
    attempt.enter(Step.DOWNLOADING, *_DOWNLOAD)
    require_space(folder, video.raw_bytes)
    download(attempt, video.raw_key, raw)
    attempt.ports.points("downloaded")
    attempt.enter(Step.PROBING, *_PROBE)
    source = attempt.ports.transcoder.probe(raw, lambda _done: attempt.check())
    work = _Work(attempt, video, folder, raw, source)
    made = work.renditions(ladder(source))
    extras = work.extras()
    work.publish(made, extras)


def groups(rungs: Sequence[Rung], source: Source) -> list[Sequence[Rung]]:
    """What is made in one decode each, in order."""
    if source.duration_ms >= LONG and len(rungs) > 1:
        return [rungs[:1], rungs[1:]]
    return [rungs]


@dataclass(frozen=True, slots=True)
class _Work:
    """What one attempt works on."""

    attempt: Attempt
    video: Video
    folder: Path
    raw: Path
    source: Source

    @property
    def prefix(self) -> str:
        """Of everything that this attempt uploads."""
        claim = self.attempt.claim
        return attempt_prefix(claim.tenant, claim.video_id, claim.job_id, claim.attempt)

    def renditions(self, rungs: Sequence[Rung]) -> list[Made]:
        """Every rung in the store, lowest first; VIEWABLE as soon as that one is."""
        made: list[Made] = []
        start, end = _BODY
        weight = sum(rung.width * rung.height for rung in rungs)
        for group in groups(rungs, self.source):
            share = (end - _BODY[0]) * sum(rung.width * rung.height for rung in group) / weight
            for one in self._group(group, made, (start, start + share)):
                made.append(one)
                if len(made) == 1:
                    self._publish_viewable(one)
            start += share
        return made

    def _group(self, group: Sequence[Rung], before: Sequence[Made], window: Window) -> Iterator[Made]:
        recalled = {rung: Made.recall(rung, self.attempt.claim.checkpoint) for rung in group}
        todo = [rung for rung, kept in recalled.items() if kept is None]
        out = self.folder / "renditions"
        start, end = window
        encoded, examined = (start + (end - start) * share for share in (_ENCODE_SHARE, _GATE_SHARE))
        if todo:
            self.attempt.enter(Step.TRANSCODING, start, encoded)
            self.attempt.ports.transcoder.encode(self.raw, self.source, todo, out, self._watch)
            self.attempt.ports.points("encoded")
            self.attempt.enter(Step.VALIDATING, encoded, examined)
        fresh = self._examine(todo, out, [one for one in (*before, *recalled.values()) if one])
        for rung, part in zip(group, _parts((examined, end), len(group)), strict=True):
            yield recalled[rung] or self._upload(rung, fresh[rung], out / rung.name, part)

    def _examine(self, rungs: Sequence[Rung], out: Path, known: Sequence[Made]) -> dict[Rung, Rendition]:
        """The gate: each rendition by itself, then all that there are side by side."""
        found = {rung: self.attempt.ports.transcoder.examine(out / rung.name, rung) for rung in rungs}
        compare(sorted((*(one.rendition for one in known), *found.values()), key=_by_name), self.source)
        return found

    def _upload(self, rung: Rung, rendition: Rendition, folder: Path, window: Window) -> Made:
        prefix = f"{self.prefix}{rung.name}/"
        self.attempt.enter(Step.UPLOADING, *window)
        made = Made(rung, rendition, prefix, upload(self.attempt, folder, prefix))
        self.attempt.ports.points("uploaded")
        shutil.rmtree(folder)
        self.attempt.patiently(lambda: publishing.keep(self.attempt, rung.name, made.remember()))
        self.attempt.ports.points("kept")
        return made

    def _publish_viewable(self, lowest: Made) -> None:
        folder = self.folder / "viewable"
        folder.mkdir()
        self._write_master(folder / VIEWABLE, [lowest], ())
        upload(self.attempt, folder, self.prefix)
        self.attempt.ports.points("before_viewable")
        key, entry = self.prefix + VIEWABLE, lowest.entry()
        self.attempt.patiently(lambda: publishing.publish_viewable(self.attempt, key, self.source, entry))
        self.attempt.ports.points("viewable")

    def extras(self) -> dict[str, int]:
        """Poster, storyboard and captions in the store; their sizes by name."""
        transcoder, folder = self.attempt.ports.transcoder, self.folder / "extras"
        folder.mkdir()
        pictures, *texts = _parts(_EXTRAS, 1 + len(self.source.captions))
        self.attempt.enter(Step.THUMBNAIL, *pictures)
        transcoder.poster(self.raw, self.source, folder, self._watch)
        transcoder.storyboard(self.raw, self.source, folder, self._watch)
        for number, (caption, part) in enumerate(zip(self.source.captions, texts, strict=True)):
            # each reads the whole file again: together they may take longer than STALL_LIMIT
            self.attempt.enter(Step.THUMBNAIL, *part)
            into = folder / _captions(number)
            into.mkdir(parents=True)
            transcoder.captions(self.raw, self.source, caption, into, self._watch)
        self.attempt.enter(Step.UPLOADING, _EXTRAS[1], _LAST[0])
        return upload(self.attempt, folder, self.prefix)

    def publish(self, made: Sequence[Made], extras: Mapping[str, int]) -> None:
        """READY, once everything that the master playlist leads to is found in the store."""
        self.attempt.enter(Step.UPLOADING, *_LAST)
        folder = self.folder / "master"
        folder.mkdir()
        self._write_master(folder / MASTER, made, self.source.captions)
        sizes = {self.prefix + name: size for name, size in extras.items()}
        for one in made:
            sizes |= {one.prefix + name: size for name, size in one.sizes.items()}
        verify(self.attempt, self._root, {key.removeprefix(self._root): size for key, size in sizes.items()})
        sizes |= {
            self.prefix + name: size for name, size in upload(self.attempt, folder, self.prefix).items()
        }
        follow(self.attempt, self.prefix + MASTER, sizes)
        self.attempt.ports.points("finished")
        published = Published(
            master_key=self.prefix + MASTER,
            poster_key=self.prefix + "poster.jpg",
            storyboard_key=self.prefix + "storyboard.vtt",
            renditions=[one.entry() for one in made],
            hls_bytes=sum(sizes.values()),
            hls_objects=len(sizes),
        )
        self.attempt.patiently(lambda: publishing.publish_ready(self.attempt, self.source, published))
        self.attempt.ports.points("ready")

    @property
    def _root(self) -> str:
        return hls_prefix(self.attempt.claim.tenant, self.attempt.claim.video_id)

    def _write_master(self, path: Path, made: Sequence[Made], captions: Sequence[Caption]) -> None:
        """Its addresses are relative, so that one of an earlier attempt is as good as an own."""
        here = self.prefix.rstrip("/")
        variants = [Listed(one.rendition, relpath(f"{one.prefix}index.m3u8", here)) for one in made]
        tracks = [
            ListedCaption(each, f"{_captions(number)}/index.m3u8") for number, each in enumerate(captions)
        ]
        path.write_text(master(variants, tracks), encoding="utf-8")

    def _watch(self, seconds: float) -> None:
        self.attempt.moved(seconds * 1000 / max(self.source.duration_ms, 1))


def _parts(window: Window, count: int) -> list[Window]:
    """The window in `count` equal ones."""
    start, end = window
    edges = [start + (end - start) * number / count for number in range(count + 1)]
    return list(pairwise(edges))


def _captions(number: int) -> str:
    return f"captions/{number}"


def _by_name(rendition: Rendition) -> tuple[int, str]:
    return len(rendition.name), rendition.name
