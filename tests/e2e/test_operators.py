"""What an operator is promised: a replay applies once, an outage costs nothing, a restart spends no try."""

import json
import os
import re
import signal
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from academyctl.audit import gaps, lines
from academyctl.config import Directories
from academyctl.issuer import DevelopmentIssuer
from academyctl.operators import Operators
from contracts import SERVICES
from eventkit.envelope import encode
from testkit.academy import SCHEMAS, Academy
from testkit.events import make_one
from testkit.waiting import wait_until
from testkit.workbooks import HEADER, roster_rows, workbook

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

OUTAGE_SECONDS = 40  # longer than a message of the impatient stack may be received before it is dead
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
WORKERS = [f"{service}-worker" for service in SERVICES]


@pytest.fixture(scope="module")
def operators(own_stack):
    issuer = DevelopmentIssuer(Directories(own_stack.data).secrets)
    token = issuer.token("operations", ["operator"], "night-shift", timedelta(hours=1))
    return Operators(own_stack.base_url, token)


@pytest.fixture
def academy(own_stack):
    return Academy(own_stack, f"t-{uuid4().hex[:12]}")


def send(stack, queue, messages):
    """(body, attributes) → the queue."""
    client = stack.endpoints.sqs()
    url = client.get_queue_url(QueueName=f"academy-{queue}")["QueueUrl"]
    for start in range(0, len(messages), 10):
        entries = [
            {
                "Id": str(n),
                "MessageBody": body,
                "MessageAttributes": {
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            }
            for n, (body, attributes) in enumerate(messages[start : start + 10])
        ]
        assert not client.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")


def balanced(stack, operators):
    """Nothing on its way, nothing unaccounted for, since the stack began."""
    now = datetime.now(UTC)
    span = {
        "since": (now - timedelta(hours=2)).isoformat(),
        "until": (now + timedelta(minutes=1)).isoformat(),
    }
    parts = dict(operators.everywhere("ledger/", **span))
    short = {cell: count for cell, count in gaps(parts).items() if count > 0}
    return not short and not any(line.unsent or line.parked for line in lines(parts).values())


# --- dead letters ---------------------------------------------------------------------------------


def student_changed(tenant, name):
    students = {
        "student_id": [str(uuid4())], "version": [1], "name": [name], "parent_phone": ["01055550000"],
        "student_phone": [None], "school": [None], "grade": [None], "deleted": [False],
    }  # fmt: skip
    return make_one("students.student.changed", tenant, {"students": students})


def roster_parsed(tenant, n):
    rows = {
        "row": [2], "name": [f"재처리{n:04d}"], "parent_phone": [f"0105{n:07d}"], "student_phone": [None],
        "school": [None], "school_type": [None], "grade": [None], "gender": [None], "school_class": [None],
        "major": [None], "memo": [None],
    }  # fmt: skip
    data = {
        "job_id": str(uuid4()), "chunk": 0, "dry_run": False, "initial_password_hash": HASH, "rows": rows,
    }  # fmt: skip
    return make_one("enrollment.roster.parsed", tenant, data)


def died(event, handler, reason, place):
    attributes = {
        "type": event.type, "handler": handler, "reason": reason, "place": place, "attempts": "6",
        "source_queue": "academy-events", "failed_at": event.time.isoformat(),
    }  # fmt: skip
    return encode(event), attributes


STUBBORN = {"enrollment": "student_ref", "messaging": "recipient"}


@contextmanager
def stubborn(stack):
    """Triggers that refuse a name: a bug that is still there."""
    with psycopg.connect(stack.admin_url, autocommit=True) as conn:
        conn.execute("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.name = '막힌 학생' THEN RAISE 'refused'; END IF; RETURN NEW; END $$
        """)
        for schema, table in STUBBORN.items():
            conn.execute(
                f"CREATE TRIGGER refuse BEFORE INSERT ON {schema}.{table}"
                " FOR EACH ROW EXECUTE FUNCTION public.refuse()"
            )
        yield
        conn.execute("DROP FUNCTION refuse CASCADE")


def letters_of(tenant):
    """Queue → 200 letters of five causes in three services; of the first cause nothing is left."""
    fixed = [
        died(roster_parsed(tenant, n), "on_roster_parsed", "KeyError", "rosters.py:9 resolve_roster")
        for n in range(80)
    ]
    blocked = [
        died(student_changed(tenant, "막힌 학생"), "on_student_changed", "OldError", "x.py:1 f")
        for _ in range(60)
    ]
    garbage = [(f"{{broken {n}", {"reason": "not_json"}) for n in range(20)]
    wrong = []
    for n in range(40):
        document = json.loads(encode(student_changed(tenant, "틀린 모양")))
        wrong.append((json.dumps({**document, "data": {"students": n}}), {"reason": "incompatible_data"}))
    return {
        "students-events-dlq": [*fixed, *garbage],
        "enrollment-events-dlq": [*blocked[:30], *wrong],
        "messaging-events-dlq": blocked[30:],
    }


ALL = {"until": "2100-01-01T00:00:00+00:00"}


def open_letters(operators):
    """Service → reason → how many."""
    return {
        service: {group["reason"]: group["count"] for group in answer["results"]}
        for service, answer in operators.everywhere("dead_letters/groups/")
        if answer["results"]
    }


def forecasts(operators):
    """A dry run of everything: service → replay id, and service → forecast → how many."""
    ids = {s: operators.post(s, "replays/", ALL)["id"] for s in ("students", "enrollment", "messaging")}
    tried = {s: operators.wait(s, replay, frozenset({"rehearsed"})) for s, replay in ids.items()}
    return ids, {s: {w: sum(o.values()) for w, o in r["counts"].items()} for s, r in tried.items()}


def test_of_five_causes_the_fixed_one_is_replayed_once_each(own_stack, operators, academy):
    for queue, letters in letters_of(academy.tenant).items():
        send(own_stack, queue, letters)
    everything = {
        "students": {"KeyError": 80, "not_json": 20},
        "enrollment": {"OldError": 30, "incompatible_data": 40},
        "messaging": {"OldError": 30},
    }
    wait_until(lambda: open_letters(operators) == everything, 120, interval=0.5)
    with stubborn(own_stack):
        ids, words = forecasts(operators)
        assert words == {
            "students": {"would_change": 80, "unreadable": 20},
            "enrollment": {"still_fails": 30, "unreadable": 40},
            "messaging": {"still_fails": 30},
        }
        students = "SELECT name FROM students.student WHERE tenant_id = %(tenant)s ORDER BY name"
        assert academy.query(students) == []
        path = f"replays/{ids['students']}/"
        operators.post("students", f"{path}apply/")
        some = "SELECT count(*) > 10 FROM students.replay_item WHERE outcome = 'done'"
        wait_until(lambda: academy.query(some) == [(True,)], 60, interval=0.05)
        own_stack.kill("students-worker")
        done = operators.wait("students", ids["students"], frozenset({"done", "stopped"}))
    counts = {"would_change": {"done": 80}, "unreadable": {"waiting": 20}}
    assert (done["state"], done["counts"]) == ("done", counts)
    assert academy.query(students) == [(f"재처리{n:04d}",) for n in range(80)]
    assert open_letters(operators) == everything | {"students": {"not_json": 20}}
    for service in everything:
        operators.post(service, "dead_letters/discard/", {**ALL, "note": "시험이 끝났습니다"})
    assert open_letters(operators) == {}


# --- outage ---------------------------------------------------------------------------------------


@contextmanager
def no_database(stack):
    """PostgreSQL is dead, and the supervisor, which would start it again, is asleep."""
    supervisor = stack.state.supervisor
    os.kill(supervisor, signal.SIGSTOP)
    try:
        stack.kill("postgres")
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)


def test_an_outage_of_the_database_makes_no_dead_letter(own_stack, operators, academy, tmp_path):
    file = workbook(tmp_path / "roster.xlsx", {"명단": (HEADER, *roster_rows(800, seed=7))})
    jobs = [academy.upload(academy.lecture(f"강의 {n}"), file) for n in range(3)]
    wait_until(lambda: any(academy.status(job)["status"] == "RUNNING" for job in jobs), 60)
    with no_database(own_stack):
        send(own_stack, "students-events", [("{poison", {})])
        stop = time.monotonic() + OUTAGE_SECONDS
        wait_until(lambda: time.monotonic() > stop, OUTAGE_SECONDS + 5, interval=0.5)
    assert [academy.finish(job, 300)["status"] for job in jobs] == ["DONE"] * 3
    academy.settle(120)
    wait_until(lambda: open_letters(operators) == {"students": {"not_json": 1}}, 60, interval=0.5)
    [letter] = operators.get("students", "dead_letters/")["results"]
    assert letter["attempts"] == 1
    operators.post("students", "dead_letters/discard/", {"ids": [letter["id"]], "note": "독"})
    wait_until(lambda: balanced(own_stack, operators), 60, interval=0.5)


# --- restart --------------------------------------------------------------------------------------


def drained(stack, worker):
    """The receipts that a worker has written."""
    found = re.findall(r"drained \S+: (received=\d+ .*?dead=\d+)", stack.log(worker))
    return [{k: int(v) for k, v in (pair.split("=") for pair in line.split())} for line in found]


def test_a_rolling_restart_spends_no_attempt(own_stack, operators, academy, tmp_path):
    file = workbook(tmp_path / "roster.xlsx", {"명단": (HEADER, *roster_rows(1500, seed=9))})
    jobs = [academy.upload(academy.lecture(f"강의 {n}"), file) for n in range(3)]
    before = {worker: len(drained(own_stack, worker)) for worker in WORKERS}
    for worker in WORKERS:
        old = own_stack.pid(worker)
        os.kill(old, signal.SIGTERM)
        wait_until(lambda old=old, worker=worker: own_stack.state.pids.get(worker, old) != old, 60)
    assert [academy.finish(job, 300)["status"] for job in jobs] == ["DONE"] * 3
    academy.settle(120)
    receipts = [drained(own_stack, worker)[before[worker] :] for worker in WORKERS]
    assert [len(each) for each in receipts] == [1] * len(WORKERS)
    for [receipt] in receipts:
        kinds = receipt["done"] + receipt["duplicate"] + receipt["returned"] + receipt["dead"]
        assert receipt["received"] == kinds
    parts = [f"SELECT receives, duplicates FROM {s}.inbox WHERE tenant_id = %(tenant)s" for s in SCHEMAS]
    handled = academy.query(" UNION ALL ".join(parts))
    assert Counter(handled) == {(1, 0): len(handled)}
    wait_until(lambda: balanced(own_stack, operators), 60, interval=0.5)
