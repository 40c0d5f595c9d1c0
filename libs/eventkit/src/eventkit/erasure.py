"""Purged people: what the kit's own tables and queues hold of them, and tombstones against late events.

Kinds of the counts here: "events" (rows in stored event bodies), "answers" (stored answers to POSTs),
"dead_letters".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.columns import rows
from sqlalchemy import Connection, Row, TextClause, text

from eventkit.envelope import Event, decode
from eventkit.errors import TransientError, UndecodableError
from eventkit.queue import Message, Outgoing, Queue, batches
from eventkit.redaction import (
    PURGED,
    Known,
    Person,
    hint,
    is_about_erasure,
    mask,
    redact,
    without_names,
)
from eventkit.uow import UnitOfWork

__all__ = [
    "Counts",
    "Person",
    "bury",
    "close_gate",
    "erase_dead_letters",
    "erase_traces",
    "erased_among",
    "forget_names",
    "pass_gate",
    "people",
]

Counts = Counter[tuple[UUID, str]]
"""(student, kind of thing) → how many."""

_BATCH = 25
"""Bodies in memory at once: up to 256 KB each."""
MAX_DEAD_LETTERS = 10_000
_TOO_MANY = timedelta(minutes=10)


def people(events: Iterable[Event]) -> list[Person]:
    """Who was purged, by students.student.purged."""
    names = ("student_id", "name", "parent_phone", "student_phone")
    return [
        Person(UUID(student_id), name, parent_phone, student_phone)
        for event in events
        for student_id, name, parent_phone, student_phone in rows(event.data["students"], *names)
    ]


# --- tombstones -----------------------------------------------------------------------------------

_BURY = text("""
    INSERT INTO erased (tenant_id, student_id)
    SELECT :tenant, id FROM unnest(CAST(:ids AS uuid[])) AS given (id) ORDER BY id
    ON CONFLICT DO NOTHING
""")
_ERASED_AMONG = text("""
    SELECT student_id FROM erased WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))
""")
_GATE = "hashtextextended('erasure:' || current_schema() || ':' || :tenant, 0)"
_PASS = text(f"SELECT pg_advisory_xact_lock_shared({_GATE})")
_CLOSE = text(f"SELECT pg_advisory_xact_lock({_GATE})")


def bury(conn: Connection, tenant: str, people: Iterable[Person]) -> None:
    """Remember that they are gone: from now on project() leaves them out."""
    conn.execute(_BURY, {"tenant": tenant, "ids": list({person.id for person in people})})


def erased_among(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> set[UUID]:
    """Which of the students are gone; nobody else goes until this transaction ends."""
    pass_gate(conn, tenant)
    return set(conn.execute(_ERASED_AMONG, {"tenant": tenant, "ids": list(student_ids)}).scalars())


def pass_gate(conn: Connection, tenant: str) -> None:
    """For whoever writes what an event says of a student: either it sees the tombstone, or the erasure
    that comes after sees what it wrote.
    """
    conn.execute(_PASS, {"tenant": tenant})


def close_gate(conn: Connection, tenant: str) -> None:
    """For the erasure, before it looks for what to delete: waits for those who passed."""
    conn.execute(_CLOSE, {"tenant": tenant})


# --- event bodies and answers that the service keeps ----------------------------------------------

_BODIES = text(f"""
    SELECT seq, body, sent_at IS NULL AND parked_at IS NULL AS waiting FROM outbox
    WHERE tenant_id = :tenant AND type <> '{PURGED}' AND type NOT LIKE '%.erasure.completed'
    ORDER BY seq
""")  # noqa: S608 - a constant
_REWRITE = text("""
    UPDATE outbox o SET body = b.body
    FROM unnest(CAST(:seqs AS bigint[]), CAST(:bodies AS text[])) AS b (seq, body)
    WHERE o.seq = b.seq AND o.tenant_id = :tenant
""")
_ANSWERS = text("""
    SELECT subject, operation, key, body FROM idempotency WHERE tenant_id = :tenant AND body IS NOT NULL
""")
_FORGET_ANSWERS = text("""
    DELETE FROM idempotency i
    USING unnest(CAST(:subjects AS text[]), CAST(:operations AS text[]), CAST(:keys AS text[]))
        AS a (subject, operation, key)
    WHERE i.tenant_id = :tenant AND i.subject = a.subject AND i.operation = a.operation AND i.key = a.key
""")
_PURGES = text(f"SELECT seq, body FROM outbox WHERE tenant_id = :tenant AND type = '{PURGED}' ORDER BY seq")  # noqa: S608 - a constant
# a letter that nobody could read may be of any academy
_LETTERS = text("SELECT id, body, edited_from FROM dead_letter WHERE tenant_id IN (:tenant, '')")
_CLEAN = text("""
    UPDATE dead_letter d SET body = c.body, edited_from = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS text[])) AS c (id, body) WHERE d.id = c.id
""")
_STREAM = {"stream_results": True, "yield_per": _BATCH}


def erase_traces(uow: UnitOfWork, people: Iterable[Person]) -> Counts:
    """Take these people out of the events this service has sent, and forget answers that name them.

    One pass over the tenant's outbox for all of them, a few bodies in memory at a time.
    """
    known = Known(people)
    with uow.as_system():  # the app's own role may only add to the outbox
        return _erase_events(uow, known) + _erase_answers(uow, known) + _erase_letters(uow, known)


def forget_names(uow: UnitOfWork, erasure_ids: Collection[UUID]) -> int:
    """Once everybody has answered, the purges themselves need to name nobody; how many were rewritten."""
    done = {str(erasure_id) for erasure_id in erasure_ids}
    rewritten = 0
    with uow.as_system():
        for batch in _stream(uow, _PURGES):
            bodies = {row.seq: without_names(row.body, done) for row in batch}
            rewritten += _rewrite(uow, {seq: body for seq, body in bodies.items() if body})
    return rewritten


def _erase_events(uow: UnitOfWork, known: Known) -> Counts:
    counts: Counts = Counter()
    for batch in _stream(uow, _BODIES):
        bodies: dict[int, str] = {}
        for row in batch:
            found = redact(row.body, known, waiting=row.waiting)
            if found is not None:
                bodies[row.seq] = found[0]
                counts += _of_kind("events", found[1])
        _rewrite(uow, bodies)
        uow.progress()
    return counts


def _erase_answers(uow: UnitOfWork, known: Known) -> Counts:
    counts: Counts = Counter()
    for batch in _stream(uow, _ANSWERS):
        named = [(row, known.named_in(row.body)) for row in batch]
        found = [row for row, people in named if people]
        for person in {person.id for _, people in named for person in people}:
            counts[person, "answers"] += sum(any(p.id == person for p in people) for _, people in named)
        keys = {f"{name}s": [getattr(row, name) for row in found] for name in ("subject", "operation", "key")}
        if found:
            uow.conn.execute(_FORGET_ANSWERS, {"tenant": uow.tenant, **keys})
    return counts


def _erase_letters(uow: UnitOfWork, known: Known) -> Counts:
    counts: Counts = Counter()
    for batch in _stream(uow, _LETTERS):
        clean: dict[UUID, str] = {}
        for row in batch:
            # the body before an edit is not needed to replay, and would have to be cleaned as well
            found = _redacted(row.body, uow.tenant, known)
            before = _redacted(row.edited_from, uow.tenant, known) if row.edited_from else None
            if found or before:
                clean[row.id] = found[0] if found else row.body
                people = {*(found[1] if found else ()), *(before[1] if before else ())}
                counts += _of_kind("dead_letters", dict.fromkeys(people, 1))
        if clean:
            uow.conn.execute(_CLEAN, {"ids": list(clean), "bodies": list(clean.values())})
        uow.progress()
    return counts


def _stream(uow: UnitOfWork, query: TextClause) -> Iterator[Sequence[Row[Any]]]:
    """A server-side cursor: other statements may run between its batches."""
    found = uow.conn.execute(query, {"tenant": uow.tenant}, execution_options=_STREAM)
    yield from found.partitions()


def _rewrite(uow: UnitOfWork, bodies: Mapping[int, str]) -> int:
    if not bodies:
        return 0
    given = {"tenant": uow.tenant, "seqs": list(bodies), "bodies": list(bodies.values())}
    return uow.conn.execute(_REWRITE, given).rowcount


def _of_kind(kind: str, taken: Mapping[UUID, int]) -> Counts:
    return Counter({(person, kind): count for person, count in taken.items()})


# --- dead letters ---------------------------------------------------------------------------------

# two passes at once would hide letters from each other; collecting them into the table is one, too
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('dead_letters:' || current_schema(), 0))")


def erase_dead_letters(uow: UnitOfWork, dead: Queue, people: Iterable[Person]) -> Counts:
    """Look at every dead letter once; one that holds a person is sent anew without, then deleted.

    The others are given back at once. Raises TransientError when a letter cannot be stored or deleted,
    or when there are more than MAX_DEAD_LETTERS, and one of QUEUE_ERRORS.
    """
    uow.conn.execute(ALONE)
    known, counts, kept = Known(people), Counts(), []
    looked_at = 0
    try:
        while messages := dead.receive(wait=1):
            looked_at += len(messages)
            if looked_at > MAX_DEAD_LETTERS:
                raise TransientError("too many dead letters", after=_TOO_MANY)
            clean, taken = _replace(dead, messages, uow.tenant, known)
            kept += [message.receipt for message in clean]
            counts += taken
            uow.progress()
    finally:
        dead.extend_batch([(receipt, 0) for receipt in kept])
    return counts


def _replace(
    dead: Queue, messages: Sequence[Message], tenant: str, known: Known
) -> tuple[list[Message], Counts]:
    """The letters that held nobody, and what was taken out of the others."""
    clean: list[Message] = []
    replaced: list[tuple[Message, Outgoing]] = []
    counts: Counts = Counter()
    for message in messages:
        found = _redacted(message.body, tenant, known)
        if found is None:
            clean.append(message)
        else:
            replaced.append((message, Outgoing(found[0], dict(message.attributes))))
            counts += _of_kind("dead_letters", dict.fromkeys(found[1], 1))
    # send first, delete after: a crash between leaves two copies, and the next attempt finds the old one
    for batch in batches(outgoing for _, outgoing in replaced):
        if dead.send_batch(batch):
            raise TransientError("dead letter not stored")
    if replaced and dead.delete_batch([message.receipt for message, _ in replaced]):
        raise TransientError("dead letter not deleted")
    return clean, counts


def _redacted(body: str, tenant: str, known: Known) -> tuple[str, Counter[UUID]] | None:
    try:
        event = decode(body)
    except UndecodableError:
        type_, of = hint(body)
        # a stranger's letter may be of another academy, where the same name is another person's
        return None if is_about_erasure(type_) or of not in (None, tenant) else mask(body, known)
    return None if is_about_erasure(event.type) or event.tenantid != tenant else redact(body, known)
