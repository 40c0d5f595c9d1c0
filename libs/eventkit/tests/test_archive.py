"""A read model is built anew from the publisher's outbox, and nothing else has a second effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from eventkit import archive, ledger
from eventkit.consumer import on
from eventkit.envelope import Event, decode
from eventkit.subscription import Subscription
from eventkit.uow import UnitOfWork
from sqlalchemy import text

MADE, COUNTED = "kit.thing.made", "kit.thing.counted"
HOUR = timedelta(hours=1)


def project(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A read model of one row per event."""
    for event in events:
        given = {"t": uow.tenant, "id": event.id, "number": event.data["number"]}
        uow.conn.execute(text("DELETE FROM effect WHERE event_id = :id"), {"id": event.id})
        uow.conn.execute(text("INSERT INTO effect VALUES (:t, :id, :number)"), given)


def book(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """What must happen once."""
    for event in events:
        given = {"t": uow.tenant, "id": event.id, "number": -event.data["number"]}
        uow.conn.execute(text("INSERT INTO effect VALUES (:t, :id, :number)"), given)


def listening(stage: Any) -> tuple[Any, list[Subscription]]:
    subscriptions = [on(MADE, project, rebuildable=True), on(COUNTED, book)]
    with stage.db.system() as conn:
        archive.declare(conn, subscriptions)
    return stage.consumer(*subscriptions), subscriptions


def today() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - HOUR, now + HOUR


def forget(stage: Any, *types: str) -> int:
    with stage.db.system() as conn:
        return archive.forget(conn, types, *today())


def resend(stage: Any, to: str, *types: str) -> int:
    with stage.db.system() as conn:
        sent = archive.resend(conn, to, types, *today())
    stage.relay().run_once()
    return sent


def test_a_worker_says_what_can_be_rebuilt(stage: Any) -> None:
    _, subscriptions = listening(stage)
    with stage.db.system() as conn:
        assert archive.rebuildable(conn) == [MADE]
        archive.declare(conn, [on(COUNTED, project, rebuildable=True), subscriptions[0]])
        assert archive.rebuildable(conn) == [COUNTED, MADE]
        archive.declare(conn, subscriptions)  # the build before, again
        archive.declare(conn, [])
        assert archive.rebuildable(conn) == [MADE]


def test_the_read_model_comes_back_and_everything_else_happens_once(stage: Any) -> None:
    consumer, _ = listening(stage)
    stage.send(1, 2, 3)
    stage.send(4, 5, type=COUNTED)
    for _ in range(2):
        consumer.poll()
    assert stage.effects == [-5, -4, 1, 2, 3]
    elsewhere = stage.sqs.bodies("other")
    stage.rows(
        "DELETE FROM effect WHERE number > 0 RETURNING 1"
    )  # the read model is lost, or has a new column
    assert forget(stage, MADE, COUNTED) == 3
    assert resend(stage, "kit", MADE, COUNTED) == 5
    receipts = [consumer.poll() for _ in range(2)]
    assert stage.effects == [-5, -4, 1, 2, 3]
    assert (sum(r.done for r in receipts), sum(r.duplicate for r in receipts)) == (3, 2)
    assert stage.sqs.bodies("other") == elsewhere


def test_one_destination_gets_what_it_had_got_under_the_same_ids(stage: Any) -> None:
    ids = stage.send(1, 2, type=COUNTED)
    stage.publish(3, type=COUNTED)  # waits still: it comes anyway
    before = stage.sqs.bodies("kit"), stage.sqs.bodies("other")
    with stage.db.system() as conn:
        assert archive.resend(conn, "other", [COUNTED, MADE], *today()) == 2
    stage.rows("DELETE FROM outbox WHERE subject = '3' RETURNING 1")
    stage.relay().run_once()
    assert stage.sqs.bodies("kit") == before[0]
    new = stage.sqs.bodies("other")[len(before[1]) :]
    assert [decode(body, stage.runtime.registry).id for body in new] == ids
    assert sorted(new) == sorted(before[1])


def test_an_event_that_was_resent_is_resent_once_the_next_time(stage: Any) -> None:
    stage.send(1)
    assert [resend(stage, "kit", MADE) for _ in range(3)] == [1, 1, 1]
    assert len(stage.sqs.bodies("kit")) == 4


def test_only_the_time_that_was_asked_for(stage: Any) -> None:
    consumer, _ = listening(stage)
    stage.send(1)
    consumer.poll()
    since, until = today()
    for span in ((since - HOUR, since), (until, until + HOUR)):
        with stage.db.system() as conn:
            assert archive.forget(conn, [MADE], *span) == 0
            assert archive.resend(conn, "kit", [MADE], *span) == 0


def test_what_an_older_handler_had_is_not_forgotten(stage: Any) -> None:
    """It did something else: that this one only keeps a read model says nothing of it."""
    listening(stage)
    stage.send(1)
    stage.consumer(on(MADE, book)).poll()
    assert forget(stage, MADE) == 0
    assert forget(stage, COUNTED) == 0


def test_until_they_have_come_again_forgotten_events_are_on_their_way(stage: Any) -> None:
    consumer, _ = listening(stage)
    ids = stage.send(1, 2)
    consumer.poll()
    forget(stage, MADE)
    with stage.db.system() as conn:
        assert sorted(ledger.unknown_among(conn, ids)) == sorted(ids)
    resend(stage, "kit", MADE)
    consumer.poll()
    with stage.db.system() as conn:
        assert ledger.unknown_among(conn, ids) == []
        published = ledger.published(conn, *today())
        settled = ledger.settled(conn, *today())
    assert sum(row.sent for row in published) == sum(row.handled for row in settled) == 2
