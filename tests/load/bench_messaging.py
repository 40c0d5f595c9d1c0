"""`make bench-messaging`: the worker's senders beside a bare loop of the same client, against the simulator.

Both send the same texts in the same batches of 1,000 with the same adapter, in turns. What differs is the
ledger in a durable PostgreSQL: claim, guards twice, the intent before each call, the outcome after it. Once
against a simulator that answers at once, on the same processors, and once against one that takes its time, as
a provider elsewhere does. `python tests/load/bench_messaging.py MESSAGES ROUNDS` for a quick look. Prints a
table for README.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from academyctl.embedded import postgres
from academyctl.embedded.program import running
from eventkit.clock import SYSTEM_CLOCK
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from measuring import machine
from messaging import metrics
from messaging.adapters.providers import provider
from messaging.domain.content import Kind
from messaging.domain.pricing import Price
from messaging.domain.recipients import Fingerprints
from messaging.ports import Accepted, Outgoing
from messaging.settings import Settings
from messaging.usecases import credits
from messaging.usecases.queueing import Wanted, queue
from messaging.worker import loops
from servicekit.settings import load
from servicekit.worker_kit import WorkerKit
from testkit.api import environment
from testkit.database import Templates, TestDatabase
from testkit.servers import free_ports
from testkit.solapi import Simulator, simulator
from testkit.tokens import Issuer

MESSAGES, ROUNDS = 10_000, 7
DELAYS = (0.0, 0.3)  # seconds that the simulator waits before it takes a batch
TENANT = "demo"
Rounds = list[tuple[float, float]]
"""Messages per second of the worker and of the bare loop."""
TEXT = "안녕하세요. 내일 수업은 오후 6시에 시작합니다. 늦지 않게 보내 주세요. 감사합니다."
SENDER = "0212345678"


@dataclass
class Bench:
    """One academy with money and without caps; `count` messages a round."""

    db: TestDatabase
    solapi: Simulator
    kit: WorkerKit
    settings: Settings
    count: int

    def open(self) -> None:
        with self.db.database.tenant(TENANT) as conn:
            credits.charge(conn, TENANT, Decimal(10**9), uuid4().hex, "bench")
        self.db.admin.execute(
            "INSERT INTO tenant_setting (tenant_id, sender, daily_cap, hourly_cap) VALUES (%s, %s, %s, %s)",
            [TENANT, SENDER, 10**9, 10**9],
        )

    def wanted(self, occurrence: str) -> list[Wanted]:
        price, now = Price(Decimal(20)), SYSTEM_CLOCK.now()
        return [
            Wanted("manual", f"010{n:08d}", TEXT, Kind.SMS, "INFO", "", occurrence, (), price, now)
            for n in range(self.count)
        ]

    def worker(self) -> float:
        """Messages per second from the queue to their outcomes, all in the ledger."""
        prints = Fingerprints(self.settings.recipient_key.reveal())
        with unit_of_work(self.db.database, TENANT, Cause.start(), source="messaging") as uow:
            queue(uow, prints, self.wanted(uuid4().hex), "bench", SYSTEM_CLOCK.now(), strict=True)
        stop = threading.Event()
        threads = [
            threading.Thread(target=loop.run, args=[stop], daemon=True)
            for loop in loops(self.kit, self.settings)
        ]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        while self.unsettled():
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        stop.set()
        for thread in threads:
            thread.join()
        return self.count / seconds

    def unsettled(self) -> bool:
        query = """SELECT EXISTS (SELECT FROM message WHERE status = 'QUEUED')
            OR EXISTS (SELECT FROM message WHERE status IN ('CLAIMED', 'SENDING'))"""
        ((waits,),) = self.db.admin.execute(query).fetchall()
        return bool(waits)

    def bare(self) -> float:
        """Messages per second of a loop that sends batches and reads the answers."""
        sends = provider(self.settings, SYSTEM_CLOCK)
        messages = [Outgoing(uuid4(), 1, f"010{n:08d}", SENDER, Kind.SMS, TEXT) for n in range(self.count)]
        began = time.perf_counter()
        for start in range(0, self.count, self.settings.batch):
            outcomes = sends.send(messages[start : start + self.settings.batch])
            assert all(isinstance(one, Accepted) for one in outcomes)
        return self.count / (time.perf_counter() - began)


@contextmanager
def bench(folder: Path, count: int) -> Iterator[Bench]:
    """A PostgreSQL with the durability of production, and a simulator that only takes and bills."""
    password, port = uuid4().hex, free_ports()
    postgres.initialise(folder / "data", password)
    with (
        running(postgres.program(folder / "data", port, password), folder / "postgres.log"),
        simulator(folder / "solapi") as solapi,
    ):
        solapi.settings(deliver_after=86_400)
        templates = Templates(postgres.admin_url(port, password))
        with templates.migrated("messaging") as db:
            given = environment(
                Issuer(folder),
                db.url,
                SOLAPI_ENDPOINT=solapi.endpoint,
                SOLAPI_API_KEY=solapi.key,
                SOLAPI_API_SECRET=solapi.secret,
            )
            settings = load(Settings, given)
            made = Bench(db, solapi, WorkerKit.open("messaging", settings, metrics.ALL), settings, count)
            made.open()
            yield made
        templates.close()


def report(measured: dict[float, Rounds]) -> Iterator[str]:
    yield machine()
    yield ""
    yield "| messages/s | worker | bare loop | ratio |"
    yield "|---|---|---|---|"
    for delay, rounds in measured.items():
        ours, bare = zip(*rounds, strict=True)
        ratio = statistics.median(one / other for one, other in rounds)
        what = f"each call takes {delay} s longer" if delay else "the simulator answers at once"
        yield f"| {what} | {statistics.median(ours):,.0f} | {statistics.median(bare):,.0f} | {ratio:.2f} |"


def main(count: int = MESSAGES, rounds: int = ROUNDS) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name,
        bench(Path(name), count) as made,
    ):
        made.worker(), made.bare()  # warm
        measured = {}
        for delay in DELAYS:
            made.solapi.faults(delay=delay)
            measured[delay] = [(made.worker(), made.bare()) for _ in range(rounds)]
    print("\n".join(report(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
