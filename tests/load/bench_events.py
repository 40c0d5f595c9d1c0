"""`make bench-events`: consumer, relay and wake-up beside bare boto3 and a poll, in one run.

The same boto3 client talks to the same SQS stub on both sides of a ratio: what differs is the kit's own work
and PostgreSQL's. All processes share the machine. Prints a table for README.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from academyctl.embedded import postgres
from academyctl.embedded.program import Program, listens, plain_environment, running
from contracts import REGISTRY
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer, on
from eventkit.envelope import Event
from eventkit.metrics import Metrics
from eventkit.points import Point
from eventkit.queue import MAX_ENTRIES, Queue
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.schema import create_whole_kit
from eventkit.trace import Cause, new_traceparent
from eventkit.uow import UnitOfWork, unit_of_work
from measuring import machine
from prometheus_client import CollectorRegistry
from servicekit.db import Database
from sqlalchemy import text
from testkit.database import Templates
from testkit.servers import free_ports

TYPE = "enrollment.import.accepted"
(OWN,) = REGISTRY.get(TYPE).subscribers
BARE = "bare"
DATA = {
    "job_id": str(uuid4()),
    "job_type": "excel_parsing",
    "object_key": f"excel/demo/{uuid4()}.xlsx",
    "initial_password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
}
EVENTS = 3_000
ROUNDS = 7
THREADS = 2  # WORKER_THREADS' default
WAIT = 1  # seconds of a long poll, only so that a round ends soon
POLL = 0.2
SAMPLES = 200


@dataclass
class Rates:
    """Messages per second of each round."""

    bare_receive: list[float] = field(default_factory=list)
    consumer: list[float] = field(default_factory=list)
    bare_send: list[float] = field(default_factory=list)
    relay: list[float] = field(default_factory=list)


@dataclass
class Waits:
    """Seconds from each commit until the relay had the event, and until its handler did."""

    relay: list[float] = field(default_factory=list)
    handler: list[float] = field(default_factory=list)

    def at(self, rank: float) -> tuple[float, float]:
        """A percentile of both."""
        place = int(rank * len(self.handler))
        return sorted(self.relay)[place], sorted(self.handler)[place]


class Bench:
    """A service on an empty database, and the same client in bare hands."""

    def __init__(self, db: Database, sqs: str) -> None:
        self.db = db
        self.sqs: Any = boto3.client(
            "sqs",
            endpoint_url=sqs,
            region_name="ap-northeast-2",
            aws_access_key_id="bench",
            aws_secret_access_key="bench",
        )
        self.seen: dict[Point, float] = {}
        self.runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry()), self.note)
        self.queue = Queue.open(self.sqs, OWN)
        self.relay = Relay(db, {OWN: self.queue}, self.runtime)
        self.bare_url = self.sqs.get_queue_url(QueueName=BARE)["QueueUrl"]

    def note(self, point: Point) -> None:
        self.seen[point] = time.perf_counter()

    # throughput

    def rates(self) -> Rates:
        rates = Rates()
        self.round(Rates())  # warm
        for _ in range(ROUNDS):
            self.round(rates)
        return rates

    def round(self, rates: Rates) -> None:
        """Publish, relay, send the same bare to another queue; consume the one, receive the other bare."""
        self.publish(EVENTS)
        entries = self.unsent()
        rates.relay.append(EVENTS / timed(self.relay_all))
        rates.bare_send.append(EVENTS / timed(lambda: self.send_bare(entries)))
        rates.consumer.append(EVENTS / self.consume(EVENTS))
        rates.bare_receive.append(EVENTS / timed(lambda: self.receive_bare(EVENTS)))

    def publish(self, count: int) -> None:
        """Into the outbox, in one transaction."""
        with unit_of_work(self.db, "demo", Cause.start(), source="enrollment") as uow:
            for number in range(count):
                uow.publish(TYPE, subject=str(number), data=DATA)

    def unsent(self) -> list[dict[str, Any]]:
        """What the relay is about to send, as the client wants it."""
        attributes = {
            "type": {"DataType": "String", "StringValue": TYPE},
            "traceparent": {"DataType": "String", "StringValue": new_traceparent()},
        }
        with self.db.system() as conn:
            bodies = conn.execute(text("SELECT body FROM outbox WHERE sent_at IS NULL ORDER BY seq"))
            return [
                {"Id": str(n % MAX_ENTRIES), "MessageBody": body, "MessageAttributes": attributes}
                for n, (body,) in enumerate(bodies)
            ]

    def relay_all(self) -> None:
        while self.relay.run_once():
            pass

    def send_bare(self, entries: list[dict[str, Any]]) -> None:
        for start in range(0, len(entries), MAX_ENTRIES):
            batch = entries[start : start + MAX_ENTRIES]
            self.sqs.send_message_batch(QueueUrl=self.bare_url, Entries=batch)

    def consume(self, count: int) -> float:
        """Seconds until a handler that does nothing had so many events."""
        handled: list[Event] = []
        all_handled = threading.Event()

        def handler(_uow: UnitOfWork, events: Sequence[Event]) -> None:
            handled.extend(events)
            if len(handled) >= count:
                all_handled.set()

        began = time.perf_counter()
        with self.consuming(handler):
            all_handled.wait()
            return time.perf_counter() - began

    def receive_bare(self, count: int) -> None:
        while count:
            found = self.sqs.receive_message(
                QueueUrl=self.bare_url,
                MaxNumberOfMessages=MAX_ENTRIES,
                WaitTimeSeconds=WAIT,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )["Messages"]
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(found)]
            self.sqs.delete_message_batch(QueueUrl=self.bare_url, Entries=entries)
            count -= len(found)

    @contextmanager
    def consuming(self, handler: Callable[[UnitOfWork, Sequence[Event]], None]) -> Iterator[None]:
        """The consumer as the worker runs it: threads and heartbeat."""
        letters = Queue.open(self.sqs, "letters")
        consumer = Consumer(OWN, self.queue, letters, self.db, [on(TYPE, handler)], self.runtime, wait=WAIT)
        over = threading.Event()
        with in_threads([lambda: consumer.heartbeat.run(over), *[consumer.run] * THREADS]):
            yield
            consumer.stop()
            over.set()

    # wake-up

    def waits(self, relay: Callable[[threading.Event], None], spread: float) -> Waits:
        """Of commits at any time within `spread` seconds of each other."""
        handled, over, moment, waits = threading.Event(), threading.Event(), random.Random(0), Waits()

        def handler(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
            self.note("consumer.after_inbox")
            handled.set()

        with self.consuming(handler), in_threads([lambda: relay(over)]):
            for number in range(SAMPLES + 1):
                time.sleep(moment.uniform(0, spread))
                self.publish(1)
                committed = time.perf_counter()
                handled.wait()
                handled.clear()
                if number:  # the first one waited for an election
                    waits.relay.append(self.seen["relay.before_send"] - committed)
                    waits.handler.append(self.seen["consumer.after_inbox"] - committed)
            over.set()
        return waits

    def relay_by_polling(self, stop: threading.Event) -> None:
        while not stop.wait(POLL):
            self.relay_all()


@contextmanager
def in_threads(bodies: Sequence[Callable[[], None]]) -> Iterator[None]:
    """The block tells them to end."""
    threads = [threading.Thread(target=body, daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def timed(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def report(rates: Rates, notify: Waits, poll: Waits) -> Iterator[str]:
    yield machine()
    yield ""
    yield "| | kit | beside it | ratio |"
    yield "|---|---|---|---|"
    yield rate("consumer, messages/s", rates.consumer, "bare receive and delete", rates.bare_receive)
    yield rate("relay, messages/s", rates.relay, "bare SendMessageBatch", rates.bare_send)
    for name, rank in (("p50", 0.5), ("p99", 0.99)):
        for what, kit, other in zip(("relay", "handler"), notify.at(rank), poll.at(rank), strict=True):
            yield (
                f"| commit to {what}, {name} | {1e3 * kit:.1f} ms"
                f" | polled every {1e3 * POLL:.0f} ms: {1e3 * other:.0f} ms | {other / kit:.0f} × |"
            )


def rate(what: str, kit: list[float], beside: str, bare: list[float]) -> str:
    ratio = statistics.median(one / other for one, other in zip(kit, bare, strict=True))
    return (
        f"| {what} | {statistics.median(kit):,.0f} | {beside}: {statistics.median(bare):,.0f} | {ratio:.2f} |"
    )


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """The kit's tables on a PostgreSQL with the durability of production."""
    password, port = uuid4().hex, free_ports()
    postgres.initialise(folder / "data", password)
    program = postgres.program(folder / "data", port, password)
    with running(program, folder / "postgres.log"):
        templates = Templates(postgres.admin_url(port, password))
        with templates.built("bench", lambda op: create_whole_kit(op, "bench")) as made:
            yield made.database
        templates.close()


@contextmanager
def stub(folder: Path) -> Iterator[str]:
    """The endpoint of SQS that answers at once."""
    port = free_ports()
    command = (sys.executable, str(Path(__file__).with_name("sqs_stub.py")), str(port))
    program = Program("sqs_stub", command, lambda: listens(port), env=plain_environment())
    with running(program, folder / "sqs.log"):
        yield f"http://127.0.0.1:{port}"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with database(folder) as db, stub(folder) as sqs:
            bench = Bench(db, sqs)
            rates = bench.rates()
            notify = bench.waits(bench.relay.run, spread=0.02)
            poll = bench.waits(bench.relay_by_polling, spread=POLL)
    print("\n".join(report(rates, notify, poll)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
