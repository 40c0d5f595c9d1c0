"""The ledger of messages, what may keep one from leaving, templates, and the credits that pay for them.

A message is one row from its request to its report: the table is the queue of sends. Its business key is
unique, so that what was asked for twice is sent once.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

C_TEXT = sa.Text(collation="C")
STATES = [
    "QUEUED",
    "CLAIMED",
    "SENDING",
    "ACCEPTED",
    "DELIVERED",
    "FAILED",
    "AMBIGUOUS",
    "SKIPPED",
    "CANCELLED",
]
FINAL = "status IN ('DELIVERED', 'FAILED', 'SKIPPED', 'CANCELLED')"
TENANT_TABLES = (
    "tenant_setting", "sender_number", "template", "trigger_setting", "batch", "message", "message_body",
    "message_subject", "consent", "consent_entry", "opt_out", "denylist", "sent_count", "sender_turn",
    "credit_account", "credit_entry", "credit_hold",
)  # fmt: skip


def upgrade() -> None:
    create_settings()
    create_templates()
    create_messages()
    create_consents()
    create_sending()
    create_credits()
    for table in TENANT_TABLES:
        enable_rls(op, table)


def tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, primary_key=True)


def key(name: str, type_: Any = None) -> sa.Column[object]:
    return sa.Column(name, type_ or sa.Uuid(), primary_key=True)


def text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def fingerprint() -> sa.Column[object]:
    return sa.Column("fingerprint", C_TEXT, nullable=False)


def timestamp(name: str, *, nullable: bool = False, now: bool = True) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def later(name: str) -> sa.Column[object]:
    return timestamp(name, nullable=True, now=False)


def won(name: str, default: str | None = None, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(14, 2), nullable=nullable, server_default=default)


def count(name: str, default: str = "0") -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=default)


def flag(name: str, *, on: bool) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if on else sa.false())


def one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    words = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({words})", name=f"ck_{table}_{column}")


def create_settings() -> None:
    op.create_table(
        "tenant_setting",
        tenant(),
        text("display_name", nullable=True),
        text("sender", nullable=True),
        text("kakao_pfid", nullable=True),
        text("opt_out_number", nullable=True),
        flag("is_active", on=True),
        flag("hold", on=False),
        text("hold_reason", nullable=True),
        text("held_by", nullable=True),
        later("held_at"),
        won("sms_price", "20"),
        won("lms_price", "50"),
        won("alimtalk_price", "15"),
        count("daily_cap", "20000"),
        count("hourly_cap", "12000"),
        won("low_balance", "10000"),
        timestamp("updated_at"),
        sa.CheckConstraint("least(sms_price, lms_price, alimtalk_price) >= 0", name="ck_tenant_prices"),
    )
    op.create_table(
        "sender_number",
        tenant(),
        key("phone", C_TEXT),
        text("registered_by"),
        later("verified_at"),
        timestamp("created_at"),
    )


def create_templates() -> None:
    op.create_table(
        "template",
        tenant(),
        key("id"),
        text("category"),
        text("name"),
        text("purpose"),
        text("content"),
        text("subject", nullable=True),
        text("review", default=""),
        text("provider_code", nullable=True),
        text("review_comment", nullable=True),
        later("submitted_at"),
        timestamp("created_at"),
        timestamp("updated_at"),
        later("deleted_at"),
        one_of("template", "purpose", "INFO", "AD"),
        one_of("template", "review", "", "PENDING", "APPROVED", "REJECTED"),
    )
    op.create_index(
        "uq_template_name",
        "template",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "trigger_setting",
        tenant(),
        key("trigger", C_TEXT),
        sa.Column("template_id", sa.Uuid),
        flag("enabled", on=False),
        text("mode", default="sms"),
        text("changed_by"),
        timestamp("updated_at"),
        one_of("trigger_setting", "mode", "sms", "alimtalk", "both"),
    )


def create_messages() -> None:
    op.create_table(
        "batch",
        tenant(),
        key("id"),
        text("event"),
        text("category"),
        text("mode"),
        sa.Column("template_id", sa.Uuid),
        count("total"),
        timestamp("due_at", now=False),
        text("created_by"),
        timestamp("created_at"),
        text("cancelled_by", nullable=True),
        later("cancelled_at"),
    )
    create_ledger()
    index_ledger()
    op.create_table(
        "message_body",
        tenant(),
        key("message_id"),
        sa.Column("phone", C_TEXT, nullable=False),
        text("text"),
        text("subject", nullable=True),
        sa.Column("alimtalk", JSONB),
    )
    op.create_table("message_subject", tenant(), key("message_id"), key("student_id"))
    op.create_index("ix_message_subject_student", "message_subject", ["tenant_id", "student_id"])


def create_ledger() -> None:
    op.create_table(
        "message",
        tenant(),
        key("id"),
        sa.Column("business_key", C_TEXT, nullable=False),
        sa.Column("batch_id", sa.Uuid),
        sa.Column("request_id", sa.Uuid),
        text("event"),
        text("channel"),
        text("kind"),
        text("category"),
        sa.Column("template_id", sa.Uuid),
        fingerprint(),
        text("recipient", nullable=True),
        text("status"),
        text("code", nullable=True),
        count("attempt"),
        count("refused"),
        timestamp("due_at", now=False),
        later("not_after"),
        later("lease_until"),
        later("attempted_at"),
        later("ask_at"),
        count("asked"),
        text("provider_id", nullable=True),
        text("provider_group", nullable=True),
        flag("replaced", on=False),
        timestamp("created_at"),
        later("ended_at"),
        one_of("message", "status", *STATES),
        one_of("message", "channel", "sms", "alimtalk"),
        one_of("message", "kind", "SMS", "LMS", "ATA"),
        one_of("message", "category", "INFO", "AD"),
        sa.CheckConstraint(f"({FINAL}) = (ended_at IS NOT NULL)", name="ck_message_ended"),
        # what may have left has an attempt, and what has a lease is in somebody's hands
        sa.CheckConstraint(
            "status NOT IN ('SENDING', 'ACCEPTED', 'DELIVERED', 'AMBIGUOUS') OR attempted_at IS NOT NULL",
            name="ck_message_attempted",
        ),
        sa.CheckConstraint(
            "(status IN ('CLAIMED', 'SENDING')) = (lease_until IS NOT NULL)", name="ck_message_lease"
        ),
    )


def index_ledger() -> None:
    op.create_index("uq_message_key", "message", ["tenant_id", "business_key"], unique=True)
    for name, columns, where in (
        ("due", ["tenant_id", "due_at", "id"], "status = 'QUEUED'"),
        ("lease", ["lease_until"], "status IN ('CLAIMED', 'SENDING')"),
        ("ask", ["ask_at"], "status IN ('AMBIGUOUS', 'ACCEPTED')"),
        ("expiry", ["not_after"], "status = 'QUEUED' AND not_after IS NOT NULL"),
        ("provider", ["provider_id"], "provider_id IS NOT NULL"),
        ("batch", ["tenant_id", "batch_id"], "batch_id IS NOT NULL"),
        ("ambiguous", ["tenant_id", "id"], "status = 'AMBIGUOUS'"),
        ("ended", ["ended_at"], "ended_at IS NOT NULL"),
    ):
        op.create_index(f"ix_message_{name}", "message", columns, postgresql_where=sa.text(where))


def create_consents() -> None:
    op.create_table(
        "consent",
        tenant(),
        key("fingerprint", C_TEXT),
        key("kind", C_TEXT),
        sa.Column("phone", C_TEXT),
        flag("given", on=False),
        timestamp("changed_at", now=False),
        timestamp("confirmed_at", now=False),
        later("notified_at"),
        one_of("consent", "kind", "ad", "night"),
    )
    op.create_table(
        "consent_entry",
        tenant(),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        fingerprint(),
        text("kind"),
        text("action"),
        timestamp("at", now=False),
        text("via"),
        text("evidence", nullable=True),
        text("recorded_by"),
        timestamp("recorded_at"),
        one_of("consent_entry", "kind", "ad", "night"),
        one_of("consent_entry", "action", "given", "withdrawn", "confirmed", "notified"),
    )
    op.create_index("ix_consent_entry_of", "consent_entry", ["tenant_id", "fingerprint", "kind", "seq"])
    # a ledger: not even the service's own roles change it
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON consent_entry FROM messaging_app, messaging_system")
    op.create_table(
        "opt_out",
        tenant(),
        key("fingerprint", C_TEXT),
        text("scope"),
        text("source"),
        text("recipient", nullable=True),
        timestamp("created_at"),
        one_of("opt_out", "scope", "ad", "all"),
    )
    op.create_table(
        "denylist",
        tenant(),
        key("fingerprint", C_TEXT),
        text("reason"),
        text("recipient", nullable=True),
        text("created_by"),
        timestamp("created_at"),
    )


def create_sending() -> None:
    op.create_table("sent_count", tenant(), key("hour", sa.DateTime(timezone=True)), count("count"))
    op.create_table("sender_turn", tenant(), timestamp("served_at"))
    op.create_table(
        "webhook_event",
        key("event_id", C_TEXT),
        sa.Column("body", JSONB, nullable=False),
        count("retries"),
        timestamp("received_at"),
    )
    op.create_index("ix_webhook_event_received", "webhook_event", ["received_at"])
    # of no tenant until it has been read: the system's alone
    op.execute("REVOKE ALL ON webhook_event FROM messaging_app")


def create_credits() -> None:
    op.create_table(
        "credit_account",
        tenant(),
        key("name", C_TEXT),
        won("balance", "0"),
        one_of("credit_account", "name", "charged", "available", "held", "spent"),
        # what was charged came from outside, and is the other side of all the rest
        sa.CheckConstraint("(name = 'charged') OR balance >= 0", name="ck_credit_account_balance"),
    )
    op.create_table(
        "credit_entry",
        tenant(),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        text("kind"),
        text("from_account"),
        text("to_account"),
        won("amount"),
        text("reference"),
        text("created_by"),
        timestamp("created_at"),
        one_of("credit_entry", "kind", "charge", "reserve", "settle", "release"),
        # both sides in one row: an entry cannot be out of balance
        sa.CheckConstraint("amount > 0 AND from_account <> to_account", name="ck_credit_entry_sides"),
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON credit_entry FROM messaging_app, messaging_system")
    op.create_index(
        "uq_credit_entry_charge",
        "credit_entry",
        ["tenant_id", "reference"],
        unique=True,
        postgresql_where=sa.text("kind = 'charge'"),
    )
    op.create_table(
        "credit_hold",
        tenant(),
        key("message_id"),
        won("own"),
        won("fallback", nullable=True),
        won("amount"),
        text("state"),
        won("settled", nullable=True),
        one_of("credit_hold", "state", "open", "settled", "released"),
        sa.CheckConstraint("(state = 'settled') = (settled IS NOT NULL)", name="ck_credit_hold_settled"),
        sa.CheckConstraint("settled BETWEEN 0 AND amount", name="ck_credit_hold_amount"),
    )
    op.create_index(
        "ix_credit_hold_open", "credit_hold", ["tenant_id"], postgresql_where=sa.text("state = 'open'")
    )


def downgrade() -> None:
    raise NotImplementedError("what was sent cannot be unsent")
