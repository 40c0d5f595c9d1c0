"""Receive, handle, settle: one effect each from a queue that delivers at least once (DESIGN.md section 4)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from eventkit import inbox, metrics
from eventkit.backoff import Backoff
from eventkit.envelope import Event, decode
from eventkit.errors import UndecodableError, UnreadableHereError
from eventkit.failures import DRAINED, describe, is_outage, place, unreadable_here, verdict
from eventkit.handling import attempt, work_of
from eventkit.heartbeat import Heartbeat
from eventkit.ports import Database
from eventkit.probing import Probing
from eventkit.queue import MAX_ENTRIES, QUEUE_ERRORS, Message, Queue
from eventkit.receipt import Receipt
from eventkit.runtime import Runtime
from eventkit.settlement import Settlement
from eventkit.subscription import Delivery, Outcome, Subscription, by_type, on

__all__ = ["Consumer", "Receipt", "Subscription", "on"]

log = logging.getLogger(__name__)

# A stop waits for the long poll in flight, or its messages would stay invisible with nobody handling them.
# 5 s instead of SQS's 20 s makes a deploy drain in seconds and costs about $0.16 a month per service.
WAIT_SECONDS = 5
_RECEIVE_LIMIT = 120.0  # seconds a receive may take with the client's own retries
_BACKOFF = Backoff(base=5.0, cap=900.0)


class Consumer:
    """One queue, N identical threads in run(); only one of them waits at the queue at any time.

    `batch` is 1 for queues of long jobs, so that a worker never sits on jobs another one could do.
    """

    def __init__(
        self,
        service: str,
        queue: Queue,
        dead_letters: Queue,
        db: Database,
        subscriptions: Iterable[Subscription],
        runtime: Runtime,
        *,
        batch: int = MAX_ENTRIES,
        wait: int = WAIT_SECONDS,
    ) -> None:
        self.queue = queue
        self.heartbeat = Heartbeat(queue, runtime)
        self._service = service
        self._db = db
        self._subscriptions = by_type(subscriptions)
        self._batch = batch
        self._wait = wait
        self._runtime = runtime
        self._clock = runtime.clock
        self._metrics = runtime.metrics
        self._points = runtime.points
        self._pulse = runtime.pulse
        self._idle = runtime.idle
        self._idle.watch(queue.name)
        self._registry = runtime.registry
        self._settlement = Settlement(queue, dead_letters, self.heartbeat, runtime)
        self._probing = Probing(queue.name, runtime.metrics)
        self._receiving = threading.Lock()
        self._stopping = threading.Event()
        self._counting = threading.Lock()
        self._totals = Receipt()

    def run(self) -> None:
        """One thread's life: until stop()."""
        while not self._stopping.is_set():
            self.poll(self._wait)
        self._pulse.leave()

    def stop(self) -> None:
        """Receive nothing more; what is being handled is finished, the rest of each batch given back."""
        self._stopping.set()

    def drain(self) -> Receipt:
        """After the threads ended (or were given up on): return what is still held, log the receipt."""
        self.stop()
        self._settle([Delivery(message, outcome=DRAINED) for message in self.heartbeat.held()])
        for outcome, count in asdict(self._totals).items():
            self._metrics.set(metrics.DRAINED, count, queue=self.queue.name, outcome=outcome)
        log.info("drained %s: %s", self.queue.name, self._totals)
        return self._totals

    def poll(self, wait: int = 0) -> Receipt:
        """One round; `wait` seconds at the queue at most."""
        messages = self._receive(wait)
        if not messages:
            return Receipt()
        with self._idle.work():
            return self._process(messages)

    def _process(self, messages: list[Message]) -> Receipt:
        settled = self._count(Receipt(received=len(messages)))
        self._points("consumer.after_receive")
        deliveries = [self._read(message) for message in messages]
        self._show_oldest(deliveries)
        long = [d for d in deliveries if d.subscription and d.subscription.single]
        quick = [d for d in deliveries if d not in long]
        outage = self._work(_by_type_and_tenant(quick), None)
        settled += self._settle(quick)
        for delivery in long:  # after everything quick, and settled one by one
            outage = self._work([[delivery]], outage)
            settled += self._settle([delivery])
        return settled

    # receiving

    def _receive(self, wait: int) -> list[Message]:
        """Leader and followers: while one thread waits at the queue, the others wait for it."""
        self._pulse.expect(_RECEIVE_LIMIT)
        while not self._receiving.acquire(timeout=5):
            self._pulse.expect(_RECEIVE_LIMIT)
        try:
            if self._stopping.is_set():
                return []
            messages = self._probe() if self._probing.active else self._fetch(self._batch, wait)
            self.heartbeat.hold(messages)
            return messages
        finally:
            self._receiving.release()

    def _fetch(self, limit: int, wait: int) -> list[Message]:
        try:
            messages = self.queue.receive(limit, wait)
        except QUEUE_ERRORS as error:
            self._metrics.count(metrics.QUEUE_ERRORS, queue=self.queue.name, operation="receive")
            self._idle.restart()
            self._probing.failed(describe(error))
            self._clock.wait(self._stopping, 1.0)
            return []
        if messages:
            self._metrics.count(metrics.MESSAGES_RECEIVED, len(messages), queue=self.queue.name)
        else:
            self._idle.empty(self.queue.name)
        return messages

    def _probe(self) -> list[Message]:
        if self._clock.wait(self._stopping, self._probing.pause()):
            return []
        try:
            self._db.ping()
            self.queue.ping()
        except (SQLAlchemyError, *QUEUE_ERRORS) as error:
            self._probing.failed(describe(error))
            return []
        messages = self._fetch(1, 0)
        if not messages:
            self._probing.succeeded()
        return messages

    # handling

    def _read(self, message: Message) -> Delivery:
        delivery = Delivery(message)
        try:
            event = decode(message.body, self._registry)
        except UnreadableHereError as error:
            delivery.outcome = self._leave(error.code, error.time)
            return delivery
        except UndecodableError as error:
            delivery.outcome = Outcome("dead", error.code)
            return delivery
        delivery.event = event
        delivery.subscription = self._subscriptions.get(event.type)
        if delivery.subscription is None:
            delivery.outcome = self._leave("no_handler", event.time)
        return delivery

    def _show_oldest(self, deliveries: Sequence[Delivery]) -> None:
        """SQS tells this to CloudWatch only; messages come roughly in order, so what came now shows it."""
        now = self._clock.now()
        ages = [(now - delivery.event.time).total_seconds() for delivery in deliveries if delivery.event]
        self._metrics.set(metrics.QUEUE_OLDEST, max(ages, default=0.0), queue=self.queue.name)

    def _leave(self, code: str, published: datetime) -> Outcome:
        """To a worker of another build."""
        return unreadable_here(code, self._clock.now() - published)

    def _work(self, groups: Iterable[list[Delivery]], outage: Exception | None) -> Exception | None:
        """Give every delivery its outcome. After an outage nothing more is tried; returns it."""
        for group in groups:
            if self._stopping.is_set():
                for delivery in group:
                    delivery.outcome = DRAINED
            elif outage:
                self._judge(group, outage)
            else:
                outage = self._handle(group)
        return outage

    def _handle(self, group: list[Delivery]) -> Exception | None:
        error = self._attempt(group)
        if error and is_outage(error):
            self._probing.failed(describe(error))
            self._judge(group, error)
            return error
        self._probing.succeeded()
        if error and len(group) > 1:  # one by one: a poison message hurts nobody
            self._metrics.count(metrics.HANDLER_RETRIES, type=group[0].type, reason="batch")
            return self._work(([delivery] for delivery in group), None)
        if error:
            self._judge(group, error)
        return None

    def _judge(self, group: list[Delivery], error: Exception) -> None:
        for delivery in group:
            receives = delivery.message.receives
            delivery.outcome = verdict(error, receives, self.queue.max_receives, _BACKOFF)
        self._report(group[0], error)

    def _attempt(self, group: list[Delivery]) -> Exception | None:
        """One transaction, repeated at once after a conflict with another one. Returns what it raised."""
        return attempt(
            lambda: self._transaction(group),
            lambda: self._metrics.count(metrics.HANDLER_RETRIES, type=group[0].type, reason="conflict"),
        )

    def _transaction(self, group: list[Delivery]) -> None:
        subscription, events = group[0].subscription, [d.event for d in group if d.event]
        assert subscription is not None
        messages = [delivery.message for delivery in group]
        self.heartbeat.start(messages, subscription.deadline, subscription.stall)
        self._pulse.expect(subscription.deadline.total_seconds())
        started = self._clock.monotonic()
        progress = partial(self.heartbeat.progress, messages)
        with work_of(self._service, self._db, self._runtime, events, progress) as uow:
            receives = {d.event.id: d.message.receives for d in group if d.event}
            fresh = inbox.claim(uow.conn, subscription.name, events, receives)
            self._points("consumer.after_inbox")
            if fresh:
                subscription.handler(uow, fresh)
            self._points("consumer.before_commit")
        self._points("consumer.after_commit")
        self._metrics.observe(
            metrics.HANDLER_SECONDS, self._clock.monotonic() - started, type=subscription.type
        )
        self._finish(group, fresh)

    def _finish(self, group: list[Delivery], fresh: Sequence[Event]) -> None:
        new: set[UUID] = {event.id for event in fresh}
        now = self._clock.now()
        for delivery in group:
            assert delivery.event is not None
            if delivery.event.id in new:
                new.remove(delivery.event.id)  # the same event twice in one batch: the second is a duplicate
                delivery.outcome = Outcome("done")
                age = max(0.0, (now - delivery.event.time).total_seconds())
                self._metrics.observe(metrics.EVENT_AGE, age, type=delivery.type)
            else:
                delivery.outcome = Outcome("duplicate")

    def _report(self, delivery: Delivery, error: Exception) -> None:
        assert delivery.event is not None
        assert delivery.outcome is not None
        log.warning(
            "event not handled",
            extra={
                "event_type": delivery.type,
                "event_id": str(delivery.event.id),
                "tenant": delivery.event.tenantid,
                "correlation_id": delivery.event.correlationid,
                "receives": delivery.message.receives,
                "outcome": delivery.outcome.kind,
                "reason": delivery.outcome.reason,
                "error": describe(error),
                "place": place(error),
            },
        )

    # settling

    def _settle(self, deliveries: list[Delivery]) -> Receipt:
        return self._count(self._settlement.settle(deliveries))

    def _count(self, receipt: Receipt) -> Receipt:
        with self._counting:
            self._totals += receipt
        return receipt


def _by_type_and_tenant(deliveries: Iterable[Delivery]) -> Iterable[list[Delivery]]:
    """Those that have a handler, in order of arrival within a group."""
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.event is not None and delivery.subscription is not None:
            groups.setdefault((delivery.event.type, delivery.event.tenantid), []).append(delivery)
    return groups.values()
