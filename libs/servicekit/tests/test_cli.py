"""The command line, and the API as real gunicorn processes."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from testkit.api import environment
from testkit.database import TestDatabase
from testkit.servers import free_ports
from testkit.tokens import Issuer
from testkit.waiting import wait_until

KIT = {
    "__init__.py": "",
    "__main__.py": """
        import sys
        from servicekit.cli import service_main
        from servicekit.settings import CommonSettings

        sys.exit(service_main("kit", CommonSettings, commands={"greet": "kit.greeting:greet"}))
    """,
    "greeting.py": """
        import sys

        def greet(settings, arguments):
            sys.stdout.write(f"hello {' '.join(arguments)} {settings.log_level}")
            return 3
    """,
    "worker.py": "raise AssertionError('only the worker command loads this')",
    "app.py": """
        import os
        from servicekit.api_kit import ApiKit
        from servicekit.auth import PUBLIC, STAFF_ROLES
        from servicekit.settings import CommonSettings
        from servicekit.upload import received_file
        from servicekit.web import Blueprint

        def create_app():
            kit = ApiKit.open("kit", CommonSettings, None)
            web = Blueprint("web", __name__)

            @web.route("/pid", roles=PUBLIC)
            def pid(): return {"pid": os.getpid()}

            @web.route("/upload", roles=STAFF_ROLES, methods=["POST"], max_bytes=200_000)
            def upload(): return {"size": received_file("file", 200_000).size}

            @web.route("/busy", roles=PUBLIC)
            def busy():
                with kit.db.system():
                    return {"page": kit.metrics.page()[0].decode()}

            return kit.app([web])
    """,
}
AWAY = "postgresql://kit_app:hunter2@127.0.0.1:1/none"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(path: Path) -> Path:
    package = path / "kit"
    package.mkdir()
    for name, text in KIT.items():
        (package / name).write_text(dedent(text))
    return path


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(folder: Path, issuer: Issuer) -> Command:
    """Run one command to its end; `env` changes the environment, None leaves a variable out."""

    def run(*arguments: str, **env: str | None) -> subprocess.CompletedProcess[str]:
        given = {**environment(issuer, AWAY), "PATH": os.environ["PATH"], **env}
        return subprocess.run(
            [sys.executable, "-m", "kit", *arguments],
            cwd=folder,
            env={name: value for name, value in given.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", ["api", "worker", "greet", "settings"])
def test_bad_settings_are_all_told_and_exit_2(command: Command, name: str) -> None:
    done = command(name, AUTH_ISSUER=None, WEB_THREADS="many")
    assert done.returncode == 2
    assert "AUTH_ISSUER is required" in done.stderr
    assert "WEB_THREADS must be" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_prints_the_table_without_secrets(command: Command) -> None:
    done = command("settings")
    assert done.returncode == 0
    assert re.search(r"DATABASE_URL +\*\*\* +required", done.stdout)
    assert re.search(r"WEB_THREADS +- +default '8'", done.stdout)
    assert "hunter2" not in done.stdout


def test_settings_says_which_names_of_the_guide_are_read(command: Command) -> None:
    given = {"DB_HOST": "db", "DB_NAME": "academy", "DB_USER": "kit_app", "DB_PASSWORD": "hunter2"}
    done = command("settings", DATABASE_URL=None, **given)
    assert done.returncode == 0
    assert re.search(r"DATABASE_URL +DB_HOST DB_NAME DB_USER DB_PASSWORD +required", done.stdout)
    assert "hunter2" not in done.stdout


def test_own_commands_get_settings_and_arguments(command: Command) -> None:
    done = command("greet", "a", "--b")
    assert (done.returncode, done.stdout) == (3, "hello a --b INFO")


def test_an_unknown_command_is_refused(command: Command) -> None:
    assert command("serve").returncode == 2


def test_migrate_without_a_database_says_so_in_one_line(command: Command) -> None:
    missing = command("migrate")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    away = command("migrate", MIGRATION_DATABASE_URL="postgresql://kit_owner:hunter2@127.0.0.1:1/none")
    assert away.returncode == 1
    assert "hunter2" not in away.stderr
    assert "Traceback" not in away.stderr


class Api:
    """A running gunicorn."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def up(self) -> bool:
        try:
            return self.get("/livez")[0] == 200
        except OSError:
            return False


@contextmanager
def running(folder: Path, issuer: Issuer, database_url: str) -> Iterator[Api]:
    port = free_ports()
    env = environment(issuer, database_url, API_BIND=f"127.0.0.1:{port}", WEB_WORKERS="2", WEB_THREADS="4")
    with (folder / "api.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kit", "api"],
            cwd=folder,
            env={**env, "PATH": os.environ["PATH"], "TMPDIR": str(folder)},
            stderr=log,
            text=True,
        )
    api = Api(process, port, folder / "api.log")
    try:
        wait_until(lambda: api.up() or process.poll() is not None, 60)
        yield api
    finally:
        process.terminate()
        process.wait(60)


def pids(api: Api) -> set[int]:
    return {json.loads(api.get("/pid")[1])["pid"] for _ in range(10)}


def counted(api: Api) -> float:
    page = api.get("/metrics")[1]
    return sum(
        float(line.split()[-1]) for line in page.splitlines() if 'route="/pid"' in line and "_total" in line
    )


def pool(page: str) -> dict[str, float]:
    found = re.findall(r"^academy_db_pool_(limit|connections\S+) (\S+)$", page, re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_gunicorn_counts_over_processes_survives_a_killed_one_and_leaves_nothing(
    folder: Path, issuer: Issuer, kit: TestDatabase
) -> None:
    with running(folder, issuer, kit.url) as api:
        assert json.loads(api.get("/health")[1])["database"] == "connected"
        asked = 0
        found: set[int] = set()
        while len(found) < 2:
            found |= pids(api)
            asked += 10
        assert counted(api) == asked
        at_rest = {"limit": 12, 'connections{state="in_use"}': 0, 'connections{state="waiting"}': 0}
        assert pool(api.get("/metrics")[1]) == at_rest
        assert pool(json.loads(api.get("/busy")[1])["page"]) == {
            **at_rest, 'connections{state="in_use"}': 1
        }  # fmt: skip
        os.kill(min(found), signal.SIGKILL)
        wait_until(lambda: api.up() and len(now := pids(api)) == 2 and min(found) not in now, 30)
        assert counted(api) >= asked
        assert pool(api.get("/metrics")[1]) == at_rest
    assert api.process.returncode == 0
    assert list(folder.glob("academy-*")) == []
    lines = [json.loads(line) for line in api.log.read_text().splitlines()]
    assert {line["service"] for line in lines} == {"kit"}
    assert any(line["message"].startswith("Booting worker") for line in lines)
    assert any(line.get("route") == "/pid" and line["status"] == 200 for line in lines)


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Api]:
    """An API whose database cannot be reached."""
    with running(written(tmp_path_factory.mktemp("away")), issuer, AWAY) as api:
        yield api


def test_the_api_boots_while_the_database_is_away(away: Api) -> None:
    status, body = away.get("/health")
    assert (status, json.loads(body)["database"]) == (503, "disconnected")
    assert away.get("/livez")[0] == 200


def chunks(size: int) -> Iterator[bytes]:
    yield b'--BB\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    for _ in range(size // 10_000):
        yield b"x" * 10_000
    yield b"\r\n--BB--\r\n"


@pytest.mark.parametrize(("size", "status"), [(150_000, 200), (250_000, 413), (5_000_000, 413)])
def test_chunked_uploads_are_bounded(away: Api, issuer: Issuer, size: int, status: int) -> None:
    headers = {**issuer.headers(), "Content-Type": "multipart/form-data; boundary=BB"}
    request = Request(f"http://127.0.0.1:{away.port}/upload", chunks(size), headers, method="POST")
    assert _status(request) == status


def _status(request: Request) -> int:
    try:
        with urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_a_client_that_hangs_up_gets_no_effect_and_harms_nobody(away: Api, issuer: Issuer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", away.port, timeout=20)
    connection.putrequest("POST", "/upload")
    for name, value in {**issuer.headers(), "Content-Type": "multipart/form-data; boundary=BB"}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", "100000")
    connection.endheaders(b"--BB\r\nContent-Disposition: form-data; ")
    connection.close()
    assert away.get("/livez")[0] == 200
    wait_until(lambda: '"route":"/upload","status":400' in away.log.read_text(), 20)
    assert "Traceback" not in away.log.read_text()
