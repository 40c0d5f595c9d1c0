"""What counts as having nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from eventkit.consumer import on
from eventkit.envelope import Event
from eventkit.idle import Idle
from eventkit.uow import UnitOfWork
from sqlalchemy.exc import OperationalError
from testkit.points import Crash

Handler = Callable[[UnitOfWork, Sequence[Event]], None]


def test_empty_polls_in_a_row_are_counted_and_a_message_starts_anew(stage: Any, recording: Handler) -> None:
    consumer, idle = stage.consumer(on("kit.thing.made", recording)), stage.runtime.idle
    for _ in range(3):
        consumer.poll()
    assert idle.polls == 3
    stage.send(1)
    consumer.poll()
    assert idle.polls == 0
    consumer.poll()
    assert idle.polls == 1


def test_a_worker_that_holds_a_message_is_not_idle_however_often_others_poll(stage: Any) -> None:
    idle, seen = stage.runtime.idle, []

    def long_job(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
        for _ in range(50):  # another thread of the worker polls meanwhile
            idle.empty("kit")
        seen.append(idle.polls)

    stage.send(1)
    consumer = stage.consumer(on("kit.thing.made", long_job))
    consumer.poll()
    assert (seen, idle.polls) == ([0], 0)


def test_a_handler_that_dies_leaves_nothing_at_work(stage: Any, recording: Handler) -> None:
    consumer = stage.consumer(on("kit.thing.made", recording))
    stage.send(1)
    stage.points.crash_at("consumer.before_commit")
    with suppress(Crash):
        consumer.poll()
    consumer.poll()
    assert stage.runtime.idle.polls == 1


def test_one_queue_with_work_is_enough(stage: Any) -> None:
    idle = Idle()
    for queue in ("events", "jobs"):
        idle.watch(queue)
    for _ in range(100):
        idle.empty("events")
    assert idle.polls == 0
    idle.empty("jobs")
    assert idle.polls == 1


def test_no_queue_at_all_is_not_idle() -> None:
    assert Idle().polls == 0


@pytest.mark.parametrize("failure", ["AccessDenied", "OverLimit"])
def test_a_queue_that_refuses_is_not_empty(stage: Any, recording: Handler, failure: str) -> None:
    consumer, idle = stage.consumer(on("kit.thing.made", recording)), stage.runtime.idle
    consumer.poll()
    stage.sqs.faults.fail_next("ReceiveMessage", failure)
    consumer.poll()
    assert idle.polls == 0


def test_a_worker_that_probes_a_dependency_is_not_idle(stage: Any, recording: Handler) -> None:
    consumer, idle = stage.consumer(on("kit.thing.made", recording)), stage.runtime.idle
    stage.sqs.faults.down = True
    for _ in range(100):
        consumer.poll()
    assert idle.polls == 0
    stage.sqs.faults.down = False
    stage.db.ping = _away
    for _ in range(100):
        consumer.poll()
    assert (idle.polls, stage.sample("academy_consumer_probing", queue="kit")) == (0, 1)


def _away() -> None:
    raise OperationalError("SELECT 1", {}, Exception("connection refused"))
