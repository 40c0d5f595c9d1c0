"""The sample roster, its upload, and the table a person reads."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import openpyxl
import pytest
from academyctl.client import ApiClient, ApiError
from academyctl.sample import HEADER, sample_roster
from academyctl.table import align, outcome_table, printable, summary, width


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent; /refused with a problem, /broken with no JSON."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/refused":
            self._answer(
                422, json.dumps({"code": "invalid_request", "detail": "다시 입력해 주세요"}).encode()
            )
        elif self.path == "/broken":
            self._answer(502, b"<html>")
        else:
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            found: dict[str, str | None] = {"auth": self.headers["Authorization"]}
            for part in BytesParser().parsebytes(head + body).get_payload():
                name = part.get_param("name", header="content-disposition")
                found[name] = part.get_payload(decode=True).hex()
            self._answer(200, json.dumps(found).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[ApiClient]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield ApiClient(f"http://127.0.0.1:{server.server_port}", "a.b.c")
        server.shutdown()


def test_an_upload_arrives_as_it_was(client: ApiClient, tmp_path: Path) -> None:
    file = tmp_path / '명단 "최종".xlsx'
    content = bytes(range(256)) * 1_000
    file.write_bytes(content)
    answer = client.upload("/", {"lecture_id": "7", "initial_password": "비밀1234"}, file)
    assert bytes.fromhex(answer["file"]) == content
    assert bytes.fromhex(answer["initial_password"]).decode() == "비밀1234"
    assert bytes.fromhex(answer["lecture_id"]) == b"7"
    assert answer["auth"] == "Bearer a.b.c"


def test_a_refusal_carries_the_words_of_the_service(client: ApiClient) -> None:
    with pytest.raises(ApiError, match="HTTP 422 invalid_request: 다시 입력해 주세요"):
        client.post("/refused", {})
    with pytest.raises(ApiError, match="HTTP 502"):
        client.post("/broken", {})


def test_the_sample_is_a_roster_with_something_of_everything_and_is_written_once(tmp_path: Path) -> None:
    path = sample_roster(tmp_path / "roster.xlsx")
    first = path.read_bytes()
    assert sample_roster(path).read_bytes() == first
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["안내", "명단"]
    rows = list(book["명단"].iter_rows(min_row=4, values_only=True))
    assert rows[0] == HEADER
    assert len(rows) > 30


def test_korean_columns_line_up() -> None:
    lines = align([("이름", "결과"), ("강도윤", "결과"), ("Kim", "결과"), ("a\u0301", "결과")])
    assert {width(line.removesuffix("결과")) for line in lines} == {8}


def test_the_table_says_what_happened_to_each_row() -> None:
    good = {"row": 5, "name": "강도윤", "parent_phone": "01048212101", "outcome": "enrolled"}
    bad = {"row": 6, "name": None, "parent_phone": None, "outcome": "failed", "reason": "이름이 없습니다"}
    table = outcome_table([good | {"student_outcome": "created"}, bad])
    assert table[2].split() == ["5", "강도윤", "01048212101", "등록", "신규", "학생"]
    assert table[3].split() == ["6", "실패", "이름이", "없습니다"]


def test_a_name_cannot_steer_the_terminal() -> None:
    assert printable("강\x1b[2J도\n윤") == "강 [2J도 윤"


def test_the_summary_leaves_out_what_did_not_happen() -> None:
    counts = {"enrolled_count": 3, "created_students_count": 3, "failed_count": 1, "skipped_count": 0}
    assert summary(counts | {"rows_total": 4}) == "전체 4행: 등록 3 (신규 학생 3) · 실패 1"
    assert summary({"enrolled_count": 0, "rows_total": 0}) == "전체 0행: 등록 0"
