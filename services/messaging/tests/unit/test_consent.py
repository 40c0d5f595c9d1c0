"""Consent as the ledger's entries add it up, with the clocks of 14 days and two years."""

from datetime import UTC, datetime, timedelta

import pytest
from messaging.domain.consent import NOTHING, Action, Allowance, Entry, Kind, allowance, standing

DAY = timedelta(days=1)
T0 = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def ledger(*said, kind=Kind.AD):
    return [Entry(kind, Action(action), T0 + days * DAY) for action, days in said]


def ad(*said):
    return standing(ledger(*said), Kind.AD)


def test_nothing_said_is_no_consent():
    assert ad() is None
    assert ad(("confirmed", 0), ("notified", 1)) is None
    assert allowance(None, None, T0) == NOTHING


def test_given_withdrawn_and_given_again():
    assert ad(("given", 0)).given
    assert not ad(("given", 0), ("withdrawn", 3)).given
    assert ad(("given", 0), ("withdrawn", 3), ("given", 5)).changed_at == T0 + 5 * DAY


def test_entries_count_in_the_order_of_their_time_however_they_come():
    said = ledger(("given", 0), ("withdrawn", 3))
    assert standing(reversed(said), Kind.AD) == standing(said, Kind.AD)


def test_the_result_is_told_within_14_days_of_each_change():
    assert ad(("given", 0)).notify_by == T0 + 14 * DAY
    assert ad(("given", 0), ("notified", 2)).notify_by is None
    assert ad(("given", 0), ("notified", 2), ("withdrawn", 3)).notify_by == T0 + 17 * DAY


def test_two_years_to_the_second():
    given = ad(("given", 0))
    assert given.renew_by == datetime(2028, 3, 2, 3, 0, tzinfo=UTC)
    assert given.valid(given.renew_by - SECOND)
    assert not given.valid(given.renew_by)
    confirmed = ad(("given", 0), ("confirmed", 700))
    assert confirmed.renew_by == datetime(2028, 1, 31, 3, 0, tzinfo=UTC).replace(year=2030, month=1)
    assert not ad(("given", 0), ("withdrawn", 1), ("confirmed", 2)).valid(T0 + 3 * DAY)


def test_a_consent_of_29_february_ends_a_day_early_rather_than_late():
    given = standing([Entry(Kind.AD, Action.GIVEN, datetime(2028, 2, 29, tzinfo=UTC))], Kind.AD)
    assert given.renew_by == datetime(2030, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "night", "expected"),
    [
        (("given", 0), None, Allowance(ad=True, night=False)),
        (("given", 0), ("given", 0), Allowance(ad=True, night=True)),
        (None, ("given", 0), NOTHING),
        (("withdrawn", 0), ("given", 0), NOTHING),
        (("given", 0), ("withdrawn", 0), Allowance(ad=True, night=False)),
    ],
)
def test_the_night_counts_only_together_with_the_day(day, night, expected):
    entries = [*ledger(*([day] if day else [])), *ledger(*([night] if night else []), kind=Kind.NIGHT)]
    found = allowance(standing(entries, Kind.AD), standing(entries, Kind.NIGHT), T0 + DAY)
    assert found == expected
