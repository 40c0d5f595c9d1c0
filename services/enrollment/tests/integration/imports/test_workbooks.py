"""The sender's sheet back after an import, its failed rows to correct, and the template to begin with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import openpyxl
import pytest
from enrollment import handlers
from enrollment.adapters.sheet import annotate, read_roster
from enrollment.adapters.sheet.writer import write_sheet
from enrollment.usecases.exports import ExportPorts, make_export
from eventkit.clock import SYSTEM_CLOCK
from eventkit.ids import new_id
from testkit.workbooks import HEADER, workbook

UPLOAD = "/api/v1/enrollments/lecture_enroll_from_excel/"
EXPORTS = "/api/v1/enrollments/exports/"
JOB = "/api/v1/enrollments/excel_job_status/"
RESULT = ("결과", "사유", "조치")
NAMES = UUID(int=7)
Values = list[list[Any]]


class Front:
    """Uploads over HTTP; the worker's handlers by hand; students are found by their name."""

    def __init__(self, imports: Any, client: Any, folder: Path) -> None:
        self.imports, self.client, self.folder = imports, client, folder
        self.imports.annotate = annotate
        self.known: set[str] = set()

    def upload(self, content: bytes, lecture: Any, **form: Any) -> Any:
        headers = {"Idempotency-Key": form.pop("key")} if "key" in form else {}
        data = {
            "file": (io.BytesIO(content), "3월 명단.xlsx"),
            "lecture_id": str(lecture),
            "initial_password": "hangang1",
            **form,
        }
        return self.client.post(UPLOAD, data=data, headers=headers)

    def run(self, content: bytes, lecture: Any) -> str:
        """A whole import; its job's id."""
        answer = self.upload(content, lecture)
        assert answer.status_code == 202, answer.text
        job_id = answer.json["job_id"]
        [accepted] = [
            event for event in self.imports.published("enrollment.import.accepted") if event.subject == job_id
        ]
        self.imports.read(accepted, read_roster)
        for answered in self.imports.answers(accepted, self.verdict):
            self.imports.enroll(answered)
        ended = [e for e in self.imports.published("enrollment.import.completed") if e.subject == job_id]
        self.imports.end(ended, handlers.on_import_completed)
        return str(job_id)

    def verdict(self, row: int, name: str) -> tuple[str, UUID, None]:
        student = uuid5(NAMES, name)
        known = name in self.known
        self.known.add(name)
        return ("matched" if known else "created"), student, None

    def download(self, export_id: str) -> bytes:
        shown = self.client.get(f"{EXPORTS}{export_id}/").json
        assert shown["status"] == "DONE", shown
        return bytes(self.imports.objects.content[f"exports/demo/{export_id}_{shown['file_name']}"])

    def workbook(self, job_id: str) -> bytes:
        return self.download(self.client.get(f"{JOB}{job_id}/").json["workbook"])

    def failed_rows(self, job_id: str) -> bytes:
        answer = self.client.post(EXPORTS, json={"kind": "failed_rows", "target_id": job_id})
        assert answer.status_code == 202, answer.text
        db, objects = self.imports.academy.database, self.imports.objects
        ports = ExportPorts(db, objects, write_sheet, annotate, SYSTEM_CLOCK)
        [asked] = [
            event
            for event in self.imports.published("enrollment.export.requested")
            if event.subject == answer.json["id"]
        ]
        self.imports.handle([asked], lambda uow, events: make_export(uow, ports, events[0]))
        return self.download(answer.json["id"])

    def sheet(self, rows: Values) -> bytes:
        path = workbook(self.folder / f"{new_id()}.xlsx", {"명단": rows}, "xlsxwriter")
        return path.read_bytes()


@pytest.fixture
def front(imports: Any, client: Any, tmp_path: Path) -> Front:
    return Front(imports, client, tmp_path)


def values(content: bytes) -> Values:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_failed_rows_come_back_are_corrected_and_touch_nobody_else(front: Front) -> None:
    lecture = front.imports.lecture()
    rows: Values = [
        list(HEADER),
        ["김하나", "010-1234-0001", "", "", "", "", ""],
        ["이두리", "1234", "", "", "", "", ""],
        ["박세찬", "", "", "", "", "", ""],
        ["최네온", 1012340004, "", "", "", "", ""],
    ]
    first = front.run(front.sheet(rows), lecture)
    told = values(front.workbook(first))
    assert told[0] == [*HEADER, *RESULT]
    assert [row[7] for row in told[1:]] == ["등록(신규 학생)", "실패", "실패", "등록(신규 학생)"]
    assert told[4][1] == "01012340004"
    assert "다시 올려" in told[2][9]

    failed = front.failed_rows(first)
    assert [row[0] for row in values(failed)] == ["이름", "이두리", "박세찬"]
    before = front.imports.all("SELECT * FROM enrollment ORDER BY id")
    book = openpyxl.load_workbook(io.BytesIO(failed))
    sheet = book.active
    assert sheet is not None
    sheet["B2"], sheet["B3"] = "010-1234-0002", "010-1234-0003"
    corrected = io.BytesIO()
    book.save(corrected)
    second = front.run(corrected.getvalue(), lecture)
    result = front.client.get(f"{JOB}{second}/").json["result"]
    assert (result["rows_total"], result["enrolled_count"], result["failed_count"]) == (2, 2, 0)
    kept = front.imports.all("SELECT * FROM enrollment ORDER BY id")
    assert [row for row in kept if row in before] == before
    assert len(kept) == len(before) + 2
    assert [row[7:] for row in values(front.workbook(second))[1:]] == [["등록(신규 학생)", None, None]] * 2


def test_the_same_file_is_one_job_and_a_key_belongs_to_one_file(front: Front) -> None:
    lecture = front.imports.lecture()
    one, other = (
        front.sheet([HEADER, [name, "01012340001", "", "", "", "", ""]]) for name in ("가나", "다라")
    )
    job = front.upload(one, lecture, key="k1").json["job_id"]
    assert front.upload(one, lecture).json["job_id"] == job
    assert front.upload(one, lecture, key="k1").json["job_id"] == job
    refused = front.upload(other, lecture, key="k1")
    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert front.imports.count("import_job") == 1


def test_the_whole_workbook_uploaded_again_ends_every_row_as_before(front: Front) -> None:
    lecture = front.imports.lecture()
    rows: Values = [
        list(HEADER),
        ["김하나", "01012340001", "", "", "", "", ""],
        ["홍길동", "01087654321", "01012345678", "", "", "", ""],
        ["합계", "1명", "", "", "", "", ""],
        ["이두리", "없음", "", "", "", "", ""],
    ]
    first = front.run(front.sheet(rows), lecture)
    again = front.run(front.workbook(first), lecture)
    words = [[row[7] for row in values(front.workbook(job))[1:]] for job in (first, again)]
    assert words == [
        ["등록(신규 학생)", "건너뜀", "건너뜀", "실패"],
        ["이미 등록됨", "건너뜀", "건너뜀", "실패"],
    ]


def test_the_upload_is_gone_and_a_purge_takes_the_workbook_too(front: Front) -> None:
    job = front.run(
        front.sheet([HEADER, ["김하나", "01012340001", "", "", "", "", ""]]), front.imports.lecture()
    )
    assert [key.split("/")[0] for key in front.imports.objects.content] == ["exports"]
    front.imports.all("UPDATE export_job SET expires_at = now()")
    assert front.client.get(f"{JOB}{job}/").json["workbook"] is None
    refused = front.client.post(EXPORTS, json={"kind": "failed_rows", "target_id": job})
    assert (refused.status_code, refused.json["code"]) == (409, "workbook_unavailable")


def test_the_template_s_examples_are_skipped(front: Front) -> None:
    answer = front.client.get("/api/v1/enrollments/excel_template/")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    sheet = book.active
    assert sheet is not None
    sheet.append(["김하나", "01012340001"])
    filled = io.BytesIO()
    book.save(filled)
    job = front.run(filled.getvalue(), front.imports.lecture())
    result = front.client.get(f"{JOB}{job}/").json["result"]
    assert (result["skipped_count"], result["enrolled_count"], result["rows_total"]) == (2, 1, 3)
