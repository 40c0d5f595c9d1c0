"""What happens while a replay is under way: to its letters, to itself, to what its handlers need."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import orjson
import pytest
from eventkit.deadletters import letters, replays
from eventkit.deadletters.letters import Filter
from eventkit.envelope import Event
from eventkit.errors import PermanentError, UnavailableError
from eventkit.lease import LeaseBusyError
from eventkit.queue import Outgoing
from eventkit.uow import UnitOfWork
from sqlalchemy import text

ALL = Filter(type="kit.thing.made")


def refuse(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise PermanentError("refused")


# --- while somebody looks on ----------------------------------------------------------------------


@pytest.mark.parametrize("away", [0, 4])
def test_letters_that_are_given_up_meanwhile_are_left_out(
    stage: Any, replayer: Any, begin: Any, mended: Any, away: int
) -> None:
    """Whether before their step or in the middle of it."""
    ids = stage.bury(refuse, *range(6))

    def discard(number: int) -> None:
        if number == away:
            with stage.db.system() as conn:
                gone = letters.discard(conn, ALL)
            # the one that is being handled at this moment is not given up any more
            assert len(gone) == 5 - away

    replay_id = begin()
    mended.before = discard
    replayer.work()
    assert mended.seen == list(range(away + 1))
    assert stage.outcomes(replay_id) == ["done"] * (away + 1) + ["settled"] * (5 - away)
    assert stage.replay_of(replay_id).state == "done"
    assert stage.states() == {
        event_id: "replayed" if number <= away else "discarded" for number, event_id in enumerate(ids)
    }


def test_an_edit_in_the_middle_of_a_step_is_what_is_applied(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    ids = stage.bury(refuse, *range(6))
    replay_id = begin()

    def edit(number: int) -> None:
        if number == 3:
            with stage.db.system() as conn:
                ((letter_id, body),) = conn.execute(
                    text("SELECT id, body FROM dead_letter WHERE event_id = :id"), {"id": ids[5]}
                )
                document = orjson.loads(body)
                document["data"]["number"] = 50
                assert letters.edit(conn, letter_id, orjson.dumps(document).decode())

    mended.before = edit
    replayer.work()
    assert mended.seen == [0, 1, 2, 3, 4, 50]
    assert stage.outcomes(replay_id) == ["done"] * 6


@pytest.mark.parametrize(("said", "then"), [("paused", ("paused", "applying")), ("cancelled", None)])
def test_pause_and_cancel_take_effect_after_the_step(
    stage: Any, replayer: Any, begin: Any, mended: Any, said: Any, then: Any
) -> None:
    stage.bury(refuse, *range(12))
    replay_id = begin()

    def say(number: int) -> None:
        if number == 4:
            stage.move(replay_id, "applying", said)

    mended.before = say
    replayer.work()
    assert mended.seen == list(range(8))
    assert stage.replay_of(replay_id).state == said
    replayer.work()
    assert len(mended.seen) == 8
    if then:
        stage.move(replay_id, *then)
        replayer.work()
        assert mended.seen == list(range(12))
        assert stage.replay_of(replay_id).state == "done"
    else:
        assert stage.outcomes(replay_id) == ["done"] * 8 + [None] * 4


def test_a_repeat_in_the_step_in_which_it_was_paused_stops_it_all_the_same(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    stage.bury(refuse, *range(6))
    replay_id = begin()
    mended.failing = {4: PermanentError("still"), 5: PermanentError("still")}
    mended.before = lambda number: stage.move(replay_id, "applying", "paused") if number == 3 else None
    replayer.work()
    assert stage.replay_of(replay_id).state == "stopped"


def test_an_event_that_the_consumer_handled_meanwhile_is_a_duplicate(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    ids = stage.bury(refuse, 1, 2)
    replay_id = begin()
    body = stage.rows("SELECT body FROM dead_letter WHERE event_id = %s", ids[0])[0][0]
    stage.queue("kit").send_batch([Outgoing(body)])
    consumer = stage.consumer(mended.subscription())
    assert consumer.poll().done == 1
    replayer.work()
    assert stage.outcomes(replay_id) == ["duplicate", "done"]
    assert stage.effects == [1, 2]
    assert stage.states() == dict.fromkeys(ids, "replayed")
    stage.queue("kit").send_batch([Outgoing(body)])
    assert consumer.poll().duplicate == 1


def test_the_consumer_waits_for_a_replay_that_is_at_the_same_event(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    stage.bury(refuse, 1)
    replay_id = begin()
    stage.queue("kit").send_batch([Outgoing(stage.rows("SELECT body FROM dead_letter")[0][0])])
    consumer = stage.consumer(mended.subscription())
    receipts = []
    stage.points.at("replay.before_commit", lambda: receipts.append(consumer.poll()))
    replayer.work()
    assert (receipts[0].returned, receipts[0].done) == (1, 0)
    stage.clock.advance(901)
    assert consumer.poll().duplicate == 1
    assert stage.outcomes(replay_id) == ["done"]
    assert stage.effects == [1]


def test_two_workers_take_turns(stage: Any, replayer: Any, begin: Any, mended: Any) -> None:
    stage.bury(refuse, *range(8))
    replay_id = begin()
    other = stage.replayer(mended.subscription())
    mended.before = lambda _number: other.work()  # finds the lock taken
    replayer.work()
    assert mended.seen == list(range(8))
    other.work()
    assert stage.outcomes(replay_id) == ["done"] * 8
    assert stage.effects == list(range(8))


# --- dependencies that are away -------------------------------------------------------------------


@pytest.mark.parametrize("error", [UnavailableError("storage"), LeaseBusyError("busy")])
def test_an_outage_in_the_middle_is_waited_for(
    stage: Any, replayer: Any, begin: Any, mended: Any, error: Exception
) -> None:
    ids = stage.bury(refuse, *range(6))
    replay_id = begin()
    stop = threading.Event()
    tries: list[float] = []

    def fail(number: int) -> None:
        if number == 3 and len(tries) < 5:
            tries.append(stage.clock.monotonic())
            raise error
        if number == 5:
            stop.set()

    mended.before = fail
    replayer.run(stop)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == [10.0] * 4
    assert stage.outcomes(replay_id) == ["done"] * 6
    assert stage.states() == dict.fromkeys(ids, "replayed")
    assert stage.rows("SELECT max(attempts) FROM dead_letter") == [(1,)]
    assert stage.runtime.pulse.stalled() == []


def test_an_outage_while_trying_leaves_the_letter_untried(stage: Any, replayer: Any, mended: Any) -> None:
    stage.bury(refuse, 1)
    mended.failing = {1: UnavailableError("storage")}
    with stage.db.system() as conn:
        replay_id = replays.create(conn, ALL, "operator-1")
    with pytest.raises(UnavailableError):
        replayer.work()
    assert stage.replay_of(replay_id).state == "rehearsing"
    assert stage.rows("SELECT forecast FROM replay_item") == [(None,)]
    mended.failing = {}
    replayer.work()
    assert stage.replay_of(replay_id).state == "rehearsed"


def test_a_worker_that_stops_leaves_the_rest_to_the_next(
    stage: Any, replayer: Any, begin: Any, mended: Any
) -> None:
    stage.bury(refuse, *range(6))
    replay_id = begin()
    stop = threading.Event()
    mended.before = lambda number: stop.set() if number == 4 else None
    replayer.run(stop)
    assert stage.outcomes(replay_id) == ["done"] * 5 + [None]
    stage.replayer(mended.subscription()).work()
    assert stage.outcomes(replay_id) == ["done"] * 6
