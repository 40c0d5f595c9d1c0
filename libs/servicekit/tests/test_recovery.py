"""A PostgreSQL that is killed and comes back: the pool heals by itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest
from academyctl.embedded import postgres
from academyctl.embedded.program import running
from servicekit.app import create_base_app
from servicekit.db import Database
from servicekit.settings import CommonSettings, load
from sqlalchemy import text
from testkit.api import environment
from testkit.servers import free_ports
from testkit.tokens import Issuer

pytestmark = pytest.mark.servers


def one(db: Database) -> int:
    with db.tenant("demo") as conn:
        return int(conn.execute(text("SELECT 1")).scalar_one())


def test_the_first_request_after_a_kill_minus_nine_and_restart_succeeds(
    tmp_path: Path, issuer: Issuer
) -> None:
    port, data = free_ports(), tmp_path / "data"
    postgres.initialise(data, "password-of-this-test")
    program = postgres.program(data, port, "password-of-this-test", postgres.THROWAWAY)
    url = postgres.admin_url(port, "password-of-this-test")
    db = Database(url, "kit", pool_size=3)
    app = create_base_app("kit", load(CommonSettings, environment(issuer, url)), db)
    client = app.test_client()
    with running(program, tmp_path / "postgres.log"):
        assert one(db) == 1
        session = db.dedicated()
        os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT pg_sleep(20)")
        session.close()
    assert client.get("/health").status_code == 503
    assert client.get("/livez").status_code == 200
    with running(program, tmp_path / "postgres.log"):
        assert one(db) == 1
        assert client.get("/health").status_code == 200
        db.close()
