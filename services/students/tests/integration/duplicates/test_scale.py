"""30,000 students, 6,000 of them deleted in 1,500 groups: by sets, and the same end after kill -9.

LARGE_ACADEMY=100000 for an academy of that many.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from students.usecases import duplicates as usecases
from testkit.api import environment
from testkit.waiting import wait_until

STUDENTS = int(os.environ.get("LARGE_ACADEMY", "30000"))
GROUPS, TWINS = STUDENTS // 20, 4


@pytest.fixture
def grown(academy):
    """`grown(100, 10, 4)`: an academy of so many students, of whom groups of twins were deleted.

    Times of deletion repeat inside a group, families share phones, and every record has an account.
    """

    def make(students, groups, twins, tenant="demo"):
        values = {
            "tenant": tenant,
            "students": students,
            "groups": groups,
            "twins": twins,
            "all": groups * twins,
        }
        for statement in (
            "INSERT INTO parent (tenant_id, id, phone, name)"
            " SELECT %(tenant)s, md5(%(tenant)s || n)::uuid, '0102' || lpad(n::text, 7, '0'), '학부모'"
            " FROM generate_series(1, %(students)s / 2) AS n",
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, parent_id, deleted_at)"
            " SELECT %(tenant)s, gen_random_uuid(), v.name, v.name, '0102' || lpad(v.family::text, 7, '0'),"
            " md5(%(tenant)s || v.family)::uuid,"
            " CASE WHEN n <= %(all)s THEN now() - (n / %(groups)s %% 3) * interval '1 day' END"
            " FROM generate_series(1, %(students)s) AS n, LATERAL (SELECT"
            "   CASE WHEN n <= %(all)s THEN '학생' || (n %% %(groups)s) ELSE '재원' || n END,"
            "   1 + CASE WHEN n <= %(all)s THEN n %% %(groups)s ELSE n END %% (%(students)s / 2)"
            " ) AS v (name, family)",
            "INSERT INTO account (tenant_id, id, login_id, kind, student_id, must_change)"
            " SELECT tenant_id, gen_random_uuid(), 's' || id, 'student', id, true FROM student"
            " WHERE tenant_id = %(tenant)s",
        ):
            academy.db.admin.execute(statement.encode(), values)
        academy.db.admin.execute(b"ANALYZE")

    return make


@pytest.fixture
def cost(working, by, statements):
    """(statements, seconds) of an action in one transaction."""

    def measure(action, tenant="demo"):
        begun = time.monotonic()
        with working(tenant) as uow, statements() as seen:
            result = action(uow)
            uow.flush()
        return result, len(seen), time.monotonic() - begun

    return measure


@pytest.fixture
def operator(academy, issuer):
    """`operator("--fix")`: the command as a process of its own."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [sys.executable, "-m", "students", "check-deleted-student-duplicates", *options],
            env={**os.environ, **environment(issuer, academy.db.url)},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def killed_at(academy, operator, lock):
    """Start a fix, and kill -9 it while it waits in the middle of its transaction for what `lock` takes."""
    with psycopg.connect(
        academy.db.admin_url, autocommit=False, options=f"-c search_path={academy.db.schema}"
    ) as blocker:
        blocker.execute(lock)
        process = operator("--fix")
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'students_app' AND wait_event_type = 'Lock'"
        )
        wait_until(lambda: academy.all(waiting) or process.poll() is not None, 60)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    sessions = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'students_app'"
        " AND state <> 'idle'"
    )
    wait_until(lambda: not academy.all(sessions), 60)


@pytest.mark.slow
def test_a_killed_fix_run_again_ends_as_one_that_was_not(academy, grown, operator, model, left):
    """Killed before anything is removed, half way, at its last statement, and after the first academy."""
    for tenant in ("aaa", "demo"):
        grown(200, 20, 3, tenant)
    first, second = model("aaa"), model("demo")
    untouched = academy.contents(but=("outbox", "inbox"))
    for table in ("student", "account", "audit"):
        if table == "audit":
            lock = "LOCK TABLE audit IN EXCLUSIVE MODE"
        else:
            lock = f"SELECT 1 FROM {table} WHERE tenant_id = 'aaa' FOR UPDATE"
        killed_at(academy, operator, lock)
        assert academy.contents(but=("outbox", "inbox")) == untouched
        assert academy.published("students.student.purged") == []
    killed_at(academy, operator, "SELECT 1 FROM account WHERE tenant_id = 'demo' FOR UPDATE")
    assert (left("aaa"), len(left("demo"))) == (first.survivors, 200)
    process = operator("--fix")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (left("aaa"), left("demo")) == (first.survivors, second.survivors)
    told = [
        student
        for one in academy.published("students.student.purged")
        for student in one.data["students"]["student_id"]
    ]
    assert len(told) == len(set(told))
    assert set(told) == first.removed | second.removed


@pytest.mark.slow
def test_a_large_academy_is_checked_and_cleaned_by_sets(academy, grown, cost, by, model, left, operator):
    grown(1000, 10, TWINS, "small")
    grown(STUDENTS, GROUPS, TWINS)
    expected, others = model(), model("small")
    assert (len(expected.groups), len(expected.removed)) == (GROUPS, GROUPS * (TWINS - 1))
    _, few, _ = cost(usecases.plan, "small")
    plan, many, seconds = cost(usecases.plan)
    assert few == many <= 3
    assert seconds < 10
    assert (plan.groups, plan.to_remove, plan.digest) == (GROUPS, len(expected.removed), expected.digest)
    killed_at(academy, operator, "LOCK TABLE audit IN EXCLUSIVE MODE")
    assert left() == expected.survivors | expected.removed
    _, few, _ = cost(lambda uow: usecases.fix(uow, by), "small")
    done, many, seconds = cost(lambda uow: usecases.fix(uow, by, plan.digest))
    assert few == many <= 30
    assert seconds < 60
    removed = len(expected.removed)
    assert (done.removed, done.groups, len(done.erasure_ids)) == (removed, GROUPS, removed // 500)
    assert (left(), left("small")) == (expected.survivors, others.survivors)
