"""The real worker, killed again and again, against a provider that times out, fails and forgets to report.

What is believed is the simulator's own record of what it took and billed. CRASH_MESSAGES=10000 CRASH_KILLS=10
is the run that the issue asks for (minutes).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import boto3
import pytest
from academyctl.bootstrap import QUEUES
from academyctl.queues import create_queues, load_queues
from messaging.app import create_app
from messaging.settings import Settings
from servicekit.settings import load
from testkit.api import WEBHOOK_TOKEN, environment
from testkit.servers import free_ports
from testkit.solapi import simulator
from testkit.waiting import wait_until
from werkzeug.serving import WSGIRequestHandler, make_server

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(3600)]

MESSAGES = int(os.environ.get("CRASH_MESSAGES", "200"))
KILLS = int(os.environ.get("CRASH_KILLS", "3"))
BATCH = 20 if MESSAGES < 1000 else 40
FAULTS = {
    "seed": 7,
    "timeout_after_accept": 0.06,
    "drop_after_accept": 0.06,
    "error_after_accept": 0.06,
    "error_before_accept": 0.06,
    "webhook_drop": 0.3,
    "webhook_repeat": 0.3,
    "report": {"3043": 0.02},
}
AWS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "ap-northeast-2"}


class Now:
    """The academy's clock here: the worker is another process, and has the real time."""

    def now(self):
        return datetime.now(UTC)


class Quiet(WSGIRequestHandler):
    def log(self, type, message, *args):
        """Nothing."""


@contextmanager
def listening(settings):
    """The API, where the simulator reports."""
    server = make_server(
        "127.0.0.1", free_ports(), create_app(settings), threaded=True, request_handler=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def world(academy, issuer, sqs_server, tmp_path, monkeypatch):
    """(academy, simulator, the worker's environment)."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    sqs = boto3.client("sqs", endpoint_url=sqs_server, region_name=AWS["AWS_REGION"])
    prefix = f"t{os.getpid()}"
    create_queues(sqs, load_queues(QUEUES, prefix))
    own = {"SQS_ENDPOINT_URL": sqs_server, "QUEUE_PREFIX": prefix, "HEALTH_BIND": f"127.0.0.1:{free_ports()}"}
    given = environment(issuer, academy.db.url, **own)
    with listening(load(Settings, given)) as api:
        webhook = f"{api}/api/v1/messaging/webhooks/{WEBHOOK_TOKEN}/"
        with simulator(tmp_path / "solapi", webhook) as provider:
            quick = {
                "SOLAPI_TIMEOUT_SECONDS": "1",
                "MESSAGING_ABSENT_SECONDS": "5",
                "MESSAGING_BATCH": str(BATCH),
            }
            keys = {
                "SOLAPI_ENDPOINT": provider.endpoint,
                "SOLAPI_API_KEY": provider.key,
                "SOLAPI_API_SECRET": provider.secret,
            }
            academy.clock = Now()
            yield academy, provider, {**os.environ, **given, **quick, **keys}


class Worker:
    """The messaging worker as a process that can be killed."""

    def __init__(self, env, log):
        self._env, self._log = env, log
        self.start()

    def start(self):
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "messaging", "worker"], env=self._env, stdout=output, stderr=output
            )

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    @property
    def alive(self):
        return self._process.poll() is None


@pytest.fixture
def run_worker():
    """Whatever becomes of the test, the worker goes with it."""
    started = []

    def run(env, log):
        started.append(Worker(env, log))
        return started[-1]

    yield run
    for worker in started:
        worker.kill()


def test_killed_again_and_again_each_message_is_sent_once(world, run_worker, tmp_path):
    academy, provider, env = world
    provider.faults(**FAULTS)
    provider.settings(prices={"SMS": 20, "LMS": 50, "ATA": 15}, deliver_after=0.2)
    academy.queue_many(MESSAGES)
    rng = random.Random(7)
    worker = run_worker(env, tmp_path / "worker.log")
    for number in range(KILLS):
        goal = MESSAGES * (number + rng.random()) / (KILLS + 1)
        wait_until(lambda goal=goal: begun(academy) >= goal or not worker.alive, 600, interval=0.05)
        worker.kill()
        two_minutes_later(academy)
        worker.start()
    wait_until(lambda: finished(academy) == MESSAGES, 3000, interval=1)
    worker.kill()
    taken = Counter(row["ledger"] for row in provider.record)
    assert {one: count for one, count in taken.items() if count > 1} == {}
    assert ends_of(academy, "DELIVERED") == ends_at(provider, "4000")
    assert ends_of(academy, "FAILED") == ends_at(provider, "3043")
    assert len(taken) == MESSAGES
    money, bill = academy.money(), provider.bill
    assert (money["spent"], money["held"]) == (bill["price"], 0)
    assert money["available"] + money["spent"] == 1_000_000
    sys.stdout.write(
        f"\n{KILLS} kills, {MESSAGES} messages: taken {bill['taken']}, delivered {bill['delivered']}, each at"
        f" most once; spent {money['spent']} = billed {bill['price']:.0f}\n"
    )


def begun(academy):
    ((count,),) = academy.all("SELECT count(*) FROM message WHERE status NOT IN ('QUEUED', 'CLAIMED')")
    return count


def two_minutes_later(academy):
    """When a dead worker's work counts as abandoned."""
    academy.db.admin.execute("UPDATE message SET lease_until = now() WHERE lease_until IS NOT NULL")


def finished(academy):
    """And whatever has no report yet has waited its ten minutes for one."""
    academy.db.admin.execute(
        "UPDATE message SET ask_at = now() WHERE status = 'ACCEPTED' AND ask_at > now() + interval '1 minute'"
        " AND ask_at < now() + interval '9 minutes 55 seconds'"
    )
    ((count,),) = academy.all("SELECT count(*) FROM message WHERE ended_at IS NOT NULL")
    return count


def ends_of(academy, status):
    return {one for (one,) in academy.all("SELECT id FROM message WHERE status = %s", status)}


def ends_at(provider, code):
    return {UUID(row["ledger"]) for row in provider.record if row["code"] == code}
