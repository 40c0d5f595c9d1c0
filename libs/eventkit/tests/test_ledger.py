"""Published = handled + dead + on its way, by the hour in which an event was made; and which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from eventkit import archive, ledger
from eventkit.consumer import on
from eventkit.deadletters import letters
from eventkit.deadletters.letters import Filter
from eventkit.envelope import Event
from eventkit.errors import PermanentError
from eventkit.ids import new_id
from eventkit.ledger import Published, Settled
from eventkit.queue import Outgoing
from eventkit.subscription import Handler
from eventkit.uow import UnitOfWork

MADE, COUNTED = "kit.thing.made", "kit.thing.counted"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def refuse(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise PermanentError("refused")


def made_at(moment: datetime, number: int = 0) -> UUID:
    """An id as an event of that moment has it (UUIDv7)."""
    return UUID(f"{int(moment.timestamp() * 1000):012x}7000800000000000{number:04x}")


def today() -> tuple[datetime, datetime]:
    """What is made in this test carries an id of now."""
    now = datetime.now(UTC)
    return now - HOUR, now + HOUR


def counts(rows: Sequence[Any], *names: str) -> dict[Any, int]:
    """Summed over the hours: a test may run past a full one."""
    found: dict[Any, int] = {}
    for row in rows:
        key = (row.destination, row.type) if isinstance(row, Published) else row.type
        found[key] = found.get(key, 0) + sum(getattr(row, name) for name in names)
    return found


@pytest.fixture
def published(stage: Any) -> Any:
    def rows() -> list[Published]:
        with stage.db.system() as conn:
            return ledger.published(conn, *today())

    return rows


@pytest.fixture
def settled(stage: Any) -> Any:
    def rows() -> list[Settled]:
        with stage.db.system() as conn:
            return ledger.settled(conn, *today())

    return rows


def test_each_event_is_sent_waiting_or_parked_for_each_that_gets_it(stage: Any, published: Any) -> None:
    stage.send(1, 2, 3)
    stage.send(4, 5, type=COUNTED, tenant="t2")
    stage.publish(6, type=COUNTED)
    stage.publish(7)
    stage.rows("UPDATE outbox SET parked_at = now() WHERE subject = '7' RETURNING 1")
    assert counts(published(), "sent") == {
        ("kit", MADE): 3, ("kit", COUNTED): 2, ("other", COUNTED): 2,
    }  # fmt: skip
    assert counts(published(), "unsent") == {
        ("kit", MADE): 0, ("kit", COUNTED): 1, ("other", COUNTED): 1,
    }  # fmt: skip
    assert counts(published(), "parked") == {
        ("kit", MADE): 1, ("kit", COUNTED): 0, ("other", COUNTED): 0,
    }  # fmt: skip


def test_an_event_that_is_sent_again_is_one_event(stage: Any, published: Any) -> None:
    stage.send(1, 2)
    with stage.db.system() as conn:
        assert archive.resend(conn, "kit", [MADE], *today()) == 2
    waiting = counts(published(), "sent"), counts(published(), "unsent")
    stage.relay().run_once()
    after = counts(published(), "sent"), counts(published(), "unsent")
    assert waiting == after == ({("kit", MADE): 2}, {("kit", MADE): 0})


def test_an_event_ends_once_however_often_it_came(stage: Any, settled: Any, recording: Handler) -> None:
    stage.send(1, 2)
    consumer = stage.consumer(on(MADE, recording))
    for _ in range(3):
        stage.sqs.duplicate("kit")
    assert (consumer.poll().done, consumer.poll().done) == (2, 0)
    assert counts(settled(), "handled") == {MADE: 2}
    assert counts(settled(), "dead") == {MADE: 0}
    assert counts(settled(), "duplicates") == {MADE: 14}


@pytest.mark.parametrize("then", ["open", "discarded", "replayed"])
def test_a_dead_letter_has_ended_until_it_is_handled(
    stage: Any, settled: Any, begin: Any, replayer: Any, then: str
) -> None:
    stage.bury(refuse, 1, 2, 3)
    if then == "discarded":
        with stage.db.system() as conn:
            letters.discard(conn, Filter())
    if then == "replayed":
        begin()
        replayer.work()
    done = 3 if then == "replayed" else 0
    assert counts(settled(), "handled") == {MADE: done}
    assert counts(settled(), "dead") == {MADE: 3 - done}


def test_a_letter_whose_other_copy_was_handled_counts_as_handled(
    stage: Any, settled: Any, recording: Handler
) -> None:
    stage.bury(refuse, 1)
    stage.queue("kit").send_batch([Outgoing(stage.rows("SELECT body FROM dead_letter")[0][0])])
    stage.consumer(on(MADE, recording)).poll()
    assert [counts(settled(), name) for name in ("handled", "dead")] == [{MADE: 1}, {MADE: 0}]


def test_what_no_build_could_read_is_accounted_for_by_its_id(stage: Any, settled: Any) -> None:
    event_id = new_id()
    body = f'{{"specversion": "1.0", "id": "{event_id}", "type": "kit.thing.new", "tenantid": "t1"}}'
    stage.queue("kit-dlq").send_batch([Outgoing(body)])
    stage.collector().collect()
    assert counts(settled(), "dead") == {"kit.thing.new": 1}
    with stage.db.system() as conn:
        assert ledger.unknown_among(conn, [event_id]) == []


def test_the_hour_is_the_one_in_which_the_event_was_made(stage: Any) -> None:
    moments = [NINE, NINE + HOUR - timedelta(milliseconds=1), NINE + HOUR, NINE - timedelta(milliseconds=1)]
    for number, moment in enumerate(moments):
        stage.rows(
            "INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, body, sent_at)"
            " VALUES (%s, 'kit', %s, 't1', 's', 'c', '', now()) RETURNING 1",
            made_at(moment, number), MADE,
        )  # fmt: skip
        stage.rows(
            "INSERT INTO inbox (handler, event_id, tenant_id, type, correlation_id)"
            " VALUES ('h', %s, 't1', %s, 'c') RETURNING 1",
            made_at(moment, number), MADE,
        )  # fmt: skip
    with stage.db.system() as conn:
        assert ledger.published(conn, NINE, NINE + HOUR) == [Published("kit", MADE, NINE, 2, 0, 0)]
        assert ledger.settled(conn, NINE, NINE + HOUR) == [Settled(MADE, NINE, 2, 0, 0)]
        three = ledger.published(conn, NINE - HOUR, NINE + 2 * HOUR)
    assert [(row.hour, row.sent) for row in three] == [(NINE - HOUR, 1), (NINE, 2), (NINE + HOUR, 1)]


def test_which_events_are_missing_is_told_by_name(stage: Any, recording: Handler) -> None:
    ids = stage.send(1, 2, 3, 4)
    assert stage.consumer(on(MADE, recording), batch=1).poll().done == 1
    dead = stage.consumer(on(MADE, refuse), batch=1)
    assert dead.poll().dead == 1
    stage.collector().collect()
    lost = stage.sqs.queue("kit").messages.pop()
    assert str(ids[3]) in lost.body
    with stage.db.system() as conn:
        sent = ledger.published_ids(conn, "kit", *today())
        assert sorted(sent) == sorted(ids)
        assert ledger.published_ids(conn, "other", *today()) == []
        # what is in the queue still is not settled either: whoever asks compares with its depth
        assert sorted(ledger.unknown_among(conn, sent)) == sorted(ids[2:])
        assert ledger.unknown_among(conn, []) == []


def test_what_waits_in_the_outbox_is_not_missing_anywhere(stage: Any) -> None:
    stage.publish(1)
    with stage.db.system() as conn:
        assert ledger.published_ids(conn, "kit", *today()) == []


@pytest.mark.parametrize(
    "edge",
    [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)],
)
def test_times_of_no_event_are_empty(stage: Any, edge: datetime) -> None:
    stage.send(1)
    with stage.db.system() as conn:
        assert ledger.published(conn, edge, edge) == []
        assert ledger.settled(conn, edge, edge) == []


@pytest.mark.parametrize(("minute", "last"), [(0, 8), (9, 8), (10, 9), (59, 9)])
def test_the_window_ends_where_stragglers_had_ten_minutes(minute: int, last: int) -> None:
    since, until = ledger.window(NINE.replace(minute=minute, second=30))
    assert (until, until - since) == (NINE.replace(hour=last), timedelta(days=1))
