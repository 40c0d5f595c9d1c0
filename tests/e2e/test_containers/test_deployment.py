"""The images of this revision do their part as they are deployed: not as root, on a read-only file system."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from academyctl import bootstrap
from academyctl.config import REPOSITORY
from academyctl.queues import create_queues, load_queues
from academyctl.readiness.checks import CHECKS, examine
from academyctl.readiness.context import Context
from academyctl.readiness.docker import Docker
from academyctl.readiness.report import NOT_READY, READY
from academyctl.readiness.sources import of_files
from contracts import SERVICES, package_of
from servicekit.roles_sql import bootstrap_database
from sqlalchemy import make_url
from testkit.cinema import Cinema
from testkit.database import PASSWORDS
from testkit.workbooks import HEADER, workbook

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(900)]

ROSTER = [HEADER, *((f"학생{n}", f"0101234{n:04d}", "", "", "", "", "") for n in range(20))]


@pytest.fixture(scope="module")
def migrated(deployment):
    """By the images themselves."""
    assert deployment.migrate() == dict.fromkeys(SERVICES, 0)
    return deployment


def test_the_images_are_healthy_do_the_work_and_stop(migrated, videos, tmp_path):
    """One life, since containers cost seconds: start, health, an import, a lecture's video, and the end."""
    running = migrated
    names = running.up()
    assert [name for name in names if not running.healthy(name)] == []
    nowhere = {"API_BIND": "127.0.0.1:1", "HEALTH_BIND": "127.0.0.1:1"}
    for name in ("enrollment-api", "students-worker", "media-encoder"):
        assert not running.healthy(name, **nowhere)
        found = running.containers[name].exec_run(["sh", "-c", "id -u; touch /app/x /opt/x /x 2>&1 | wc -l"])
        assert found.output.split() == [b"1000", b"3"], name

    academy = Cinema(running, f"c-{uuid4().hex[:12]}")
    job = academy.upload(academy.lecture_id, workbook(tmp_path / "명단.xlsx", {"명단": ROSTER}))
    video = academy.send(videos.path("h264"))
    status = academy.finish(job)
    assert status["status"] == "DONE", status
    assert status["result"]["enrolled_count"] == len(ROSTER) - 1
    assert {row["outcome"] for row in academy.outcomes(job)} == {"enrolled"}
    academy.settle()  # every subscriber has handled what it was told
    assert academy.uploaded() == []
    assert academy.encoded(video)["status"] == "READY"

    assert running.stop() == dict.fromkeys(names, 0)


@dataclass
class Broken:
    """A deployment that a test breaks in one place; `undo` mends what others share."""

    shared: dict[str, str]
    own: dict[str, dict[str, str]]
    whole: Any
    undo: ExitStack

    @property
    def prefix(self):
        return self.shared["QUEUE_PREFIX"]

    def examine(self, directory):
        """All that the images have no part in, which the other tests look at."""
        replace(self.whole, shared=self.shared, own=self.own).write(directory)
        context = Context(of_files(directory), local=False)
        try:
            return examine(context)
        finally:
            context.close()


@pytest.fixture
def broken(migrated):
    with ExitStack() as undo:
        yield Broken(deepcopy(migrated.shared), deepcopy(migrated.own), migrated, undo)


def not_migrated(one):
    empty = f"empty_{uuid4().hex[:8]}"
    schemas = dict.fromkeys(map(package_of, SERVICES), PASSWORDS)
    bootstrap_database(one.whole.admin_url, empty, schemas)
    for own in one.own.values():
        url = make_url(own["DATABASE_URL"]).set(database=empty)
        own["DATABASE_URL"] = url.render_as_string(hide_password=False)


def other_bucket(one):
    one.own["storage-janitor"]["R2_EXCEL_BUCKET"] = "academy-exel"


def no_token(one):
    del one.shared["INTERNAL_WORKER_TOKEN"]


def short_token(one):
    one.shared["INTERNAL_WORKER_TOKEN"] = "internal-2026-02"


def declared(one):
    return load_queues(bootstrap.QUEUES, one.prefix)


def drifted_queue(one):
    sqs = one.whole.endpoints.sqs()
    one.undo.callback(create_queues, sqs, declared(one))
    url = sqs.get_queue_url(QueueName=f"{one.prefix}-students-events")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "10800"})


def no_dead_letter_queue(one):
    # under another prefix: SQS does not give a name back for a minute
    one.shared["QUEUE_PREFIX"] = f"c{uuid4().hex[:8]}"
    sqs = one.whole.endpoints.sqs()
    create_queues(sqs, declared(one))
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=f"{one.prefix}-media-events-dlq")["QueueUrl"])


def no_database(one):
    url = make_url(one.own["media"]["DATABASE_URL"]).set(port=1)
    one.own["media"]["DATABASE_URL"] = url.render_as_string(hide_password=False)


BROKEN = {
    "db.migrations": not_migrated,
    "env.same": other_bucket,
    "env.missing": no_token,
    "auth.internal_token": short_token,
    "queue.attributes": drifted_queue,
    "queue.exists": no_dead_letter_queue,
    "db.connect": no_database,
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_deployment_is_not_ready(broken, tmp_path, code):
    BROKEN[code](broken)
    report = broken.examine(tmp_path)
    assert report.exit_code == NOT_READY
    assert code in {line.code for line in report.lines if line.verdict.status == "FAIL"}


def test_a_worker_image_that_does_not_start_is_not_ready(engine, images, tmp_path):
    good = images.replace("{service}", "messaging")
    spoilt = f"academy-messaging:broken-{uuid4().hex[:8]}"
    spoil = engine.containers.run(
        good, entrypoint=["rm", "/app/messaging/worker.py"], user="0", network_mode="none", detach=True
    )
    try:
        assert spoil.wait()["StatusCode"] == 0
        spoil.commit(*spoilt.split(":"))
        (tmp_path / "messaging.env").touch()
        context = Context(of_files(tmp_path), local=False, docker=Docker(spoilt))
        (verdict,) = CHECKS["image.starts"](context)
    finally:
        spoil.remove(force=True)
        engine.images.remove(spoilt, force=True, noprune=True)
    assert verdict.status == "FAIL"
    assert "No module named 'messaging.worker'" in verdict.reason


def test_the_deployment_is_ready(migrated, images, tmp_path):
    """As the operator asks: every line passes, none is skipped."""
    words = (
        "readiness",
        "--env-dir",
        str(migrated.write(tmp_path)),
        "--docker",
        "--images",
        images,
        "--json",
    )
    done = subprocess.run(
        [sys.executable, "-m", "academyctl", *words], capture_output=True, text=True, check=False
    )
    found = [line for line in json.loads(done.stdout)["lines"] if line["status"] != "PASS"]
    assert (found, done.returncode) == ([], READY)


def test_an_integration_suite_runs_on_the_container(admin_of_container):
    suite = REPOSITORY / "services/students/tests/integration/test_identity.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)],
        env={**os.environ, "TEST_DATABASE_URL": admin_of_container},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
