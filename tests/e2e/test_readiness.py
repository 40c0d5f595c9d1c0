"""`academyctl readiness --local` on a stack that is up."""

import json

import pytest
from academyctl.config import Directories
from academyctl.readiness.report import UNPROVEN
from testkit.stack import run_academyctl

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_a_running_stack_is_ready_as_far_as_it_can_tell(stack):
    port = stack.state.ports["gateway"]
    done = run_academyctl(stack.data, port, "readiness", "--local", "--json")
    report = json.loads(done.stdout)
    assert [line for line in report["lines"] if line["status"] == "FAIL"] == []
    assert {line["code"] for line in report["lines"] if line["status"] == "SKIP"} == {
        "image.present",
        "image.starts",
    }
    assert done.returncode == UNPROVEN, done.stderr
    secrets = json.loads((Directories(stack.data).secrets / "secrets.json").read_text())
    assert [name for name, value in secrets.items() if value in done.stdout] == []
