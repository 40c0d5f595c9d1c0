"""The variables of the operations guide (1.2) that say the same as one of ours, and are read in its place.

R2_ENDPOINT, R2_ACCESS_KEY, R2_SECRET_KEY, R2_<KIND>_BUCKET and INTERNAL_WORKER_TOKEN are called so here, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

_VIDEO, _MESSAGING = "-video-jobs", "-messaging-jobs"


class Alias(NamedTuple):
    """`join` makes our value of the texts of `names` ("" for an absent one, never all). Raises ValueError."""

    names: tuple[str, ...]
    join: Callable[..., str]


def _database_url(host: str, port: str, name: str, user: str, password: str) -> str:
    if not (host and name and user and password):
        raise ValueError("needs DB_HOST, DB_NAME, DB_USER and DB_PASSWORD together")
    if port and not (port.isascii() and port.isdigit()):
        raise ValueError("needs a number in DB_PORT")
    place = f"[{host}]" if ":" in host else host
    user, password, name = (quote(text, safe="") for text in (user, password, name))
    return f"postgresql://{user}:{password}@{place}:{port or 5432}/{name}"


def _queue_prefix(video: str, messaging: str) -> str:
    pairs = [(name, end) for name, end in ((video, _VIDEO), (messaging, _MESSAGING)) if name]
    prefixes = {name.removesuffix(end) for name, end in pairs}
    if len(prefixes) != 1 or not all(name.endswith(end) for name, end in pairs):
        raise ValueError(f"needs queue names <prefix>{_VIDEO} and <prefix>{_MESSAGING} with one prefix")
    return prefixes.pop()


DATABASE = Alias(("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"), _database_url)
QUEUES = Alias(("VIDEO_SQS_QUEUE_NAME", "MESSAGING_SQS_QUEUE_NAME"), _queue_prefix)
