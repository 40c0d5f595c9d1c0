"""What a terminal shows, the outcome of an import among it; Korean letters are two columns wide."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence

from academyctl.client import Json

_STUDENT = {"created": "신규 학생", "matched": "기존 학생", "restored": "복구한 학생"}
_OUTCOME = {
    "enrolled": "등록",
    "already_enrolled": "이미 등록됨",
    "duplicate": "파일 안 중복",
    "skipped": "건너뜀",
    "failed": "실패",
    "needs_review": "확인 필요",
}
_STUDENT_COUNTS = (
    ("created_students_count", "신규 학생"),
    ("matched_students_count", "기존 학생"),
    ("restored_students_count", "복구한 학생"),
)
_OTHER_COUNTS = (
    ("already_enrolled_count", "이미 등록됨"),
    ("duplicate_count", "파일 안 중복"),
    ("skipped_count", "건너뜀"),
    ("failed_count", "실패"),
    ("review_count", "확인 필요"),
)


def show(lines: Iterable[str]) -> None:
    """On standard output, in UTF-8 whatever the terminal's locale says: what is shown is Korean."""
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    sys.stdout.buffer.flush()


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the cells of each column below each other."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def summary(result: Json) -> str:
    """The counts of a job's result in one line, without those that are nothing."""
    students = _counted(result, _STUDENT_COUNTS)
    enrolled = f"등록 {result['enrolled_count']}" + (f" ({', '.join(students)})" if students else "")
    return f"전체 {result['rows_total']}행: " + " · ".join([enrolled, *_counted(result, _OTHER_COUNTS)])


def _counted(result: Json, counts: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{label} {result[name]}" for name, label in counts if result.get(name)]


def outcome_table(outcomes: Iterable[Json]) -> list[str]:
    """One line per row of the sheet, under a heading."""
    lines = [("행", "이름", "학부모 전화", "결과", "학생", "사유")]
    lines += [
        (
            str(item["row"]),
            printable(item.get("name") or ""),
            printable(item.get("parent_phone") or ""),
            _OUTCOME.get(item["outcome"], str(item["outcome"])),
            _STUDENT.get(item.get("student_outcome") or "", ""),
            printable(item.get("reason") or ""),
        )
        for item in outcomes
    ]
    aligned = align(lines)
    return [aligned[0], "-" * max(map(width, aligned)), *aligned[1:]]


def printable(text: str) -> str:
    """Text from a file somebody sent, without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
