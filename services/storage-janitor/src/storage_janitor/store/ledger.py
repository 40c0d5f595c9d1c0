"""Attempts and the ledger of what left the buckets. `conn` is a system one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from storage_janitor.domain.chain import START, Entry, Head, Verified, hash_of, verify
from storage_janitor.domain.objects import Doomed, Found
from storage_janitor.domain.plans import Total
from storage_janitor.store.tables import attempt, ledger, ledger_head

_l, _a = ledger.c, attempt.c
_FIELDS = (
    "seq", "at", "tenant_id", "bucket", "key", "bytes", "etag", "written_at", "rule", "reason", "cause",
    "approver",
)  # fmt: skip
ORDER = (_l.seq,)
STALE = timedelta(minutes=10)
"""An attempt of that age is a dead process's: asking the store takes 3 minutes at most."""


def begin(
    conn: Connection, attempt_id: UUID, about: dict[str, str], doomed: Sequence[Doomed], at: datetime
) -> None:
    """The intent, before the store is asked. `about`: cause, approver, bucket."""
    objects = [
        [
            one.key,
            one.found.bytes,
            one.found.etag,
            one.found.written_at.isoformat(),
            one.tenant,
            one.rule,
            one.reason,
        ]
        for one in doomed
    ]
    conn.execute(sa.insert(attempt).values(id=attempt_id, objects=objects, at=at, **about))


def end(conn: Connection, attempt_id: UUID) -> Row[Any] | None:
    """The attempt, taken out; None when somebody else has ended it, who has written the ledger too."""
    return conn.execute(sa.delete(attempt).where(_a.id == attempt_id).returning(*attempt.c)).first()


def open_attempts(
    conn: Connection, *, cause: str | None = None, before: datetime | None = None
) -> list[Row[Any]]:
    """Those of a cause, or begun before: of a process that died."""
    query = sa.select(attempt).order_by(_a.at)
    if cause is not None:
        query = query.where(_a.cause == cause)
    if before is not None:
        query = query.where(_a.at <= before)
    return list(conn.execute(query))


def doomed_of(row: Row[Any]) -> list[Doomed]:
    """The objects of an attempt."""
    return [
        Doomed(Found(key, size, etag, datetime.fromisoformat(written)), tenant, rule, reason)
        for key, size, etag, written, tenant, rule, reason in row.objects
    ]


def append(conn: Connection, about: dict[str, str], gone: Sequence[Doomed], at: datetime) -> Head:
    """Add what is gone to the chain; the head after it. Others wait until the transaction ends."""
    head = lock_head(conn)
    rows, seq, last = [], head.seq, head.hash
    for one in gone:
        seq += 1
        found = one.found
        entry = Entry(
            seq, at, one.tenant, about["bucket"], one.key, found.bytes, found.etag, found.written_at,
            one.rule, one.reason, about["cause"], about["approver"],
        )  # fmt: skip
        own = hash_of(last, entry)
        rows.append((entry, last, own))
        last = own
    if not rows:
        return head
    conn.execute(_insert(rows))
    conn.execute(sa.update(ledger_head).values(seq=seq, hash=last))
    return Head(seq, last)


def lock_head(conn: Connection) -> Head:
    """Until the end of the transaction nobody else adds to the chain."""
    first = insert(ledger_head).values(one=True, seq=0, hash=START)
    conn.execute(first.on_conflict_do_nothing())
    found = conn.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash).with_for_update()).one()
    return Head(found.seq, found.hash)


def head(conn: Connection) -> Head:
    """The newest entry's, as it is kept beside the chain."""
    found = conn.execute(sa.select(ledger_head.c.seq, ledger_head.c.hash)).first()
    return Head(found.seq, found.hash) if found else Head(0, START)


def chain(conn: Connection) -> Iterator[tuple[Entry, str, str]]:
    """Every entry in order with the hash before it and its own, streamed."""
    query = sa.select(*(ledger.c[name] for name in _FIELDS), _l.previous, _l.hash).order_by(_l.seq)
    with conn.execute(query.execution_options(yield_per=2000)) as rows:
        for row in rows:
            yield Entry(*row[:-2]), row.previous, row.hash


def verified(conn: Connection) -> Verified:
    """Every entry checked against the one before, and the last against what is kept beside them."""
    conn.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    return verify(chain(conn), head(conn))


def listing(
    *,
    cause: str | None = None,
    tenant: str | None = None,
    bucket: str | None = None,
    prefix: str | None = None,
) -> sa.Select[Any]:
    """Entries, for a page."""
    query = sa.select(ledger)
    for column, value in ((_l.cause, cause), (_l.tenant_id, tenant), (_l.bucket, bucket)):
        if value is not None:
            query = query.where(column == value)
    if prefix:
        query = query.where(_l.key.startswith(prefix, autoescape=True))
    return query


def of_key(conn: Connection, bucket: str, key: str) -> list[Row[Any]]:
    """What the ledger says of one key, newest first."""
    query = sa.select(ledger).where(_l.bucket == bucket, _l.key == key)
    return list(conn.execute(query.order_by(_l.seq.desc()).limit(20)))


def counts(conn: Connection, cause: str) -> list[Row[Any]]:
    """(bucket, class, objects, bytes) of what a cause has deleted."""
    figures = (sa.func.count().label("objects"), sa.func.sum(_l.bytes).label("bytes"))
    query = sa.select(_l.bucket, _l.rule.label("class"), *figures).where(_l.cause == cause)
    return list(conn.execute(query.group_by(_l.bucket, _l.rule).order_by(_l.bucket, _l.rule)))


def done_since(conn: Connection, bucket: str, since: datetime, rules: Sequence[str]) -> dict[str, Total]:
    """What left a bucket from then on by plan, by rule."""
    by_plan = (_l.bucket == bucket, _l.at >= since, _l.rule.in_(rules), _l.cause.startswith("plan:"))
    query = sa.select(_l.rule, sa.func.count(), sa.func.sum(_l.bytes)).where(*by_plan).group_by(_l.rule)
    return {rule: Total(count, int(size)) for rule, count, size in conn.execute(query)}


def deleted_since(conn: Connection, bucket: str, since: datetime) -> Iterator[Any]:
    """(key, bytes, written_at, at, rule) of what left a bucket from then on, streamed."""
    query = sa.select(_l.key, _l.bytes, _l.written_at, _l.at, _l.rule).where(
        _l.bucket == bucket, _l.at >= since
    )
    with conn.execute(query.order_by(_l.seq).execution_options(yield_per=2000)) as rows:
        yield from rows


def spread(conn: Connection, cause: str, number: int) -> list[Row[Any]]:
    """At most `number` entries of a cause, evenly apart."""
    of_cause = sa.select(
        _l.bucket, _l.key, _l.at, sa.func.row_number().over(order_by=_l.seq).label("place"),
        sa.func.count().over().label("total"),
    ).where(_l.cause == cause).subquery()  # fmt: skip
    step = sa.func.greatest(of_cause.c.total // max(number, 1), 1)
    query = sa.select(of_cause).where(of_cause.c.place % step == 0).limit(number)
    return list(conn.execute(query))


def taken(conn: Connection, bucket: str, found: Mapping[str, Found], now: datetime) -> set[str]:
    """Those that somebody else is deleting, or has deleted since they were listed. Under lock_attempts."""
    one = sa.type_coerce(sa.func.jsonb_array_elements(_a.objects), JSONB)
    open_ones = sa.select(one[0].astext.label("key"))
    others = open_ones.where(_a.bucket == bucket).subquery()
    keys = sa.literal(list(found), ARRAY(sa.Text))
    busy = set(conn.execute(sa.select(others.c.key).where(others.c.key == sa.any_(keys))).scalars())
    gone = sa.select(_l.key, _l.etag, _l.at).where(
        _l.bucket == bucket, _l.key == sa.any_(keys), _l.at > now - STALE
    )
    rows = conn.execute(gone)
    return busy | {key for key, etag, at in rows if etag == found[key].etag and at >= found[key].written_at}


def written_for(conn: Connection, cause: str, keys: Collection[str]) -> set[str]:
    """Those of the keys that this cause has deleted."""
    query = sa.select(_l.key).where(
        _l.cause == cause, _l.key == sa.any_(sa.literal(list(keys), ARRAY(sa.Text)))
    )
    return set(conn.execute(query).scalars())


def lock_attempts(conn: Connection) -> None:
    """Until the end of the transaction nobody else begins an attempt, or puts a hold on anything."""
    lock = sa.func.hashtextextended(sa.func.concat(sa.func.current_schema(), ":attempts"), 0)
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


def _insert(rows: Sequence[tuple[Entry, str, str]]) -> sa.Insert:
    """In one statement, by columns."""
    columns: dict[str, list[Any]] = {name: [] for name in (*_FIELDS, "previous", "hash")}
    for entry, previous, own in rows:
        for column in _FIELDS:
            columns[column].append(getattr(entry, "tenant" if column == "tenant_id" else column))
        columns["previous"].append(previous)
        columns["hash"].append(own)
    given = [
        sa.func.unnest(sa.literal(values, ARRAY(ledger.c[name].type))) for name, values in columns.items()
    ]
    return sa.insert(ledger).from_select(list(columns), sa.select(*given))
