"""The metrics that only the storage-janitor worker has."""

from eventkit.metrics import Counter, Gauge

DELETIONS_PENDING = Gauge(
    "academy_deletions_pending",
    "Deletions that wait, are at work (attempting), or failed and will be tried again; NaN where another"
    " worker knows.",
    ("state",),
)
DELETIONS_OLDEST = Gauge(
    "academy_deletions_oldest_seconds",
    "Time since the release of the oldest pending deletion; NaN where another worker knows.",
    ("state",),
)
OBJECTS_DELETED = Counter("academy_objects_deleted_total", "Objects deleted after their owner's release.")
BYTES_DELETED = Counter("academy_bytes_deleted_total", "Bytes of the deleted objects.")
ALL = (DELETIONS_PENDING, DELETIONS_OLDEST, OBJECTS_DELETED, BYTES_DELETED)
