"""Telling the queue what became of messages: dead letters first, then deletes, then returns."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from eventkit import metrics
from eventkit.failures import DRAINED
from eventkit.heartbeat import Heartbeat
from eventkit.queue import (
    MAX_ATTRIBUTES,
    MAX_BATCH_BYTES,
    MAX_DELAY_SECONDS,
    QUEUE_ERRORS,
    TRIES,
    Outgoing,
    Queue,
    batches,
)
from eventkit.receipt import Receipt
from eventkit.runtime import Runtime
from eventkit.subscription import Delivery, Outcome

log = logging.getLogger(__name__)


class Settlement:
    """A queue error here is never fatal: the message appears again and the inbox knows it."""

    def __init__(self, queue: Queue, dead_letters: Queue, heartbeat: Heartbeat, runtime: Runtime) -> None:
        self._queue = queue
        self._dead_letters = dead_letters
        self._heartbeat = heartbeat
        self._clock = runtime.clock
        self._metrics = runtime.metrics
        self._points = runtime.points
        self._metrics.count(metrics.MESSAGES_RENEWED, 0, queue=queue.name)

    def settle(self, deliveries: Sequence[Delivery]) -> Receipt:
        """Every delivery has an outcome. Those that another thread settled are left out."""
        held = self._heartbeat.drop(delivery.message for delivery in deliveries)
        mine = [delivery for delivery in deliveries if delivery.message.receipt in held]
        dead = [delivery for delivery in mine if _outcome(delivery).kind == "dead"]
        if dead:
            self._points("consumer.before_dead_letter")
            self._copy(dead, self._dead_letters, self._dead_letter)
            self._points("consumer.after_dead_letter")
        renewed = [delivery for delivery in mine if _outcome(delivery).renew]
        if any(_outcome(delivery) is DRAINED for delivery in renewed):
            self._points("drain.before_return")
        if renewed:
            self._copy(renewed, self._queue, _renewed)
        self._delete([d for d in mine if _outcome(d).kind != "returned" or _outcome(d).renew])
        self._return([d for d in mine if _outcome(d).kind == "returned" and not _outcome(d).renew])
        return self._account(mine)

    def _copy(self, deliveries: list[Delivery], to: Queue, make: Callable[[Delivery], Outgoing]) -> None:
        """Send first, delete after: a crash between leaves two copies, never none."""
        rest = iter(deliveries)
        for batch in batches(make(delivery) for delivery in deliveries):
            part = list(islice(rest, len(batch)))
            try:
                refused = set(to.send_batch(batch))
            except QUEUE_ERRORS:
                refused = set(range(len(part)))
            for position in refused:
                delay = 0 if part[position].outcome is DRAINED else self._queue.visibility
                part[position].outcome = Outcome("returned", "copy_refused", delay=delay)
                self._metrics.count(metrics.QUEUE_ERRORS, queue=to.name, operation="send")

    def _dead_letter(self, delivery: Delivery) -> Outgoing:
        attributes = {
            "type": delivery.type,
            "reason": _outcome(delivery).reason,
            "source_queue": self._queue.name,
            "attempts": str(delivery.message.receives),
            "failed_at": self._clock.now().isoformat(),
        }
        if _outcome(delivery).place:
            attributes["place"] = _outcome(delivery).place
        if delivery.subscription:
            attributes["handler"] = delivery.subscription.name
        if delivery.event:
            attributes["traceparent"] = delivery.event.traceparent
        return _fitting(Outgoing(delivery.message.body, attributes))

    def _delete(self, deliveries: list[Delivery]) -> None:
        if not deliveries:
            return
        self._points("consumer.before_delete")
        try:
            failed = len(self._queue.delete_batch([delivery.message.receipt for delivery in deliveries]))
        except QUEUE_ERRORS:
            failed = len(deliveries)
        if failed:
            self._metrics.count(metrics.QUEUE_ERRORS, failed, queue=self._queue.name, operation="delete")
        self._points("consumer.after_delete")

    def _return(self, deliveries: list[Delivery]) -> None:
        if not deliveries:
            return
        items = [(delivery.message.receipt, round(_outcome(delivery).delay)) for delivery in deliveries]
        try:
            failed = len(self._queue.extend_batch(items))
        except QUEUE_ERRORS:  # they come back by themselves when their visibility ends
            failed = len(items)
        if failed:
            self._metrics.count(metrics.QUEUE_ERRORS, failed, queue=self._queue.name, operation="return")

    def _account(self, deliveries: list[Delivery]) -> Receipt:
        for delivery in deliveries:
            outcome = _outcome(delivery)
            self._metrics.count(
                metrics.MESSAGES, queue=self._queue.name, type=delivery.type, outcome=outcome.kind
            )
            if outcome.kind == "dead":
                self._metrics.count(metrics.DEAD_LETTERS, type=delivery.type, reason=outcome.reason)
                log.error("dead letter", extra=_facts(delivery))
            if outcome.renew and outcome is not DRAINED:
                self._metrics.count(metrics.MESSAGES_RENEWED, queue=self._queue.name)
        counts = Counter(str(_outcome(delivery).kind) for delivery in deliveries)
        return Receipt(**counts)


def _renewed(delivery: Delivery) -> Outgoing:
    outcome = _outcome(delivery)
    attributes = {name: text for name, text in delivery.message.attributes.items() if name != TRIES}
    if outcome is DRAINED and delivery.message.receives > 1:
        attributes[TRIES] = str(delivery.message.receives - 1)
    delay = min(round(outcome.delay), MAX_DELAY_SECONDS)
    return _fitting(Outgoing(delivery.message.body, attributes, delay))


def _fitting(message: Outgoing) -> Outgoing:
    """A message of somebody else's may leave no room for attributes."""
    fits = message.size <= MAX_BATCH_BYTES and len(message.attributes) <= MAX_ATTRIBUTES
    return message if fits else Outgoing(message.body, delay=message.delay)


def _outcome(delivery: Delivery) -> Outcome:
    assert delivery.outcome is not None
    return delivery.outcome


def _facts(delivery: Delivery) -> dict[str, object]:
    event = delivery.event
    return {
        "event_type": delivery.type,
        "event_id": str(event.id) if event else None,
        "tenant": event.tenantid if event else None,
        "correlation_id": event.correlationid if event else None,
        "reason": _outcome(delivery).reason,
        "receives": delivery.message.receives,
    }
