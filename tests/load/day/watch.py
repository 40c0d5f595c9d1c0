"""What is seen of the stack while it works: processor time, memory, connections, ages of events."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psutil
import psycopg
from contracts import SERVICES, package_of
from testkit.stack import LocalStack

_EVERY = 1.0
_SCHEMAS = {service: package_of(service) for service in SERVICES}

# the oldest row that nobody has sent, and the oldest that was sent and not handled, of each receiver
_OUTBOX = " UNION ALL ".join(
    f"SELECT '{service}', extract(epoch FROM now() - min(created_at)) FROM {schema}.outbox"
    " WHERE sent_at IS NULL AND created_at > %(since)s"
    for service, schema in _SCHEMAS.items()
)
_PUBLISHED = " UNION ALL ".join(
    f"SELECT id, destination, type, created_at, sent_at FROM {schema}.outbox WHERE created_at > %(since)s"
    for schema in _SCHEMAS.values()
)
_HANDLED = " UNION ALL ".join(
    f"SELECT '{service}' AS destination, event_id FROM {schema}.inbox WHERE handled_at > %(since)s"
    for service, schema in _SCHEMAS.items()
)
_QUEUES = f"""
    WITH published AS ({_PUBLISHED}), handled AS ({_HANDLED})
    SELECT destination, extract(epoch FROM now() - min(created_at)), count(*) FROM published p
    WHERE sent_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM handled h WHERE h.destination = p.destination AND h.event_id = p.id)
    GROUP BY destination"""
_EVENTS = f"SELECT destination, count(*) FROM ({_PUBLISHED}) p GROUP BY destination"
_SIZES = """
    SELECT now(), pg_database_size(current_database()), sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relkind = 'r' AND relname IN ('outbox', 'inbox', 'idempotency')"""
_CONNECTIONS = "SELECT usename, count(*) FROM pg_stat_activity WHERE usename IS NOT NULL GROUP BY usename"


@dataclass
class Usage:
    """Processor seconds by part since the start of the process trees."""

    seconds: dict[str, float]

    def since(self, earlier: Usage) -> dict[str, float]:
        """A part that was restarted counts from its start."""
        return {
            part: now - before if now >= (before := earlier.seconds.get(part, 0.0)) else now
            for part, now in self.seconds.items()
        }


def usage(stack: LocalStack) -> Usage:
    """Of every part with its children, those that have ended among them."""
    return Usage({part: _tree_seconds(pid) for part, pid in stack.state.pids.items()})


def _tree_seconds(pid: int) -> float:
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def memory(stack: LocalStack) -> dict[str, float]:
    """Resident MB by part. PostgreSQL's processes share most of theirs: its proportional size."""
    return {part: _tree_mb(pid, proportional=part == "postgres") for part, pid in stack.state.pids.items()}


def _tree_mb(pid: int, *, proportional: bool) -> float:
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss if proportional else process.memory_info().rss
    return total / 1e6


@dataclass
class Seen:
    """The worst of each while it was watched; seconds, connections, MB."""

    queue_age: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    queued: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    outbox_age: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    connections: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    memory: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cores: float = 0.0
    own_seconds: float = 0.0

    def take(self, conn: psycopg.Connection[Any], stack: LocalStack, since: datetime) -> None:
        """One look."""
        span = {"since": since}
        for service, age in conn.execute(_OUTBOX, span):
            self.outbox_age[service] = max(self.outbox_age[service], float(age or 0))
        for service, age, count in conn.execute(_QUEUES, span):
            self.queue_age[service] = max(self.queue_age[service], float(age))
            self.queued[service] = max(self.queued[service], count)
        self._count(conn)
        _keep_largest(self.memory, memory(stack))

    def look(self, stack: LocalStack) -> None:
        """At connections only, once."""
        with psycopg.connect(stack.admin_url, autocommit=True) as conn:
            self._count(conn)

    def _count(self, conn: psycopg.Connection[Any]) -> None:
        for user, count in conn.execute(_CONNECTIONS):
            self.connections[user] = max(self.connections[user], count)


def _keep_largest(known: dict[str, float], found: Mapping[str, float]) -> None:
    for name, value in found.items():
        known[name] = max(known[name], value)


@contextmanager
def watching(stack: LocalStack, since: datetime) -> Iterator[Seen]:
    """Looks every second from beginning to end; what has not been handled in the end counts to its age."""
    seen, over = Seen(), threading.Event()
    psutil.cpu_percent()  # from here on

    def watch() -> None:
        with psycopg.connect(stack.admin_url, autocommit=True) as conn:
            while not over.wait(_EVERY):
                seen.take(conn, stack, since)

    began = time.process_time()
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        seen.cores = psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1)
        seen.own_seconds = time.process_time() - began
        over.set()
        thread.join()


def events_since(stack: LocalStack, since: datetime) -> dict[str, int]:
    """Events by receiving service that were published since."""
    with psycopg.connect(stack.admin_url, autocommit=True) as conn:
        return dict(conn.execute(_EVENTS, {"since": since}).fetchall())


@dataclass(frozen=True)
class Stored:
    """Bytes of the database: of events and answers, which go after 30 days, and of all else."""

    passing: int
    lasting: int

    def since(self, earlier: Stored) -> Stored:
        return Stored(self.passing - earlier.passing, self.lasting - earlier.lasting)


def database_now(stack: LocalStack) -> tuple[datetime, Stored]:
    """PostgreSQL's clock, and how large the database is."""
    with psycopg.connect(stack.admin_url, autocommit=True) as conn:
        row = conn.execute(_SIZES).fetchone()
    assert row is not None
    return row[0], Stored(int(row[2]), int(row[1] - row[2]))
