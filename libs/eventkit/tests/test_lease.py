"""One worker per job, and nothing written by one that came late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from eventkit import lease
from eventkit.lease import Fence, LeaseBusyError, LeaseLostError

TTL = timedelta(seconds=60)


def _claim(stage: Any, owner: str) -> Fence:
    with stage.db.tenant("t1") as conn:
        return lease.claim(conn, "import:1", owner, TTL, stage.clock)


def test_a_held_lease_is_busy_for_everybody_and_says_until_when(stage: Any) -> None:
    _claim(stage, "a")
    stage.clock.advance(20)
    for owner in ("a", "b"):
        with pytest.raises(LeaseBusyError) as busy:
            _claim(stage, owner)
        assert busy.value.after == timedelta(seconds=40)


def test_after_its_time_the_next_attempt_wins_and_the_late_one_is_refused(stage: Any) -> None:
    first = _claim(stage, "a")
    stage.clock.advance(61)
    with stage.db.tenant("t1") as conn:
        lease.check(conn, first)  # nobody took it: still good
    second = _claim(stage, "b")
    assert second.attempt == first.attempt + 1
    for act in (lease.check, lease.release, lambda c, f: lease.extend(c, f, TTL, stage.clock)):
        with pytest.raises(LeaseLostError), stage.db.tenant("t1") as conn:
            act(conn, first)
    with stage.db.tenant("t1") as conn:
        lease.check(conn, second)


def test_extending_moves_the_end(stage: Any) -> None:
    fence = _claim(stage, "a")
    stage.clock.advance(50)
    with stage.db.tenant("t1") as conn:
        lease.extend(conn, fence, TTL, stage.clock)
    stage.clock.advance(50)
    with pytest.raises(LeaseBusyError):
        _claim(stage, "b")


def test_a_released_lease_is_free_at_once_and_attempts_keep_growing(stage: Any) -> None:
    first = _claim(stage, "a")
    with stage.db.system() as conn:
        lease.release(conn, first)
    assert _claim(stage, "b").attempt == 2
