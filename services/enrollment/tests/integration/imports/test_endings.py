"""After the end: the sheet goes; and jobs that nobody moves any more get one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from enrollment import handlers
from enrollment.domain.imports import Outcome
from enrollment.metrics import ALL, from_zero
from enrollment.usecases.imports import fail_abandoned_imports
from eventkit.errors import TransientError
from eventkit.metrics import Metrics
from prometheus_client import CollectorRegistry
from testkit.clock import FakeClock


@pytest.mark.parametrize(
    ("end", "handler"),
    [("completed", handlers.on_import_completed), ("failed", handlers.on_import_failed)],
)
def test_the_sheet_is_deleted_after_the_end_and_deleting_again_is_fine(
    imports: Any, created: Any, usable: Any, end: str, handler: Any
) -> None:
    accepted = imports.job(imports.lecture())
    if end == "failed":
        imports.all("DELETE FROM lecture")
    imports.read(accepted, [usable(2)])
    if end == "completed":
        assert imports.objects.content
        imports.enroll(*imports.answers(accepted, created))
    (ended,) = imports.published(f"enrollment.import.{end}", accepted)

    imports.objects.away = True
    with pytest.raises(TransientError):
        imports.end([ended], handler)
    imports.objects.away = False
    for _ in range(2):
        imports.end([ended], handler)

    assert [key for key in imports.objects.content if not key.startswith("exports/")] == []


def test_ends_are_counted_with_the_rows_that_really_were_enrolled(
    imports: Any, created: Any, usable: Any
) -> None:
    lecture = imports.lecture()
    jobs = [imports.job(lecture), imports.job(lecture), imports.job(lecture, dry_run=True)]
    for job, rows in zip(jobs, ([usable(2), usable(3)], [usable(3)], [usable(4)]), strict=True):
        imports.run(job, rows, created)
    failed = imports.job(None)
    crash(imports, failed)
    age(imports, "31 minutes")
    sweep(imports)
    figures = from_zero(Metrics(CollectorRegistry(), ALL))

    def counted(name: str, outcome: str) -> float | None:
        return figures.registry.get_sample_value(f"academy_import{name}_total", {"outcome": outcome})

    def end(how: str, handler: Any) -> None:
        ended = imports.published(f"enrollment.import.{how}")
        imports.objects.away = True
        with pytest.raises(TransientError):
            imports.end(ended, handler, figures)
        imports.objects.away = False
        imports.end(ended, handler, figures)

    assert counted("s", "import_abandoned") == 0
    end("completed", handlers.on_import_completed)
    end("failed", handlers.on_import_failed)

    assert counted("s", "done") == 3
    assert counted("s", "import_abandoned") == 1
    ended = {outcome: counted("_rows", outcome) for outcome in Outcome}
    assert {k: n for k, n in ended.items() if n} == {Outcome.ENROLLED: 2, Outcome.ALREADY_ENROLLED: 1}


def sweep(imports: Any, *, up_for: float = 3600.0) -> None:
    clock = FakeClock()
    started = clock.monotonic()
    clock.advance(up_for)
    fail_abandoned_imports(imports.academy.database, datetime.now(UTC), clock=clock, started=started)


def age(imports: Any, interval: str) -> None:
    imports.all(f"UPDATE import_job SET moved_at = now() - interval '{interval}'")


def crash(imports: Any, accepted: Any) -> None:
    def read(_path: Any) -> Any:
        raise RuntimeError("bug")

    with pytest.raises(RuntimeError):
        imports.read(accepted, read)


def test_a_job_whose_reading_was_given_up_fails(imports: Any) -> None:
    accepted = imports.job(imports.lecture())
    crash(imports, accepted)
    age(imports, "29 minutes")
    sweep(imports)
    assert imports.state(accepted)["status"] == "RUNNING"

    age(imports, "31 minutes")
    sweep(imports)
    sweep(imports)

    state = imports.state(accepted)
    assert (state["status"], state["error_code"]) == ("FAILED", "import_abandoned")
    assert len(imports.published("enrollment.import.failed")) == 1


def test_a_queue_that_is_behind_gets_more_patience(imports: Any) -> None:
    accepted = imports.job(imports.lecture())
    age(imports, "5 hours")
    sweep(imports)
    assert imports.state(accepted)["status"] == "PENDING"

    age(imports, "7 hours")
    sweep(imports)
    assert imports.state(accepted)["status"] == "FAILED"


def test_rows_that_nobody_answers_end_with_the_job(imports: Any, usable: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(2)])
    age(imports, "7 hours")

    sweep(imports)

    assert imports.state(accepted)["error_code"] == "import_abandoned"
    assert imports.outcomes(accepted) == {2: "failed"}


def test_a_worker_that_just_started_lets_the_queue_deliver_first(imports: Any) -> None:
    accepted = imports.job(imports.lecture())
    crash(imports, accepted)
    age(imports, "3 days")

    sweep(imports, up_for=60)

    assert imports.state(accepted)["status"] == "RUNNING"


def test_jobs_that_have_ended_stay_as_they_are(imports: Any, usable: Any, created: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.run(accepted, [usable(2)], created)
    age(imports, "3 days")

    sweep(imports)

    assert imports.state(accepted)["status"] == "DONE"
