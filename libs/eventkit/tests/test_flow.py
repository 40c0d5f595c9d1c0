"""One job or request, followed through a service: what it sent, what it handled, and what it could not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from eventkit import flow
from eventkit.consumer import on
from eventkit.envelope import Event
from eventkit.errors import PermanentError, TransientError
from eventkit.queue import Outgoing
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork

MADE, COUNTED = "kit.thing.made", "kit.thing.counted"


def count(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Says of each that it was counted; refuses 13, and 7 at its first time."""
    for event in events:
        if event.data["number"] == 13:
            raise PermanentError("unlucky")
        uow.publish(COUNTED, subject=event.subject, data=event.data, cause=Cause.of(event))


def part(stage: Any, *flows: str) -> flow.Part:
    with stage.db.system() as conn:
        return flow.part(conn, flows)


def publish(stage: Any, correlation: str, *numbers: int) -> None:
    with stage.work(cause=Cause.start(correlation)) as uow:
        for number in numbers:
            uow.publish(MADE, subject=f"job-{number}", data={"number": number, "name": "x"})
    stage.relay().run_once()


def test_a_flow_is_the_chain_of_what_caused_what(stage: Any) -> None:
    publish(stage, "request-1", 1, 13)
    publish(stage, "request-2", 2)
    consumer = stage.consumer(on(MADE, count))
    consumer.poll()
    stage.collector().collect()
    found = part(stage, "request-1")
    one, thirteen = (row for row in found.sent if row.type == MADE)
    counted = [row for row in found.sent if row.type == COUNTED]
    assert [(row.subject, row.caused_by, row.attempts) for row in (one, thirteen)] == [
        ("job-1", None, 1), ("job-13", None, 1),
    ]  # fmt: skip
    assert {(row.destination, row.caused_by, row.sent_at) for row in counted} == {
        ("kit", str(one.id), None), ("other", str(one.id), None),
    }  # fmt: skip
    assert [(row.id, row.type, row.handler) for row in found.handled] == [(one.id, MADE, "count")]
    assert [(row.id, row.type, row.reason, row.state) for row in found.died] == [
        (thirteen.id, MADE, "unlucky", "open")
    ]
    assert found.died[0].place.endswith(" count")
    assert found.complete


def test_it_says_how_often_each_event_came(stage: Any) -> None:
    tries: list[int] = []

    def stumble(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise TransientError

    publish(stage, "request-1", 1)
    consumer = stage.consumer(on(MADE, stumble))
    for _ in range(3):
        consumer.poll()
        stage.clock.advance(901)
    for _ in range(2):
        publish(stage, "request-2", 1)  # another flow's
        stage.sqs.queue("kit").messages[:] = []
        stage.queue("kit").send_batch([_message(stage)])
        consumer.poll()
    (handled,) = part(stage, "request-1").handled
    assert (handled.receives, handled.duplicates) == (3, 2)


def _message(stage: Any) -> Any:
    return Outgoing(stage.rows("SELECT body FROM outbox ORDER BY seq LIMIT 1")[0][0])


def test_what_could_not_be_sent_says_why(stage: Any) -> None:
    with stage.work(cause=Cause.start("request-1")) as uow:
        uow.publish(MADE, subject="s", data={"number": 1, "name": "x"})
    stage.sqs.faults.refuse("SendMessageBatch", lambda _entry: True, "Throttled")
    stage.relay().run_once()
    (sent,) = part(stage, "request-1").sent
    assert (sent.sent_at, sent.attempts, sent.error) == (None, 1, "Throttled")


def test_a_flow_is_found_by_what_its_events_are_about(stage: Any) -> None:
    publish(stage, "request-1", 1, 2)
    publish(stage, "request-2", 1)

    def found(reference: str) -> list[str]:
        with stage.db.system() as conn:
            return sorted(flow.correlations(conn, reference))

    assert found("job-1") == ["request-1", "request-2"]
    assert found("job-2") == ["request-1"]
    assert found("request-2") == ["request-2"]
    assert found(str(uuid4())) == []


def test_several_flows_at_once_and_none(stage: Any) -> None:
    publish(stage, "request-1", 1)
    publish(stage, "request-2", 2)
    assert len(part(stage, "request-1", "request-2").sent) == 2
    assert part(stage) == part(stage, "request-3") == flow.Part([], [], [], True)


def test_a_flow_that_is_too_long_says_so(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MOST", 3)
    publish(stage, "request-1", *range(3))
    assert part(stage, "request-1").complete
    publish(stage, "request-1", 3)
    found = part(stage, "request-1")
    assert (len(found.sent), found.complete) == (3, False)
    assert [row.subject for row in found.sent] == ["job-0", "job-1", "job-2"]
