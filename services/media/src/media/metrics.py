"""The metrics that only the media service has."""

from __future__ import annotations

from eventkit.metrics import Counter, Gauge, Histogram, Metrics

from media.domain.failures import PERMANENT, TRANSIENT

ENCODE_JOBS = Counter(
    "academy_encode_attempts_total",
    "Attempts of encode jobs that ended; outcome is succeeded, retry_wait, failed (the file is at fault),"
    " dead (too many failures), returned (by a stopping encoder) or fenced; code is what it failed of.",
    ("outcome", "code"),
)
ENCODE_SECONDS = Histogram("academy_encode_seconds", "Seconds of one attempt of an encode job.", ("outcome",))
ENCODE_ACTIVE = Gauge(
    "academy_encode_jobs", "Encode jobs that have not ended; NaN where another worker knows.", ("state",)
)
ENCODE_WAITING = Gauge(
    "academy_encode_waiting_seconds",
    "Since when the longest waiting job of a state is due; NaN where another worker knows.",
    ("state",),
)
ENCODE_MENDED = Counter(
    "academy_encode_mended_total",
    "Videos that were stuck and go on: not_queued, lease_lost or not_published.",
    ("stuck",),
)
SUPERSEDED_OBJECTS = Counter(
    "academy_encode_superseded_objects_total", "Objects of earlier attempts that were deleted."
)
ENCODING = (
    ENCODE_JOBS, ENCODE_SECONDS, ENCODE_ACTIVE, ENCODE_WAITING, ENCODE_MENDED, SUPERSEDED_OBJECTS,
)  # fmt: skip
RETENTION = Counter(
    "academy_video_retention_total",
    "What was done on time: upload_completed (all there, but nobody said so), upload_expired, raw_missing,"
    " raw_expired, not_cleaned (a deletion that was announced again).",
    ("what",),
)
ALL = (*ENCODING, RETENTION)

STUCK = ("not_queued", "lease_lost", "not_published")


def from_zero(metrics: Metrics) -> Metrics:
    """The same; what alerts wait for shows before its first time."""
    for code in (*PERMANENT, *TRANSIENT):
        metrics.count(ENCODE_JOBS, 0, outcome="failed" if code in PERMANENT else "dead", code=code)
    for stuck in STUCK:
        metrics.count(ENCODE_MENDED, 0, stuck=stuck)
    return metrics
