"""Plans, the ledger of deletions, holds, and what sweeps find."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SYSTEM = (
    "attempt", "ledger", "ledger_head", "hold", "sweep", "sweep_usage", "plan", "plan_item", "finding",
    "finding_count", "quarantine", "request", "drift",
)  # fmt: skip


def upgrade() -> None:
    _refs()
    _deleting()
    _plans()
    _findings()
    schema = "storage_janitor"
    for table in SYSTEM:
        op.execute(f"REVOKE ALL ON {table} FROM {schema}_app")
    # nobody changes what is planned, or what was deleted
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON ledger FROM {schema}_system")
    op.execute(f"REVOKE UPDATE ON plan_item FROM {schema}_system")
    for table in ("ledger", "plan_item", "sweep_usage", "finding", "usage", "hold"):
        enable_rls(op, table)


def _when(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _now(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=nullable)


def _amount(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _key(name: str, kind: Any = sa.Text) -> "sa.Column[object]":
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _refs() -> None:
    for name in ("deleted_at", "raw_seen_at", "hls_seen_at"):
        op.add_column("video_ref", _when(name))
    op.execute("UPDATE video_ref SET deleted_at = now() WHERE state = 'deleted'")
    op.create_index("video_ref_by_raw_key", "video_ref", ["tenant_id", "raw_key"])
    op.drop_column("deletion", "counted_to")


def _deleting() -> None:
    op.create_table(
        "attempt",
        _key("id", sa.Uuid),
        *(_text(name) for name in ("cause", "approver", "bucket")),
        sa.Column("objects", JSONB, nullable=False),
        _when("at", nullable=False),
    )
    op.create_table(
        "ledger",
        _key("seq", sa.BigInteger),
        _when("at", nullable=False),
        *(_text(name) for name in ("tenant_id", "bucket", "key")),
        _amount("bytes"),
        _text("etag"),
        _when("written_at", nullable=False),
        *(_text(name) for name in ("rule", "reason", "cause", "approver", "previous", "hash")),
    )
    op.create_index("ledger_by_cause", "ledger", ["cause", "seq"])
    op.create_index("ledger_by_key", "ledger", ["bucket", "key"])
    op.create_index("ledger_by_time", "ledger", ["at"])
    op.create_table(
        "ledger_head",
        sa.Column("one", sa.Boolean, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        _text("hash"),
        sa.CheckConstraint("one", name="ledger_head_one_check"),
    )
    op.create_table(
        "hold",
        _key("id", sa.Uuid),
        *(_text(name) for name in ("kind", "tenant_id")),
        _text("bucket", nullable=True),
        *(_text(name) for name in ("value", "reason", "created_by")),
        _now("created_at"),
        _when("expires_at", nullable=False),
        _text("ended_by", nullable=True),
        _text("end_reason", nullable=True),
        _when("ended_at"),
        sa.CheckConstraint("kind IN ('student', 'video', 'prefix', 'tenant')", name="hold_kind_check"),
    )
    op.create_index("hold_in_force", "hold", ["expires_at"], postgresql_where=sa.text("ended_at IS NULL"))


def _plans() -> None:
    op.create_table(
        "sweep",
        _key("id", sa.Uuid),
        _text("bucket"),
        _when("started_at", nullable=False),
        _when("finished_at"),
        _text("cursor"),
        *(_amount(name) for name in ("objects", "bytes", "pages")),
        _text("policy_digest"),
        sa.Column("plan_id", sa.Uuid),
        sa.Column("orphan_plan_id", sa.Uuid),
    )
    op.create_index(
        "sweep_open", "sweep", ["bucket"], unique=True, postgresql_where=sa.text("finished_at IS NULL")
    )
    op.create_table(
        "sweep_usage",
        _key("sweep_id", sa.Uuid), _key("tenant_id"), _key("class"), _amount("objects"), _amount("bytes"),
    )  # fmt: skip
    op.create_table(
        "plan",
        _key("id", sa.Uuid),
        _text("kind"),
        *(_text(name, nullable=True) for name in ("bucket", "subject")),
        *(_text(name) for name in ("state", "digest", "policy_digest")),
        *(_amount(name) for name in ("objects", "bytes")),
        sa.Column("saving_usd", sa.Numeric(14, 4), nullable=False),
        *(sa.Column(name, JSONB, nullable=False) for name in ("fuses", "reasons")),
        _text("created_by"),
        *(_when(name, nullable=False) for name in ("created_at", "not_before", "expires_at")),
        _text("approved_by", nullable=True),
        _when("approved_at"),
        *(_amount(name) for name in ("applied_to", "deleted", "deleted_bytes")),
        sa.Column("kept", JSONB, nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False, server_default="0")
            for name in ("sampled", "survivors")
        ),
        *(sa.Column(name, sa.BigInteger) for name in ("ledger_from", "ledger_to", "left_over")),
        _when("finished_at"),
        _text("stop_reason", nullable=True),
        sa.CheckConstraint("kind IN ('policy', 'orphans', 'erasure', 'wipe')", name="plan_kind_check"),
        sa.CheckConstraint(
            "state IN ('building', 'planned', 'approved', 'applying', 'done', 'stopped', 'rejected',"
            " 'superseded', 'expired')",
            name="plan_state_check",
        ),
    )
    op.create_index("plan_by_time", "plan", ["created_at", "id"])
    op.create_table(
        "plan_item",
        _key("plan_id", sa.Uuid),
        _key("seq", sa.BigInteger),
        *(_text(name) for name in ("tenant_id", "bucket", "key")),
        _amount("bytes"),
        _text("etag"),
        _when("written_at", nullable=False),
        *(_text(name) for name in ("rule", "reason")),
    )


def _findings() -> None:
    op.create_table(
        "finding",
        _key("bucket"),
        _key("key"),
        *(_text(name) for name in ("kind", "class", "tenant_id")),
        _amount("bytes"),
        _text("etag"),
        _when("written_at"),
        *(_when(name, nullable=False) for name in ("first_seen", "last_seen")),
        sa.CheckConstraint("kind IN ('orphan', 'missing')", name="finding_kind_check"),
    )
    op.create_table(
        "finding_count",
        _key("day", sa.Date), _key("bucket"), _key("class"), _key("kind"),
        _amount("objects"), _amount("bytes"),
    )  # fmt: skip
    op.create_table(
        "quarantine",
        _key("bucket"),
        _key("shape"),
        _text("sample_key"),
        *(_amount(name) for name in ("objects", "bytes")),
        *(_when(name, nullable=False) for name in ("first_seen", "last_seen")),
    )
    op.create_table(
        "usage",
        _key("day", sa.Date), _key("bucket"), _key("tenant_id"), _key("class"),
        _amount("objects"), _amount("bytes"),
    )  # fmt: skip
    op.create_table(
        "request",
        _key("id", sa.Uuid),
        _text("kind"),
        sa.Column("parameters", JSONB, nullable=False),
        _text("state"),
        sa.Column("result", JSONB),
        _text("error", nullable=True),
        _text("created_by"),
        _now("created_at"),
        _when("finished_at"),
        sa.CheckConstraint("kind IN ('backtest', 'sweep', 'erasure')", name="request_kind_check"),
        sa.CheckConstraint("state IN ('PENDING', 'DONE', 'FAILED')", name="request_state_check"),
    )
    op.create_index(
        "request_waiting", "request", ["created_at"], postgresql_where=sa.text("state = 'PENDING'")
    )
    op.create_table(
        "drift",
        _key("bucket"),
        _key("what"),
        _text("state"),
        *(sa.Column(name, JSONB, nullable=False) for name in ("wanted", "found")),
        _when("checked_at", nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("what was deleted stays recorded")
