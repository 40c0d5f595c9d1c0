"""A dry run says what would happen, and leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from eventkit import lease
from eventkit.consumer import on
from eventkit.deadletters.recording import UnrehearsableError, recorded
from eventkit.deadletters.rehearsal import Forecast
from eventkit.effects import Effects
from eventkit.envelope import Event
from eventkit.errors import PermanentError, TransientError, UnavailableError, UnknownOutcomeError
from eventkit.lease import LeaseBusyError
from eventkit.metrics import DEAD_LETTERS, Metrics
from eventkit.ports import Database
from eventkit.queue import Outgoing, Queue
from eventkit.subscription import Handler, Subscription
from eventkit.uow import UnitOfWork
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError
from testkit.clock import FakeClock

ONCE = text("INSERT INTO effect (tenant_id, event_id, number) VALUES (:tenant, :id, :number)")


def refuse(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise PermanentError("refused")


def write(uow: UnitOfWork, events: Sequence[Event], times: int = 1) -> None:
    (event,) = events
    for _ in range(times):
        uow.conn.execute(ONCE, {"tenant": uow.tenant, "id": event.id, "number": event.data["number"]})


def body_of(stage: Any) -> str:
    return str(stage.rows("SELECT body FROM dead_letter")[0][0])


def tried(stage: Any, subscription: Subscription, *, body: str | None = None) -> Forecast:
    """What the dry run says; that it changed nothing is asserted each time."""
    before = stage.everything(), {name: stage.sqs.bodies(name) for name in ("kit", "kit-dlq", "other")}
    forecast = stage.rehearsal(subscription).try_out(body or body_of(stage))
    after = stage.everything(), {name: stage.sqs.bodies(name) for name in ("kit", "kit-dlq", "other")}
    assert after == before
    assert isinstance(forecast, Forecast)
    return forecast


# --- what would change ----------------------------------------------------------------------------


def test_it_counts_the_rows_and_the_events_of_this_letter_alone(stage: Any) -> None:
    def handle(uow: UnitOfWork, events: Sequence[Event]) -> None:
        write(uow, events, times=3)
        uow.conn.execute(text("UPDATE effect SET number = 0 WHERE event_id = :id"), {"id": events[0].id})
        uow.publish("kit.thing.counted", subject="s", data={"number": 1, "name": "x"})  # to two services
        uow.publish("kit.thing.ignored", subject="s", data={"number": 1, "name": "x"})  # to nobody

    stage.bury(refuse, 1)
    for _ in range(3):  # PostgreSQL's counters go on for a while after a transaction
        forecast = tried(stage, on("kit.thing.made", handle))
        assert forecast == Forecast("would_change", {"effect": 6, "events": 2})


def test_a_handler_that_has_nothing_to_do_changes_nothing(stage: Any) -> None:
    stage.bury(refuse, 1)
    assert tried(stage, on("kit.thing.made", lambda _uow, _events: None)) == Forecast("would_change", {})


def test_what_was_handled_meanwhile_is_already_applied(stage: Any, recording: Handler) -> None:
    stage.bury(refuse, 1)
    stage.queue("kit").send_batch([Outgoing(body_of(stage))])
    subscription = on("kit.thing.made", recording)
    stage.consumer(subscription).poll()
    assert stage.effects == [1]
    assert tried(stage, subscription) == Forecast("already_applied")


def test_a_tenant_sees_its_own_rows_in_a_dry_run_too(stage: Any) -> None:
    seen: list[int] = []

    def look(uow: UnitOfWork, _events: Sequence[Event]) -> None:
        seen.append(uow.conn.execute(text("SELECT count(*) FROM effect")).scalar_one())

    for tenant in ("t1", "t2"):
        stage.rows("INSERT INTO effect VALUES (%s, gen_random_uuid(), 1) RETURNING 1", tenant)
    stage.bury(refuse, 1)
    tried(stage, on("kit.thing.made", look))
    assert seen == [1]


# --- what still fails -----------------------------------------------------------------------------


def stumble(_uow: UnitOfWork, events: Sequence[Event]) -> None:
    raise KeyError(events[0].data["name"])


def divide(uow: UnitOfWork, _events: Sequence[Event]) -> None:
    uow.conn.execute(text("SELECT 1 / 0"))


def guess(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise UnknownOutcomeError


def tire(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise TransientError("later")


def collide(uow: UnitOfWork, _events: Sequence[Event]) -> None:
    uow.conn.execute(text("DO 'BEGIN RAISE lock_not_available; END'"))


def flood(uow: UnitOfWork, _events: Sequence[Event]) -> None:
    uow.publish("kit.thing.counted", subject="s", data={"number": 1, "name": "x" * 300_000})


@pytest.mark.parametrize("handler", [refuse, stumble, divide, guess, tire, collide, flood])
def test_what_still_fails_is_told_as_the_consumer_tells_it(stage: Any, handler: Handler) -> None:
    stage.bury(handler, 1)
    forecast = tried(stage, on("kit.thing.made", handler))
    ((reason, fingerprint),) = stage.rows("SELECT reason, fingerprint FROM dead_letter")
    assert forecast == Forecast("still_fails", {}, reason, fingerprint)


def test_what_a_handler_did_before_it_failed_is_no_change(stage: Any) -> None:
    def almost(uow: UnitOfWork, events: Sequence[Event]) -> None:
        write(uow, events)
        refuse(uow, events)

    stage.bury(refuse, 1)
    forecast = tried(stage, on("kit.thing.made", almost))
    assert (forecast.word, forecast.changes, forecast.reason) == ("still_fails", {}, "refused")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"specversion": "2.0"}, "not_an_event"),
        ({"data": {"number": "김하나"}}, "incompatible_data"),
        ({"schemaversion": 9}, "newer_version"),
        ({"type": "kit.thing.unheard"}, "unknown_type"),
        ({"type": "kit.thing.counted", "schemaversion": 1}, "no_handler"),
    ],
)
def test_what_this_build_cannot_read_says_why(
    stage: Any, recording: Handler, changed: dict[str, Any], reason: str
) -> None:
    stage.bury(refuse, 1)
    body = orjson.dumps({**orjson.loads(body_of(stage)), **changed}).decode()
    assert tried(stage, on("kit.thing.made", recording), body=body) == Forecast("unreadable", {}, reason)
    assert tried(stage, on("kit.thing.made", recording), body="{") == Forecast("unreadable", {}, "not_json")


@pytest.mark.parametrize(
    "error",
    [UnavailableError("storage"), OperationalError("SELECT", {}, Exception("refused")), LeaseBusyError("x")],
)
def test_what_must_be_waited_for_says_nothing_of_the_letter(stage: Any, error: Exception) -> None:
    def wait(uow: UnitOfWork, events: Sequence[Event]) -> None:
        write(uow, events)
        raise error

    stage.bury(refuse, 1)
    with pytest.raises(type(error)):
        tried(stage, on("kit.thing.made", wait))
    assert stage.effects == []


# --- the world outside the transaction ------------------------------------------------------------


@dataclass
class Sender:
    """Sends messages, for real or on paper."""

    sent: list[int] = field(default_factory=list)

    def send(self, number: int) -> None:
        self.sent.append(number)

    def recording(self, effects: Effects) -> PaperSender:
        return PaperSender(effects)


class PaperSender:
    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def send(self, number: int) -> None:
        self._effects.note("messages sent")


@dataclass(frozen=True, slots=True)
class Ports:
    """As enrollment's ReadingPorts: what a long job needs, with transactions of its own."""

    db: Database
    sender: Sender
    clock: FakeClock
    queue: Queue
    send: Callable[[int], None]
    owner: str = "worker-1"


def effects_of(conn: Connection) -> list[int]:
    return list(conn.execute(text("SELECT number FROM effect ORDER BY number")).scalars())


def long_job(uow: UnitOfWork, events: Sequence[Event], *, ports: Ports) -> None:
    """Claims a job and reports on it in transactions of its own, so that others see it at once."""
    (event,) = events
    with ports.db.tenant(uow.tenant) as conn:
        fence = lease.claim(conn, "job", ports.owner, timedelta(minutes=1), ports.clock)
        conn.execute(ONCE, {"tenant": uow.tenant, "id": event.id, "number": 1})
    with ports.db.tenant("t2") as conn:
        assert effects_of(conn) == []
        conn.execute(ONCE, {"tenant": "t2", "id": event.id, "number": 2})
    with pytest.raises(DataError), ports.db.tenant(uow.tenant) as conn:
        conn.execute(
            text("WITH gone AS (DELETE FROM effect RETURNING 1) SELECT 1 / (count(*) - 1) FROM gone")
        )
    assert effects_of(uow.conn) == [1]  # in its own academy again
    with ports.db.system() as conn:
        assert effects_of(conn) == [1, 2]
    with pytest.raises(ProgrammingError), uow.conn.begin_nested():
        uow.conn.execute(text("DELETE FROM outbox"))  # and in its own role
    lease.check(uow.conn, fence)
    lease.release(uow.conn, fence)
    ports.db.ping()
    ports.sender.send(1)
    ports.send(2)
    assert ports.queue.receive() == []
    ports.queue.send_batch([Outgoing("x"), Outgoing("y")])


def test_ports_with_transactions_and_effects_of_their_own_are_rehearsed_without_them(stage: Any) -> None:
    stage.bury(refuse, 1)
    queue, sender = stage.queue("kit-dlq"), Sender()
    queue.send_batch([Outgoing("a letter of somebody")])
    ports = Ports(stage.db, sender, stage.clock, queue, sender.send)
    forecast = tried(stage, on("kit.thing.made", long_job, ports=ports))
    assert forecast.reason == ""
    assert forecast.changes == {
        "effect": 3,  # one of them was taken back
        "messages sent": 2, "kit-dlq looked through": 1, "sent to kit-dlq": 2,
    }  # fmt: skip
    assert sender.sent == []
    assert queue.depth().visible == 1  # nothing was received either


def test_positional_ports_have_twins_too(stage: Any) -> None:
    def both(sender: Sender, uow: UnitOfWork, events: Sequence[Event], *, more: Sender) -> None:
        sender.send(1)
        more.send(2)

    stage.bury(refuse, 1)
    sender = Sender()
    handler = partial(partial(both, sender), more=sender)
    assert tried(stage, on("kit.thing.made", handler)).changes == {"messages sent": 2}
    assert sender.sent == []


def test_a_rehearsal_counts_in_no_metric(stage: Any) -> None:
    def count(_uow: UnitOfWork, _events: Sequence[Event], *, metrics: Metrics) -> None:
        metrics.count(DEAD_LETTERS, type="kit.thing.made", reason="rehearsed")

    stage.bury(refuse, 1)
    subscription = on("kit.thing.made", count, metrics=stage.runtime.metrics)
    assert tried(stage, subscription).word == "would_change"
    assert stage.sample("academy_dead_letters_total", type="kit.thing.made", reason="rehearsed") == 0


class Printer:
    """Prints for real, and has no twin."""

    def __init__(self) -> None:
        self.printed: list[int] = []

    def print(self, number: int) -> None:
        self.printed.append(number)


@dataclass(frozen=True)
class Nested:
    printer: Printer


@pytest.mark.parametrize("bind", [lambda p: p, lambda p: p.print, Nested, lambda p: partial(p.print, 1)])
def test_a_port_without_a_twin_is_never_called(stage: Any, bind: Callable[[Printer], Any]) -> None:
    def use(_uow: UnitOfWork, _events: Sequence[Event], *, port: Any) -> None:
        raise AssertionError("the handler must not run")

    stage.bury(refuse, 1)
    printer = Printer()
    forecast = tried(stage, on("kit.thing.made", use, port=bind(printer)))
    assert (forecast.word, forecast.changes) == ("unreadable", {})
    assert forecast.reason in ("no_twin:Printer", "no_twin:partial")
    assert printer.printed == []


def test_a_session_outside_the_transaction_has_no_twin(stage: Any) -> None:
    def lock(_uow: UnitOfWork, _events: Sequence[Event], *, db: Database) -> None:
        db.dedicated()

    stage.bury(refuse, 1)
    forecast = tried(stage, on("kit.thing.made", lock, db=stage.db))
    assert forecast == Forecast("unreadable", {}, "no_twin:dedicated session")


def test_a_plain_handler_needs_no_twin(stage: Any) -> None:
    with stage.db.tenant("t1") as conn:
        assert recorded(refuse, conn, Effects()) is refuse
        with pytest.raises(UnrehearsableError, match="Printer"):
            recorded(partial(refuse, Printer()), conn, Effects())
