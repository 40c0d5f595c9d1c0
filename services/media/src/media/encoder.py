"""The encoder: a process that takes videos' jobs from the table, one at a time, and encodes them."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from eventkit.worker import Worker
from servicekit.storage import open_store
from servicekit.worker_kit import WorkerKit

from media import metrics
from media.adapters.ffmpeg import Ffmpeg, find_tools
from media.settings import Settings
from media.usecases.encoding.attempt import EncodingPorts
from media.usecases.encoding.loop import EncodeLoop
from media.usecases.encoding.queueing import needed_encoder
from media.usecases.encoding.reconciling import MendingPorts, retry_lost
from media.usecases.encoding.scratch import Scratch


def build_encoder(settings: Settings) -> Worker:
    """Raises ToolsMissingError without ffmpeg."""
    kit = WorkerKit.open("media", settings, metrics.ENCODING)
    clock, figures, pulse = kit.runtime.clock, metrics.from_zero(kit.runtime.metrics), kit.runtime.pulse
    objects = open_store(settings, settings.r2_video_bucket)
    transcoder = Ffmpeg(find_tools(settings.ffmpeg_bin, settings.ffprobe_bin))
    name = f"{socket.gethostname()}:{os.getpid()}"
    ports = EncodingPorts(kit.db, objects, transcoder, clock, pulse, figures, name)
    mend = partial(retry_lost, ports=MendingPorts.of(kit.db, objects, clock, figures))
    scratch = Scratch(Path(settings.encoder_scratch))
    loop = EncodeLoop(ports, scratch, kit.runtime.idle, mend)
    return kit.without_queues(loop, needed_encoder(kit.db, clock))


def run(settings: Settings, _arguments: Sequence[str]) -> int:
    """`media encoder`: until SIGTERM; the exit code is Worker.run's."""
    return build_encoder(settings).run()
