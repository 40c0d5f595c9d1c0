"""The metrics that only the enrollment worker has."""

from __future__ import annotations

from eventkit.metrics import Counter, Metrics

from enrollment.domain.imports import FAILURES

IMPORTS = Counter(
    "academy_imports_total",
    "Imports that ended; outcome is done or the code of what ended it (import_crashed, not_a_workbook …).",
    ("outcome",),
)
IMPORT_ROWS = Counter(
    "academy_import_rows_total", "Rows of imports that are done, without dry runs, by outcome.", ("outcome",)
)
ALL = (IMPORTS, IMPORT_ROWS)


def from_zero(metrics: Metrics) -> Metrics:
    """The same; what alerts wait for shows before its first time."""
    for code in FAILURES:
        metrics.count(IMPORTS, 0, outcome=code)
    return metrics
