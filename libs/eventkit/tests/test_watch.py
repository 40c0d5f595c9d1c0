"""Every worker's look at its queues: their depth, their letters, whether the books balance."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from eventkit import archive
from eventkit.consumer import on
from eventkit.deadletters import letters
from eventkit.deadletters.letters import Filter
from eventkit.envelope import Event
from eventkit.errors import PermanentError
from eventkit.queue import Outgoing
from eventkit.subscription import Handler
from eventkit.uow import UnitOfWork
from eventkit.watch import EVERY, Watch

MADE, COUNTED = "kit.thing.made", "kit.thing.counted"


def refuse(_uow: UnitOfWork, _events: Sequence[Event]) -> None:
    raise PermanentError("refused")


@pytest.fixture
def watch(stage: Any, recording: Handler) -> Watch:
    subscriptions = [on(MADE, recording, rebuildable=True), on(COUNTED, refuse)]
    return Watch("kit", stage.queue("kit"), stage.queue("kit-dlq"), stage.db, subscriptions, stage.runtime)


class After(threading.Event):
    """Is set once it has been asked so often: a round asks three times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._left = times

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def states(stage: Any) -> dict[str, tuple[int, ...]]:
    found = stage.rows("SELECT queue, visible, in_flight, delayed FROM queue_state ORDER BY queue")
    return {name: depth for name, *depth in found}


def test_it_notes_how_deep_the_queues_are(stage: Any, watch: Watch) -> None:
    stage.send(1, 2, 3)
    stage.queue("kit").receive(1)
    stage.queue("kit").send_batch([Outgoing("later", {}, 60)])
    watch.look()
    assert states(stage) == {"kit": [2, 1, 1], "kit-dlq": [0, 0, 0]}
    assert stage.sample("academy_queue_visible_messages", queue="kit") == 2
    assert stage.sample("academy_queue_in_flight_messages", queue="kit") == 1
    stage.clock.advance(61)
    watch.look()
    assert states(stage) == {"kit": [4, 0, 0], "kit-dlq": [0, 0, 0]}


def test_letters_are_collected_and_counted_by_type_until_somebody_settles_them(
    stage: Any, watch: Watch
) -> None:
    stage.send(1, 2)
    stage.consumer(on(MADE, refuse)).poll()
    stage.queue("kit-dlq").send_batch([Outgoing("{"), Outgoing('{"type": "a.stranger.came"}')])
    watch.look()

    def waiting() -> list[float]:
        types = (MADE, COUNTED, "unknown", "a.stranger.came")
        return [stage.sample("academy_dead_letters_open", type=type) for type in types]

    assert waiting() == [2, 0, 2, 0]
    assert stage.sample("academy_dead_letter_queue_messages", queue="kit-dlq") == 0
    assert states(stage)["kit-dlq"] == [0, 0, 0]
    with stage.db.system() as conn:
        letters.discard(conn, Filter())
    watch.look()
    assert waiting() == [0, 0, 0, 0]


def test_the_books_of_a_day_are_counted_every_ten_minutes(stage: Any, watch: Watch) -> None:
    """The clock says 2026-03-02 00:00: the window ends an hour before."""
    event_id = "019ca8d9-ec20-7000-8000-000000000000"  # 2026-03-01 10:03
    for destination in ("kit", "other"):
        stage.rows(
            "INSERT INTO outbox (id, destination, type, tenant_id, subject, correlation_id, body, sent_at)"
            " VALUES (%s, %s, %s, 't1', 's', 'c', '', now()) RETURNING 1",
            event_id, destination, COUNTED,
        )  # fmt: skip

    def books() -> list[float]:
        published = [stage.sample("academy_ledger_published", destination=name) for name in ("kit", "other")]
        return [*published, stage.sample("academy_ledger_settled", service="kit")]

    watch.look()
    assert books() == [1, 1, 0]
    stage.rows(
        "INSERT INTO inbox (handler, event_id, tenant_id, type, correlation_id)"
        " VALUES ('h', %s, 't1', %s, 'c') RETURNING 1",
        event_id, COUNTED,
    )  # fmt: skip
    stage.rows("DELETE FROM outbox WHERE destination = 'other' RETURNING 1")
    watch.look()
    assert books() == [1, 1, 0]
    stage.clock.advance(600)
    watch.look()
    assert books() == [1, 0, 1]
    with stage.db.system() as conn:
        assert archive.rebuildable(conn) == [MADE]


@pytest.mark.parametrize("operation", ["GetQueueAttributes", "ReceiveMessage", "DeleteMessageBatch"])
def test_it_survives_a_queue_that_is_away(stage: Any, watch: Watch, operation: str) -> None:
    stage.queue("kit-dlq").send_batch([Outgoing("{")])
    for _ in range(2):
        stage.sqs.faults.fail_next(operation, "InternalError")
    began = stage.clock.monotonic()
    watch.run(After(9))
    assert stage.clock.monotonic() - began == 3 * EVERY
    stage.clock.advance(61)
    watch.look()
    assert stage.sqs.bodies("kit-dlq") == []
    assert stage.rows("SELECT count(*) FROM dead_letter") == [(1,)]
    assert stage.runtime.pulse.stalled() == []
