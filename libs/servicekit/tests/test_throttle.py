"""Limits per window and key: exact under parallel use, forgotten afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from eventkit.schema import create_whole_kit
from flask import Flask, request
from servicekit import throttle
from servicekit.problem import Problem
from servicekit.throttle import Limit, client_address
from testkit.database import Operations, TestDatabase
from testkit.plugin import MakeDatabase

TRIES = Limit("tries", 3, timedelta(minutes=10))
REFUSED = "too_many_requests True"


def build(op: Operations) -> None:
    create_whole_kit(op, "kit")
    throttle.create_throttle_table(op, "kit")


@pytest.fixture
def limited(make_database: MakeDatabase) -> TestDatabase:
    return make_database("kit", build)


def use(db: TestDatabase, limit: Limit = TRIES, *key: str) -> str:
    try:
        with db.database.tenant("demo") as conn:
            throttle.count(conn, limit, *key)
    except Problem as problem:
        seconds = int(problem.headers["Retry-After"])
        return f"{problem.code} {1 <= seconds <= limit.window.total_seconds()}"
    return "ok"


def allowed(db: TestDatabase, *key: str) -> bool:
    try:
        with db.database.tenant("demo") as conn:
            throttle.check(conn, TRIES, *key)
    except Problem:
        return False
    return True


def test_so_many_per_window_and_key(limited: TestDatabase) -> None:
    assert [use(limited, TRIES, "a") for _ in range(5)] == ["ok"] * 3 + [REFUSED] * 2
    assert use(limited, TRIES, "b") == "ok"
    assert use(limited, Limit("others", 3, TRIES.window), "a") == "ok"
    assert (allowed(limited, "a"), allowed(limited, "b"), allowed(limited, "new")) == (False, True, True)


def test_keys_of_several_parts_do_not_run_together(limited: TestDatabase) -> None:
    assert [use(limited, TRIES, "a", "bc") for _ in range(4)][-1] == REFUSED
    assert use(limited, TRIES, "ab", "c") == "ok"
    assert use(limited, TRIES, "abc") == "ok"


def test_looking_does_not_count(limited: TestDatabase) -> None:
    assert all(allowed(limited, "a") for _ in range(10))
    assert use(limited, TRIES, "a") == "ok"


def test_of_parallel_uses_exactly_so_many_pass(limited: TestDatabase) -> None:
    limit = Limit("parallel", 5, TRIES.window)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: use(limited, limit, "a"), range(40)))
    assert answers.count("ok") == 5


def test_a_window_ends_and_another_begins(limited: TestDatabase) -> None:
    for _ in range(3):
        use(limited, TRIES, "a")
    limited.admin.execute("UPDATE throttle SET ends_at = now()")
    assert allowed(limited, "a")
    assert use(limited, TRIES, "a") == "ok"
    assert limited.admin.execute("SELECT count FROM throttle").fetchone() == (1,)


def test_ended_windows_are_forgotten_and_keys_are_digests(limited: TestDatabase) -> None:
    use(limited, TRIES, "203.0.113.7")
    use(limited, TRIES, "198.51.100.9")
    assert "203" not in repr(
        limited.admin.execute("SELECT key FROM throttle WHERE key LIKE '%.%'").fetchall()
    )
    limited.admin.execute("UPDATE throttle SET ends_at = now() WHERE ctid = (SELECT min(ctid) FROM throttle)")
    throttle.prune(limited.database, datetime.now(UTC))
    assert limited.admin.execute("SELECT count(*) FROM throttle").fetchone() == (1,)


@pytest.mark.parametrize(
    ("forwarded", "peer", "expected"),
    [
        (None, "203.0.113.7", "203.0.113.7"),
        ("", "203.0.113.7", "203.0.113.7"),
        ("198.51.100.1", "10.0.0.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1", "10.0.0.1", "198.51.100.1"),
        ("1.1.1.1,,198.51.100.1 ", "10.0.0.1", "198.51.100.1"),
        ("1.1.1.1,", "10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "10.0.0.1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "10.0.0.1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", "10.0.0.1", "198.51.100.1"),
        ("unknown; drop table", "10.0.0.1", "unknown; drop table"),
        (None, None, "unknown"),
    ],
)
def test_the_address_is_the_one_our_proxy_saw(forwarded: str | None, peer: str | None, expected: str) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with Flask("x").test_request_context(headers=headers, environ_base={"REMOTE_ADDR": peer}):
        assert client_address(request) == expected
