"""A replay is killed at every point, or another worker takes over there: one effect and one outcome each."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventkit.deadletters import replays
from eventkit.deadletters.letters import Filter
from eventkit.lease import LeaseBusyError
from eventkit.points import ALL_POINTS, Point
from testkit.points import Crash, CrashPoints

POINTS = [point for point in ALL_POINTS if point.startswith("replay.")]
FAULTS = ("crash", "taken_over", "taken_over_and_crash")
ALL = range(1, 16)


def _bury_all(world: Any, name: str) -> int:
    """A build refuses every order; the next one refuses none. How many letters there are."""
    world.services[name].deploy(ALL)
    world.run()
    for service in world.services.values():
        service.collect()
        service.deploy(())
    return len(world.services[name].rows("SELECT 1 FROM dead_letter"))


def _begin(service: Any) -> UUID:
    with service.db.system() as conn:
        replay_id = replays.create(conn, Filter(), "operator-1")
    service.new_replayer(CrashPoints()).work()
    with service.db.system() as conn:
        assert replays.move(conn, replay_id, ("rehearsed",), "applying")
    return replay_id


def _work(world: Any, service: Any, points: CrashPoints) -> None:
    """Until nothing is left: whatever ends a worker, the next one comes."""
    while service.rows("SELECT 1 FROM replay WHERE state = 'applying'"):
        try:
            service.new_replayer(points).work()
        except (Crash, LeaseBusyError, psycopg.OperationalError):
            world.clock.advance(61)


def _arm(service: Any, points: CrashPoints, point: Point, fault: str, passages: int) -> None:
    """At the given passage of the point, the fault happens."""

    def taken_over() -> None:
        """The session with the lock is lost, and another worker goes on at once."""
        service.db.sessions[-1].close()
        with suppress(LeaseBusyError):  # at the letter that this one is at
            service.new_replayer(CrashPoints()).work()

    def happen() -> None:
        if fault != "crash":
            taken_over()
        if fault != "taken_over":
            raise Crash

    def wait(left: int) -> None:
        points.at(point, happen if left == 1 else lambda: wait(left - 1))

    wait(passages)


def _assert_all_done(world: Any, replay_id: UUID, service: Any, letters: int) -> None:
    outcomes = Counter(service.rows("SELECT outcome FROM replay_item"))
    assert outcomes == {"done": letters}
    assert set(service.rows("SELECT state FROM dead_letter")) == {"replayed"}
    assert service.rows("SELECT count(*) FROM dead_letter WHERE attempts > 1") == [0]
    with service.db.system() as conn:
        replay = replays.find(conn, replay_id)
    assert (replay.state, replay.total) == ("done", letters)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(("name", "passages"), [("beta", 1), ("beta", 5), ("alpha", 1), ("alpha", 5)])
def test_one_effect_each(world: Any, name: str, point: Point, fault: str, passages: int) -> None:
    service = world.services[name]
    letters = _bury_all(world, name)
    assert letters > 10
    replay_id = _begin(service)
    points = CrashPoints()
    _arm(service, points, point, fault, passages)
    _work(world, service, points)
    assert points.reached[point] >= passages
    _assert_all_done(world, replay_id, service, letters)
    _mend_the_rest(world)
    for each in world.services.values():
        assert each.rows("SELECT number FROM effect ORDER BY number") == list(ALL)
    assert world.beta.rows("SELECT subject::int FROM outbox ORDER BY 1") == list(ALL)
    world.assert_books_balance(world.alpha, world.beta)
    world.assert_books_balance(world.beta, world.alpha)


def _mend_the_rest(world: Any) -> None:
    """The order that the other service had refused, and what came of it."""
    for service in (world.beta, world.alpha):
        if service.rows("SELECT 1 FROM dead_letter WHERE state = 'open'"):
            _begin(service)
            _work(world, service, CrashPoints())
        world.run()


@pytest.mark.parametrize("point", POINTS)
def test_the_message_that_comes_once_more_meanwhile_has_no_second_effect(world: Any, point: Point) -> None:
    """A copy of the letter's message is in the queue, and a consumer gets it in the middle of the replay."""
    letters = _bury_all(world, "beta")
    beta = world.beta
    for body in beta.rows("SELECT body FROM dead_letter"):
        world.sqs.send_message(QueueUrl=world.sqs.queue("beta").url, MessageBody=body)
    replay_id = _begin(beta)
    points = CrashPoints()
    points.at(point, lambda: beta.new_consumer(CrashPoints()).poll())
    _work(world, beta, points)
    outcomes = Counter(beta.rows("SELECT outcome FROM replay_item"))
    assert set(outcomes) == {"done", "duplicate"}
    assert outcomes.total() == letters
    _mend_the_rest(world)
    assert beta.rows("SELECT number FROM effect ORDER BY number") == list(ALL)
    with beta.db.system() as conn:
        assert replays.find(conn, replay_id).state == "done"
    world.assert_books_balance(world.alpha, beta)
