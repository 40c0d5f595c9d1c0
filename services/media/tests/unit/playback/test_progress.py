"""What is credited: never more than the time that passed."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from media.domain.access import AccessMode, Override, policy_of
from media.domain.progress import COMPLETE_AT, MAX_GAP_MS, Watched, advance, fraction, is_skip

HOUR = 3_600_000


def policy(mode, **own):
    return policy_of(mode, Override(**own), allow_skip=False, max_speed=Decimal("1.5"), show_watermark=True)


CLASS, REVIEW = policy(AccessMode.PROCTORED_CLASS), policy(AccessMode.FREE_REVIEW)
reports = st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(0, 200_000)), max_size=60)


@given(reports)
def test_no_reports_credit_a_class_more_than_the_clock(given_reports):
    watched, passed = Watched(), 0
    for position, elapsed in given_reports:
        after = advance(watched, position, elapsed, HOUR, CLASS)
        passed += min(elapsed, MAX_GAP_MS)
        assert watched.max_watched_ms <= after.max_watched_ms <= min(passed, HOUR)
        assert after.position_ms <= after.max_watched_ms
        assert watched.watched_ms <= after.watched_ms <= passed
        watched = after


@given(reports, st.sampled_from([CLASS, REVIEW]))
def test_nobody_completes_a_video_in_less_than_the_time_it_takes(given_reports, rules):
    watched, passed = Watched(), 0
    for position, elapsed in given_reports:
        watched = advance(watched, position, elapsed, HOUR, rules)
        passed += min(elapsed, MAX_GAP_MS) * rules.max_speed
    assert fraction(watched, HOUR) <= Decimal(passed) / HOUR


def test_an_honest_viewer_with_a_jittery_clock_is_credited_all_and_never_accused():
    watched, at = Watched(), 0
    for beat in range(220):
        elapsed = 15_000 + (800 if beat % 2 else -800)
        at += 15_000
        assert not is_skip(watched, at, elapsed, CLASS)
        watched = advance(watched, at, elapsed, HOUR, CLASS)
    assert watched.max_watched_ms > 219 * 15_000 - 1_000
    assert fraction(watched, HOUR) >= COMPLETE_AT


def test_the_grace_is_tolerated_and_not_credited():
    watched = Watched()
    for _ in range(100):  # a report every 100 ms, each from three seconds ahead
        at = watched.max_watched_ms + 3_000
        assert not is_skip(watched, at, 100, CLASS)
        watched = advance(watched, at, 100, HOUR, CLASS)
    assert watched.max_watched_ms == 10_000


def test_a_skip_is_one_beyond_grace_and_only_where_one_may_not():
    before = Watched(60_000, 60_000, 60_000)
    assert not is_skip(before, 78_000, 15_000, CLASS)
    assert is_skip(before, 78_001, 15_000, CLASS)
    assert not is_skip(before, 5_000, 0, CLASS)
    assert not is_skip(before, HOUR, 0, REVIEW)
    assert is_skip(before, HOUR, 10 * HOUR, CLASS)  # a long silence is no watching


def test_a_class_s_skip_is_taken_back_and_a_review_s_is_where_it_went():
    before = Watched(60_000, 60_000, 60_000)
    assert advance(before, HOUR, 15_000, HOUR, CLASS) == Watched(75_000, 75_000, 75_000)
    assert advance(before, HOUR, 10_000, HOUR, REVIEW) == Watched(HOUR, HOUR, 75_000)
    assert advance(before, 5_000, 10_000, HOUR, CLASS) == Watched(5_000, 60_000, 60_000)


def test_neither_a_jump_to_the_end_nor_one_minute_over_and_over_is_a_view():
    assert fraction(Watched(HOUR, HOUR, 60_000), HOUR) < Decimal("0.02")
    assert fraction(Watched(0, 60_000, 10 * HOUR), HOUR) < Decimal("0.02")
    assert fraction(Watched(HOUR, HOUR, 2 * HOUR), HOUR) == 1
    assert fraction(Watched(0, 0, 0), 0) == 0
    assert fraction(Watched(0, 3_239_999, HOUR), HOUR) < COMPLETE_AT
