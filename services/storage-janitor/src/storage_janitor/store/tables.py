"""Tables of the storage_janitor schema: what owners say of their objects, what is planned, what was deleted.

All but `ended_import`, `video_ref`, `deletion` and `usage` are the system's: seen by its role alone.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from servicekit.columns import tenant, written_at
from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, MetaData, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def _when(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _amount(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _object() -> list[Column[Any]]:
    """One object, as domain.objects.Found."""
    return [_text("key"), _amount("bytes"), _text("etag"), _when("written_at", nullable=False)]


# -- what owners say

# the objects whose job has ended, so that a leftover can be told from one in use
ended_import = Table(
    "ended_import",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("job_id", Uuid, primary_key=True),
    _text("object_key"),
    _when("ended_at", nullable=False),
)

# `version` is the id of the newest event (UUIDv7); a deleted video has DELETED_VERSION and so stays deleted
video_ref = Table(
    "video_ref",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("video_id", Uuid, primary_key=True),
    _text("state"),
    _text("raw_key", nullable=True),
    _when("raw_expires_at"),
    _when("deleted_at"),
    Column("version", Uuid, nullable=False),
    # the sweeps that have last seen its objects: a row whose objects are gone is an orphan, too
    _when("raw_seen_at"),
    _when("hls_seen_at"),
    Index("video_ref_by_raw_key", "tenant_id", "raw_key"),
)
DELETED_VERSION = UUID(int=2**128 - 1)

# The intent of an external effect (DESIGN.md section 4). `released_by` is the event that asks for it, `tries`
# numbers the attempts: together they refuse the writes of one that comes late. A row without `due_at` rests.
deletion = Table(
    "deletion",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("video_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    _text("state"),
    _text("raw_key"),
    Column("released_by", Uuid, nullable=False),
    _when("released_at", nullable=False),
    _text("correlation_id"),
    _when("due_at"),
    Column("tries", Integer, nullable=False),
    _text("reason", nullable=True),
    Column("objects", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    _when("done_at"),
)

# -- deleting

# What DeleteObjects is about to be asked for: written before, gone together with the ledger's rows after.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("cause"),
    _text("approver"),
    _text("bucket"),
    Column("objects", JSONB, nullable=False),
    _when("at", nullable=False),
)

# Append only; each row's hash covers the one before. `ledger_head` has its one row locked while one is added.
ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _when("at", nullable=False),
    tenant(),
    _text("bucket"),
    *_object(),
    _text("rule"),
    _text("reason"),
    _text("cause"),
    _text("approver"),
    _text("previous"),
    _text("hash"),
    Index("ledger_by_cause", "cause", "seq"),
    Index("ledger_by_key", "bucket", "key"),
    Index("ledger_by_time", "at"),
)
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    _text("hash"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("kind"),
    _text("tenant_id"),
    _text("bucket", nullable=True),
    _text("value"),
    _text("reason"),
    _text("created_by"),
    written_at("created_at"),
    _when("expires_at", nullable=False),
    _text("ended_by", nullable=True),
    _text("end_reason", nullable=True),
    _when("ended_at"),
)

# -- sweeps and plans

# `cursor`: the last key that is done; a process that dies costs one page
sweep = Table(
    "sweep",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("bucket"),
    _when("started_at", nullable=False),
    _when("finished_at"),
    _text("cursor"),
    _amount("objects"),
    _amount("bytes"),
    _amount("pages"),
    _text("policy_digest"),
    Column("plan_id", Uuid),
    Column("orphan_plan_id", Uuid),
)
sweep_usage = Table(
    "sweep_usage",
    metadata,
    Column("sweep_id", Uuid, primary_key=True),
    Column("tenant_id", Text, primary_key=True),
    Column("class", Text, primary_key=True),
    _amount("objects"),
    _amount("bytes"),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("kind"),
    _text("bucket", nullable=True),
    _text("subject", nullable=True),
    _text("state"),
    _text("digest"),
    _text("policy_digest"),
    _amount("objects"),
    _amount("bytes"),
    Column("saving_usd", Numeric(14, 4), nullable=False),
    Column("fuses", JSONB, nullable=False),
    Column("reasons", JSONB, nullable=False),
    _text("created_by"),
    _when("created_at", nullable=False),
    _when("not_before", nullable=False),
    _when("expires_at", nullable=False),
    _text("approved_by", nullable=True),
    _when("approved_at"),
    _amount("applied_to"),
    _amount("deleted"),
    _amount("deleted_bytes"),
    Column("kept", JSONB, nullable=False),
    Column("sampled", Integer, nullable=False, server_default="0"),
    Column("survivors", Integer, nullable=False, server_default="0"),
    Column("ledger_from", BigInteger),
    Column("ledger_to", BigInteger),
    Column("left_over", BigInteger),
    _when("finished_at"),
    _text("stop_reason", nullable=True),
    Index("plan_by_time", "created_at", "id"),
)
# Written while the plan is built; nobody may change a row.
plan_item = Table(
    "plan_item",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    tenant(),
    _text("bucket"),
    *_object(),
    _text("rule"),
    _text("reason"),
)

# -- what sweeps have found

# `kind`: orphan, an object that nothing refers to; missing, a row whose object is not there
finding = Table(
    "finding",
    metadata,
    Column("bucket", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    _text("kind"),
    _text("class"),
    tenant(),
    _amount("bytes"),
    _text("etag"),
    _when("written_at"),
    _when("first_seen", nullable=False),
    _when("last_seen", nullable=False),
)
finding_count = Table(
    "finding_count",
    metadata,
    Column("day", Date, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("class", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    _amount("objects"),
    _amount("bytes"),
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("bucket", Text, primary_key=True),
    Column("shape", Text, primary_key=True),
    _text("sample_key"),
    _amount("objects"),
    _amount("bytes"),
    _when("first_seen", nullable=False),
    _when("last_seen", nullable=False),
)
# the peak of each day, as R2 bills it; an academy sees its own
usage = Table(
    "usage",
    metadata,
    Column("day", Date, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("tenant_id", Text, primary_key=True),
    Column("class", Text, primary_key=True),
    _amount("objects"),
    _amount("bytes"),
)

# -- what somebody has asked for, and a worker does

request = Table(
    "request",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("kind"),
    Column("parameters", JSONB, nullable=False),
    _text("state"),
    Column("result", JSONB),
    _text("error", nullable=True),
    _text("created_by"),
    written_at("created_at"),
    _when("finished_at"),
)
drift = Table(
    "drift",
    metadata,
    Column("bucket", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    _text("state"),
    Column("wanted", JSONB, nullable=False),
    Column("found", JSONB, nullable=False),
    _when("checked_at", nullable=False),
)
