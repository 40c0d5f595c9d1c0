"""enrollment.import.accepted: the sheet is read once, its rows kept, its students asked for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from contracts.columns import rows as table
from enrollment.adapters.sheet import SheetError, read_roster
from enrollment.domain.imports import CHUNK_BYTES
from enrollment.domain.roster import RosterRow
from eventkit import lease
from eventkit.errors import TransientError
from eventkit.failures import DATABASE_ERRORS
from testkit.clock import FakeClock
from testkit.workbooks import HEADER, roster_workbook, workbook

Usable = Callable[..., RosterRow]


def test_a_real_workbook_becomes_rows_and_chunks(imports: Any, tmp_path: Path) -> None:
    sheet = workbook(
        tmp_path / "r.xlsx",
        {
            "명단": (
                HEADER,
                ("김하나", "010-2000-0001", "010-3000-0001", "서울고", "2", "여", "첫째"),
                ("이두리", "1020000002", "", "고양중학교", "1", "남", ""),
                ("박세찬", "02-123-4567", "", "", "", "", ""),
                ("김하나", "01020000001", "", "", "", "", ""),
            )
        },
    )
    accepted = imports.job(imports.lecture())
    imports.objects.content[accepted.data["object_key"]] = sheet.read_bytes()

    imports.read(accepted, read_roster)

    assert imports.outcomes(accepted) == {2: None, 3: None, 4: "failed", 5: "duplicate"}
    (chunk,) = imports.published("enrollment.roster.parsed", accepted)
    assert table(chunk.data["rows"], "row", "name", "parent_phone", "school", "gender") == [
        (2, "김하나", "01020000001", "서울고", "F"),
        (3, "이두리", "01020000002", "고양중학교", "M"),
    ]
    state = imports.state(accepted)
    assert (state["status"], state["step"]) == ("RUNNING", "enrolling")
    assert (state["rows_total"], state["rows_done"], state["rows_usable"]) == (4, 2, 2)
    assert (state["chunks_total"], state["chunks_done"]) == (1, 0)


def test_running_and_progress_are_visible_while_it_reads(imports: Any, usable: Usable) -> None:
    imports.clock = clock = FakeClock()
    accepted = imports.job(imports.lecture())
    seen: list[tuple[str, str, int]] = []

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        for first in (2, 502, 1002):
            state = imports.state(accepted)
            seen.append((state["status"], state["step"], state["rows_total"]))
            clock.advance(2)
            yield [usable(row) for row in range(first, first + 500)]

    imports.read(accepted, read)

    assert seen == [("RUNNING", "parsing", 0), ("RUNNING", "parsing", 500), ("RUNNING", "parsing", 1000)]


def test_a_fault_found_late_leaves_nothing_but_the_reason(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        yield [usable(row) for row in range(2, 1502)]
        raise SheetError("too_many_rows", "행이 너무 많습니다.")

    imports.read(accepted, read)

    state = imports.state(accepted)
    assert (state["status"], state["error_code"], state["error_message"]) == (
        "FAILED",
        "too_many_rows",
        "행이 너무 많습니다.",
    )
    assert imports.rows(accepted) == []
    assert imports.published("enrollment.roster.parsed", accepted) == []
    (failed,) = imports.published("enrollment.import.failed", accepted)
    assert failed.data["error_code"] == "too_many_rows"
    assert imports.count("session") == 0


def test_a_sheet_that_is_not_there_fails_the_job(imports: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.objects.content.clear()

    imports.read(accepted, [])

    state = imports.state(accepted)
    assert (state["status"], state["error_code"]) == ("FAILED", "source_missing")
    assert "다시 올려" in state["error_message"]


def test_storage_that_is_away_costs_no_attempt_and_no_waiting(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())
    imports.objects.away = True
    for _ in range(8):
        with pytest.raises(TransientError):
            imports.read(accepted, [usable(2)])
    assert imports.state(accepted)["attempts"] == 0

    imports.objects.away = False
    imports.read(accepted, [usable(2)], owner="worker-2")

    assert imports.state(accepted)["step"] == "enrolling"


def test_redelivery_after_reading_changes_nothing(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [usable(2)])
    before = imports.state(accepted)

    imports.read(accepted, [usable(2), usable(3)])

    assert imports.state(accepted) == before
    assert len(imports.published("enrollment.roster.parsed", accepted)) == 1
    assert len(imports.rows(accepted)) == 1


def test_an_unknown_or_foreign_job_is_ignored(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())

    imports.of("other").read(accepted, [usable(2)])

    assert imports.state(accepted)["status"] == "PENDING"
    assert imports.count("outbox") == 0


def test_one_worker_at_a_time_reads_a_sheet(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        with pytest.raises(lease.LeaseBusyError):
            imports.read(accepted, [usable(9)], owner="worker-2")
        yield [usable(2)]

    imports.read(accepted, read)

    assert list(imports.outcomes(accepted)) == [2]
    assert imports.state(accepted)["attempts"] == 1


def test_a_worker_that_lost_its_lease_writes_nothing(imports: Any, usable: Usable) -> None:
    imports.clock = clock = FakeClock()
    accepted = imports.job(imports.lecture())

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        yield [usable(row) for row in range(2, 1300)]
        clock.advance(timedelta(minutes=2).total_seconds())
        imports.read(accepted, [usable(2, "새로읽음")], owner="worker-2")
        yield [usable(1300)]

    with pytest.raises(lease.LeaseLostError):
        imports.read(accepted, read)

    assert [row["name"] for row in imports.rows(accepted)] == ["새로읽음"]
    assert len(imports.published("enrollment.roster.parsed", accepted)) == 1
    assert imports.state(accepted)["chunks_total"] == 1


def test_a_database_that_goes_away_costs_no_attempt(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        yield [usable(2)]
        imports.all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'enrollment_app'"
        )
        yield [usable(3)]

    with pytest.raises(DATABASE_ERRORS):
        imports.read(accepted, read)
    assert imports.state(accepted)["attempts"] == 0

    imports.read(accepted, [usable(2), usable(3)], owner="worker-2")

    assert len(imports.rows(accepted)) == 2


def test_another_worker_takes_over_when_one_dies(imports: Any, usable: Usable) -> None:
    imports.clock = clock = FakeClock()
    accepted = imports.job(imports.lecture())

    def die(_path: Path) -> Iterator[list[RosterRow]]:
        yield []
        raise RuntimeError

    with pytest.raises(RuntimeError):
        imports.read(accepted, die)
    # a process that is killed gives nothing back
    imports.all(
        "UPDATE lease SET until = %s WHERE name LIKE 'import:%%'", clock.now() + timedelta(seconds=30)
    )
    with pytest.raises(lease.LeaseBusyError):
        imports.read(accepted, [usable(2)], owner="worker-2")

    clock.advance(31)
    imports.read(accepted, [usable(2)], owner="worker-2")

    state = imports.state(accepted)
    assert (state["step"], state["attempts"]) == ("enrolling", 2)


def test_a_file_that_kills_its_reader_ends_failed(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())
    calls = 0

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        nonlocal calls
        calls += 1
        yield [usable(2)]
        raise RuntimeError("a bug met by this file")

    for _ in range(5):
        with pytest.raises(RuntimeError):
            imports.read(accepted, read)
    assert imports.state(accepted)["status"] == "RUNNING"

    imports.read(accepted, read)

    state = imports.state(accepted)
    assert (state["status"], state["error_code"], calls) == ("FAILED", "import_crashed", 5)
    assert len(imports.published("enrollment.import.failed", accepted)) == 1


def test_a_sheet_without_students_is_done_at_once(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())
    bad = usable(2, verdict="failed", code="invalid_parent_phone", reason="학부모 전화번호를 확인해 주세요.")
    sample = usable(3, verdict="skipped", code="sample_row", reason="예시 행입니다.")

    imports.read(accepted, [bad, sample])

    state = imports.state(accepted)
    assert state["status"] == "DONE"
    result = state["result"]
    assert (result["rows_total"], result["failed_count"], result["skipped_count"]) == (2, 1, 1)
    assert result["enrolled_count"] == 0
    assert result["failed"] == [
        {
            "row": 2,
            "name": "학생2",
            "code": "invalid_parent_phone",
            "reason": "학부모 전화번호를 확인해 주세요.",
        }
    ]
    assert result["session_id"] is None
    assert imports.count("session") == 0
    assert len(imports.published("enrollment.import.completed", accepted)) == 1


def test_an_empty_sheet_is_done_with_nothing(imports: Any) -> None:
    accepted = imports.job(imports.lecture())
    imports.read(accepted, [])
    assert imports.state(accepted)["result"]["rows_total"] == 0


def test_chunks_stay_within_rows_and_bytes(imports: Any, usable: Usable, all_at_once: None) -> None:
    accepted = imports.job(imports.lecture())
    memo = '비고"\n' * 600
    rows = [usable(row, memo=memo if row % 2 else None) for row in range(2, 1502)]

    imports.read(accepted, rows)

    chunks = imports.published("enrollment.roster.parsed", accepted)
    assert all(len(orjson.dumps(chunk.data["rows"])) <= CHUNK_BYTES for chunk in chunks)
    assert all(len(chunk.data["rows"]["row"]) <= 1000 for chunk in chunks)
    sent = [row for chunk in chunks for row in chunk.data["rows"]["row"]]
    assert sorted(sent) == list(range(2, 1502))
    assert [chunk.data["chunk"] for chunk in chunks] == list(range(len(chunks)))
    assert imports.state(accepted)["chunks_total"] == len(chunks)


def test_a_row_too_long_for_an_event_fails_alone(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())

    imports.read(accepted, [usable(2, memo="가" * 25_000), usable(3)])

    first = imports.rows(accepted)[0]
    assert (first["outcome"], first["code"]) == ("failed", "row_too_long")
    (chunk,) = imports.published("enrollment.roster.parsed", accepted)
    assert chunk.data["rows"]["row"] == [3]


def test_statements_grow_with_chunks_not_with_rows(imports: Any, usable: Usable, statements: Any) -> None:
    lecture = imports.lecture()

    def seen(count: int) -> Any:
        with statements() as found:
            imports.read(
                imports.job(lecture), lambda _path: iter([[usable(row) for row in range(2, count + 2)]])
            )
        return found

    few, many = seen(10), seen(1000)
    assert len(many) == len(few)
    # per chunk of 1000: nothing but its write to the outbox (and one COPY per batch read)
    assert len(seen(5000)) - len(many) == 4


def test_the_first_session_is_made_once_and_takes_the_lectures_date(imports: Any, usable: Usable) -> None:
    lecture = imports.lecture(start_date="2026-03-02")
    for accepted in (imports.job(lecture), imports.job(lecture)):
        imports.read(accepted, [usable(2)])

    session = imports.one("SELECT * FROM session")
    assert (session["order"], session["title"], str(session["date"])) == (1, "1차시", "2026-03-02")
    assert imports.state(accepted)["target_session_id"] == session["id"]


def test_others_hear_of_the_first_session_when_it_is_made(imports: Any, usable: Usable) -> None:
    lecture = imports.lecture()
    for accepted in (imports.job(lecture), imports.job(lecture)):
        imports.read(accepted, [usable(2)])

    session = imports.one("SELECT id, version FROM session")
    (said,) = imports.published("enrollment.session.changed")
    (told,) = table(said.data["sessions"], "session_id", "title", "version", "deleted")
    assert told == (str(session["id"]), "1차시", session["version"], False)
    assert session["version"] > 0


def test_a_dry_run_makes_no_session(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture(), dry_run=True)

    imports.read(accepted, [usable(2)])

    assert imports.count("session") == 0
    (chunk,) = imports.published("enrollment.roster.parsed", accepted)
    assert chunk.data["dry_run"] is True


@pytest.mark.parametrize(("gone", "code"), [("lecture", "lecture_gone"), ("session", "session_gone")])
def test_a_target_deleted_before_reading_fails_the_job(
    imports: Any, usable: Usable, gone: str, code: str
) -> None:
    lecture = imports.lecture()
    accepted = imports.job(lecture, session=imports.session(lecture))
    imports.all("DELETE FROM session")
    if gone == "lecture":
        imports.all("DELETE FROM lecture")

    imports.read(accepted, [usable(2)])

    state = imports.state(accepted)
    assert (state["status"], state["error_code"]) == ("FAILED", code)
    assert imports.rows(accepted) == []
    assert imports.published("enrollment.roster.parsed", accepted) == []


def test_a_job_failed_while_it_was_read_stays_failed(imports: Any, usable: Usable) -> None:
    accepted = imports.job(imports.lecture())

    def read(_path: Path) -> Iterator[list[RosterRow]]:
        yield [usable(2)]
        imports.all(
            "UPDATE import_job SET status = 'FAILED', error_code = 'import_abandoned', ended_at = now()"
        )

    with pytest.raises(TransientError):
        imports.read(accepted, read)

    assert imports.state(accepted)["error_code"] == "import_abandoned"
    assert imports.published("enrollment.roster.parsed", accepted) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_sheet(imports: Any, tmp_path: Path) -> None:
    sheet = roster_workbook(tmp_path / "r.xlsx", 30_000, writer="xlsxwriter").read_bytes()
    accepted = imports.job(imports.lecture())
    imports.objects.content[accepted.data["object_key"]] = sheet
    tracemalloc.start()
    try:
        imports.read(accepted, read_roster)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert imports.state(accepted)["rows_total"] == 30_000
    assert peak < 40 << 20
