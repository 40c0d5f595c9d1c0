"""POST lecture_enroll_from_excel: what is refused, what is stored, and what never is."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from enrollment.domain.imports import MAX_UPLOAD_BYTES
from enrollment.usecases import uploads
from testkit.api import signed_in
from testkit.at_once import at_once
from testkit.workbooks import ole_file, roster_workbook

URL = "/api/v1/enrollments/lecture_enroll_from_excel/"
PASSWORD = "abcd1234!초기"


@pytest.fixture
def sheet(tmp_path: Path) -> bytes:
    return roster_workbook(tmp_path / "r.xlsx", 3).read_bytes()


@pytest.fixture
def upload(client: Any, imports: Any, sheet: bytes) -> Callable[..., Any]:
    """`upload(field=value)`: a good upload with these fields changed; None leaves one out."""
    lecture = imports.lecture()

    def send(*, by: Any = client, headers: Any = None, **fields: Any) -> Any:
        good = {"file": sheet, "lecture_id": lecture, "initial_password": PASSWORD}
        given = {name: value for name, value in {**good, **fields}.items() if value is not None}
        if isinstance(given.get("file"), bytes):
            given["file"] = (io.BytesIO(given["file"]), "명단.xlsx")
        data = {name: str(value) if isinstance(value, UUID) else value for name, value in given.items()}
        return by.post(URL, data=data, content_type="multipart/form-data", headers=headers)

    return send


def nothing_kept(imports: Any) -> Any:
    return imports.objects.content == {} and imports.count("import_job") == imports.count("outbox") == 0


def test_an_upload_becomes_an_object_a_job_and_one_event(
    upload: Any, imports: Any, hashing: Any, sheet: bytes
) -> None:
    answer = upload()

    assert answer.status_code == 202
    assert answer.json["status"] == "PENDING"
    job_id = answer.json["job_id"]
    key = f"excel/demo/{job_id}.xlsx"
    assert imports.objects.content == {key: sheet}
    job = imports.one("SELECT * FROM import_job")
    assert (str(job["id"]), job["status"], job["object_key"]) == (job_id, "PENDING", key)
    assert (job["file_name"], job["requested_by"]) == ("명단.xlsx", "user-1")
    (accepted,) = imports.published("enrollment.import.accepted")
    assert (accepted.data["job_id"], accepted.data["job_type"]) == (job_id, "excel_parsing")
    assert accepted.correlationid == job["correlation_id"] == answer.headers["X-Request-Id"]
    assert accepted.data["initial_password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hashing.calls == 1


def test_the_password_is_kept_nowhere(upload: Any, everything: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert upload(headers={"Idempotency-Key": "once"}).status_code == 202
    assert upload(initial_password=PASSWORD, lecture_id="x").status_code == 422

    assert PASSWORD not in everything()
    assert PASSWORD not in caplog.text


def ole(tmp: Path, *streams: str) -> bytes:
    return ole_file(tmp / "o.xls", *streams).read_bytes()


def other_zip(_tmp: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    return buffer.getvalue()


def bomb(_tmp: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", "<Relationships/>")
        archive.writestr("xl/workbook.xml", " " * 50_000_000)
    return buffer.getvalue()


HOSTILE_FILES: dict[str, tuple[Callable[[Path], bytes], int, str]] = {
    "empty": (lambda _: b"", 422, "invalid_request"),
    "one byte": (lambda _: b"P", 422, "not_a_workbook"),
    "zip magic only": (lambda _: b"PK\x03\x04", 422, "corrupt_zip"),
    "cp949 csv": (lambda _: "이름,전화\n김하나,01020000001\n".encode("cp949"), 422, "csv_file"),
    "html": (lambda _: b"<html><table></table></html>", 422, "html_file"),
    "pdf": (lambda _: b"%PDF-1.7\n", 422, "not_a_workbook"),
    "xls": (lambda tmp: ole(tmp, "Workbook"), 422, "legacy_xls"),
    "encrypted": (lambda tmp: ole(tmp, "EncryptedPackage", "EncryptionInfo"), 422, "encrypted_workbook"),
    "word": (other_zip, 422, "not_a_workbook"),
    "zip bomb": (bomb, 422, "zip_bomb"),
    "too large": (lambda _: b"PK\x03\x04" + b"x" * MAX_UPLOAD_BYTES, 413, "too_large"),
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_a_file_that_is_no_roster_is_refused_before_it_is_stored(
    upload: Any, imports: Any, hashing: Any, tmp_path: Path, name: str
) -> None:
    make, status, code = HOSTILE_FILES[name]

    answer = upload(file=make(tmp_path))

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert any("가" <= char <= "힣" for char in answer.json["detail"])
    assert nothing_kept(imports)
    assert imports.objects.puts == hashing.calls == 0


HOSTILE_FIELDS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "no file": ({"file": None}, 422, "invalid_request", "file"),
    "two files": (
        {"file": [(io.BytesIO(b"a"), "a.xlsx"), (io.BytesIO(b"b"), "b.xlsx")]},
        422,
        "invalid_request",
        "file",
    ),
    "file as text": ({"file": "text"}, 422, "invalid_request", "file"),
    "no lecture": ({"lecture_id": None}, 422, "invalid_request", "lecture_id"),
    "lecture 1": ({"lecture_id": "1"}, 422, "invalid_request", "lecture_id"),
    "lecture with sql": ({"lecture_id": "' OR 1=1 --"}, 422, "invalid_request", "lecture_id"),
    "lecture with NUL": ({"lecture_id": "\x00"}, 422, "invalid_request", "lecture_id"),
    "unknown lecture": ({"lecture_id": str(uuid4())}, 422, "unknown_lecture", "lecture_id"),
    "session 3": ({"session_id": "3"}, 422, "invalid_request", "session_id"),
    "session empty": ({"session_id": ""}, 422, "invalid_request", "session_id"),
    "session null": ({"session_id": "null"}, 422, "invalid_request", "session_id"),
    "unknown session": ({"session_id": str(uuid4())}, 422, "unknown_session", "session_id"),
    "no password": ({"initial_password": None}, 422, "invalid_request", "initial_password"),
    "password of 3": ({"initial_password": "abc"}, 422, "invalid_request", "initial_password"),
    "password of blanks": ({"initial_password": " abc \t "}, 422, "invalid_request", "initial_password"),
    "password of 129": ({"initial_password": "a" * 129}, 422, "invalid_request", "initial_password"),
    "password with NUL": ({"initial_password": "ab\x00cd"}, 422, "invalid_request", "initial_password"),
    "dry_run 1": ({"dry_run": "1"}, 422, "invalid_request", "dry_run"),
    "dry_run False": ({"dry_run": "False"}, 422, "invalid_request", "dry_run"),
    "force yes": ({"force": "yes"}, 422, "invalid_request", "force"),
    "unknown field": ({"tenant_id": "other"}, 422, "invalid_request", "tenant_id"),
}


@pytest.mark.parametrize("name", HOSTILE_FIELDS)
def test_a_bad_field_is_named_and_nothing_is_kept(upload: Any, imports: Any, hashing: Any, name: str) -> None:
    fields, status, code, field = HOSTILE_FIELDS[name]

    answer = upload(**fields)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert field in answer.json["errors"]
    assert nothing_kept(imports)
    assert hashing.calls == 0


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "unsupported_media_type"),
        ("multipart/form-data", b"", 422, "invalid_request"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=",
            400,
            "invalid_multipart",
        ),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    client: Any, content_type: str, body: bytes, status: int, code: str
) -> None:
    answer = client.post(URL, data=body, content_type=content_type)
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.parametrize("spelt", ["  pass word \n", "초기비밀번호"])
def test_a_password_of_four_without_its_margins_is_enough(upload: Any, hashing: Any, spelt: str) -> None:
    assert upload(initial_password=spelt).status_code == 202
    assert hashing.calls == 1


def test_another_academys_lecture_and_session_are_unknown(upload: Any, imports: Any) -> None:
    other = imports.of("other")
    foreign = other.lecture()
    mine = imports.lecture("영어")
    not_of_this_lecture = imports.session(mine)

    assert upload(lecture_id=foreign).json["code"] == "unknown_lecture"
    for session in (other.session(foreign), not_of_this_lecture):
        assert upload(session_id=session).json["code"] == "unknown_session"
    assert upload(lecture_id=mine, session_id=not_of_this_lecture).status_code == 202


def test_the_same_file_for_the_same_target_is_the_same_job(upload: Any, imports: Any, hashing: Any) -> None:
    first = upload().json

    again = upload(initial_password="different")

    assert (again.status_code, again.json) == (202, first)
    assert imports.count("import_job") == len(imports.objects.content) == hashing.calls == 1


def test_the_status_of_the_job_that_is_there_is_told(upload: Any, imports: Any) -> None:
    upload()
    imports.all("UPDATE import_job SET status = 'RUNNING', step = 'parsing'")
    assert upload().json["status"] == "RUNNING"


@pytest.mark.parametrize("change", ["force", "dry_run", "session_id", "lecture_id", "file"])
def test_another_target_or_force_is_another_job(
    upload: Any, imports: Any, tmp_path: Path, change: str
) -> None:
    lecture = imports.lecture("영어")
    base: dict[str, Any] = {"lecture_id": lecture}
    changed = {
        "force": "true",
        "dry_run": "true",
        "session_id": imports.session(lecture),
        "lecture_id": imports.lecture("물리"),
        "file": roster_workbook(tmp_path / "other.xlsx", 4).read_bytes(),
    }
    first = upload(**base).json

    second = upload(**{**base, change: changed[change]}).json

    assert first["job_id"] != second["job_id"]


@pytest.mark.parametrize(
    ("form", "end", "same"),
    [
        ({}, "status = 'DONE', result = '{}'", True),
        ({}, "status = 'FAILED', error_code = 'x'", False),
        ({}, "status = 'DONE', result = '{}', cancelled_by = 'user-1'", False),
        ({}, "status = 'DONE', result = '{}', undo_status = 'UNDONE'", False),
        ({"dry_run": "true"}, "status = 'DONE', result = '{}'", False),
    ],
)
def test_a_file_comes_again_where_that_does_something(
    upload: Any, imports: Any, form: dict[str, str], end: str, same: bool
) -> None:
    first = upload(**form).json
    assert upload(**form).json == first
    imports.all(f"UPDATE import_job SET {end}, ended_at = now()")
    assert (upload(**form).json["job_id"] == first["job_id"]) is same


def test_other_academies_do_not_share_jobs(upload: Any, imports: Any, app: Any, issuer: Any) -> None:
    mine = upload().json
    theirs = upload(by=signed_in(app, issuer, "other"), lecture_id=imports.of("other").lecture()).json
    assert mine["job_id"] != theirs["job_id"]


def test_two_uploads_at_once_are_one_job(upload: Any, imports: Any, app: Any, issuer: Any) -> None:
    answers = [one.result() for one in at_once(*[lambda: upload(by=signed_in(app, issuer))] * 4)]

    assert [answer.status_code for answer in answers] == [202] * 4
    (job,) = {answer.json["job_id"] for answer in answers}
    assert list(imports.objects.content) == [f"excel/demo/{job}.xlsx"]
    assert len(imports.published("enrollment.import.accepted")) == 1


def test_a_repeated_idempotency_key_is_answered_from_memory(upload: Any, imports: Any, hashing: Any) -> None:
    first = upload(headers={"Idempotency-Key": "k1"}, force="true")
    again = upload(headers={"Idempotency-Key": "k1"}, force="true")

    assert first.status_code == again.status_code == 202
    assert first.json == again.json
    assert imports.count("import_job") == hashing.calls == 1


def test_storage_that_is_away_is_told_and_leaves_nothing(upload: Any, imports: Any) -> None:
    imports.objects.away = True

    answer = upload()

    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert nothing_kept(imports)


def test_a_job_that_cannot_be_written_takes_its_object_along(
    upload: Any, imports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        assert imports.objects.puts == 1
        raise RuntimeError("no")

    monkeypatch.setattr(uploads, "_record", broken)

    assert upload().status_code == 500
    assert nothing_kept(imports)


@pytest.mark.parametrize("roles", [("student",), ("parent",), ()])
def test_only_staff_may_upload(upload: Any, imports: Any, app: Any, issuer: Any, roles: Any) -> None:
    assert upload(by=signed_in(app, issuer, roles=roles)).status_code == 403
    assert upload(by=app.test_client()).status_code == 401
    assert nothing_kept(imports)
