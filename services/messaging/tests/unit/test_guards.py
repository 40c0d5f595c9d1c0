"""Allowed, skipped for good, or put off: for each reason, and which of two counts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from messaging.domain import guards
from messaging.domain.consent import NOTHING, Allowance
from messaging.domain.guards import Allow, Defer, Facts, Skip, Tenant, decide
from messaging.domain.messages import Category
from messaging.domain.quiet import SEOUL

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=SEOUL)
NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=SEOUL)
OPEN = Tenant(hold=False, active=True, has_sender=True, day_left=10, hour_left=10, provider_left=10)
INFO = Facts(Category.INFO, None, trigger_on=True, denied=False, opted_out=False, consent=NOTHING)
AD = replace(INFO, category=Category.AD, consent=Allowance(ad=True, night=False))


@pytest.mark.parametrize("now", [NOON, NIGHT])
def test_information_leaves_at_any_hour(now):
    assert decide(now, OPEN, INFO) == Allow()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"not_after": NOON}, "expired"),
        ({"trigger_on": False}, "trigger_disabled"),
        ({"denied": True}, "denylisted"),
        ({"opted_out": True}, "opted_out"),
        ({"category": Category.AD}, "no_consent"),
    ],
)
def test_what_never_leaves(change, code):
    facts = replace(INFO, **change)
    assert decide(NOON, OPEN, facts) == Skip(code)
    # not even after a hold: it is told at once, not when the hold ends
    assert decide(NOON, replace(OPEN, hold=True), facts) == Skip(code)


@pytest.mark.parametrize(
    ("tenant", "expected"),
    [
        ({"hold": True}, Defer("held", None)),
        ({"active": False}, Defer("inactive", None)),
        ({"day_left": 0}, Defer("daily_cap", datetime(2026, 3, 3, 0, 5, tzinfo=SEOUL))),
        ({"provider_left": 0}, Defer("provider_cap", datetime(2026, 3, 3, 0, 5, tzinfo=SEOUL))),
        ({"hour_left": 0}, Defer("hourly_cap", NOON + timedelta(hours=1))),
        ({"hour_left": 0, "day_left": 0}, Defer("daily_cap", datetime(2026, 3, 3, 0, 5, tzinfo=SEOUL))),
    ],
)
def test_what_leaves_later(tenant, expected):
    assert decide(NOON, replace(OPEN, **tenant), INFO) == expected


def test_advertising_waits_for_the_morning_unless_the_night_was_agreed():
    assert decide(NOON, OPEN, AD) == Allow()
    assert decide(NIGHT, OPEN, AD) == Defer("night", datetime(2026, 3, 3, 8, 0, tzinfo=SEOUL))
    agreed = replace(AD, consent=Allowance(ad=True, night=True))
    assert decide(NIGHT, OPEN, agreed) == Allow()


def test_a_message_leaves_until_the_second_of_its_end():
    facts = replace(INFO, not_after=NOON)
    assert decide(NOON - timedelta(seconds=1), OPEN, facts) == Allow()


def test_every_code_has_words():
    codes = {value for name, value in vars(guards).items() if name.isupper() and isinstance(value, str)}
    assert codes == set(guards.REASONS)
