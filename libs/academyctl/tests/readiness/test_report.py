"""The report as a whole, the files it reads, and that looking changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from academyctl.__main__ import main
from academyctl.readiness import checks
from academyctl.readiness.context import Context
from academyctl.readiness.report import NOT_READY, READY, UNPROVEN, Line, Report, failed, passed, skipped
from academyctl.readiness.sources import of_files, of_stack
from academyctl.state import StackState
from contracts import SERVICES

PASS = Line("a.b", passed("media", "좋음"))
SKIP = Line("c.d", skipped("docker", "엔진 없음", "설치"))
FAIL = Line("e.f", failed("students", "나쁨", "고치기"))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([PASS], READY),
        ([PASS, SKIP], UNPROVEN),
        ([SKIP], UNPROVEN),
        ([PASS, FAIL], NOT_READY),
        ([SKIP, FAIL, PASS], NOT_READY),
    ],
)
def test_a_skip_is_no_pass_and_a_failure_wins(lines: list[Line], code: int) -> None:
    report = Report(lines)
    assert report.exit_code == code
    assert json.loads(report.json())["ready"] is (code == READY)


def test_failures_stand_last_with_their_fix() -> None:
    assert list(Report([FAIL, PASS, SKIP]).text()) == [
        "PASS  a.b  media — 좋음",
        "SKIP  c.d  docker — 엔진 없음",
        "      → 설치",
        "FAIL  e.f  students — 나쁨",
        "      → 고치기",
        "\nPASS 1 · SKIP 1 · FAIL 1: 준비되지 않았습니다",
    ]


@pytest.mark.servers
def test_an_installation_in_good_order(installation: Any) -> None:
    report = installation.examine()
    assert {line.code for line in report.lines} == set(checks.CHECKS)
    assert {(line.verdict.status, line.code) for line in report.lines if line.verdict.status != "PASS"} == {
        ("SKIP", "image.present"),
        ("SKIP", "image.starts"),
    }
    assert report.exit_code == UNPROVEN


@pytest.mark.servers
def test_looking_changes_nothing(installation: Any) -> None:
    """A message keeps its place, and no probe is left in a bucket."""
    installation.own_queues()
    queue = installation.queue("media-events")
    installation.sqs.send_message(QueueUrl=queue, MessageBody="{}")
    before = kept(installation)
    installation.examine()
    (message,) = installation.sqs.receive_message(QueueUrl=queue, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert kept(installation) == before


def kept(installation: Any) -> dict[str, list[str]]:
    """The keys of each bucket: another test may have left some where deleting is refused."""
    buckets = [installation.names[kind] for kind in ("excel", "storage", "video")]
    listings = {bucket: installation.r2.list_objects_v2(Bucket=bucket) for bucket in buckets}
    return {bucket: [one["Key"] for one in found.get("Contents", ())] for bucket, found in listings.items()}


@pytest.mark.servers
def test_a_check_that_breaks_off_does_not_take_the_others_with_it(
    installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> Any:
        raise psycopg.OperationalError("server closed the connection: hunter2")

    monkeypatch.setattr(checks, "CHECKS", {**checks.CHECKS, "db.owner": gone})
    report = installation.examine()
    assert [line.code for line in report.lines if line.verdict.status == "FAIL"] == ["db.owner"]
    assert {line.code for line in report.lines} == set(checks.CHECKS)
    assert "hunter2" not in report.json()


@pytest.mark.servers
def test_the_command_prints_json_and_ends_with_the_report_s_code(
    installation: Any, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    directory = installation.write()
    assert main(["readiness", "--env-dir", str(directory), "--json"]) == UNPROVEN
    found = json.loads(capfdbinary.readouterr().out)
    assert (found["ready"], found["counts"]["FAIL"], found["counts"]["SKIP"]) == (False, 0, 2)
    assert found["counts"]["PASS"] == len(found["lines"]) - 2
    assert all(set(line) == {"code", "status", "subject", "reason", "fix"} for line in found["lines"])
    assert all(line["fix"] or line["status"] == "PASS" for line in found["lines"])

    (directory / "media.env").unlink()
    assert main(["readiness", "--env-dir", str(directory)]) == NOT_READY
    assert "FAIL  env.file" in capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--local"], "--local: no stack is up on"),
        (["--local", "--env-dir", "."], "not allowed with argument --local"),
        (["--env-dir"], "expected one argument"),
        (["production"], "unrecognized arguments"),
        (["--images", "{service"], "--images goes with --docker"),
    ],
)
def test_a_wrong_command_line_ends_with_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ACADEMY_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["readiness", *arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"A=1\n", []),
        (b"", []),
        (b"# only words\n\n", []),
        (b"export A='x y' # why\r\n", []),
        (b"A=1\nA=1\n", []),
        (b"A=1\nA=2\n", ["A가 서로 다른 값으로 두 번 적혀 있습니다"]),
        (b"A\n", ["1번째 줄이 NAME=값이 아닙니다"]),
        (b"A=1\n=2\n", ["2번째 줄이 NAME=값이 아닙니다"]),
        (b"A=1\nKEY='-----BEGIN\n", ["2번째 줄이 NAME=값이 아닙니다"]),
        (b"A=\xff\n", ["UTF-8 파일이 아닙니다"]),
        (b"\x1f\x8b\x08\x00\xed", ["UTF-8 파일이 아닙니다"]),
    ],
)
def test_files_of_every_sort(content: bytes, problems: list[str], tmp_path: Path) -> None:
    for service in SERVICES:
        (tmp_path / f"{service}.env").write_bytes(content if service == "media" else b"")
        (tmp_path / f"{service}.env").chmod(0o640)
    found = {source.name: [reason for reason, _ in source.problems] for source in of_files(tmp_path).all}
    assert found == {f"{service}.env": problems if service == "media" else [] for service in SERVICES}


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "media.env").mkdir()
    os.mkfifo(tmp_path / "students.env")  # reading it would wait for ever
    (tmp_path / "enrollment.env").symlink_to("nowhere")
    sources = of_files(tmp_path)
    assert {source.name: source.problems[0][0] for source in sources.all} == {
        "enrollment.env": "파일이 없습니다",
        "students.env": "파일이 아닙니다",
        "media.env": "파일이 아닙니다",
        "messaging.env": "파일이 없습니다",
        "storage-janitor.env": "파일이 없습니다",
    }
    assert sources.services == ()


def test_what_all_share_stands_once(tmp_path: Path) -> None:
    for name, text in {"": "QUEUE_PREFIX=all\nLOG_LEVEL=DEBUG\n", "media": "LOG_LEVEL=ERROR\n"}.items():
        (tmp_path / f"{name}.env").write_text(text)
    (media,) = of_files(tmp_path).services
    assert (media.environ["QUEUE_PREFIX"], media.environ["LOG_LEVEL"]) == ("all", "ERROR")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kit_app:hunter2@127.0.0.1:port/academy",
        "postgresql://kit_app:hunter2@127.0.0.1:9/academy?sslmode=perhaps",
        "postgresql://kit_app:hunter2@127.0.0.1:9/academy?color=green",
        "postgresql://kit_app:hunter2@127.0.0.1:99999/academy",
        "postgresql://kit_app:hunter2@[::1]:9/academy",
        "postgresql://kit_app:hunter2@no-such-host.invalid/academy",
        "postgresql://kit_app:hunter2@/academy",
        "postgresql+psycopg://%%%:hunter2@127.0.0.1:9",
        "postgres://?",
    ],
)
def test_a_strange_address_of_a_database_is_an_answer(url: str, tmp_path: Path) -> None:
    (tmp_path / "media.env").write_text(
        f"DATABASE_URL='{url}'\nDB_HOST=a\nDB_NAME=b\nDB_USER=c\nDB_PASSWORD=d\n"
    )
    context = Context(of_files(tmp_path), local=False)
    try:
        said = [*checks.CHECKS["db.connect"](context), *checks.CHECKS["env.shape"](context)]
        assert "FAIL" in [verdict.status for verdict in said]
        assert [*checks.CHECKS["env.alias"](context)]
    finally:
        context.close()
    assert "hunter2" not in repr(said)


def test_a_running_stack_is_asked_through_its_processes(tmp_path: Path) -> None:
    sleep = [sys.executable, "-I", "-S", "-c", "import sys; print(flush=True); sys.stdin.read()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(sleep, env={"QUEUE_PREFIX": "mine"}, stdin=pipe, stdout=pipe) as process:
        assert process.stdout
        process.stdout.readline()  # it runs: until then its environment is its parent's
        pids = {"media-worker": process.pid, "students-worker": 2**22 + 1}
        found = of_stack(StackState(1, "", True, "", "", "", pids, {}, {}))
        process.communicate()
    (media,) = found.services
    assert (media.name, media.found.values["QUEUE_PREFIX"]) == ("media", "mine")
    assert {source.name for source in found.all if source.problems} == {
        f"{service}-worker" for service in SERVICES if service != "media"
    }
