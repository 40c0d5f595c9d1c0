"""`make bench-import`: the roster import end to end, beside COPYing the same rows, in one run.

All processes of the stack, this client and PostgreSQL share the machine. Prints a table for README.
"""

from __future__ import annotations

import io
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
from measuring import machine
from testkit.academy import Academy, MixedRoster
from testkit.stack import LocalStack, running_stack

SIZES = (1_000, 10_000, 100_000)
FLOOR_REPETITIONS = 3
BUSY_ROWS = 30_000
# what the import writes for a student and an enrollment, and what it writes in all
FLOOR = ("students.student", "enrollment.enrollment")
ALL_TABLES = (
    *FLOOR,
    "students.parent",
    "students.account",
    "enrollment.session_enrollment",
    "enrollment.attendance",
    "enrollment.import_row",
    "enrollment.student_ref",
)


@dataclass
class Result:
    """One size: seconds of the import, of the floors, and the enrollment worker's memory."""

    rows: int
    seconds: float = 0.0
    floor: float = 0.0
    floor_all: float = 0.0
    worker_mb: float = 0.0
    child_mb: float = 0.0
    together_mb: float = 0.0
    uploads: list[float] = field(default_factory=list)


def measure(stack: LocalStack, rows: int, folder: Path, *, uploads: bool = False) -> Result:
    """Import a mixed roster of `rows` rows as a new tenant, then COPY what it left into empty copies."""
    roster, academy = MixedRoster(folder, rows), Academy(stack, f"bench-{secrets.token_hex(4)}")
    roster.prepare(academy)
    lecture = academy.lecture("이번 학기")
    result = Result(rows)
    with watched_memory(stack, result), uploading(stack, folder, result, wanted=uploads):
        began = time.perf_counter()
        status = academy.finish(academy.upload(lecture, roster.file), 900)
        result.seconds = time.perf_counter() - began
    counts = {name: status["result"][name] for name in roster.expected()}
    if counts != roster.expected():
        raise SystemExit(f"wrong counts: {counts}")
    academy.settle(timeout=300)
    result.floor = copy_floor(stack, academy.tenant, FLOOR)
    result.floor_all = copy_floor(stack, academy.tenant, ALL_TABLES)
    return result


def copy_floor(stack: LocalStack, tenant: str, tables: tuple[str, ...]) -> float:
    """Seconds to COPY the tenant's rows of `tables` into empty tables with the same indexes, one commit."""
    with psycopg.connect(stack.admin_url) as conn:
        rendered = {table: copied_out(conn, table, tenant) for table in tables}
        times = []
        for _ in range(FLOOR_REPETITIONS):
            conn.execute("DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor")
            for table in tables:
                conn.execute(
                    f"CREATE TABLE floor.{table.split('.')[1]} (LIKE {table} INCLUDING ALL)".encode()
                )
            conn.commit()
            began = time.perf_counter()
            for table, data in rendered.items():
                name = f"{table.split('.')[1]} ({columns(conn, table)})"
                with conn.cursor().copy(f"COPY floor.{name} FROM STDIN".encode()) as copy:
                    copy.write(data)
            conn.commit()
            times.append(time.perf_counter() - began)
        conn.execute("DROP SCHEMA floor CASCADE")
    return statistics.median(times)


def columns(conn: psycopg.Connection[object], table: str) -> str:
    """The columns that are written; PostgreSQL computes the others."""
    listed = conn.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped",
        (table,),
    ).fetchone()
    assert isinstance(listed, tuple)
    return str(listed[0])


def copied_out(conn: psycopg.Connection[object], table: str, tenant: str) -> bytes:
    data = io.BytesIO()
    where = f"SELECT {columns(conn, table)} FROM {table} WHERE tenant_id = '{tenant}'"
    if table == "enrollment.enrollment":  # not those of the lecture that prepared the known students
        where += " AND lecture_id = (SELECT id FROM enrollment.lecture l WHERE l.title = '이번 학기'"
        where += f" AND l.tenant_id = '{tenant}')"
    with conn.cursor().copy(f"COPY ({where}) TO STDOUT".encode()) as copy:
        for block in copy:
            data.write(block)
    return data.getvalue()


@contextmanager
def watched_memory(stack: LocalStack, result: Result) -> Iterator[None]:
    """Peak resident memory of the enrollment worker and of its largest child, in MB, sampled every 20 ms."""
    worker = psutil.Process(stack.pid("enrollment-worker"))
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            together = worker.memory_info().rss / 1e6
            result.worker_mb = max(result.worker_mb, together)
            for child in worker.children(recursive=True):
                try:
                    result.child_mb = max(result.child_mb, child.memory_info().rss / 1e6)
                    together += child.memory_info().rss / 1e6
                except psutil.NoSuchProcess:
                    continue
            result.together_mb = max(result.together_mb, together)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


@contextmanager
def uploading(stack: LocalStack, folder: Path, result: Result, *, wanted: bool) -> Iterator[None]:
    """Another academy uploads small rosters all the while; their seconds go to the result."""
    if not wanted:
        yield
        return
    over = threading.Event()
    other = Academy(stack, f"bench-{secrets.token_hex(4)}")
    lecture, small = other.lecture("다른 학원"), MixedRoster(folder, 20).file

    def upload() -> None:
        while not over.wait(0.05):
            began = time.perf_counter()
            other.upload(lecture, small, force="true", dry_run="true")
            result.uploads.append(time.perf_counter() - began)

    uploads = threading.Thread(target=upload)
    uploads.start()
    try:
        yield
    finally:
        over.set()
        uploads.join()


def report(results: list[Result], busy: Result) -> Iterator[str]:
    yield machine()
    yield ""
    yield "| rows | s | rows/s | of COPY student + enrollment | of COPY 8 tables | worker + parser MB |"
    yield "|---|---|---|---|---|---|"
    for r in results:
        yield (
            f"| {r.rows:,} | {r.seconds:.2f} | {r.rows / r.seconds:,.0f} | {r.floor / r.seconds:.3f}"
            f" | {r.floor_all / r.seconds:.3f} | {r.worker_mb:.0f} + {r.child_mb:.0f} = {r.together_mb:.0f} |"
        )
    per_row = [1e6 * r.seconds / r.rows for r in results]
    yield ""
    yield "µs per row: " + ", ".join(
        f"{r.rows:,}: {cost:.0f}" for r, cost in zip(results, per_row, strict=True)
    )
    uploads = sorted(busy.uploads)
    p50, p99 = statistics.median(uploads), uploads[int(len(uploads) * 0.99)]
    yield (
        f"upload route while {busy.rows:,} rows are imported: {len(uploads)} uploads,"
        f" p50 {1e3 * p50:.0f} ms, p99 {1e3 * p99:.0f} ms, ratio {p99 / p50:.1f}"
    )


def main() -> int:
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with running_stack(folder / "stack") as stack:
            measure(stack, 200, folder)  # warm
            results = [measure(stack, rows, folder) for rows in sizes]
            busy = measure(stack, BUSY_ROWS, folder, uploads=True)
    print("\n".join(report(results, busy)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
