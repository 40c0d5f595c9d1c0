"""`make bench-janitor`: sweep and apply beside bare ListObjectsV2 and DeleteObjects, in one run.

The same client, server and objects on both sides of a ratio. And the memory of a million objects, in a
process of its own, their index generated behind the port: to fill the local server with them takes an hour.
Prints a table for README.
"""

from __future__ import annotations

import argparse
import gc
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
from academyctl.embedded import postgres
from academyctl.embedded.program import running
from eventkit.metrics import Metrics
from measuring import machine
from prometheus_client import CollectorRegistry
from servicekit.db import Database
from servicekit.storage import r2_client
from storage_janitor import metrics
from storage_janitor.adapters.buckets import R2Bucket
from storage_janitor.domain.objects import Found
from storage_janitor.domain.policies import Policy, parse
from storage_janitor.usecases import applying, sweeping
from storage_janitor.usecases.removing import Remover
from testkit.clock import FakeClock
from testkit.database import Templates
from testkit.servers import free_ports, s3_server

OBJECTS = 10_000
ROUNDS = 3
MILLION = 1_000_000
PAGE = 1000
WHEN = datetime(2026, 3, 2, tzinfo=UTC)
POLICY = """
version = 1
[apply]
objects_per_second = 100000
sample = 20
[fuse]
objects = 10000000
percent = 100
gigabytes = 1000000
floor = 1
[[rule]]
name = "export"
bucket = "excel"
pattern = "exports/{tenant}/{job}_{file}"
owner = "enrollment"
from = "written"
age = "24h"
action = "delete"
"""


class NobodyAsked:
    """Exports go by their age alone."""

    def released(self, _owner: str, _tenant: str, _keys: Collection[str], /) -> set[str]:
        raise AssertionError("not asked")


class Generated:
    """The index of a bucket of `count` objects, page by page: nothing of it is in memory."""

    kind = "excel"

    def __init__(self, count: int) -> None:
        self._count = count

    def pages(self, prefix: str = "", after: str = "") -> Iterator[list[Found]]:
        """Always from the beginning: `prefix` and `after` are for others."""
        assert (prefix, after) == ("", "")
        for start in range(0, self._count, PAGE):
            yield [_found(number) for number in range(start, min(start + PAGE, self._count))]


def _found(number: int) -> Found:
    return Found(f"exports/hangang/{UUID(int=number)}_x.xlsx", 5, f"{number:032x}", WHEN)


@dataclass
class Janitor:
    """The janitor over one bucket, two days later."""

    db: Database
    bucket: Any
    policy: Policy = field(default_factory=lambda: parse(POLICY))

    def __post_init__(self) -> None:
        self.clock = FakeClock(datetime.now(UTC) + timedelta(days=2))
        buckets = {"excel": self.bucket}
        remover = Remover(self.db, buckets, self.policy, self.clock)
        figures = Metrics(CollectorRegistry(), metrics.ALL)
        self.applying = applying.applying_ports(remover, NobodyAsked(), figures)
        self.sweeping = sweeping.SweepingPorts(self.policy, buckets, NobodyAsked(), self.clock)

    def sweep(self) -> Any:
        self.clock.advance(1)
        done = sweeping.sweep(self.db, self.sweeping, "excel", by="bench")
        assert done is not None
        assert done.plan_id is not None
        return done

    def apply(self, plan_id: UUID) -> Any:
        plan = applying.apply(self.db, self.applying, plan_id, by="bench")
        assert plan.state == "done", plan.stop_reason
        return plan


@dataclass
class Rates:
    """Objects per second of each round."""

    bare_list: list[float] = field(default_factory=list)
    sweep: list[float] = field(default_factory=list)
    bare_delete: list[float] = field(default_factory=list)
    apply: list[float] = field(default_factory=list)


class Bench:
    """One bucket of a real S3 server."""

    def __init__(self, db: Database, client: Any) -> None:
        self.client, self.name = client, f"bench-{uuid4().hex}"
        client.create_bucket(Bucket=self.name)
        self.janitor = Janitor(db, R2Bucket(client, "excel", self.name))
        self.keys = [_found(number).key for number in range(OBJECTS)]
        self.filled = 0

    def round(self, rates: Rates) -> None:
        """Bare and janitor by turns, over the same objects."""
        self.fill()
        rates.bare_list.append(OBJECTS / timed(self.list_bare)[0])
        seconds, done = timed(self.janitor.sweep)
        rates.sweep.append(OBJECTS / seconds)
        seconds, plan = timed(lambda: self.janitor.apply(done.plan_id))
        assert plan.deleted == OBJECTS
        rates.apply.append(OBJECTS / seconds)
        self.fill()
        rates.bare_delete.append(OBJECTS / timed(self.delete_bare)[0])

    def fill(self) -> None:
        """With contents of its own, or the ledger would take them for those deleted in the round before."""
        self.filled += 1
        body = f"{self.filled:05d}".encode()

        def put(key: str) -> None:
            self.client.put_object(Bucket=self.name, Key=key, Body=body)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, self.keys))

    def list_bare(self) -> None:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        assert sum(len(page["Contents"]) for page in pages) == OBJECTS

    def delete_bare(self) -> None:
        for start in range(0, OBJECTS, PAGE):
            objects = [{"Key": key} for key in self.keys[start : start + PAGE]]
            self.client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})


def timed(call: Any) -> tuple[float, Any]:
    gc.collect()
    started = time.perf_counter()
    found = call()
    return time.perf_counter() - started, found


def million(url: str) -> dict[str, float]:
    """In a process of its own: sweep and plan a million generated objects; how much memory that took."""
    process = psutil.Process()
    janitor = Janitor(Database(url, "storage_janitor"), Generated(MILLION))
    before = process.memory_info().rss
    seconds, done = timed(janitor.sweep)
    assert (done.objects, done.pages) == (MILLION, MILLION // PAGE)
    peak = _peak()
    return {"seconds": seconds, "before_mb": before / 2**20, "peak_mb": peak / 2**20}


def _peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    return statistics.median(mine / theirs for mine, theirs in zip(one, other, strict=True))


def report(rates: Rates, large: dict[str, float]) -> None:
    def median(values: Sequence[float]) -> str:
        return f"{statistics.median(values):,.0f}/s"

    print(f"{machine()}; {OBJECTS:,} objects, {ROUNDS} rounds, medians")
    print("| | janitor | bare | ratio |\n|---|---|---|---|")
    print(
        f"| sweep and plan, to ListObjectsV2 | {median(rates.sweep)} | {median(rates.bare_list)}"
        f" | {ratio(rates.sweep, rates.bare_list):.2f} |"
    )
    print(
        f"| apply, to DeleteObjects | {median(rates.apply)} | {median(rates.bare_delete)}"
        f" | {ratio(rates.apply, rates.bare_delete):.2f} |"
    )
    both = [
        (1 / a + 1 / b) / (1 / c + 1 / d)
        for a, b, c, d in zip(rates.bare_list, rates.bare_delete, rates.sweep, rates.apply, strict=True)
    ]
    print(f"| both together | | | {statistics.median(both):.2f} |")
    print(
        f"1,000,000 objects (index generated behind the port): {large['seconds']:.0f} s,"
        f" {large['peak_mb']:.0f} MB at most ({large['before_mb']:.0f} MB before)"
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--million", metavar="URL", help="only that, over this database; figures as JSON")
    given = parser.parse_args()
    if given.million:
        print(json.dumps(million(given.million)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder))


def measure(folder: Path) -> int:
    port, password = free_ports(), secrets.token_hex(8)
    postgres.initialise(folder / "data", password)
    program = postgres.program(folder / "data", port, password)
    with running(program, folder / "postgres.log"), s3_server(folder / "s3") as server:
        templates = Templates(postgres.admin_url(port, password))
        with templates.migrated("storage_janitor") as database:
            client = r2_client(server.endpoint, server.access_key, server.secret_key)
            bench, rates = Bench(database.database, client), Rates()
            bench.round(Rates())  # warm
            for _ in range(ROUNDS):
                bench.round(rates)
        with templates.migrated("storage_janitor") as database:
            child = [sys.executable, __file__, "--million", database.url]
            done = subprocess.run(child, check=True, capture_output=True, text=True)
        templates.close()
    report(rates, json.loads(done.stdout))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
