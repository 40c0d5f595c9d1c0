"""Every named point × {crash, duplicate, reorder, lost lease, lost lease and crash}, in both services."""

from __future__ import annotations

import random
from typing import Any

import pytest
from eventkit.points import ALL_POINTS, Point
from testkit.points import Crash, CrashPoints

POINTS = [point for point in ALL_POINTS if not point.startswith("replay.")]  # those are in test_replays.py
FAULTS = ("crash", "duplicate", "reorder", "lost_lease", "lost_lease_and_crash")


def _arm(world: Any, name: str, point: Point, fault: str) -> None:
    """At the next passage of `point` in the service, the fault happens."""
    service = world.services[name]

    def duplicate() -> None:
        for queue in world.services:
            world.sqs.duplicate(queue)

    def reorder() -> None:
        for queue in world.services:
            world.sqs.reorder(queue)

    def lost_lease() -> None:
        """Another worker believes that it is its turn, while this one is in the middle."""
        quiet = CrashPoints()
        if point.startswith("relay."):
            service.new_relay(quiet).run_once()
        else:
            world.clock.advance(61)
            service.receipts += service.new_consumer(quiet).poll()

    def crash() -> None:
        raise Crash

    def lost_lease_and_crash() -> None:
        """What the other worker answered for meanwhile must not be lost with this one."""
        lost_lease()
        crash()

    faults = (crash, duplicate, reorder, lost_lease, lost_lease_and_crash)
    service.points.at(point, {action.__name__: action for action in faults}[fault])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_one_effect_each(world: Any, name: str, point: Point, fault: str) -> None:
    service = world.services[name]
    _arm(world, name, point, fault)
    if point == "drain.before_return":
        service.points.at("consumer.after_receive", service.consumer.stop)
        world.run(lambda _: service.points.reached[point] and service.stop_and_start())
    world.run()
    assert service.points.reached[point] > 0
    world.assert_one_effect_each()


@pytest.mark.parametrize("seed", range(12))
def test_one_effect_each_in_a_storm_of_faults(world: Any, seed: int) -> None:
    """Many faults, any order, both services at once."""
    chance = random.Random(seed)
    points = [point for point in POINTS if not point.startswith("drain")]

    def each_round(number: int) -> None:
        if number < 40:
            _arm(world, chance.choice(["alpha", "beta"]), chance.choice(points), chance.choice(FAULTS))

    world.run(each_round)
    world.assert_one_effect_each()


def test_without_faults_no_message_is_delivered_twice(world: Any) -> None:
    world.run()
    world.assert_one_effect_each()
    assert world.beta.receipts.done == 14
    assert world.alpha.receipts.done == 13
    assert {s.receipts.duplicate + s.receipts.returned for s in world.services.values()} == {0}
