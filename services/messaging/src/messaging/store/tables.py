"""Tables of the messaging schema, as Alembic's migrations made them.

What may identify somebody is in six of them: recipient, message_body (wiped), message_subject,
request_subject, enrollment_ref and consent.
All others know a number by its fingerprint (domain.recipients).
"""

from __future__ import annotations

import sqlalchemy as sa
from servicekit.columns import written_at
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData()


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, primary_key=True)


def _key(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, primary_key=True)


def _word(name: str) -> sa.Column[str]:
    """A text that is part of the key."""
    return sa.Column(name, sa.Text(collation="C"), primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _print(name: str = "fingerprint") -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=False)


def _later(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _won(name: str, default: str | None = None, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(14, 2), nullable=nullable, server_default=default)


def _count(name: str, default: str = "0") -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=default)


def _flag(name: str, *, on: bool) -> sa.Column[object]:
    default = sa.true() if on else sa.false()
    return sa.Column(name, sa.Boolean, nullable=False, server_default=default)


recipient = sa.Table(
    "recipient",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("student_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parent_phone", sa.Text, nullable=False),
    sa.Column("student_phone", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
)

enrollment_ref = sa.Table(
    "enrollment_ref",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("enrollment_id", sa.Uuid, primary_key=True),
    sa.Column("lecture_id", sa.Uuid, nullable=False),
    sa.Column("student_id", sa.Uuid, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
)

tenant_setting = sa.Table(
    "tenant_setting",
    metadata,
    _tenant(),
    _text("display_name", nullable=True),
    _text("sender", nullable=True),
    _text("kakao_pfid", nullable=True),
    _text("opt_out_number", nullable=True),
    _flag("is_active", on=True),
    _flag("hold", on=False),
    _text("hold_reason", nullable=True),
    _text("held_by", nullable=True),
    _later("held_at"),
    _won("sms_price", "20"),
    _won("lms_price", "50"),
    _won("alimtalk_price", "15"),
    _count("daily_cap", "20000"),
    _count("hourly_cap", "12000"),
    _won("low_balance", "10000"),
    written_at("updated_at"),
)

sender_number = sa.Table(
    "sender_number",
    metadata,
    _tenant(),
    _word("phone"),
    _text("registered_by"),
    _later("verified_at"),
    written_at("created_at"),
)

template = sa.Table(
    "template",
    metadata,
    _tenant(),
    _key("id"),
    _text("category"),
    _text("name"),
    _text("purpose"),
    _text("content"),
    _text("subject", nullable=True),
    sa.Column("review", sa.Text, nullable=False, server_default=""),
    _text("provider_code", nullable=True),
    _text("review_comment", nullable=True),
    _later("submitted_at"),
    written_at("created_at"),
    written_at("updated_at"),
    _later("deleted_at"),
)

trigger_setting = sa.Table(
    "trigger_setting",
    metadata,
    _tenant(),
    _word("trigger"),
    sa.Column("template_id", sa.Uuid),
    _flag("enabled", on=False),
    sa.Column("mode", sa.Text, nullable=False, server_default="sms"),
    _text("changed_by"),
    written_at("updated_at"),
)

batch = sa.Table(
    "batch",
    metadata,
    _tenant(),
    _key("id"),
    _text("event"),
    _text("category"),
    _text("mode"),
    sa.Column("template_id", sa.Uuid),
    _count("total"),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    _text("created_by"),
    written_at("created_at"),
    _text("cancelled_by", nullable=True),
    _later("cancelled_at"),
)

message = sa.Table(
    "message",
    metadata,
    _tenant(),
    _key("id"),
    sa.Column("business_key", sa.Text(collation="C"), nullable=False),
    sa.Column("batch_id", sa.Uuid),
    # the event that asked for it, which messaging.message.settled answers
    sa.Column("request_id", sa.Uuid),
    _text("event"),
    _text("channel"),
    _text("kind"),
    _text("category"),
    sa.Column("template_id", sa.Uuid),
    _print(),
    # masked; null once the person is erased
    _text("recipient", nullable=True),
    _text("status"),
    _text("code", nullable=True),
    _count("attempt"),
    # attempts that were surely not sent
    _count("refused"),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    _later("not_after"),
    _later("lease_until"),
    _later("attempted_at"),
    _later("ask_at"),
    _count("asked"),
    _text("provider_id", nullable=True),
    _text("provider_group", nullable=True),
    _flag("replaced", on=False),
    written_at("created_at"),
    _later("ended_at"),
)

message_body = sa.Table(
    "message_body",
    metadata,
    _tenant(),
    _key("message_id"),
    sa.Column("phone", sa.Text(collation="C"), nullable=False),
    _text("text"),
    _text("subject", nullable=True),
    # of an Alimtalk: {"pfid", "template", "variables", "fallback"}
    sa.Column("alimtalk", JSONB),
)

message_subject = sa.Table("message_subject", metadata, _tenant(), _key("message_id"), _key("student_id"))

consent = sa.Table(
    "consent",
    metadata,
    _tenant(),
    _word("fingerprint"),
    _word("kind"),
    # for the notices; null once the person is erased
    sa.Column("phone", sa.Text(collation="C")),
    _flag("given", on=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
    _later("notified_at"),
)

consent_entry = sa.Table(
    "consent_entry",
    metadata,
    _tenant(),
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _print(),
    _text("kind"),
    _text("action"),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    _text("via"),
    _text("evidence", nullable=True),
    _text("recorded_by"),
    written_at("recorded_at"),
)

opt_out = sa.Table(
    "opt_out",
    metadata,
    _tenant(),
    _word("fingerprint"),
    # ad: advertising only; all: everything
    _text("scope"),
    _text("source"),
    _text("recipient", nullable=True),
    written_at("created_at"),
)

denylist = sa.Table(
    "denylist",
    metadata,
    _tenant(),
    _word("fingerprint"),
    _text("reason"),
    _text("recipient", nullable=True),
    _text("created_by"),
    written_at("created_at"),
)

sent_count = sa.Table(
    "sent_count",
    metadata,
    _tenant(),
    sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
    _count("count"),
)

sender_turn = sa.Table("sender_turn", metadata, _tenant(), written_at("served_at"))

webhook_event = sa.Table(
    "webhook_event",
    metadata,
    _word("event_id"),
    sa.Column("body", JSONB, nullable=False),
    _count("retries"),
    written_at("received_at"),
)

credit_account = sa.Table("credit_account", metadata, _tenant(), _word("name"), _won("balance", "0"))

credit_entry = sa.Table(
    "credit_entry",
    metadata,
    _tenant(),
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _text("kind"),
    _text("from_account"),
    _text("to_account"),
    _won("amount"),
    _text("reference"),
    _text("created_by"),
    written_at("created_at"),
)

credit_hold = sa.Table(
    "credit_hold",
    metadata,
    _tenant(),
    _key("message_id"),
    _won("own"),
    _won("fallback", nullable=True),
    _won("amount"),
    _text("state"),
    _won("settled", nullable=True),
)

request = sa.Table(
    "request",
    metadata,
    _tenant(),
    # the event that asked
    _key("id"),
    _text("trigger"),
    _text("target"),
    _text("occurrence"),
    sa.Column("variables", JSONB, nullable=False),
    _text("state"),
    _text("code", nullable=True),
    _count("queued"),
    _count("skipped"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    _later("decided_at"),
    _text("decided_by", nullable=True),
    _text("correlation_id", nullable=True),
    # what became of the queued ones: reported, never reported, or kept back or cancelled after all
    _count("delivered"),
    _count("failed"),
    _count("unreported"),
    _count("dropped"),
)

request_subject = sa.Table("request_subject", metadata, _tenant(), _key("request_id"), _key("student_id"))

trail = sa.Table(
    "trail",
    metadata,
    _tenant(),
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    written_at("at"),
    _text("actor"),
    _text("action"),
    # a fingerprint, a trigger's name, or the setting
    _text("subject"),
    _text("reason", nullable=True),
    sa.Column("details", JSONB, nullable=False),
)
