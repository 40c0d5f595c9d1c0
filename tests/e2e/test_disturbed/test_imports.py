"""kill -9: the process comes back, and an import ends DONE with the contents of a calm run."""

import threading
from functools import partial
from uuid import uuid4

import pytest
from academyctl.embedded.program import answers_ok
from contracts import SERVICES
from testkit.academy import Academy, MixedRoster
from testkit.stack import free_stack_port, run_academyctl
from testkit.waiting import wait_until

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

ROWS = 1_200
# of one import, in turn: the part, and the share of the rows that is done when it dies; the worker holds the
# relay as well
DEATHS = {
    "workers": (("enrollment-worker", 0.0), ("students-worker", 0.2), ("enrollment-worker", 0.6)),
    "servers": (("s3", 0.0), ("postgres", 0.0), ("sqs", 0.3), ("postgres", 0.6)),
    "both": (("students-worker", 0.0), ("gateway", 0.1), ("enrollment-api", 0.4), ("sqs", 0.5)),
}


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    return MixedRoster(tmp_path_factory.mktemp("rosters"), ROWS)


@pytest.fixture(scope="module")
def calm(own_stack, roster):
    """The contents after an undisturbed run."""
    academy = imported(own_stack, roster, lambda _academy, _job: None)
    return academy.contents()


def imported(stack, roster, disturb):
    academy = Academy(stack, f"t-{uuid4().hex[:12]}")
    roster.prepare(academy)
    lecture = academy.lecture("이번 학기")
    job = academy.upload(lecture, roster.file)
    disturb(academy, job)
    status = academy.finish(job, timeout=300)
    assert status["status"] == "DONE", status
    assert {name: status["result"][name] for name in roster.expected()} == roster.expected()
    academy.settle(timeout=300)
    return academy


@pytest.mark.parametrize("deaths", DEATHS.values(), ids=DEATHS)
def test_an_import_survives_the_death_of(own_stack, roster, calm, deaths):
    def kill(academy, job):
        for part, share in deaths:
            wait_until(partial(reached, academy, job, ROWS * share), 120, interval=0.05)
            own_stack.kill(part)

    academy = imported(own_stack, roster, kill)
    assert academy.contents() == calm


def reached(academy, job, rows):
    return academy.status(job)["progress"]["rows_done"] >= rows


def test_an_upload_survives_the_death_of_the_api(own_stack, roster, calm):
    """The client repeats it under one Idempotency-Key."""
    academy = Academy(own_stack, f"t-{uuid4().hex[:12]}")
    roster.prepare(academy)
    lecture = academy.lecture("이번 학기")
    jobs = []
    upload = threading.Thread(target=lambda: jobs.append(academy.upload(lecture, roster.file)))
    upload.start()
    own_stack.kill("enrollment-api")
    upload.join()
    assert academy.finish(jobs[0], timeout=300)["status"] == "DONE"
    academy.settle(timeout=300)
    assert academy.contents() == calm


def test_a_part_that_is_killed_comes_back_and_the_others_are_left_alone(own_stack):
    killed = ["postgres", "sqs", "s3", "gateway", "enrollment-api", "students-worker"]
    before = dict(own_stack.state.pids)
    for part in killed:
        own_stack.kill(part)

    ports = own_stack.state.ports
    wait_until(lambda: all(own_stack.pid(part) != before[part] for part in killed), 60)
    wait_until(lambda: answers_ok(ports["gateway"], "/openapi/enrollment.json"), 60, interval=0.1)
    for part in (f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker")):
        wait_until(lambda part=part: answers_ok(ports[part], "/readyz"), 60, interval=0.1)
    left_alone = before.keys() - killed
    assert {part: own_stack.pid(part) for part in left_alone} == {part: before[part] for part in left_alone}

    second = run_academyctl(own_stack.data, free_stack_port(), "up", "--no-demo")
    assert second.returncode == 1
    assert f"process {own_stack.state.supervisor}" in second.stderr
