"""From the dead-letter queue into the table, so that no letter expires unseen after 14 days."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from contracts import Registry

from eventkit.clock import Clock
from eventkit.deadletters import letters
from eventkit.deadletters.letters import Letter
from eventkit.envelope import decode
from eventkit.erasure import ALONE
from eventkit.errors import TransientError, UndecodableError
from eventkit.ids import new_id
from eventkit.ports import Database
from eventkit.queue import Message, Queue, count_in
from eventkit.redaction import hint

# SQS itself moved it: whoever had it last died or hung, six times over
_NOBODY_SAID = "max_receives"
# what a stranger's body says is shown to people and in metrics only if it looks like a type
_EVENT_TYPE = re.compile(r"[a-z_]{1,30}(?:\.[a-z_]{1,30}){1,3}")
_ID = re.compile(r'"id"\s*:\s*"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"')


class _Facts(TypedDict):
    """What a body says of itself."""

    key: str
    event_id: UUID | None
    tenant_id: str
    type: str
    correlation_id: str | None
    published_at: datetime | None


class Collector:
    """Of one service. Safe in several workers at once."""

    def __init__(self, dead: Queue, db: Database, clock: Clock, registry: Registry) -> None:
        self._dead = dead
        self._db = db
        self._clock = clock
        self._registry = registry

    def collect(self) -> int:
        """Until a receive finds nothing; how many. Raises one of QUEUE_ERRORS, or SQLAlchemyError.

        Stored first, deleted after: what a crash leaves in the queue is recognised when it comes again.
        """
        total = 0
        while messages := self._store_some():
            if self._dead.delete_batch([message.receipt for message in messages]):
                raise TransientError("dead letter not deleted")
            total += len(messages)
        return total

    def _store_some(self) -> list[Message]:
        with self._db.system() as conn:
            conn.execute(ALONE)  # an erasure must not miss what is between the queue and the table
            messages = self._dead.receive()
            if messages:
                letters.keep(conn, [self._letter(message) for message in messages])
        return messages

    def _letter(self, message: Message) -> Letter:
        said = message.attributes
        facts = self._facts(message.body)
        return Letter(
            id=new_id(),
            handler=said.get("handler", ""),
            reason=said.get("reason", _NOBODY_SAID),
            place=said.get("place", ""),
            source_queue=said.get("source_queue", self._dead.name.removesuffix("-dlq")),
            attempts=count_in(said, "attempts"),
            seen_at=_moment(said) or self._clock.now(),
            body=message.body,
            **facts,
        )

    def _facts(self, body: str) -> _Facts:
        try:
            event = decode(body, self._registry)
        except UndecodableError:
            return _guessed(body)
        return {
            "key": str(event.id),
            "event_id": event.id,
            "tenant_id": event.tenantid,
            "type": event.type,
            "correlation_id": event.correlationid,
            "published_at": event.time,
        }


def _guessed(body: str) -> _Facts:
    """Of a body that this build cannot read: by what a text of that shape usually says."""
    type_, tenant = hint(body)
    return {
        # not the id that it claims: two bodies of one id are two letters
        "key": f"sha256:{hashlib.sha256(body.encode()).hexdigest()}",
        "event_id": _id_in(body),
        "tenant_id": tenant or "",
        "type": type_ if _EVENT_TYPE.fullmatch(type_) else "unknown",
        "correlation_id": None,
        "published_at": None,
    }


def _id_in(body: str) -> UUID | None:
    found = _ID.search(body)
    return UUID(found[1]) if found else None


def _moment(said: Mapping[str, str]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(said.get("failed_at", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
