"""A dependency that is down costs time, not messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from eventkit.consumer import Receipt, on
from eventkit.envelope import Event
from eventkit.errors import UnavailableError
from eventkit.uow import UnitOfWork
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

Handler = Callable[[UnitOfWork, Sequence[Event]], None]


class Switch:
    """A database that can be away."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.schema = db.schema
        self.dedicated = db.dedicated
        self.system = db.system
        self.down = False
        self.pings = 0

    @contextmanager
    def tenant(self, tenant_id: str) -> Iterator[Connection]:
        self._check()
        with self._db.tenant(tenant_id) as conn:
            yield conn

    def ping(self) -> None:
        self.pings += 1
        self._check()

    def _check(self) -> None:
        if self.down:
            raise OperationalError("SELECT 1", {}, Exception("connection refused"))


@pytest.fixture
def switch(stage: Any) -> Switch:
    stage.db = switch = Switch(stage.db)
    return switch


def test_a_database_outage_dead_letters_nothing_and_stops_receiving(
    stage: Any, switch: Switch, recording: Handler
) -> None:
    stage.send(*range(40))
    consumer = stage.consumer(on("kit.thing.made", recording))
    switch.down = True
    receipts = [consumer.poll() for _ in range(200)]
    assert sum(r.received for r in receipts) <= 30  # then it only pings
    assert switch.pings > 100
    assert stage.sample("academy_consumer_probing", queue="kit") == 1
    assert stage.dead() == []
    switch.down = False
    _drain_queue(stage, consumer)
    assert stage.effects == list(range(40))
    assert stage.sample("academy_consumer_probing", queue="kit") == 0


def test_after_the_outage_one_message_is_the_probe(stage: Any, switch: Switch, recording: Handler) -> None:
    stage.send(*range(20))
    consumer = stage.consumer(on("kit.thing.made", recording))
    switch.down = True
    for _ in range(4):
        consumer.poll()
        stage.clock.advance(61)
    switch.down = False
    assert consumer.poll().received == 1
    assert consumer.poll().received > 1


def test_however_long_the_outage_no_message_uses_up_its_receives(stage: Any, recording: Handler) -> None:
    stage.send(1)
    down = True

    def handler(uow: UnitOfWork, events: Sequence[Event]) -> None:
        if down:
            raise UnavailableError("storage")
        recording(uow, events)

    consumer = stage.consumer(on("kit.thing.made", handler))
    for _ in range(60):
        consumer.poll()
        stage.clock.advance(100)
    assert stage.dead() == []
    assert stage.sample("academy_messages_renewed_total", queue="kit") > 1
    down = False
    _drain_queue(stage, consumer)
    assert stage.effects == [1]


def test_one_outage_gives_the_rest_of_the_batch_back_untried(stage: Any, recording: Handler) -> None:
    tried: list[str] = []

    def handler(uow: UnitOfWork, events: Sequence[Event]) -> None:
        tried.append(uow.tenant)
        raise EndpointConnectionError(endpoint_url="https://storage.test")

    for tenant in ("t1", "t2", "t3"):
        stage.send(1, 2, tenant=tenant)
    receipt = stage.consumer(on("kit.thing.made", handler)).poll()
    assert receipt == Receipt(received=6, returned=6)
    assert tried == ["t1"]


def test_a_queue_that_is_away_is_asked_ever_more_seldom(stage: Any, recording: Handler) -> None:
    consumer = stage.consumer(on("kit.thing.made", recording))
    stage.sqs.faults.down = True
    start = stage.clock.monotonic()
    for _ in range(100):
        assert consumer.poll() == Receipt()
    assert stage.clock.monotonic() - start > 300
    stage.sqs.faults.down = False
    stage.send(1)
    _drain_queue(stage, consumer)
    assert stage.effects == [1]


def test_the_queue_can_vanish_between_handling_and_settling(stage: Any, recording: Handler) -> None:
    stage.send(1)
    consumer = stage.consumer(on("kit.thing.made", recording))

    def vanish() -> None:
        stage.sqs.faults.down = True

    stage.points.at("consumer.before_delete", vanish)
    assert consumer.poll() == Receipt(received=1, done=1)
    stage.sqs.faults.down = False
    stage.clock.advance(61)
    assert consumer.poll() == Receipt(received=1, duplicate=1)
    assert stage.effects == [1]


def _drain_queue(stage: Any, consumer: Any) -> None:
    for _ in range(100):
        if not stage.sqs.bodies("kit"):
            return
        consumer.poll()
        stage.clock.advance(30)
    raise AssertionError("messages left")
