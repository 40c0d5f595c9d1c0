"""The kit's own tables, one set per service schema, made by each service's first migration.

lease and periodic_task have no tenant: both `_app` and `_system` use them, without row security.
"""

from __future__ import annotations

from typing import Any, Protocol

_TABLES = """
CREATE TABLE {s}.outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    destination text NOT NULL,
    type text NOT NULL,
    tenant_id text NOT NULL,
    subject text NOT NULL,
    correlation_id text NOT NULL,
    causation_id text,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    sent_at timestamptz,
    parked_at timestamptz
);
CREATE INDEX outbox_unsent ON {s}.outbox (seq) WHERE sent_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_parked ON {s}.outbox (seq) WHERE parked_at IS NOT NULL;
CREATE INDEX outbox_sent ON {s}.outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX outbox_correlation ON {s}.outbox (correlation_id);
CREATE TABLE {s}.inbox (
    handler text NOT NULL,
    event_id uuid NOT NULL,
    tenant_id text NOT NULL,
    type text NOT NULL,
    correlation_id text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (handler, event_id)
);
CREATE INDEX inbox_handled ON {s}.inbox (handled_at);
CREATE INDEX inbox_correlation ON {s}.inbox (correlation_id);
CREATE TABLE {s}.lease (
    name text PRIMARY KEY,
    owner text NOT NULL,
    attempt integer NOT NULL,
    until timestamptz NOT NULL
);
CREATE TABLE {s}.idempotency (
    tenant_id text NOT NULL,
    subject text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status smallint,
    headers jsonb,
    body text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, subject, operation, key)
);
CREATE INDEX idempotency_created ON {s}.idempotency (created_at);
CREATE TABLE {s}.periodic_task (
    name text PRIMARY KEY,
    due_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    last_error text
);
GRANT USAGE ON SCHEMA {s} TO {s}_app, {s}_system;
REVOKE ALL ON {s}.outbox, {s}.inbox FROM {s}_app;
GRANT INSERT ON {s}.outbox TO {s}_app;
GRANT SELECT, INSERT ON {s}.inbox TO {s}_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.lease, {s}.idempotency, {s}.periodic_task TO {s}_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON {s}.outbox, {s}.inbox, {s}.lease, {s}.idempotency, {s}.periodic_task TO {s}_system
"""
_POLICIES = """
ALTER TABLE {s}.{t} ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {s}.{t} TO {s}_app
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY system ON {s}.{t} TO {s}_system USING (true) WITH CHECK (true)
"""
TENANT_TABLES = ("outbox", "inbox", "idempotency")

_ERASED = """
CREATE TABLE {s}.erased (
    tenant_id text NOT NULL,
    student_id uuid NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, student_id)
)
"""


class Operations(Protocol):
    """alembic's `op`, as far as it is needed."""

    @property
    def execute(self) -> Any: ...


def create_kit_tables(op: Operations, schema: str) -> None:
    """Tables, grants and policies. The roles `<schema>_app` and `<schema>_system` must exist."""
    scripts = [_TABLES.format(s=schema), *(_POLICIES.format(s=schema, t=table) for table in TENANT_TABLES)]
    for script in scripts:
        for statement in script.split(";"):
            op.execute(statement)


def create_erased_table(op: Operations, schema: str) -> None:
    """Tombstones of purged people: an id and a time, so that a late event brings nobody back."""
    for statement in [_ERASED.format(s=schema), *_POLICIES.format(s=schema, t="erased").split(";")]:
        op.execute(statement)
