"""`make bench-export`: an export of 100,000 rows beside writing the same cells with the fastest writer alone.

Both sides in turns, each in a fresh process: ours reads PostgreSQL, words the cells, writes and stores the
file; the other has the finished cells in memory and writes them. Prints a table for README.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from academyctl.embedded import postgres
from academyctl.embedded.program import running
from enrollment import handlers
from enrollment.adapters.sheet import annotate
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.domain.exports import ROSTER_SHEET, ExportKind
from enrollment.usecases.exports import ExportPorts, request_export
from eventkit.clock import SYSTEM_CLOCK
from eventkit.envelope import decode
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from measuring import machine
from python_calamine import CalamineWorkbook
from rustpy_xlsxwriter import write_worksheet
from servicekit.db import Database
from testkit.database import Templates
from testkit.objects import MemoryObjects
from testkit.servers import free_ports

ROWS, ROUNDS = 100_000, 5
TENANT = "demo"


class Folder(MemoryObjects):
    """Keeps the file on disk: what a store would do with it is not what is measured."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def put_file(self, key: str, path: Path, *_: Any, **__: Any) -> None:
        shutil.copy(path, self.path)


@contextmanager
def academy(folder: Path) -> Iterator[tuple[str, UUID]]:
    """A lecture with all these students; the service's URL and the lecture's id."""
    port = free_ports()
    postgres.initialise(folder / "data", "bench")
    with running(postgres.program(folder / "data", port, "bench"), folder / "postgres.log"):
        templates = Templates(postgres.admin_url(port, "bench"))
        with templates.migrated("enrollment") as clone:
            found = clone.admin.execute(
                "INSERT INTO lecture (tenant_id, title) VALUES (%s, '수학') RETURNING id", (TENANT,)
            ).fetchone()
            assert found is not None
            clone.admin.execute(
                "WITH made AS (INSERT INTO student_ref (tenant_id, student_id, name, parent_phone,"
                " student_phone, school, grade, version) SELECT %s, gen_random_uuid(), '학생' || n,"
                " '010' || to_char(n, 'FM00000000'), '010' || to_char(n + 50000000, 'FM00000000'),"
                " '한빛중학교', n %% 3 + 1, 1 FROM generate_series(1, %s) n RETURNING student_id)"
                " INSERT INTO enrollment (tenant_id, lecture_id, student_id)"
                " SELECT %s, %s, student_id FROM made",
                (TENANT, ROWS, TENANT, found[0]),
            )
            clone.admin.execute("ANALYZE")
            yield clone.url, found[0]
        templates.close()


def ours(url: str, lecture: UUID, file: Path) -> None:
    """The handler as the worker calls it."""
    db = Database(url, "enrollment")
    with db.tenant(TENANT) as conn:  # as if nobody had asked before
        conn.exec_driver_sql("UPDATE export_job SET status = 'EXPIRED'")
    ports = ExportPorts(db, Folder(file), write_sheet, annotate, SYSTEM_CLOCK)
    with unit_of_work(db, TENANT, Cause.start(), source="enrollment") as uow:
        asked = request_export(uow, ExportKind.ROSTER, lecture, "bench")
    with db.system() as conn:
        query = f"SELECT body FROM outbox WHERE subject = '{asked.id}'"
        event = decode(conn.exec_driver_sql(query).scalar_one())
    began = time.perf_counter()
    with unit_of_work(db, TENANT, Cause.of(event), source="enrollment") as uow:
        handlers.on_export_requested(uow, [event], ports=ports)
    print(time.perf_counter() - began, peak())


def bare(source: Path, file: Path) -> None:
    """The same cells, ready in memory."""
    titles = [column.title for column in ROSTER_SHEET.columns]
    rows = CalamineWorkbook.from_path(source).get_sheet_by_index(0).to_python()
    cells = [dict(zip(titles, row, strict=True)) for row in rows[1:]]
    began = time.perf_counter()
    write_worksheet(cells, str(file))
    print(time.perf_counter() - began, peak())


def peak() -> float:
    """MB of this process at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fresh(*arguments: object) -> tuple[float, float]:
    """Seconds and peak MB of a side in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, *map(str, arguments)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds, megabytes = map(float, out.split())
    return seconds, megabytes


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        file = folder / "ours.xlsx"
        with academy(folder) as (url, lecture):
            taken = [
                (fresh("ours", url, lecture, file), fresh("bare", file, folder / "bare.xlsx"))
                for _ in range(ROUNDS)
            ]
    ratio = statistics.median(other[0] / mine[0] for mine, other in taken)
    seconds = statistics.median(mine[0] for mine, _ in taken)
    print(f"{machine()}; {ROWS:,} rows of {len(ROSTER_SHEET.columns)} columns, {ROUNDS} rounds, medians\n")
    print("| export, s | rows/s | writer alone, s | ratio | peak MB |\n|---|---|---|---|---|")
    alone = statistics.median(other[0] for _, other in taken)
    memory = max(mine[1] for mine, _ in taken)
    print(f"| {seconds:.2f} | {ROWS / seconds:,.0f} | {alone:.2f} | {ratio:.2f} | {memory:.0f} |")
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    side, *given = sys.argv[1:]
    if side == "ours":
        ours(given[0], UUID(given[1]), Path(given[2]))
    else:
        bare(Path(given[0]), Path(given[1]))
