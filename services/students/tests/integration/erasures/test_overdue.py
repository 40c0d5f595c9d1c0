"""The hourly check: who has not answered a purge for a day."""

import logging
import math
from datetime import UTC, datetime, timedelta

import pytest
from contracts.erasure import CONTEXTS
from eventkit.metrics import Metrics
from prometheus_client import CollectorRegistry
from students.metrics import ALL
from students.usecases.erasures import CHECK_EVERY, check_erasures, overdue_erasures
from testkit.clock import FakeClock

DAY = timedelta(hours=24)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def check(academy, registry, clock):
    """`check(now)`: service → erasures it owes, as /metrics would show it."""
    overdue = overdue_erasures(Metrics(registry, ALL), clock)

    def run(now):
        check_erasures(academy.db.database, now, overdue=overdue)
        return shown(registry)

    return run


def shown(registry):
    return {
        service: registry.get_sample_value("academy_erasures_overdue", {"service": service})
        for service in CONTEXTS
    }


def test_after_a_day_each_missing_service_is_counted_over_all_tenants(academy, erasures, person, check):
    first = erasures.delete_and_purge(academy.resolve(person(1))[0]["student_id"])
    [other] = academy.resolve(person(1), tenant="other")
    second = erasures.delete_and_purge(other["student_id"], tenant="other")
    erasures.answer_all(first, but=["media", "storage"])
    erasures.answer_all(second, but=["media"])
    now = datetime.now(UTC)
    nothing = dict.fromkeys(CONTEXTS, 0)
    assert check(now) == nothing
    assert check(now + DAY - timedelta(minutes=1)) == nothing
    assert check(now + DAY) == {**nothing, "media": 2, "storage": 1}
    erasures.answer(erasures.receipt("media", first), erasures.receipt("media", first))
    assert check(now + DAY) == {**nothing, "media": 1, "storage": 1}
    erasures.answer(erasures.receipt("storage", first))
    erasures.answer(erasures.receipt("media", second))
    assert check(now + 30 * DAY) == nothing


def test_one_log_line_with_counts_and_no_people(academy, erasures, check, caplog):
    rose = {"name": "장미란", "parent_phone": "01031415926"}
    for row in (rose, {"name": "강하늘", "parent_phone": "01011112222"}):
        [made] = academy.resolve(row)
        erasures.answer_all(erasures.delete_and_purge(made["student_id"]), but=["media", "enrollment"])
    with caplog.at_level(logging.ERROR):
        check(datetime.now(UTC))
        assert caplog.records == []
        check(datetime.now(UTC) + DAY)
    [line] = caplog.records
    assert line.waiting == {"enrollment": 2, "media": 2}
    assert "장미란" not in repr(vars(line))


def test_a_worker_that_no_longer_runs_the_check_claims_nothing(check, registry, clock):
    assert all(math.isnan(value) for value in shown(registry).values())
    assert check(datetime.now(UTC)) == dict.fromkeys(CONTEXTS, 0)
    clock.advance(1.5 * CHECK_EVERY.total_seconds())
    assert shown(registry) == dict.fromkeys(CONTEXTS, 0)
    clock.advance(CHECK_EVERY.total_seconds())
    assert all(math.isnan(value) for value in shown(registry).values())
