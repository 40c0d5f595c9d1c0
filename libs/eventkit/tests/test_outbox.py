"""Events leave with the transaction that published them, or not at all."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from contracts import IncompatibleEventError, UnknownEventTypeError
from eventkit import outbox
from eventkit.errors import PermanentError
from eventkit.trace import Cause
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError


def test_a_committed_event_is_one_row_per_subscriber(stage: Any) -> None:
    (event_id,) = stage.publish(7, type="kit.thing.counted")
    rows = stage.rows("SELECT id, destination, type, tenant_id, subject, sent_at FROM outbox ORDER BY seq")
    assert rows == [
        (event_id, "kit", "kit.thing.counted", "t1", "7", None),
        (event_id, "other", "kit.thing.counted", "t1", "7", None),
    ]


def test_a_rolled_back_event_never_existed(stage: Any) -> None:
    def fail() -> None:
        with stage.work() as uow:
            uow.publish("kit.thing.made", subject="1", data={"number": 1, "name": "x"})
            uow.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert stage.rows("SELECT * FROM outbox") == []


def test_state_and_event_are_one_transaction(stage: Any) -> None:
    with stage.work() as uow:
        uow.conn.execute(text("INSERT INTO effect VALUES ('t1', gen_random_uuid(), 1)"))
        uow.publish("kit.thing.made", subject="1", data={"number": 1, "name": "x"})
    assert stage.rows("SELECT xmin::text FROM effect") == stage.rows("SELECT xmin::text FROM outbox")


def test_an_event_nobody_subscribed_to_writes_nothing(stage: Any) -> None:
    stage.publish(1, type="kit.thing.ignored")
    assert stage.rows("SELECT * FROM outbox") == []


def test_wrong_data_is_refused_when_published_and_names_fields_only(stage: Any) -> None:
    with stage.work() as uow:
        with pytest.raises(IncompatibleEventError) as refused:
            uow.publish("kit.thing.made", subject="1", data={"number": "홍길동"})
        with pytest.raises(UnknownEventTypeError):
            uow.publish("kit.nothing.known", subject="1", data={})
        with pytest.raises(PermanentError, match="event_too_large"):
            uow.publish("kit.thing.made", subject="1", data={"number": 1, "name": "x" * 300_000})
    assert "홍길동" not in str(refused.value)
    assert stage.rows("SELECT * FROM outbox") == []


def test_published_events_continue_the_flow_and_the_trace_of_their_cause(stage: Any) -> None:
    cause = Cause("job-1", "event-0", "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01")
    with stage.work(cause=cause) as uow:
        uow.publish("kit.thing.made", subject="1", data={"number": 1, "name": "x"})
        other = Cause.start("job-2")
        uow.publish("kit.thing.made", subject="2", data={"number": 2, "name": "x"}, cause=other)
    first, second = (orjson.loads(body) for (body,) in stage.rows("SELECT body FROM outbox ORDER BY seq"))
    assert (first["correlationid"], first["causationid"]) == ("job-1", "event-0")
    assert first["traceparent"].split("-")[1] == "ab" * 16
    assert first["traceparent"].split("-")[2] != "cd" * 8
    assert (second["correlationid"], second["causationid"]) == ("job-2", None)


def test_publishing_wakes_a_listener(stage: Any) -> None:
    with stage.db.dedicated() as session:
        session.execute(f"LISTEN {outbox.channel('kit')}")
        stage.publish(1)
        assert len(list(session.notifies(timeout=5, stop_after=1))) == 1


def test_a_streaming_producer_keeps_order_over_early_flushes(stage: Any) -> None:
    with stage.work() as uow:
        for number in range(25):
            uow.publish("kit.thing.made", subject=str(number), data={"number": number, "name": "x"})
            if number % 10 == 9:
                uow.flush()
    assert [s for (s,) in stage.rows("SELECT subject FROM outbox ORDER BY seq")] == [
        str(n) for n in range(25)
    ]


def test_the_runtime_role_may_only_insert_and_only_its_tenant(stage: Any) -> None:
    stage.publish(1)
    for statement in ("SELECT * FROM outbox", "UPDATE outbox SET body = ''", "DELETE FROM outbox"):
        with pytest.raises(ProgrammingError, match="permission denied"), stage.db.tenant("t1") as conn:
            conn.execute(text(statement))
    foreign = "INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, body) "
    with pytest.raises(ProgrammingError, match="row-level security"), stage.db.tenant("t2") as conn:
        conn.execute(text(foreign + "VALUES (gen_random_uuid(), 'kit', 'x', 't1', 's', 'c', '{}')"))


def test_the_inbox_shows_a_tenant_its_own_rows(stage: Any) -> None:
    insert = "INSERT INTO inbox VALUES ('h', gen_random_uuid(), %s, 't', 'c')"
    for tenant in ("t1", "t2"):
        stage.database.admin.execute(insert, [tenant])
    with stage.db.tenant("t1") as conn:
        assert conn.execute(text("SELECT tenant_id FROM inbox")).scalars().all() == ["t1"]
    with stage.db.system() as conn:
        assert len(conn.execute(text("SELECT tenant_id FROM inbox")).all()) == 2


def test_pruning_forgets_old_sent_rows_and_keeps_parked_ones(stage: Any) -> None:
    stage.publish(1, 2, 3)
    stage.database.admin.execute("UPDATE outbox SET sent_at = now() - interval '31 days' WHERE subject = '1'")
    stage.database.admin.execute(
        "UPDATE outbox SET parked_at = now() - interval '99 days' WHERE subject = '2'"
    )
    with stage.db.system() as conn:
        assert outbox.prune(conn) == 1
        assert outbox.backlog(conn).parked == 1
    assert [s for (s,) in stage.rows("SELECT subject FROM outbox ORDER BY seq")] == ["2", "3"]
