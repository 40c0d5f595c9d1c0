"""Workbooks that are made for people: which there are, what they are called, their words and colours."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from enrollment.domain.attendance import AttendanceStatus
from enrollment.domain.results import RESULT_COLUMNS

LIFETIME = timedelta(hours=24)
LINK_LIFETIME = timedelta(minutes=10)
# a worker that makes one says so every second
ABANDONED_AFTER = timedelta(minutes=30)


class ExportKind(StrEnum):
    """What an export is of: a lecture (the first two) or an import; RESULT_WORKBOOK comes by itself."""

    ATTENDANCE = "attendance"
    ROSTER = "roster"
    IMPORT_RESULTS = "import_results"
    RESULT_WORKBOOK = "result_workbook"
    FAILED_ROWS = "failed_rows"


OF_LECTURES = (ExportKind.ATTENDANCE, ExportKind.ROSTER)
ON_REQUEST = tuple(kind for kind in ExportKind if kind is not ExportKind.RESULT_WORKBOOK)
WORDS = {
    ExportKind.ATTENDANCE: "출결",
    ExportKind.ROSTER: "수강생",
    ExportKind.IMPORT_RESULTS: "등록결과",
    ExportKind.RESULT_WORKBOOK: "결과",
    ExportKind.FAILED_ROWS: "실패한 행",
}


class ExportStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


FAILURES = {
    "target_gone": "내보내는 동안 대상이 삭제되었습니다.",
    "workbook_unavailable": "올린 파일의 모양 그대로 된 결과가 더 이상 없습니다.",
    "export_abandoned": "작업이 오래 멈춰 있어 중단했습니다. 다시 내보내 주세요.",
}

# The words of the sheets that academies know (reference A8); UNSET is an empty cell.
ATTENDANCE_LABELS = {
    AttendanceStatus.UNSET: None,
    AttendanceStatus.PRESENT: "현장",
    AttendanceStatus.LATE: "지각",
    AttendanceStatus.ONLINE: "영상",
    AttendanceStatus.SUPPLEMENT: "보강",
    AttendanceStatus.EARLY_LEAVE: "조퇴",
    AttendanceStatus.ABSENT: "결석",
    AttendanceStatus.RUNAWAY: "출튀",
    AttendanceStatus.MATERIAL: "자료",
    AttendanceStatus.INACTIVE: "부재",
    AttendanceStatus.SECESSION: "퇴원",
}
ATTENDANCE_COLOURS = {
    "현장": "#C6EFCE",
    "지각": "#FFEB9C",
    "영상": "#BDD7EE",
    "보강": "#D9D2E9",
    "조퇴": "#FCE4D6",
    "결석": "#FFC7CE",
    "출튀": "#F4B183",
    "자료": "#DDEBF7",
    "부재": "#E7E6E6",
    "퇴원": "#BFBFBF",
}
ENROLLMENT_LABELS = {"ACTIVE": "수강중", "INACTIVE": "종료", "PENDING": "대기"}


@dataclass(frozen=True, slots=True)
class Column:
    """`colours`: a cell that holds one of these words gets its colour."""

    title: str
    width: float = 14
    colours: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet looks like; `frozen` columns and the title row stay in sight. Titles are unique."""

    name: str
    columns: tuple[Column, ...]
    frozen: int = 1


ROSTER_SHEET = Sheet(
    "수강생",
    (
        Column("이름"),
        Column("학생 전화번호"),
        Column("학부모 전화번호"),
        Column("학교", 18),
        Column("학년", 6),
        Column("상태", 8),
        Column("등록일", 12),
    ),
)

TEMPLATE_NAME = "수강생_등록_양식.xlsx"
TEMPLATE_SHEET = Sheet(
    "명단",
    (
        Column("이름"),
        Column("학부모전화", 18),
        Column("학생전화", 18),
        Column("학교", 18),
        Column("학년", 8),
        Column("성별", 8),
        Column("메모", 30),
        Column("구분", 8),
    ),
)
# a parser skips them twice: by what is in them, and by the word in the last column
TEMPLATE_ROWS = (
    ("홍길동", "01087654321", "01012345678", "한빛고등학교", "2", "남", "지우고 입력해 주세요.", "예시"),
    ("김영희", "01011112222", None, "가람중학교", "3", "여", None, "예시"),
)
RESULTS_SHEET = Sheet(
    "등록 결과",
    (
        Column("행", 6),
        Column("이름"),
        Column("학부모 전화번호"),
        *(Column(title, width) for title, width in zip(RESULT_COLUMNS, (18, 50, 50), strict=True)),
    ),
)


def attendance_sheet(session_titles: tuple[str, ...]) -> Sheet:
    """Who in the first three columns, then a column for each session."""
    who = (Column("학생명"), Column("학생번호"), Column("학부모번호"))
    return Sheet("출결", who + tuple(Column(title, 16, ATTENDANCE_COLOURS) for title in session_titles), 3)


_NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_LONGEST = 80


def file_name(*parts: str | UUID) -> str:
    """`출결_중2 수학_<id>.xlsx`: no character that a system refuses in a name, and short enough for a key."""
    cleaned = (_NOT_IN_FILE_NAMES.sub(" ", unicodedata.normalize("NFC", str(part))) for part in parts)
    return "_".join(" ".join(part.split())[:_LONGEST].strip() for part in cleaned) + ".xlsx"


def object_key(tenant: str, export_id: UUID, name: str) -> str:
    return f"exports/{tenant}/{export_id}_{name}"


def percent(status: ExportStatus, rows_done: int, rows_total: int) -> int:
    """99 at most until the file is there."""
    if status is ExportStatus.DONE:
        return 100
    return min(99, 100 * rows_done // rows_total) if rows_total else 0
