"""What operators are told of flows, books, queues, tasks, and of what they did themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventkit import inbox
from eventkit.envelope import encode
from eventkit.outbox import Row, mark_sent, write
from servicekit.operations import audit
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from testkit.api import refused

TYPE = "students.student.changed"
INVALID = (422, "invalid_request", "입력값을 확인해 주세요.")
SPAN = ["since보다 뒤, 31일 이내여야 합니다."]


def period(hours: int = 1) -> dict[str, str]:
    now = datetime.now(UTC)
    span = timedelta(hours=hours)
    return {"since": (now - span).isoformat(), "until": (now + span).isoformat()}


@pytest.fixture
def busy(desk: Any) -> list[Any]:
    """Three events sent to media: the first handled here too (at its second delivery), the second dead."""
    events = [desk.event(number) for number in range(3)]
    with desk.kit.database.tenant("demo") as conn:
        write(conn, [Row(event, "media", encode(event)) for event in events])
        inbox.claim(conn, "note", events[:1], {events[0].id: 2})
        inbox.claim(conn, "note", events[:1])
    with desk.kit.database.system() as conn:
        mark_sent(conn, list(conn.execute(text("SELECT seq FROM outbox")).scalars()))
    desk.put(events[1])
    return events


# --- flows ----------------------------------------------------------------------------------------


def test_a_flow_is_found_by_its_subject_and_shown(desk: Any, busy: Any) -> None:
    assert desk.viewer.get("flows/job-1/").get_json() == {"results": ["job-1"]}
    assert sorted(desk.viewer.get("flows/demo/").get_json()["results"]) == ["job-0", "job-1", "job-2"]
    shown = desk.viewer.get("flows/", ids="job-0,job-1").get_json()
    assert [(sent["id"], sent["destination"], sent["attempts"]) for sent in shown["sent"]] == [
        (str(event.id), "media", 1) for event in busy[:2]
    ]
    (handled,) = shown["handled"]
    assert (handled["id"], handled["receives"], handled["duplicates"]) == (str(busy[0].id), 2, 1)
    (died,) = shown["died"]
    assert (died["id"], died["reason"], died["state"]) == (str(busy[1].id), "refused", "open")
    assert shown["complete"] is True


@pytest.mark.parametrize("reference", ["nobody", "김하나", "%25", "' OR true --", "x" * 2000])
def test_a_reference_of_nothing_finds_nothing(desk: Any, busy: Any, reference: str) -> None:
    assert desk.viewer.get(f"flows/{reference}/").get_json() == {"results": []}
    nothing = {"sent": [], "handled": [], "died": [], "complete": True}
    assert desk.viewer.get("flows/", ids=reference).get_json() == nothing


@pytest.mark.parametrize("ids", [None, "", " ", "x" * 8001, "a\nb"])
def test_flows_are_named(desk: Any, ids: str | None) -> None:
    assert refused(desk.viewer.get("flows/", **({} if ids is None else {"ids": ids}))) == INVALID


# --- books ----------------------------------------------------------------------------------------


def test_the_books_say_what_was_published_and_settled_by_the_hour(desk: Any, busy: Any) -> None:
    desk.kit.admin.execute("INSERT INTO queue_state VALUES ('academy-kit-events', 3, 1, 0, now())")
    books = desk.viewer.get("ledger/", **period()).get_json()
    assert sum(row["sent"] for row in books["published"]) == 3
    assert {(row["destination"], row["type"]) for row in books["published"]} == {("media", TYPE)}
    assert sum(row["handled"] for row in books["settled"]) == 1
    assert sum(row["dead"] for row in books["settled"]) == 1
    assert sum(row["duplicates"] for row in books["settled"]) == 1
    (queue,) = books["queues"]
    assert (queue["queue"], queue["visible"], queue["in_flight"]) == ("academy-kit-events", 3, 1)


def test_the_events_that_are_missing_are_named(desk: Any, busy: Any) -> None:
    sent = desk.viewer.get("ledger/published_ids/", destination="media", **period()).get_json()["ids"]
    assert sorted(sent) == sorted(str(event.id) for event in busy)
    # asked at the subscriber, which here is the same
    missing = desk.viewer.post("ledger/unknown/", {"ids": sent}).get_json()["ids"]
    assert missing == [str(busy[2].id)]
    nobody = desk.viewer.get("ledger/published_ids/", destination="nobody", **period()).get_json()
    assert nobody == {"ids": []}


NINE, TEN = "2026-03-02T09:00:00+09:00", "2026-03-02T10:00:00+09:00"
BAD_PERIODS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {"since": ["필수 항목입니다."], "until": ["필수 항목입니다."]}),
    ({"since": NINE, "until": NINE}, {"until": SPAN}),
    ({"since": TEN, "until": NINE}, {"until": SPAN}),
    ({"since": NINE, "until": "2026-04-02T09:00:01+09:00"}, {"until": SPAN}),
    ({"since": "0001-01-01T00:00:00+00:00", "until": "9999-12-31T00:00:00+00:00"}, {"until": SPAN}),
    ({"since": "어제", "until": TEN}, {"since": ["2026-03-02T09:00:00+09:00 형식의 시각이어야 합니다."]}),
    (
        {"since": "2026-03-02T09:00:00", "until": TEN},
        {"since": ["시간대가 있어야 합니다. (예: 2026-03-02T09:00:00+09:00)"]},
    ),
]
EDGES = [
    {"since": "0001-01-01T00:00:00+14:00", "until": "0001-01-02T00:00:00+14:00"},
    {"since": "1969-12-31T00:00:00+00:00", "until": "1970-01-01T00:00:00+00:00"},
    {"since": "9999-12-30T00:00:00-14:00", "until": "9999-12-31T23:59:59-14:00"},
]


@pytest.mark.parametrize(("span", "errors"), BAD_PERIODS)
@pytest.mark.parametrize("path", ["ledger/", "ledger/published_ids/"])
def test_a_period_is_told_and_not_endless(
    desk: Any, path: str, span: dict[str, str], errors: dict[str, Any]
) -> None:
    more = {"destination": "media"} if "ids" in path else {}
    answer = desk.viewer.get(path, **span, **more)
    assert refused(answer) == INVALID
    assert answer.get_json()["errors"] == errors


@pytest.mark.parametrize("span", EDGES)
def test_a_period_at_the_ends_of_the_calendar_is_empty(desk: Any, busy: Any, span: dict[str, str]) -> None:
    books = desk.viewer.get("ledger/", **span).get_json()
    assert (books["published"], books["settled"]) == ([], [])
    found = desk.viewer.get("ledger/published_ids/", destination="media", **span).get_json()
    assert found == {"ids": []}


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([], ["1개 이상 10000개 이하여야 합니다."]),
        ([str(UUID(int=n)) for n in range(10_001)], ["1개 이상 10000개 이하여야 합니다."]),
        ([str(UUID(int=1))] * 2, ["같은 ID가 두 번 이상 들어 있습니다."]),
        (["1"], {"0": ["올바른 ID 형식이 아닙니다."]}),
        ("all", ["목록이어야 합니다."]),
        (None, ["비워 둘 수 없습니다."]),
    ],
    ids=["none", "too many", "twice", "no id", "no list", "null"],
)
def test_ids_that_make_no_list_are_refused(desk: Any, ids: Any, told: Any) -> None:
    answer = desk.viewer.post("ledger/unknown/", {"ids": ids})
    assert refused(answer) == INVALID
    assert answer.get_json()["errors"] == {"ids": told}


# --- tasks ----------------------------------------------------------------------------------------


def test_tasks_say_when_they_ran_and_how_they_failed(desk: Any) -> None:
    desk.kit.admin.execute(
        "INSERT INTO periodic_task (name, due_at, last_error)"
        " VALUES ('kit.b', now(), 'KeyError'), ('kit.a', now(), NULL)"
    )
    tasks = desk.viewer.get("tasks/").get_json()["results"]
    assert [(task["name"], task["last_error"]) for task in tasks] == [("kit.a", None), ("kit.b", "KeyError")]
    assert datetime.fromisoformat(tasks[0]["due_at"]).tzinfo


# --- what operators did ---------------------------------------------------------------------------


def test_deeds_are_told_newest_first_page_by_page(desk: Any) -> None:
    with desk.kit.database.system() as conn:
        for number in range(5):
            moment = datetime(2026, 3, 2, tzinfo=UTC)
            audit.record(conn, f"operator-{number}", "tested", UUID(int=number), at=moment)
    found, cursor = [], None
    for _ in range(3):
        page = desk.viewer.get("audit/", page_size=2, **({"cursor": cursor} if cursor else {})).get_json()
        found += page["results"]
        cursor = page["next"]
    assert cursor is None
    assert [row["actor"] for row in found] == [f"operator-{number}" for number in (4, 3, 2, 1, 0)]
    assert found[0]["subject"] == str(UUID(int=4))
    assert found[0]["detail"] == {"at": "2026-03-02T00:00:00+00:00"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE operator_audit SET actor = 'nobody'",
        "DELETE FROM operator_audit",
        "TRUNCATE operator_audit",
        "DROP TABLE operator_audit",
        "ALTER TABLE operator_audit DISABLE TRIGGER ALL",
    ],
)
@pytest.mark.parametrize("as_system", [True, False])
def test_no_service_can_change_what_was_done(desk: Any, change: str, as_system: bool) -> None:
    with desk.kit.database.system() as conn:
        audit.record(conn, "operator-1", "tested", "it")
    role = desk.kit.database.system() if as_system else desk.kit.database.tenant("demo")
    with pytest.raises(ProgrammingError) as caught, role as conn:
        conn.execute(text(change))
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)
    assert desk.audited() == [("operator-1", "tested")]


def test_the_app_itself_reads_nothing_of_the_operators(desk: Any) -> None:
    """Whatever a hole in an academy's route lets through, it is not this."""
    tables = ("dead_letter", "dead_letter_verdict", "replay", "replay_item", "operator_audit", "queue_state")
    for table in tables:
        role = desk.kit.database.tenant("demo")
        with pytest.raises(ProgrammingError, match="permission denied"), role as conn:
            conn.execute(text(f"SELECT * FROM {table}"))


def test_a_deed_that_cannot_be_audited_is_not_done(desk: Any) -> None:
    desk.kit.admin.execute("ALTER TABLE operator_audit RENAME TO away")
    desk.bury(1)
    answer = desk.operator.post("dead_letters/discard/", {"type": TYPE, "note": "x"})
    desk.kit.admin.execute("ALTER TABLE away RENAME TO operator_audit")
    assert answer.status_code == 500
    assert desk.one("SELECT state FROM dead_letter") == "open"
