"""Bytes between the bucket and the scratch folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from posixpath import basename, dirname, join, normpath
from typing import BinaryIO

from servicekit.storage import ObjectMissingError

from media.domain.failures import EncodeError
from media.domain.links import CONTENT_TYPES
from media.domain.playlist_lines import attributes, read_lines
from media.usecases.encoding.attempt import Attempt

THREADS = 8
_AHEAD = 4 * THREADS
_PLAYLIST = ".m3u8"
# for how long a browser or the edge may keep it (reference A3); keys are never used again
_CACHE: Mapping[str, str] = {
    _PLAYLIST: "no-cache",
    ".mp4": "public, max-age=31536000, immutable",
    ".m4s": "public, max-age=31536000, immutable",
    ".jpg": "public, max-age=604800",
    ".vtt": "public, max-age=3600",
}


def download(attempt: Attempt, key: str, path: Path) -> None:
    """The whole object, resumed where a connection broke.

    Raises EncodeError raw_missing, and as Attempt.check.
    """
    objects = attempt.ports.objects
    try:
        size = attempt.patiently(lambda: objects.head(key)).size
        with path.open("wb") as file:
            while file.tell() < size:
                attempt.patiently(lambda: _rest(attempt, key, file, size))
    except ObjectMissingError as error:
        raise EncodeError("raw_missing") from error


def upload(attempt: Attempt, folder: Path, prefix: str) -> dict[str, int]:
    """Every file of the folder below the key `prefix`, playlists last; their sizes by name.

    What is named in a playlist is there before the playlist is. Raises EncodeError gate_failed when the store
    has something else afterwards, and as Attempt.check.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    total = sum(path.stat().st_size for path in files) or 1
    sent = 0
    for playlists in (False, True):
        chosen = [path for path in files if (path.suffix == _PLAYLIST) is playlists]
        for path in _at_once(attempt, chosen, lambda path: _put(attempt, folder, path, prefix)):
            sent += path.stat().st_size
            attempt.moved(sent / total)
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    verify(attempt, prefix, sizes)
    return sizes


def verify(attempt: Attempt, prefix: str, sizes: Mapping[str, int]) -> None:
    """One listing. Raises EncodeError gate_failed for an object that is not there, or of another size."""
    listed = attempt.patiently(
        lambda: {info.key.removeprefix(prefix): info.size for info in attempt.ports.objects.list(prefix)}
    )
    wrong = [name for name, size in sizes.items() if listed.get(name) != size]
    if wrong:
        raise EncodeError("gate_failed", f"{len(wrong)} objects not stored: {wrong[0]}")


def follow(attempt: Attempt, key: str, sizes: Mapping[str, int]) -> None:
    """As a player would: from a playlist in the store to all that it names, and a piece of the last of that.

    `sizes` holds what was stored, by key. Raises EncodeError gate_failed for an address that leads nowhere.
    """
    objects = attempt.ports.objects
    named = [normpath(join(dirname(key), uri)) for uri in _addresses(_text(attempt, key))]
    for place in named:
        if place not in sizes:
            raise EncodeError("gate_failed", f"a playlist leads nowhere: {basename(place)}")
        if place.endswith(_PLAYLIST):
            follow(attempt, place, sizes)
    if named and not attempt.patiently(lambda: objects.read_range(named[-1], 0, 16)):
        raise EncodeError("gate_failed", "an empty segment")


def _addresses(text: str) -> Iterator[str]:
    for line in read_lines(text):
        uri = line.value if not line.name else attributes(line.value).values.get("URI")
        if uri:
            yield uri


def _text(attempt: Attempt, key: str) -> str:
    stream = attempt.patiently(lambda: b"".join(attempt.ports.objects.open(key).chunks))
    return stream.decode()


def _rest(attempt: Attempt, key: str, file: BinaryIO, size: int) -> None:
    stream = attempt.ports.objects.open(key, (file.tell(), None))
    try:
        for chunk in stream.chunks:
            file.write(chunk)
            attempt.moved(file.tell() / size)
    finally:
        stream.chunks.close()


def _put(attempt: Attempt, folder: Path, path: Path, prefix: str) -> Path:
    content_type, cache = CONTENT_TYPES[path.suffix[1:]], _CACHE[path.suffix]
    key = prefix + path.relative_to(folder).as_posix()
    attempt.patiently(lambda: attempt.ports.objects.put_file(key, path, content_type, cache_control=cache))
    return path


def _at_once(attempt: Attempt, paths: Iterable[Path], put: Callable[[Path], Path]) -> Iterator[Path]:
    """As each is done. What is raised, here or by the caller, ends it without waiting for the rest."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="upload")
    try:
        rest = iter(paths)
        sending = {pool.submit(put, path) for path in islice(rest, _AHEAD)}
        while sending:
            done, sending = wait(sending, timeout=1, return_when=FIRST_COMPLETED)
            attempt.check()
            for future in done:
                yield future.result()
                sending |= {pool.submit(put, path) for path in islice(rest, 1)}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
