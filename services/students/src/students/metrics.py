"""The metrics that only the students worker has."""

from eventkit.metrics import Gauge

PURGE_HELD = Gauge(
    "academy_purge_held",
    "People whom the daily purge held back (fuse, legal_hold, cross_tenant_reference); NaN where another"
    " worker knows.",
    ("reason",),
)
ERASURES_OVERDUE = Gauge(
    "academy_erasures_overdue",
    "Erasures that a service has not answered for 24 h; NaN where another worker knows.",
    ("service",),
)
ALL = (PURGE_HELD, ERASURES_OVERDUE)
