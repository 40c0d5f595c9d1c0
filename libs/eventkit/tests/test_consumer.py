"""Every message ends as done, duplicate, returned or dead, with one effect per event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import psycopg.errors
import pytest
from contracts import EventType, Registry
from eventkit.consumer import Receipt, on
from eventkit.envelope import Event
from eventkit.errors import PermanentError, TransientError, UnknownOutcomeError
from eventkit.failures import unreadable_here
from eventkit.lease import LeaseBusyError
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from marshmallow import Schema, fields
from sqlalchemy.exc import OperationalError

Handler = Callable[[UnitOfWork, Sequence[Event]], None]


class Scripted:
    """A handler that notes its calls and raises when one of the `bad` numbers is among the events."""

    __name__ = "scripted"

    def __init__(self, inner: Handler, bad: dict[int, Exception] | None = None) -> None:
        self.inner = inner
        self.bad = bad or {}
        self.calls: list[list[int]] = []

    def __call__(self, uow: UnitOfWork, events: Sequence[Event]) -> None:
        self.inner(uow, events)
        self.calls.append([event.data["number"] for event in events])
        for number in self.calls[-1]:
            if number in self.bad:
                raise self.bad[number]


def test_a_batch_of_one_type_and_tenant_is_one_call_and_one_delete(stage: Any, recording: Handler) -> None:
    stage.send(1, 2, 3)
    handler = Scripted(recording)
    assert stage.consumer(on("kit.thing.made", handler)).poll() == Receipt(received=3, done=3)
    assert handler.calls == [[1, 2, 3]]
    assert stage.effects == [1, 2, 3]
    assert stage.sqs.bodies("kit") == []
    assert stage.sqs.faults.calls.count("DeleteMessageBatch") == 1


def test_tenants_and_types_never_share_a_transaction(stage: Any, recording: Handler) -> None:
    stage.send(1, tenant="t1")
    stage.send(2, tenant="t2")
    stage.send(3, tenant="t1", type="kit.thing.counted")
    handler = Scripted(recording)
    stage.consumer(on("kit.thing.made", handler), on("kit.thing.counted", handler)).poll()
    assert handler.calls == [[1], [2], [3]]
    owners = stage.rows("SELECT tenant_id, number FROM effect ORDER BY number")
    assert owners == [("t1", 1), ("t2", 2), ("t1", 3)]


def test_a_second_delivery_has_no_second_effect(stage: Any, recording: Handler) -> None:
    stage.send(1)
    stage.sqs.duplicate("kit")
    consumer = stage.consumer(on("kit.thing.made", recording))
    assert consumer.poll() == Receipt(received=2, done=1, duplicate=1)
    stage.database.admin.execute("UPDATE outbox SET sent_at = NULL")
    stage.relay().run_once()
    assert consumer.poll() == Receipt(received=1, duplicate=1)
    assert stage.effects == [1]


def test_a_poison_message_hurts_nobody_else(stage: Any, recording: Handler) -> None:
    stage.send(1, 2, 3)
    handler = Scripted(recording, {2: ValueError("홍길동 010-1234-5678")})
    assert stage.consumer(on("kit.thing.made", handler)).poll() == Receipt(received=3, done=2, returned=1)
    assert stage.effects == [1, 3]


def test_a_bug_is_tried_again_with_growing_pauses_and_then_dead_with_its_reason(
    stage: Any, recording: Handler
) -> None:
    stage.send(2)
    consumer = stage.consumer(on("kit.thing.made", Scripted(recording, {2: ValueError("secret")})))
    receipts = []
    for _ in range(6):
        receipts.append(consumer.poll())
        stage.clock.advance(1000)
    assert [r.returned for r in receipts] == [1, 1, 1, 1, 1, 0]
    assert receipts[-1] == Receipt(received=1, dead=1)
    (letter,) = stage.dead()
    assert {k: letter[k] for k in ("reason", "type", "source_queue", "attempts", "handler")} == {
        "reason": "ValueError",
        "type": "kit.thing.made",
        "source_queue": "kit",
        "attempts": "6",
        "handler": "scripted",
    }
    assert "secret" not in str(letter)
    assert stage.sqs.bodies("kit") == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [(PermanentError("lecture_gone"), "lecture_gone"), (UnknownOutcomeError("timeout"), "unknown_outcome")],
)
def test_what_cannot_succeed_is_dead_at_once(
    stage: Any, recording: Handler, error: Exception, reason: str
) -> None:
    stage.send(2)
    receipt = stage.consumer(on("kit.thing.made", Scripted(recording, {2: error}))).poll()
    assert receipt == Receipt(received=1, dead=1)
    assert [letter["reason"] for letter in stage.dead()] == [reason]
    assert stage.effects == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: "{not json", "not_json"),
        (lambda e: orjson.dumps({**e, "data": {"number": "홍길동"}}).decode(), "incompatible_data"),
        (lambda e: orjson.dumps({**e, "tenantid": "../x"}).decode(), "not_an_event"),
    ],
)
def test_an_unreadable_message_is_dead_at_once_and_unchanged(
    stage: Any, recording: Handler, change: Any, reason: str
) -> None:
    stage.send(1)
    (message,) = stage.sqs.queue("kit").messages
    message.body = change(orjson.loads(message.body))
    assert stage.consumer(on("kit.thing.made", recording)).poll() == Receipt(received=1, dead=1)
    assert [letter["reason"] for letter in stage.dead()] == [reason]
    assert stage.sqs.bodies("kit-dlq") == [message.body]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "kit.nothing.known"}, "unknown_type"),
        ({"type": "kit.thing.counted", "schemaversion": 1}, "no_handler"),
        ({"schemaversion": 3}, "newer_version"),
    ],
)
def test_what_only_another_build_knows_waits_for_it_for_an_hour_and_is_dead_then(
    stage: Any, recording: Handler, change: dict[str, Any], reason: str
) -> None:
    stage.send(1)
    (message,) = stage.sqs.queue("kit").messages
    message.body = body = orjson.dumps({**orjson.loads(message.body), **change}).decode()
    consumer = stage.consumer(on("kit.thing.made", recording))
    for _ in range(59):
        assert consumer.poll() == Receipt(received=1, returned=1)
        stage.clock.advance(60)
    assert stage.dead() == []
    stage.clock.advance(61)
    assert consumer.poll() == Receipt(received=1, dead=1)
    assert [letter["reason"] for letter in stage.dead()] == [reason]
    assert stage.sqs.bodies("kit-dlq") == [body]


def test_of_two_builds_the_one_that_knows_an_event_handles_it(stage: Any, recording: Handler) -> None:
    stage.send(1, 2, 3)
    for message in stage.sqs.queue("kit").messages:
        message.body = orjson.dumps({**orjson.loads(message.body), "schemaversion": 3}).decode()
    old = stage.consumer(on("kit.thing.made", recording))
    assert old.poll() == Receipt(received=3, returned=3)
    stage.clock.advance(60)
    schema = Schema.from_dict({"number": fields.Integer(required=True), "name": fields.String()})
    made = EventType("kit.thing.made", schema, ("kit",), version=3)
    new = stage.consumer(on("kit.thing.made", recording), registry=Registry([made]))
    assert new.poll() == Receipt(received=3, done=3)
    assert stage.effects == [1, 2, 3]
    assert stage.dead() == []


def test_waiting_for_another_build_uses_up_no_try(stage: Any, recording: Handler) -> None:
    """An event that old workers gave back again and again still survives failures of the new one."""
    stage.send(1)
    (message,) = stage.sqs.queue("kit").messages
    message.body = orjson.dumps({**orjson.loads(message.body), "schemaversion": 3}).decode()
    old = stage.consumer(on("kit.thing.made", recording))
    for _ in range(5):
        assert old.poll() == Receipt(received=1, returned=1)
        stage.clock.advance(60)
    made = EventType("kit.thing.made", Schema.from_dict({"number": fields.Integer()}), ("kit",), version=3)
    handler = Scripted(recording, {1: TransientError()})
    new = stage.consumer(on("kit.thing.made", handler), registry=Registry([made]))
    for _ in range(5):
        assert new.poll() == Receipt(received=1, returned=1)
        stage.clock.advance(900)
    handler.bad.clear()
    assert new.poll() == Receipt(received=1, done=1)


@pytest.mark.parametrize(("age", "longest"), [(-5, 1), (0, 1), (20, 6), (3600, 31)])
def test_a_young_event_is_offered_again_soon(age: int, longest: float) -> None:
    pauses = [unreadable_here("newer_version", timedelta(seconds=age)).delay for _ in range(100)]
    assert 1 <= min(pauses) <= max(pauses) <= longest


def test_a_dead_letter_that_cannot_be_stored_stays_in_its_queue(stage: Any, recording: Handler) -> None:
    stage.send(1)
    stage.sqs.faults.refuse("SendMessageBatch", lambda entry: True)
    handler = Scripted(recording, {1: PermanentError("no")})
    consumer = stage.consumer(on("kit.thing.made", handler))
    assert consumer.poll() == Receipt(received=1, returned=1)
    assert len(stage.sqs.bodies("kit")) == 1
    stage.sqs.faults.forgive()
    stage.clock.advance(61)
    assert consumer.poll() == Receipt(received=1, dead=1)


def test_a_body_too_large_for_attributes_still_becomes_a_dead_letter(stage: Any, recording: Handler) -> None:
    body = "x" * (256 * 1024)
    stage.sqs.send_message(QueueUrl=stage.sqs.queue("kit").url, MessageBody=body)
    assert stage.consumer(on("kit.thing.made", recording)).poll() == Receipt(received=1, dead=1)
    assert stage.sqs.bodies("kit-dlq") == [body]


def test_a_handler_can_say_when_to_try_again(stage: Any, recording: Handler) -> None:
    stage.send(1)
    handler = Scripted(recording, {1: TransientError(after=timedelta(seconds=100))})
    consumer = stage.consumer(on("kit.thing.made", handler))
    assert consumer.poll() == Receipt(received=1, returned=1)
    stage.clock.advance(99)
    assert consumer.poll() == Receipt()
    handler.bad.clear()
    stage.clock.advance(2)
    assert consumer.poll() == Receipt(received=1, done=1)


def test_a_busy_lease_never_becomes_a_dead_letter(stage: Any, recording: Handler) -> None:
    stage.send(1)
    handler = Scripted(recording, {1: LeaseBusyError("job", after=timedelta(seconds=10))})
    consumer = stage.consumer(on("kit.thing.made", handler))
    for _ in range(20):
        consumer.poll()
        stage.clock.advance(11)
    assert stage.dead() == []
    handler.bad.clear()
    assert consumer.poll() == Receipt(received=1, done=1)


def test_a_conflict_with_another_transaction_is_tried_again_at_once(stage: Any, recording: Handler) -> None:
    stage.send(1)
    conflict = OperationalError("", {}, psycopg.errors.SerializationFailure())
    handler = Scripted(recording, {1: conflict})

    def first_time_only(uow: UnitOfWork, events: Sequence[Event]) -> None:
        try:
            handler(uow, events)
        finally:
            handler.bad.clear()

    assert stage.consumer(on("kit.thing.made", first_time_only)).poll() == Receipt(received=1, done=1)
    assert stage.effects == [1]


def test_single_events_get_a_transaction_each_after_everything_quick(stage: Any, recording: Handler) -> None:
    stage.send(1, 2)
    stage.send(3, type="kit.thing.counted")
    handler = Scripted(recording)
    consumer = stage.consumer(on("kit.thing.made", handler, single=True), on("kit.thing.counted", handler))
    assert consumer.poll() == Receipt(received=3, done=3)
    assert handler.calls == [[3], [1], [2]]


def test_events_published_by_a_handler_continue_the_flow(stage: Any) -> None:
    def on_thing_made(factor: int, uow: UnitOfWork, events: Sequence[Event]) -> None:
        for event in events:
            data = {"number": event.data["number"] * factor, "name": "y"}
            uow.publish("kit.thing.counted", subject=event.subject, data=data, cause=Cause.of(event))

    causes = stage.send(1, 2)
    stage.consumer(on("kit.thing.made", partial(on_thing_made, 10))).poll()
    bodies = stage.rows("SELECT body FROM outbox WHERE destination = 'other' ORDER BY seq")
    events = [orjson.loads(body) for (body,) in bodies]
    assert [e["data"]["number"] for e in events] == [10, 20]
    assert [e["causationid"] for e in events] == [str(cause) for cause in causes]
    assert stage.rows("SELECT DISTINCT handler FROM inbox") == [("on_thing_made",)]


def test_an_older_version_is_lifted_before_the_handler_sees_it(stage: Any, recording: Handler) -> None:
    stage.send(5)
    (message,) = stage.sqs.queue("kit").messages
    old = {**orjson.loads(message.body), "schemaversion": 1, "data": {"number": 5}}
    message.body = orjson.dumps(old).decode()
    seen: list[Event] = []
    stage.consumer(on("kit.thing.made", lambda uow, events: seen.extend(events))).poll()
    assert seen[0].data == {"number": 5, "name": "#5"}


def test_a_delete_that_fails_is_a_duplicate_later_not_an_error(stage: Any, recording: Handler) -> None:
    stage.send(1)
    stage.sqs.faults.fail_next("DeleteMessageBatch", "ServiceUnavailable")
    consumer = stage.consumer(on("kit.thing.made", recording))
    assert consumer.poll() == Receipt(received=1, done=1)
    stage.clock.advance(61)
    assert consumer.poll() == Receipt(received=1, duplicate=1)
    assert stage.effects == [1]


def test_what_is_counted_adds_up(stage: Any, recording: Handler) -> None:
    stage.send(1, 2, 3)
    stage.sqs.duplicate("kit")
    consumer = stage.consumer(on("kit.thing.made", Scripted(recording, {2: PermanentError("no")})))
    consumer.poll()
    names = {"queue": "kit", "type": "kit.thing.made"}
    counted = {
        outcome: stage.sample("academy_messages_total", outcome=outcome, **names)
        for outcome in ("done", "duplicate", "returned", "dead")
    }
    assert counted == {"done": 2, "duplicate": 2, "returned": 0, "dead": 2}
    assert stage.sample("academy_messages_received_total", queue="kit") == 6
    assert stage.sample("academy_messages_in_flight", queue="kit") == 0
    assert consumer.drain().balanced


def test_two_handlers_for_one_type_are_refused(stage: Any, recording: Handler) -> None:
    with pytest.raises(ValueError, match="two handlers"):
        stage.consumer(on("kit.thing.made", recording), on("kit.thing.made", recording))
