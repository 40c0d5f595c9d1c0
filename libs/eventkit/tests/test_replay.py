"""A replay applies what a dry run said can be applied, in growing steps, and stops when a cause repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from eventkit.consumer import on
from eventkit.deadletters import letters, replays
from eventkit.deadletters.letters import Filter
from eventkit.deadletters.replayer import RAMP
from eventkit.envelope import Event
from eventkit.errors import PermanentError
from eventkit.uow import UnitOfWork

MADE = "kit.thing.made"
ALL = Filter(type=MADE)


def refuse(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise PermanentError("refused")


# --- freezing and trying --------------------------------------------------------------------------


def test_a_selection_is_frozen_oldest_event_first(stage: Any, replayer: Any, begin: Any, mended: Any) -> None:
    stage.bury(refuse, 3)
    stage.bury(refuse, 1, 2)
    replay_id = begin()
    stage.bury(refuse, 4)  # too late for this one
    replayer.work()
    assert mended.seen == [3, 1, 2]
    assert stage.replay_of(replay_id).total == 3
    assert sorted(stage.states().values()) == ["open", "replayed", "replayed", "replayed"]


def test_nothing_is_applied_before_somebody_says_so(stage: Any, replayer: Any) -> None:
    stage.bury(refuse, 1, 2)
    with stage.db.system() as conn:
        replay_id = replays.create(conn, ALL, "operator-1")
    for _ in range(3):
        replayer.work()
    assert stage.effects == []
    assert stage.replay_of(replay_id).state == "rehearsed"
    assert set(stage.states().values()) == {"open"}


def test_a_selection_of_nothing_is_done_at_once(stage: Any) -> None:
    with stage.db.system() as conn:
        replay_id = replays.create(conn, ALL, "operator-1")
    found = stage.replay_of(replay_id)
    assert (found.state, found.total) == ("done", 0)
    assert found.ended_at is not None


def test_a_selection_has_its_limit_and_takes_the_oldest(
    stage: Any, replayer: Any, begin: Any, mended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.bury(refuse, 3)
    stage.bury(refuse, 1, 2)
    monkeypatch.setattr(replays, "MOST", 2)
    assert stage.replay_of(begin()).total == 2
    replayer.work()
    assert mended.seen == [3, 1]


def test_only_what_the_dry_run_lets_pass_is_applied(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    ids = stage.bury(refuse, *range(1, 61))
    unreadable = stage.bury(refuse, 61)
    stage.rows("UPDATE dead_letter SET body = '{' WHERE event_id = %s RETURNING 1", unreadable[0])
    mended.failing = {number: PermanentError("still", str(number)) for number in range(1, 31)}
    replay_id = begin()
    mended.failing = {}
    replayer.work()
    assert mended.seen == list(range(31, 61))
    with stage.db.system() as conn:
        (summary,) = replays.summaries(conn, [replay_id]).values()
    assert summary == {
        "would_change": {"done": 30}, "still_fails": {"waiting": 30}, "unreadable": {"waiting": 1},
    }  # fmt: skip
    assert stage.replay_of(replay_id).state == "done"
    left = {event_id for event_id, state in stage.states().items() if state == "open"}
    assert left == {*ids[:30], *unreadable}


def test_an_item_says_what_would_change(stage: Any, begin: Any, mended: Any) -> None:
    stage.bury(refuse, 1, 2)
    mended.failing = {2: PermanentError("still")}
    begin()
    found = stage.rows("SELECT forecast, changes, reason FROM replay_item ORDER BY position")
    assert found == [("would_change", {"effect": 1}, None), ("still_fails", {}, "still")]


# --- the ramp -------------------------------------------------------------------------------------


def test_steps_grow_while_nothing_fails(stage: Any, replayer: Any, begin: Any, mended: Any) -> None:
    assert RAMP == (1, 2, 5, 20, 50, 100)
    stage.bury(refuse, *range(200))
    stage.bury(refuse, *range(200, 300))
    replay_id = begin()
    steps: list[int] = []
    mended.before = lambda _number: steps.append(stage.replay_of(replay_id).step)
    replayer.work()
    assert sorted(Counter(steps).items()) == list(enumerate([1, 2, 5, 20, 50, 100, 100, 22]))
    assert mended.seen == list(range(300))
    assert stage.replay_of(replay_id).state == "done"
    assert stage.outcomes(replay_id) == ["done"] * 300


def test_it_stops_at_the_first_letter_that_dies_of_the_same_again(
    stage: Any, replayer: Any, begin: Any
) -> None:
    ids = stage.bury(refuse, *range(10))
    replay_id = begin()
    ((reason, fingerprint),) = set(stage.rows("SELECT reason, fingerprint FROM dead_letter"))
    again = stage.replayer(on(MADE, refuse))  # a build that has the fault still, or again
    again.work()
    found = stage.replay_of(replay_id)
    assert (found.state, found.stop_reason) == ("stopped", f"repeated:{fingerprint}:{reason}")
    assert stage.outcomes(replay_id) == ["failed"] + [None] * 9
    assert stage.states() == dict.fromkeys(ids, "open")
    assert stage.rows("SELECT attempts FROM dead_letter ORDER BY attempts DESC LIMIT 2") == [(2,), (1,)]


def test_failures_of_other_causes_stop_it_only_at_their_second_time(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    ids = stage.bury(refuse, *range(12))
    replay_id = begin()
    mended.failing = {1: PermanentError("one"), 2: PermanentError("two"), 7: PermanentError("one")}
    replayer.work()
    found = stage.replay_of(replay_id)
    assert (found.state, (found.stop_reason or "").split(":")[2]) == ("stopped", "one")
    outcomes = ["done", "failed", "failed", "done", "done", "done", "done", "failed", None, None, None, None]
    assert stage.outcomes(replay_id) == outcomes
    assert stage.effects == [0, 3, 4, 5, 6]
    letter = stage.rows(
        "SELECT state, handler, reason, attempts, place, fingerprint FROM dead_letter WHERE event_id = %s",
        ids[2],
    )[0]
    assert letter[:4] == ("open", "on_thing_made", "two", 2)
    assert letter[4].endswith(" _handle")
    assert letter[5] == letters.fingerprint(MADE, "on_thing_made", "two", letter[4])


def test_after_a_stop_it_goes_on_behind_what_failed_from_the_first_step(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    stage.bury(refuse, *range(20))
    replay_id = begin()
    mended.failing = {number: PermanentError("still") for number in (8, 9)}
    replayer.work()
    assert stage.replay_of(replay_id).state == "stopped"
    mended.failing = {}
    replayer.work()  # says of the new cause that it is mended
    stage.move(replay_id, "stopped", "applying")
    steps: list[int] = []
    mended.before = lambda _number: steps.append(stage.replay_of(replay_id).step)
    replayer.work()
    assert steps == [0, 1, 1, 2, 2, 2, 2, 2, 3, 3]
    found = stage.replay_of(replay_id)
    assert (found.state, found.stop_reason) == ("done", None)
    assert stage.outcomes(replay_id) == ["done"] * 8 + ["failed"] * 2 + ["done"] * 10
    assert sorted(stage.states().values()) == ["open"] * 2 + ["replayed"] * 18


def test_a_letter_that_this_build_can_no_longer_read_has_failed(
    stage: Any, replayer: Any, begin: Any
) -> None:
    stage.bury(refuse, 1, 2, 3)
    replay_id = begin()
    stage.replayer().work()  # a build without that handler
    assert stage.replay_of(replay_id).state == "stopped"
    assert stage.outcomes(replay_id) == ["failed", "failed", None]
    assert stage.rows("SELECT DISTINCT reason FROM dead_letter ORDER BY 1") == [("no_handler",), ("refused",)]


# --- verdicts -------------------------------------------------------------------------------------


def test_each_build_says_once_of_each_cause_whether_it_is_mended(
    stage: Any, replayer: Any, mended: Any
) -> None:
    stage.bury(refuse, 1, 2)
    stage.bury(refuse, 3, type="kit.thing.counted")
    replayer.work()
    replayer.work()
    assert mended.seen == [1]  # one of them, once

    def forecasts(build: str) -> dict[str, str | None]:
        with stage.db.system() as conn:
            return {group.type: group.forecast for group in letters.groups(conn, Filter(), build)}

    assert forecasts("build-2") == {MADE: "would_change", "kit.thing.counted": "unreadable"}
    assert forecasts("build-1") == {MADE: None, "kit.thing.counted": None}
    stage.replayer(on(MADE, refuse), build="build-1").work()
    assert forecasts("build-1") == {MADE: "still_fails", "kit.thing.counted": "unreadable"}
    assert stage.effects == []


def test_replays_and_verdicts_are_forgotten_after_90_days(stage: Any, replayer: Any, begin: Any) -> None:
    stage.bury(refuse, 1)
    replay_id = begin()
    replayer.work()
    with stage.db.system() as conn:
        assert replays.prune(conn) == 0
    stage.rows("UPDATE replay SET ended_at = now() - interval '91 days' RETURNING 1")
    stage.rows("UPDATE dead_letter_verdict SET checked_at = now() - interval '91 days' RETURNING 1")
    with stage.db.system() as conn:
        assert replays.prune(conn) == 1
        assert replays.find(conn, replay_id) is None
    assert stage.rows("SELECT 1 FROM replay_item UNION ALL SELECT 1 FROM dead_letter_verdict") == []
