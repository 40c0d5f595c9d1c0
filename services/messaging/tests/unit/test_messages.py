"""States, the business key, retries."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from messaging.domain.messages import (
    FINAL,
    FOLLOWING,
    MAX_ATTEMPTS,
    Key,
    Status,
    before,
    retry_after,
)

# as it is in ledgers that exist: another one would send everything once more
DIGEST = "156f93f08640a1df0eaf809679b1764003dbb4c4105435120a285ae91e8d16fa"
KEY = Key("hangang", "sms", "absent_occurred", "s-1", "f" * 32, "2026-03-02", "t-1")


def reachable(start):
    found, waiting = set(), [start]
    while waiting:
        for state in FOLLOWING[waiting.pop()]:
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def test_every_state_has_its_place_and_every_message_can_end():
    assert set(FOLLOWING) == set(Status)
    assert {state for state in Status if not FOLLOWING[state]} == FINAL
    assert all(reachable(state) & FINAL for state in set(Status) - FINAL)
    assert reachable(Status.QUEUED) == set(Status)


def test_nothing_that_may_have_left_is_skipped_or_cancelled():
    for state in (Status.SENDING, Status.AMBIGUOUS, Status.ACCEPTED):
        assert not FOLLOWING[state] & {Status.SKIPPED, Status.CANCELLED, Status.CLAIMED}
    assert Status.QUEUED not in FOLLOWING[Status.ACCEPTED]


def test_before_is_following_read_backwards():
    assert set(before(Status.DELIVERED)) == {Status.ACCEPTED, Status.AMBIGUOUS}
    assert before(Status.SENDING) == (Status.CLAIMED,)


def test_the_key_is_stable_and_every_part_counts():
    assert KEY.digest() == DIGEST
    changed = {replace(KEY, **{name: "x"}).digest() for name in KEY.__dataclass_fields__}
    assert len(changed | {KEY.digest()}) == 8


@given(st.text(), st.text())
def test_parts_do_not_run_into_each_other(one, other):
    pairs = {(one, other), (one + other, ""), ("", one + other)}
    assert len({replace(KEY, target=a, occurrence=b).digest() for a, b in pairs}) == len(pairs)


def test_retries_grow_and_end():
    waits = [retry_after(attempts) for attempts in range(1, MAX_ATTEMPTS + 1)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert waits[-1] is None
    assert None not in waits[:-1]
    assert max(waits[:-1]) <= timedelta(hours=1)
