"""Opens what a worker needs, so that a service's build_worker is its table of subscriptions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from contracts import REGISTRY, package_of
from contracts.erasure import receipt_of
from eventkit import inbox, outbox
from eventkit.clock import SYSTEM_CLOCK
from eventkit.consumer import Consumer
from eventkit.deadletters import letters, replays
from eventkit.deadletters.rehearsal import Rehearsal
from eventkit.deadletters.replayer import Replayer
from eventkit.metrics import KIT, Metric, Metrics
from eventkit.ports import Database as DatabasePort
from eventkit.queue import Queue, SqsClient
from eventkit.relay import Relay
from eventkit.runtime import Runtime
from eventkit.subscription import Subscription, by_type
from eventkit.watch import Watch
from eventkit.worker import Loop, Worker
from prometheus_client import CollectorRegistry

from servicekit import idempotency
from servicekit.db import Database
from servicekit.erasure import Eraser
from servicekit.hosts import host_of
from servicekit.metrics import WORKER, pool_use
from servicekit.periodic import PeriodicLoop, PeriodicTask
from servicekit.selfstop import Needed, SelfStop, first, needed_worker
from servicekit.settings import CommonSettings
from servicekit.tracing import tracer_of

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

_STATEMENT_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class WorkerKit:
    """The parts of one worker process; handlers that need `db` or `runtime` get them from here."""

    service: str
    settings: CommonSettings
    db: Database
    runtime: Runtime
    sqs: SqsClient

    @classmethod
    def open(cls, service: str, settings: CommonSettings, metrics: Iterable[Metric] = ()) -> WorkerKit:
        """`metrics` are the service's own. Connects to nothing yet."""
        # a handler may hold two connections (its own and a lease's); relay, tasks and health some more
        pool = 2 * settings.worker_threads + 4
        schema = package_of(service)
        declared = (*KIT, *WORKER, *metrics)
        tracer = tracer_of(service, settings)
        runtime = Runtime(SYSTEM_CLOCK, Metrics(CollectorRegistry(), declared), tracer=tracer)
        use = pool_use(runtime.metrics, pool)
        db = Database(settings.database_url.reveal(), schema, pool, _STATEMENT_TIMEOUT, use)
        return cls(service, settings, db, runtime, sqs_client(settings))

    def worker(
        self,
        subscriptions: Sequence[Subscription],
        periodic: Sequence[PeriodicTask] = (),
        *,
        loops: Sequence[Loop] = (),
        needs: Sequence[Needed] = (),
        batch: int = 10,
    ) -> Worker:
        """The worker: consumer of the service's queue, relay to every subscriber, tasks and kit tasks, loops.

        `needs`: what the loops have to do, which keeps the worker from stopping itself; ApiKit.app has the
        same, to wake it.
        Raises RuntimeError when the subscriptions are not what the event registry says, ClientError for a
        queue that does not exist and BotoCoreError while SQS is away.
        """
        self._check(subscriptions)
        own, dead = self.queue(self.service), self.queue(self.service, dead=True)
        consumer = Consumer(self.service, own, dead, self.db, subscriptions, self.runtime, batch=batch)
        destinations = {name: self.queue(name) for name in self._destinations()}
        return Worker(
            self.service,
            self.db,
            [consumer],
            Relay(self.db, destinations, self.runtime),
            [*loops, *self._loops(subscriptions, periodic, own, dead, needs)],
            self.runtime,
            threads=self.settings.worker_threads,
            health_bind=self.settings.health_bind,
        )

    def without_queues(self, loop: Loop, needed: Needed) -> Worker:
        """A process beside the service's worker: one loop that finds its own work, in a table.

        `needed` is what keeps it from stopping itself.
        """
        loops = [loop, *self._self_stop(needed)]
        return Worker(
            self.service,
            self.db,
            [],
            None,
            loops,
            self.runtime,
            threads=1,
            health_bind=self.settings.health_bind,
        )

    @property
    def eraser(self) -> Eraser:
        """What the handler of students.student.purged needs."""
        return Eraser(self.queue(self.service, dead=True), receipt_of(self.service))

    def _check(self, subscriptions: Iterable[Subscription]) -> None:
        expected, given = REGISTRY.consumed_by(self.service), {one.type for one in subscriptions}
        if given != expected:
            raise RuntimeError(
                f"{self.service}: no handler for {sorted(expected - given)}, "
                f"not subscribed to {sorted(given - expected)}"
            )

    def queue(self, service: str, *, dead: bool = False) -> Queue:
        """A service's queue (deploy/queues.yaml), or its dead-letter queue."""
        return open_queue(self.sqs, self.settings, service, dead=dead)

    def _loops(
        self,
        subscriptions: Sequence[Subscription],
        periodic: Sequence[PeriodicTask],
        own: Queue,
        dead: Queue,
        needs: Sequence[Needed],
    ) -> Iterator[Loop]:
        yield from (PeriodicLoop(task, self.db, self.runtime) for task in (*periodic, *KIT_TASKS))
        yield Watch(self.service, own, dead, self.db, subscriptions, self.runtime)
        rehearsal = Rehearsal(self.service, self.db, by_type(subscriptions), self.runtime)
        yield Replayer(self.service, self.db, rehearsal, self.runtime, self.settings.build_id)
        usual = needed_worker(self.db, [own, dead], self.runtime.clock)
        yield from self._self_stop(first([usual, *needs]))

    def _self_stop(self, needed: Needed) -> Iterator[Loop]:
        if host := host_of(self.settings, os.environ):
            yield SelfStop(needed, self.runtime, host, self.settings.self_stop_after_polls)

    def _destinations(self) -> Iterator[str]:
        types = [REGISTRY.get(name) for name in REGISTRY.published_by(self.service)]
        yield from sorted({subscriber for event_type in types for subscriber in event_type.subscribers})


def open_queue(sqs: SqsClient, settings: CommonSettings, service: str, *, dead: bool = False) -> Queue:
    """A service's queue (deploy/queues.yaml), or its dead-letter queue. Raises ClientError for none."""
    name = f"{settings.queue_prefix}-{service}-events"
    return Queue.open(sqs, f"{name}-dlq" if dead else name)


def sqs_client(settings: CommonSettings) -> SQSClient:
    """boto3's SQS client; credentials from the usual AWS chain (task role, environment)."""
    return boto3.client(
        "sqs",
        region_name=settings.aws_region,
        endpoint_url=settings.sqs_endpoint_url or None,
        config=Config(
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=5,
            read_timeout=30,  # above the longest long poll, 20 s
            max_pool_connections=settings.worker_threads + 4,
        ),
    )


def _prune_outbox(db: DatabasePort, _now: datetime) -> None:
    with db.system() as conn:
        outbox.prune(conn)


def _prune_inbox(db: DatabasePort, _now: datetime) -> None:
    with db.system() as conn:
        inbox.prune(conn)


def _prune_idempotency(db: DatabasePort, _now: datetime) -> None:
    idempotency.prune(db)


def _prune_dead_letters(db: DatabasePort, _now: datetime) -> None:
    with db.system() as conn:
        replays.prune(conn)
        letters.prune(conn)


KIT_TASKS = (
    PeriodicTask("kit.prune_outbox", _prune_outbox, daily_at=time(4, 10)),
    PeriodicTask("kit.prune_inbox", _prune_inbox, daily_at=time(4, 20)),
    PeriodicTask("kit.prune_dead_letters", _prune_dead_letters, daily_at=time(4, 30)),
    PeriodicTask("kit.prune_idempotency", _prune_idempotency, every=timedelta(hours=1)),
)
