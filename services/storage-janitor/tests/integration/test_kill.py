"""kill -9 during apply, again and again: the ledger and the bucket agree, and every object is in it once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from testkit.waiting import wait_until

CHILD = Path(__file__).with_name("applying_child.py")
TENANT, OBJECTS, KILLS = "hangang", 160, 6


@pytest.fixture
def folder(tmp_path):
    """A bucket of expired exports."""
    made = tmp_path / "bucket"
    made.mkdir()
    for number in range(OBJECTS):
        (made / f"exports:{TENANT}:{UUID(int=number)}_x.xlsx").touch()
    return made


@pytest.fixture
def plan(janitor, folder):
    """Approved: everything in the bucket."""
    spec = spec_from_file_location("applying_child", CHILD)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    janitor.use({"excel": module.FolderBucket(folder)})
    janitor.sweep("excel")
    found = janitor.plan()
    assert (found.state, found.objects) == ("approved", OBJECTS)
    return found


@pytest.fixture
def children(janitor, folder, plan):
    """`start(minutes later)` a process that applies the plan, by its id; then `ended()`, its exit code."""
    command = [sys.executable, str(CHILD), janitor.url, str(folder), str(plan.id)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:

        def start(later):
            parent.stdin.write(f"{later}\n")
            parent.stdin.flush()
            return int(parent.stdout.readline())

        yield start, lambda: int(parent.stdout.readline())
        parent.stdin.close()


@pytest.mark.parametrize("seed", [1])
def test_killed_again_and_again(janitor, folder, plan, children, seed):
    start, ended = children
    rng = random.Random(seed)
    all_keys = {path.name.replace(":", "/") for path in folder.iterdir()}
    kills = 0
    for later in count(0, 11):
        # somewhere in the next few batches, before, while or after the store is asked
        until = max(left(folder) - rng.randrange(1, 20), 1)
        child = start(later)
        if kills < KILLS:
            wait_until(lambda until=until: left(folder) <= until, 120, interval=0.002)
            with suppress(ProcessLookupError):  # it was faster
                os.kill(child, signal.SIGKILL)
        code = ended()
        check(janitor, folder, all_keys)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
    assert kills >= KILLS / 2
    assert (left(folder), sorted(janitor.ledgered())) == (0, sorted(all_keys))
    done = janitor.plan()
    assert (done.state, done.deleted, done.kept, done.ledger_to) == ("done", OBJECTS, {}, OBJECTS)


def left(folder):
    return sum(1 for _ in folder.iterdir())


def check(janitor, folder, all_keys):
    """At any moment: in the ledger is what is gone, but for what the open attempt will tell."""
    there = {path.name.replace(":", "/") for path in folder.iterdir()}
    ledgered = Counter(janitor.ledgered())
    assert janitor.verified().broken_at is None
    assert max(ledgered.values(), default=1) == 1
    rows = janitor.admin.execute("SELECT objects FROM attempt").fetchall()
    attempted = {one[0] for (objects,) in rows for one in objects}
    assert not set(ledgered) & there
    assert all_keys - there - set(ledgered) <= attempted
