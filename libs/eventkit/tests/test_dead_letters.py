"""Dead letters reach the table: none twice, none unseen, with what killed them, by cause."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from contracts import REGISTRY
from eventkit.deadletters import letters
from eventkit.deadletters.letters import Filter, fingerprint
from eventkit.envelope import Event, encode
from eventkit.erasure import Person, erase_traces
from eventkit.errors import PermanentError, TransientError
from eventkit.ids import new_id
from eventkit.queue import Outgoing
from eventkit.uow import UnitOfWork
from testkit.events import MakeEvent

NOT_THERE = UUID(int=7)


def refuse(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise PermanentError("refused")


def stumble(_uow: UnitOfWork, events: Sequence[Event]) -> None:
    raise KeyError(events[0].data["name"])


def stored(stage: Any) -> list[dict[str, Any]]:
    return [row for (row,) in stage.rows("SELECT to_jsonb(d) FROM dead_letter d ORDER BY first_seen, id")]


def put(stage: Any, body: str, **said: str) -> None:
    """A dead letter as whoever writes to the queue may leave it."""
    assert stage.queue("kit-dlq").send_batch([Outgoing(body, said)]) == {}


def event_body(number: int = 1, **changed: Any) -> str:
    document = {
        "specversion": "1.0", "id": str(new_id()), "source": "kit", "type": "kit.thing.made", "subject": "1",
        "time": "2026-03-01T12:00:00Z", "tenantid": "t1", "correlationid": "flow-1", "causationid": None,
        "traceparent": "00-x", "schemaversion": 2, "data": {"number": number, "name": "x"},
    }  # fmt: skip
    return orjson.dumps({**document, **changed}).decode()


# --- collecting -----------------------------------------------------------------------------------


def test_a_letter_has_everything_that_is_known_of_it(stage: Any) -> None:
    (event_id,) = stage.bury(refuse, 1)
    (letter,) = stored(stage)
    flow = stage.rows("SELECT correlation_id FROM outbox")[0][0]
    known = {
        "key": str(event_id), "event_id": str(event_id), "type": "kit.thing.made", "tenant_id": "t1",
        "handler": "refuse", "reason": "refused", "correlation_id": flow, "source_queue": "kit",
        "attempts": 1, "seen": 1, "state": "open", "edited_from": None, "settled_at": None,
    }  # fmt: skip
    assert {name: letter[name] for name in known} == known
    assert letter["place"].startswith("test_dead_letters.py:")
    assert letter["place"].endswith(" refuse")
    assert (
        letter["first_seen"] == letter["last_seen"] == letter["published_at"] == "2026-03-02T00:00:00+00:00"
    )
    assert orjson.loads(letter["body"])["data"] == {"number": 1, "name": "x"}
    assert stage.sqs.bodies("kit-dlq") == []


def test_what_died_after_the_last_try_is_told_by_its_class_and_never_by_its_text(stage: Any) -> None:
    stage.bury(stumble, 1)
    (letter,) = stored(stage)
    assert (letter["reason"], letter["attempts"]) == ("KeyError", 6)


def test_a_letter_that_sqs_moved_says_what_its_body_says(stage: Any) -> None:
    """Whoever had it died or hung each time, so that nobody wrote down why."""
    (event_id,) = stage.send(1)
    for _ in range(7):
        stage.queue("kit").receive()
        stage.clock.advance(61)
    assert stage.collector().collect() == 1
    (letter,) = stored(stage)
    known = {
        "event_id": str(event_id), "type": "kit.thing.made", "tenant_id": "t1", "handler": "", "place": "",
        "reason": "max_receives", "source_queue": "kit", "attempts": 0,
    }  # fmt: skip
    assert {name: letter[name] for name in known} == known


@pytest.mark.parametrize(
    ("body", "type", "tenant", "event_id"),
    [
        ("not json", "unknown", "", None),
        ("[" * 900, "unknown", "", None),
        ('{"type": "김하나 01012345678", "tenantid": "../demo"}', "unknown", "", None),
        (f'{{"type": "{"a." * 200}a", "tenantid": "{"t" * 80}"}}', "unknown", "", None),
        (event_body(type="kit.thing.new", id=str(NOT_THERE)), "kit.thing.new", "t1", NOT_THERE),
        (event_body(id=str(NOT_THERE), data={}), "kit.thing.made", "t1", NOT_THERE),
        (event_body(schemaversion=9, id=str(NOT_THERE)), "kit.thing.made", "t1", NOT_THERE),
    ],
)
def test_a_body_that_cannot_be_read_is_kept_whole_with_what_it_seems_to_be(
    stage: Any, body: str, type: str, tenant: str, event_id: UUID | None
) -> None:
    put(stage, body, reason="not_an_event")
    put(stage, body + " ", reason="not_an_event")
    assert stage.collector().collect() == 2
    found = stored(stage)
    assert sorted(letter["body"] for letter in found) == [body, body + " "]
    assert {(letter["type"], letter["tenant_id"]) for letter in found} == {(type, tenant)}
    assert {letter["event_id"] for letter in found} == {str(event_id) if event_id else None}
    assert {letter["correlation_id"] for letter in found} == {None}


@pytest.mark.parametrize("attempts", ["-1", "", "many", "٣", "9" * 30])
@pytest.mark.parametrize("moment", ["", "yesterday", "2026-03-02T00:00:00", "9999-99-99"])
def test_attributes_that_make_no_sense_stop_nothing(stage: Any, attempts: str, moment: str) -> None:
    said = {name: value for name, value in (("attempts", attempts), ("failed_at", moment)) if value}
    put(stage, event_body(), reason="refused", **said)
    assert stage.collector().collect() == 1
    (letter,) = stored(stage)
    assert letter["attempts"] == 0
    assert datetime.fromisoformat(letter["last_seen"]) == stage.clock.now()


def test_two_copies_of_one_message_are_one_letter(stage: Any) -> None:
    body = event_body()
    for minute in (3, 1, 2):
        put(stage, body, reason="refused", attempts="2", failed_at=f"2026-03-02T00:0{minute}:00+00:00")
        stage.collector().collect()
    (letter,) = stored(stage)
    # the copies that died before the one that is known say nothing new
    assert (letter["seen"], letter["attempts"]) == (1, 2)
    put(stage, body, reason="other", attempts="6", handler="on_thing", failed_at="2026-03-02T00:04:00+00:00")
    put(stage, body, reason="older", attempts="6", failed_at="2026-03-02T00:03:30+00:00")
    stage.collector().collect()
    (letter,) = stored(stage)
    assert (letter["seen"], letter["attempts"], letter["reason"]) == (2, 8, "other")
    assert letter["last_seen"] > letter["first_seen"]
    assert letter["fingerprint"] == fingerprint("kit.thing.made", "on_thing", "other", "")


def test_a_crash_between_storing_and_deleting_counts_nothing_twice(stage: Any) -> None:
    for number in range(25):
        put(stage, event_body(number), reason="refused", failed_at="2026-03-02T00:00:00+00:00")
    stage.sqs.faults.fail_next("DeleteMessageBatch", "InternalError")
    with pytest.raises(Exception, match="InternalError"):
        stage.collector().collect()
    assert (len(stored(stage)), len(stage.sqs.bodies("kit-dlq"))) == (10, 25)
    stage.clock.advance(61)
    assert stage.collector().collect() == 25
    found = stored(stage)
    assert len(found) == 25
    assert {letter["seen"] for letter in found} == {1}
    assert stage.sqs.bodies("kit-dlq") == []


def test_a_letter_that_cannot_be_deleted_is_told_and_comes_again(stage: Any) -> None:
    put(stage, event_body(), reason="refused", failed_at="2026-03-02T00:00:00+00:00")
    stage.sqs.faults.refuse("DeleteMessageBatch", lambda _entry: True)
    with pytest.raises(TransientError, match="not deleted"):
        stage.collector().collect()
    assert len(stage.sqs.bodies("kit-dlq")) == len(stored(stage)) == 1


def test_several_workers_collect_side_by_side(stage: Any) -> None:
    bodies = {event_body(number) for number in range(120)}
    for body in sorted(bodies):
        put(stage, body, reason="refused")
    start, counts = threading.Barrier(4), []

    def collect() -> None:
        start.wait()
        counts.append(stage.collector().collect())

    threads = [threading.Thread(target=collect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 120
    assert {letter["body"] for letter in stored(stage)} == bodies


def test_a_letter_that_was_given_up_is_open_again_when_it_dies_again(stage: Any) -> None:
    body = event_body()
    put(stage, body, reason="refused", failed_at="2026-03-02T00:00:00+00:00")
    stage.collector().collect()
    with stage.db.system() as conn:
        letters.discard(conn, Filter(tenant_id="t1"))
    put(stage, body, reason="refused", failed_at="2026-03-02T01:00:00+00:00")
    stage.collector().collect()
    (letter,) = stored(stage)
    assert (letter["state"], letter["settled_at"], letter["seen"]) == ("open", None, 2)


def test_a_copy_of_a_letter_that_was_handled_changes_nothing(stage: Any, replayer: Any, begin: Any) -> None:
    (event_id,) = stage.bury(refuse, 1)
    begin()
    replayer.work()
    put(stage, stored(stage)[0]["body"], reason="refused", failed_at="2026-03-02T09:00:00+00:00")
    stage.collector().collect()
    assert stage.states() == {event_id: "replayed"}
    stage.rows("DELETE FROM inbox RETURNING 1")  # forgotten, to rebuild a read model
    put(stage, stored(stage)[0]["body"], reason="refused", failed_at="2026-03-02T10:00:00+00:00")
    stage.collector().collect()
    assert stage.states() == {event_id: "open"}


# --- causes ---------------------------------------------------------------------------------------


def test_a_cause_is_the_same_wherever_its_line_moves() -> None:
    cause = ("kit.thing.made", "on_thing_made", "KeyError", "usecases.py:42 restore")
    assert fingerprint(*cause) == fingerprint(*cause[:3], "usecases.py:4711 restore")
    others = [
        ("kit.thing.counted", *cause[1:]),
        (cause[0], "on_thing_counted", *cause[2:]),
        (*cause[:2], "ValueError", cause[3]),
        (*cause[:3], "usecases.py:42 delete"),
        (*cause[:3], "store.py:42 restore"),
    ]
    assert len({fingerprint(*other) for other in (cause, *others)}) == 6
    assert fingerprint("a", "b", "c", "") != fingerprint("a", "b", "", "c")


def test_letters_are_grouped_by_cause_the_largest_first(stage: Any) -> None:
    stage.bury(refuse, 1, 2)
    stage.clock.advance(3600)
    stage.bury(refuse, 3, tenant="t2")
    stage.bury(refuse, 4, type="kit.thing.counted")
    stage.bury(refuse, 5)
    with stage.db.system() as conn:
        letters.discard(conn, Filter(ids=[UUID(stored(stage)[-1]["id"])]))
        first, second = letters.groups(conn, Filter(), "build-1")
        assert letters.groups(conn, Filter(tenant_id="t3"), "build-1") == []
        (mine,) = letters.groups(conn, Filter(tenant_id="t2"), "build-1")
        assert letters.open_by_type(conn) == {"kit.thing.made": 3, "kit.thing.counted": 1}
    assert (first.type, first.count, first.tenants, first.handler) == ("kit.thing.made", 3, 2, "refuse")
    assert first.last_seen - first.first_seen == timedelta(hours=1, seconds=901)
    assert (first.reason, first.forecast) == ("refused", None)
    assert (second.type, second.count) == ("kit.thing.counted", 1)
    assert (mine.fingerprint, mine.count) == (first.fingerprint, 1)


def test_a_filter_takes_what_meets_all_of_it(stage: Any) -> None:
    one, two = stage.bury(refuse, 1, 2)
    stage.clock.advance(3600)
    late = stage.clock.now()
    (three,) = stage.bury(refuse, 3, tenant="t2")
    (four,) = stage.bury(refuse, 4, type="kit.thing.counted")
    by_event = {UUID(letter["event_id"]): letter for letter in stored(stage)}
    cases: dict[Any, set[UUID]] = {
        Filter(): {one, two, three, four},
        Filter(type="kit.thing.made"): {one, two, three},
        Filter(tenant_id="t2"): {three},
        Filter(type="kit.thing.counted", tenant_id="t2"): set(),
        Filter(fingerprint=by_event[one]["fingerprint"]): {one, two, three},
        Filter(correlation_id=by_event[one]["correlation_id"]): {one, two},
        Filter(since=late): {three, four},
        Filter(until=late): {one, two},
        Filter(since=late, until=late): set(),
        Filter(since=datetime(1, 1, 1, tzinfo=UTC), until=datetime(9999, 1, 1, tzinfo=UTC)): set(by_event),
        Filter(ids=(UUID(by_event[two]["id"]), NOT_THERE)): {two},
    }
    found = {}
    for chosen in cases:
        with stage.db.system() as conn, conn.begin_nested() as savepoint:
            gone = letters.discard(conn, chosen)
            savepoint.rollback()
        found[chosen] = {event for event, letter in by_event.items() if UUID(letter["id"]) in gone}
    assert found == cases


def test_only_open_letters_are_given_up_or_edited(stage: Any) -> None:
    stage.bury(refuse, 1)
    letter_id = UUID(stored(stage)[0]["id"])
    with stage.db.system() as conn:
        assert letters.edit(conn, letter_id, "{}")
        assert letters.edit(conn, letter_id, "[]")
        assert letters.discard(conn, Filter()) == [letter_id]
        assert letters.discard(conn, Filter()) == []
        assert not letters.edit(conn, letter_id, "{}")
        assert not letters.edit(conn, NOT_THERE, "{}")
    (letter,) = stored(stage)
    assert letter["body"] == "[]"
    assert orjson.loads(letter["edited_from"])["data"]["number"] == 1  # the first one, not the one before


def test_settled_letters_are_forgotten_after_30_days_and_open_ones_never(stage: Any) -> None:
    stage.bury(refuse, 1, 2)
    first, second = (UUID(letter["id"]) for letter in stored(stage))
    with stage.db.system() as conn:
        letters.discard(conn, Filter(ids=[first]))
        assert letters.prune(conn) == 0
    stage.rows(
        "UPDATE dead_letter SET settled_at = now() - interval '31 days', last_seen = 'epoch' RETURNING 1"
    )
    with stage.db.system() as conn:
        assert letters.prune(conn) == 1
    assert [UUID(letter["id"]) for letter in stored(stage)] == [second]


# --- people ---------------------------------------------------------------------------------------

HANA = Person(UUID(int=1), "김하나", "01012345678", None)
DURI = Person(UUID(int=2), "이두리", "01022223333", None)


def changed(*people: Person) -> dict[str, Any]:
    nothing = [None for _ in people]
    return {
        "students": {
            "student_id": [str(p.id) for p in people], "version": [1 for _ in people],
            "name": [p.name for p in people], "parent_phone": [p.parent_phone for p in people],
            "student_phone": nothing, "school": nothing, "grade": nothing, "deleted": [False for _ in people],
        }
    }  # fmt: skip


def test_a_purged_person_leaves_the_table_too(stage: Any, make_event: MakeEvent) -> None:
    """Also the body before an edit, one that nobody can read, and one that may be any academy's."""
    kinds = {"both": changed(HANA, DURI), "before": changed(HANA), "others": changed(DURI)}
    made = {kind: make_event("students.student.changed", "t1", data) for kind, data in kinds.items()}
    bodies = {kind: encode(event) for kind, event in made.items()}
    bodies["unreadable"] = f'{{"tenantid":"t1","name":"{HANA.name}","phone":"010-1234-5678"}}'
    bodies["unknown"] = f"{HANA.name} {HANA.parent_phone}"
    bodies["theirs"] = encode(make_event("students.student.changed", "t2", changed(HANA)))
    collector = type(stage.collector())(stage.queue("kit-dlq"), stage.db, stage.clock, REGISTRY)
    for body in bodies.values():
        put(stage, body, reason="refused")
    collector.collect()
    ids = {letter["body"]: UUID(letter["id"]) for letter in stored(stage)}
    with stage.db.system() as conn:
        letters.edit(conn, ids[bodies["before"]], bodies["others"])
    with stage.work("t1") as uow:
        counts = erase_traces(uow, [HANA])
    assert counts == {(HANA.id, "dead_letters"): 4}
    left = {UUID(letter["id"]): letter for letter in stored(stage)}
    both = left[ids[bodies["both"]]]
    assert orjson.loads(both["body"])["data"] == changed(DURI)
    assert left[ids[bodies["before"]]]["edited_from"] is None
    assert left[ids[bodies["theirs"]]]["body"] == bodies["theirs"]  # another academy's person of that name
    mine = [letter for letter in left.values() if letter["tenant_id"] != "t2"]
    assert HANA.name not in str(mine)
    assert "1234" not in str(mine)
