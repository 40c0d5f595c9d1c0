"""The relay sends what was committed, marks only what SQS accepted, and never stops for one bad row."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from eventkit.clock import SystemClock
from eventkit.envelope import MAX_BYTES
from eventkit.metrics import Metrics
from eventkit.relay import FETCH, Relay, elect
from eventkit.runtime import Runtime
from prometheus_client import CollectorRegistry
from testkit.points import Crash
from testkit.waiting import wait_until


def _numbers(stage: Any, queue: str = "kit") -> list[int]:
    return [orjson.loads(body)["data"]["number"] for body in stage.sqs.bodies(queue)]


def _state(stage: Any) -> Any:
    return stage.rows(
        "SELECT subject::int, sent_at IS NOT NULL, parked_at IS NOT NULL, attempts, last_error "
        "FROM outbox ORDER BY seq"
    )


def test_rows_arrive_in_order_exactly_as_stored(stage: Any) -> None:
    stage.send(*range(25))
    stored = [body for (body,) in stage.rows("SELECT body FROM outbox ORDER BY seq")]
    assert stage.sqs.bodies("kit") == stored
    assert stage.sqs.faults.calls.count("SendMessageBatch") == 3
    assert stage.relay().run_once() == 0


def test_every_subscriber_gets_its_copy(stage: Any) -> None:
    stage.send(1, type="kit.thing.counted")
    assert _numbers(stage, "kit") == _numbers(stage, "other") == [1]


def test_large_events_are_cut_into_requests_that_fit(stage: Any) -> None:
    with stage.work() as uow:
        for number in range(4):
            data = {"number": number, "name": "x" * (MAX_BYTES // 2)}
            uow.publish("kit.thing.made", subject=str(number), data=data)
    stage.relay().run_once()
    assert _numbers(stage) == [0, 1, 2, 3]


def test_the_message_says_its_type_and_trace_without_opening_it(stage: Any) -> None:
    stage.send(1)
    (message,) = stage.sqs.queue("kit").messages
    attributes = {name: value["StringValue"] for name, value in message.attributes.items()}
    assert attributes == {
        "type": "kit.thing.made",
        "traceparent": orjson.loads(message.body)["traceparent"],
    }


def test_only_successful_entries_are_marked(stage: Any) -> None:
    stage.publish(1, 2, 3)
    stage.sqs.faults.refuse("SendMessageBatch", lambda e: '"number":2' in e["MessageBody"])
    relay = stage.relay()
    relay.run_once()
    assert _state(stage) == [
        (1, True, False, 1, None),
        (2, False, False, 1, "InternalError"),
        (3, True, False, 1, None),
    ]
    stage.sqs.faults.forgive()
    assert relay.run_once() == 0  # backs off
    stage.clock.advance(2)
    relay.run_once()
    assert _numbers(stage) == [1, 3, 2]


def test_what_the_sender_is_to_blame_for_is_parked_with_the_reason(stage: Any) -> None:
    stage.publish(1, 2)
    stage.sqs.faults.refuse(
        "SendMessageBatch",
        lambda e: '"number":1' in e["MessageBody"],
        "InvalidMessageContents",
        sender_fault=True,
    )
    relay = stage.relay()
    relay.run_once()
    stage.clock.advance(10_000)
    assert relay.run_once() == 0
    assert _state(stage) == [(1, False, True, 1, "InvalidMessageContents"), (2, True, False, 1, None)]


def test_a_request_refused_for_its_content_is_sent_row_by_row(stage: Any) -> None:
    stage.publish(1, 2)
    stage.sqs.faults.fail_next("SendMessageBatch", "InvalidMessageContents")
    stage.relay().run_once()
    assert _numbers(stage) == [1, 2]
    stage.publish(3)
    stage.sqs.faults.fail_next("SendMessageBatch", "InvalidMessageContents")
    stage.relay().run_once()
    assert _state(stage)[-1] == (3, False, True, 1, "InvalidMessageContents")


def test_an_outage_leaves_rows_untouched_and_does_not_hammer_the_queue(stage: Any) -> None:
    stage.publish(*range(30))
    relay = stage.relay()
    stage.sqs.faults.down = True
    for _ in range(50):
        relay.run_once()
    stage.sqs.faults.down = False
    assert stage.sqs.faults.calls.count("SendMessageBatch") <= 2
    assert {row[3] for row in _state(stage)} == {0}
    stage.clock.advance(20)
    relay.run_once()
    assert _numbers(stage) == list(range(30))


def test_one_destination_down_does_not_stop_the_others(stage: Any) -> None:
    stage.publish(*range(150), type="kit.thing.counted")
    relay = stage.relay("other")
    relay.run_once()
    relay.run_once()
    assert _numbers(stage, "other") == list(range(150))
    assert _numbers(stage, "kit") == []


def test_a_crash_between_send_and_mark_sends_again_with_the_same_id(stage: Any) -> None:
    stage.publish(1)
    stage.points.crash_at("relay.after_send")
    with pytest.raises(Crash):
        stage.relay().run_once()
    stage.relay().run_once()
    first, second = (orjson.loads(body) for body in stage.sqs.bodies("kit"))
    assert first["id"] == second["id"]


def test_only_one_session_is_elected_until_it_ends(stage: Any) -> None:
    with stage.db.dedicated() as first:
        assert elect(first, "kit")
        with stage.db.dedicated() as second:
            assert not elect(second, "kit")
            assert elect(second, "another")
            first.close()
            assert wait_until(lambda: elect(second, "kit"))


def test_the_running_relay_wakes_on_publish_and_survives_a_killed_session(stage: Any) -> None:
    stage.registry = CollectorRegistry()
    runtime = Runtime(SystemClock(), Metrics(stage.registry))
    relay = Relay(stage.db, {"kit": stage.queue("kit")}, runtime)
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: stage.sample("academy_relay_elected") == 1)
        stage.publish(1)
        wait_until(lambda: _numbers(stage) == [1])
        stage.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        stage.database.admin.execute("SELECT 1")
        wait_until(lambda: _publishes(stage, 2))
        wait_until(lambda: 2 in _numbers(stage))
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


def _publishes(stage: Any, number: int) -> bool:
    stage.publish(number)
    return True


def test_the_backlog_is_measured(stage: Any) -> None:
    stage.publish(1, 2)
    stage.database.admin.execute("UPDATE outbox SET created_at = now() - interval '90 s' WHERE subject = '1'")
    stage.relay().measure()
    assert stage.sample("academy_outbox_unsent") == 2
    assert 89 < stage.sample("academy_outbox_oldest_seconds") < 100


def test_it_is_measured_while_there_is_more_to_send_than_one_round_takes(stage: Any) -> None:
    stage.publish(*range(FETCH + 50))
    stage.registry = CollectorRegistry()
    stop, shown = threading.Event(), []

    def look(point: str) -> None:
        if point == "relay.after_mark":
            shown.append(stage.sample("academy_outbox_unsent"))
            if len(shown) == 2:
                stop.set()

    runtime = Runtime(SystemClock(), Metrics(stage.registry), look)
    Relay(stage.db, {"kit": stage.queue("kit")}, runtime).run(stop)
    assert shown == [0, 50]
