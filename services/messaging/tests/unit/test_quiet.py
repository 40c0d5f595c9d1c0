"""The night in Seoul, to the second, for each category and consent."""

from datetime import UTC, datetime, timedelta

import pytest
from messaging.domain.messages import Category
from messaging.domain.quiet import SEOUL, allowed_from, day_began, hour_began, is_night, next_day

AD, INFO = Category.AD, Category.INFO


def seoul(text):
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=SEOUL)


BOUNDARIES = [
    ("02T20:59:59", None),
    ("02T20:59:59.999999", None),
    ("02T21:00:00", "03T08:00:00"),
    ("02T23:59:59", "03T08:00:00"),
    ("03T00:00:00", "03T08:00:00"),
    ("03T07:59:59", "03T08:00:00"),
    ("03T07:59:59.999999", "03T08:00:00"),
    ("03T08:00:00", None),
]


@pytest.mark.parametrize(("at", "until"), BOUNDARIES)
def test_advertising_without_night_consent_waits_until_eight(at, until):
    now = seoul(at)
    assert is_night(now) == (until is not None)
    assert allowed_from(now, AD, night_consent=False) == (seoul(until) if until else now)


@pytest.mark.parametrize(("at", "until"), BOUNDARIES)
@pytest.mark.parametrize(("category", "night"), [(INFO, False), (INFO, True), (AD, True)])
def test_information_and_night_consent_leave_at_any_hour(at, until, category, night):
    assert allowed_from(seoul(at), category, night_consent=night) == seoul(at)


def test_the_zone_of_the_clock_does_not_matter():
    now = seoul("02T21:00:00").astimezone(UTC)
    allowed = allowed_from(now, AD, night_consent=False)
    assert (allowed, allowed.tzinfo) == (seoul("03T08:00:00"), UTC)


def test_days_and_hours_are_seoul_s():
    now = seoul("03T00:30:00").astimezone(UTC)
    assert day_began(now) == seoul("03T00:00:00")
    assert day_began(now - timedelta(hours=1)) == seoul("02T00:00:00")
    assert hour_began(now) == seoul("03T00:00:00")
    assert next_day(now) == seoul("04T00:05:00")
