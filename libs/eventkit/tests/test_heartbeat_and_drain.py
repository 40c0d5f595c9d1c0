"""What a worker holds stays its own while it works, and goes back at once when it stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from eventkit.consumer import Receipt, on
from eventkit.envelope import Event
from eventkit.points import Point
from eventkit.queue import TRIES, Outgoing
from eventkit.uow import UnitOfWork

Handler = Callable[[UnitOfWork, Sequence[Event]], None]


def _lost(stage: Any, reason: str) -> Any:
    return stage.sample("academy_heartbeat_lost_total", queue="kit", reason=reason)


def _working(stage: Any, seconds: int, recording: Handler, moves: bool = False) -> Any:
    """A handler that takes `seconds` while the heartbeat thread beats every ten."""
    consumer: Any = None

    def handler(uow: UnitOfWork, events: Sequence[Event]) -> None:
        for _ in range(seconds // 10):
            stage.clock.advance(10)
            if moves:
                uow.progress()
            consumer.heartbeat.beat()
        recording(uow, events)

    def build(**options: Any) -> Any:
        nonlocal consumer
        consumer = stage.consumer(on("kit.thing.made", handler, **options))
        return consumer

    return build


def test_a_long_handler_keeps_its_whole_batch_and_those_waiting(stage: Any, recording: Handler) -> None:
    stage.send(1, 2, tenant="t1")
    stage.send(3, tenant="t2")
    consumer = _working(stage, 200, recording)()
    other = stage.consumer(on("kit.thing.made", recording))
    stage.points.at("consumer.after_inbox", lambda: None)
    assert consumer.poll() == Receipt(received=3, done=3)
    assert other.poll() == Receipt()
    assert stage.sqs.bodies("kit") == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"deadline": timedelta(seconds=60)}, "deadline"),
        ({"stall": timedelta(seconds=60)}, "stalled"),
    ],
)
def test_a_handler_that_takes_too_long_loses_the_message_but_not_the_effect(
    stage: Any, recording: Handler, options: Any, reason: str
) -> None:
    stage.send(1)
    consumer = _working(stage, 150, recording)(**options)
    assert consumer.poll() == Receipt(received=1, done=1)
    assert _lost(stage, reason) == 1
    assert stage.effects == [1]


def test_progress_keeps_a_long_job_alive(stage: Any, recording: Handler) -> None:
    stage.send(1)
    consumer = _working(stage, 280, recording, moves=True)(stall=timedelta(seconds=30))
    consumer.poll()
    assert _lost(stage, "stalled") == 0


def test_an_extension_that_is_refused_is_counted_and_not_repeated(stage: Any, recording: Handler) -> None:
    stage.send(1)
    stage.sqs.faults.refuse("ChangeMessageVisibilityBatch", lambda entry: True)
    _working(stage, 100, recording)().poll()
    assert _lost(stage, "refused") == 1


def test_short_work_costs_no_extension(stage: Any, recording: Handler) -> None:
    stage.send(1)
    consumer = stage.consumer(on("kit.thing.made", recording))
    consumer.poll()
    consumer.heartbeat.beat()
    assert "ChangeMessageVisibilityBatch" not in stage.sqs.faults.calls


def test_messages_that_arrive_while_stopping_go_back_at_once(stage: Any, recording: Handler) -> None:
    stage.send(1, 2)
    consumer = stage.consumer(on("kit.thing.made", recording))
    stage.points.at("consumer.after_receive", consumer.stop)
    assert consumer.poll() == Receipt(received=2, returned=2)
    assert stage.effects == []
    assert stage.points.reached["drain.before_return"] == 1
    fresh = stage.consumer(on("kit.thing.made", recording))
    assert fresh.poll() == Receipt(received=2, done=2)
    assert consumer.poll() == Receipt()


@pytest.mark.parametrize(
    ("point", "end", "again"),
    [
        ("consumer.after_receive", "stop", Receipt(received=1, done=1)),
        ("consumer.before_commit", "drain", Receipt(received=1, duplicate=1)),
    ],
)
def test_a_drain_at_the_last_permitted_receive_makes_no_dead_letter(
    stage: Any, recording: Handler, point: Point, end: str, again: Receipt
) -> None:
    stage.send(1)
    url = stage.sqs.queue("kit").url
    for _ in range(5):  # of six
        assert stage.sqs.receive_message(QueueUrl=url)["Messages"]
        stage.clock.advance(61)
    stopping = stage.consumer(on("kit.thing.made", recording))
    stage.points.at(point, getattr(stopping, end))
    stopping.poll()
    assert stopping.drain() == Receipt(received=1, returned=1)
    assert stage.consumer(on("kit.thing.made", recording)).poll() == again
    assert stage.dead() == []
    assert stage.effects == [1]


def test_a_drain_spends_no_try_and_forgets_none(stage: Any, recording: Handler) -> None:
    stage.send(1)
    url = stage.sqs.queue("kit").url
    for _ in range(2):
        assert stage.sqs.receive_message(QueueUrl=url)["Messages"]
        stage.clock.advance(61)
    for _ in range(3):  # as many deploys as there are
        stopping = stage.consumer(on("kit.thing.made", recording))
        stage.points.at("consumer.after_receive", stopping.stop)
        assert stopping.poll() == Receipt(received=1, returned=1)
    [message] = stage.queue("kit").receive()
    assert message.receives == 3


@pytest.mark.parametrize("said", ["9" * 5000, "-1", "2.5", "many", "２", ""])
def test_a_strangers_number_of_tries_is_none(stage: Any, said: str) -> None:
    queue = stage.queue("kit")
    queue.send_batch([Outgoing("{}", {TRIES: said} if said else {})])
    [message] = queue.receive()
    assert message.receives == 1


def test_a_stop_finishes_the_transaction_at_hand_and_returns_the_rest(stage: Any, recording: Handler) -> None:
    stage.send(1, tenant="t1")
    stage.send(2, tenant="t2")
    consumer = stage.consumer(on("kit.thing.made", recording))
    stage.points.at("consumer.before_commit", consumer.stop)
    assert consumer.poll() == Receipt(received=2, done=1, returned=1)
    assert consumer.drain() == Receipt(received=2, done=1, returned=1)


def test_what_a_stuck_thread_holds_is_returned_by_drain_and_counted_once(
    stage: Any, recording: Handler
) -> None:
    stage.send(1)
    consumer = stage.consumer(on("kit.thing.made", recording))
    receipts: list[Receipt] = []
    stage.points.at("consumer.before_commit", lambda: receipts.append(consumer.drain()))
    assert consumer.poll() == Receipt(received=1)
    assert receipts == [Receipt(received=1, returned=1)]
    assert consumer.drain() == Receipt(received=1, returned=1)
    second = stage.consumer(on("kit.thing.made", recording))
    assert second.poll() == Receipt(received=1, duplicate=1)
    assert stage.effects == [1]
