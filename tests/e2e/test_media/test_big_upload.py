"""A big file over a line that breaks three times: no finished part goes twice, no memory grows with the file.

512 MB, more than either process may take; BIG_UPLOAD_BYTES=2147483648 for the 2 GB of a three-hour lecture.
"""

import os
import threading

import psutil
import pytest
from testkit.cinema import ConnectionDroppedError, put
from testkit.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]

SIZE = int(os.environ.get("BIG_UPLOAD_BYTES", "536870912"))
DROPS_AFTER = (0.15, 0.5, 0.95)
"""Which share of the parts is through when the line breaks."""
MEMORY = 400 << 20


@pytest.fixture
def big(tmp_path, videos):
    """A real MP4 of a few seconds, followed by a `free` box (ISO/IEC 14496-12) up to SIZE."""
    path = tmp_path / "big.mp4"
    start = videos.path("h264").read_bytes()
    with path.open("wb") as file:
        file.write(start + (SIZE - len(start)).to_bytes(4) + b"free")
        file.truncate(SIZE)
    return path


class Memory:
    """The most that each part took while the block ran."""

    def __init__(self, stack, *parts):
        self.most = dict.fromkeys(parts, 0)
        self._stack, self._done = stack, threading.Event()

    def _watch(self):
        while not self._done.wait(0.2):
            for part in self.most:
                root = psutil.Process(self._stack.pid(part))
                used = sum(process.memory_info().rss for process in (root, *root.children(recursive=True))
                    if "ffmpeg" not in process.name())  # fmt: skip
                self.most[part] = max(self.most[part], used)

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._done.set()
        self._thread.join()


def missing(cinema, video):
    state = cinema.api.get(f"/api/v1/media/videos/{video}/upload/")
    return [
        part for part in range(1, state["upload"]["part_count"] + 1) if part not in state["uploaded_parts"]
    ]


def urls(cinema, video, parts):
    answer = cinema.api.post(f"/api/v1/media/videos/{video}/upload/presign/", {"parts": parts[:100]})
    return answer["results"]


def test_a_big_file_over_a_bad_line(stack, cinema, big):
    begun = cinema.begin(big)
    video, part_bytes = str(begun["video"]["id"]), begun["upload"]["part_bytes"]
    sent: list[int] = []
    drops = [int(share * begun["upload"]["part_count"]) for share in DROPS_AFTER]
    with Memory(stack, "media-api", "media-encoder") as memory, big.open("rb") as source:
        while todo := missing(cinema, video):
            try:
                for part in urls(cinema, video, todo):
                    source.seek((part["part"] - 1) * part_bytes)
                    cut = part["size"] // 2 if drops and len(sent) >= drops[0] else None
                    put(part["url"], source, part["size"], cut_after=cut)
                    sent.append(part["part"])
            except ConnectionDroppedError:
                drops.pop(0)
        cinema.complete(video)
        assert cinema.encoded(video, 400)["status"] == "READY"
    assert drops == []
    assert sent == list(range(1, begun["upload"]["part_count"] + 1))
    assert cinema.video(video)["raw_bytes"] == SIZE
    assert max(memory.most.values()) < MEMORY
    cinema.delete(video)
    wait_until(lambda: not cinema.objects(video), 60)
