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
OBJECTS_DELETED = Counter("academy_objects_deleted_total", "Objects deleted, by release or by plan.")
BYTES_DELETED = Counter("academy_bytes_deleted_total", "Bytes of the deleted objects.")
SURVIVORS = Counter("academy_survivors_total", "Objects of a sample that deletion did not remove.")
PLANS_PENDING = Gauge(
    "academy_plans_pending",
    "Plans that wait for an approval (planned), for their time, are under way, or stopped; NaN where another"
    " worker knows.",
    ("state",),
)
FINDINGS = Gauge(
    "academy_storage_findings",
    "Objects that nothing refers to (orphan), missing ones, objects of an unknown shape (unknown), and bucket"
    " rules that are not as they should be (drift); NaN where another worker knows.",
    ("what",),
)
SWEEP_AGE = Gauge(
    "academy_sweep_age_seconds",
    "Time since the bucket that has waited longest was swept (sweep), NaN before the first and where another"
    " worker knows.",
    ("what",),
)
LEDGER_BROKEN = Gauge(
    "academy_ledger_broken",
    "1 while the chain of the ledger does not verify (ledger); NaN where another worker knows.",
    ("what",),
)
ALL = (
    DELETIONS_PENDING,
    DELETIONS_OLDEST,
    OBJECTS_DELETED,
    BYTES_DELETED,
    SURVIVORS,
    PLANS_PENDING,
    FINDINGS,
    SWEEP_AGE,
    LEDGER_BROKEN,
)
