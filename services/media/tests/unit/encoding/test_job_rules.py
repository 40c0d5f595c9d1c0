"""What becomes of a job that fails, and the steps that people see."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media.domain.failures import PERMANENT, TRANSIENT
from media.domain.jobs import MAX_FAILURES, STEPS, JobState, Step, verdict


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8)], ids=["first", "second", "third", "fourth"]
)
def test_a_transient_failure_waits_under_a_ceiling_that_doubles(failures, minutes):
    decided = verdict(permanent=False, failures=failures, jitter=1.0)
    assert (decided.state, decided.wait) == (JobState.RETRY_WAIT, timedelta(minutes=minutes))


def test_the_fifth_failure_is_the_last():
    decided = verdict(permanent=False, failures=MAX_FAILURES, jitter=0.5)
    assert (decided.state, decided.wait) == (JobState.DEAD, None)


def test_a_file_at_fault_is_not_tried_again():
    decided = verdict(permanent=True, failures=1, jitter=0.5)
    assert (decided.state, decided.wait) == (JobState.FAILED, None)


@given(st.integers(1, MAX_FAILURES - 1), st.floats(0, 1))
def test_full_jitter_never_waits_longer_than_half_an_hour(failures, jitter):
    wait = verdict(permanent=False, failures=failures, jitter=jitter).wait
    assert timedelta(0) <= wait <= timedelta(minutes=30)


def test_seven_steps_each_with_a_korean_word():
    assert [step.position for step in STEPS] == [1, 2, 3, 4, 5, 6, 7]
    assert len({step.label for step in Step}) == 7
    assert all("가" <= letter <= "힣" or letter == " " for step in Step for letter in step.label)


def test_no_code_is_both_permanent_and_transient():
    assert not PERMANENT.keys() & TRANSIENT.keys()
