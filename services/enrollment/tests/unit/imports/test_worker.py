"""The composition of the worker."""

from __future__ import annotations

from typing import Any

import pytest
from enrollment import events, worker
from enrollment.settings import Settings
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer
from eventkit.subscription import Subscription
from servicekit import worker_kit
from servicekit.settings import load
from testkit.sqs import FakeSqs

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "INTERNAL_WORKER_TOKEN": "test-internal-token-0001",
    "AUTH_JWKS_URL": "file:///nowhere",
    "AUTH_ISSUER": "https://issuer.academy.test",
    "AUTH_AUDIENCE": "academy",
    "R2_ENDPOINT": "http://127.0.0.1:9",
    "R2_ACCESS_KEY": "test-key",
    "R2_SECRET_KEY": "test-secret",
}


def test_the_worker_listens_to_all_it_consumes_and_reads_sheets_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sqs = FakeSqs(SYSTEM_CLOCK)
    for service in ("enrollment", "students", "media", "messaging", "storage-janitor"):
        sqs.make_pair(f"academy-{service}-events")
    heard: list[Subscription] = []

    def consumer(*given: Any, **more: Any) -> Consumer:
        heard.extend(given[4])
        return Consumer(*given, **more)

    monkeypatch.setattr(worker_kit, "sqs_client", lambda _settings: sqs)
    monkeypatch.setattr(worker_kit, "Consumer", consumer)

    worker.build_worker(load(Settings, ENVIRONMENT))

    assert {s.type for s in heard} == events.CONSUMES
    assert [s.type for s in heard if s.single] == ["enrollment.import.accepted"]
    assert {s.name for s in heard} == {
        "on_import_accepted",
        "on_import_completed",
        "on_import_failed",
        "on_roster_resolved",
        "on_student_changed",
        "on_student_merged",
        "on_student_unmerged",
        "on_student_purged",
    }
