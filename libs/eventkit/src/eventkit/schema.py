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


_OPERATIONS = """
CREATE TABLE {s}.dead_letter (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,
    tenant_id text NOT NULL,
    event_id uuid,
    type text NOT NULL,
    handler text NOT NULL,
    reason text NOT NULL,
    place text NOT NULL,
    fingerprint text NOT NULL,
    correlation_id text,
    published_at timestamptz,
    source_queue text NOT NULL,
    attempts integer NOT NULL,
    seen integer NOT NULL DEFAULT 1,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    body text NOT NULL,
    edited_from text,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded')),
    settled_at timestamptz
);
CREATE INDEX dead_letter_listed ON {s}.dead_letter (state, last_seen DESC, id DESC);
CREATE INDEX dead_letter_group ON {s}.dead_letter (fingerprint) WHERE state = 'open';
CREATE INDEX dead_letter_event ON {s}.dead_letter (event_id);
CREATE INDEX dead_letter_correlation ON {s}.dead_letter (correlation_id);
CREATE TABLE {s}.dead_letter_verdict (
    fingerprint text NOT NULL,
    build text NOT NULL,
    forecast text NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (fingerprint, build)
);
CREATE TABLE {s}.replay (
    id uuid PRIMARY KEY,
    filter jsonb NOT NULL,
    total integer NOT NULL,
    state text NOT NULL CHECK (state IN
        ('rehearsing', 'rehearsed', 'applying', 'paused', 'stopped', 'done', 'cancelled')),
    step integer NOT NULL DEFAULT 0,
    stop_reason text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    approved_by text,
    approved_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX replay_at_work ON {s}.replay (created_at) WHERE state IN ('rehearsing', 'applying');
CREATE TABLE {s}.replay_item (
    replay_id uuid NOT NULL REFERENCES {s}.replay ON DELETE CASCADE,
    position integer NOT NULL,
    dead_letter_id uuid NOT NULL REFERENCES {s}.dead_letter ON DELETE CASCADE,
    forecast text CHECK (forecast IN ('would_change', 'already_applied', 'still_fails', 'unreadable')),
    changes jsonb,
    outcome text CHECK (outcome IN ('done', 'duplicate', 'failed', 'settled')),
    reason text,
    settled_at timestamptz,
    PRIMARY KEY (replay_id, position)
);
CREATE INDEX replay_item_letter ON {s}.replay_item (dead_letter_id);
CREATE INDEX replay_item_waiting ON {s}.replay_item (replay_id, position)
    WHERE outcome IS NULL AND forecast IN ('would_change', 'already_applied');
CREATE TABLE {s}.operator_audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
CREATE TABLE {s}.queue_state (
    queue text PRIMARY KEY,
    visible bigint NOT NULL,
    in_flight bigint NOT NULL,
    delayed bigint NOT NULL,
    measured_at timestamptz NOT NULL
);
CREATE TABLE {s}.handler (
    type text PRIMARY KEY,
    name text NOT NULL,
    rebuildable boolean NOT NULL
);
ALTER TABLE {s}.inbox ADD COLUMN receives integer NOT NULL DEFAULT 1,
    ADD COLUMN duplicates integer NOT NULL DEFAULT 0;
GRANT UPDATE (duplicates) ON {s}.inbox TO {s}_app;
CREATE INDEX inbox_event ON {s}.inbox (event_id);
CREATE INDEX outbox_subject ON {s}.outbox (subject);
CREATE INDEX outbox_event ON {s}.outbox (id);
ALTER TABLE {s}.dead_letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON {s}.dead_letter TO {s}_system USING (true) WITH CHECK (true);
REVOKE ALL ON {s}.dead_letter, {s}.dead_letter_verdict, {s}.replay, {s}.replay_item, {s}.operator_audit,
    {s}.queue_state, {s}.handler FROM {s}_app, {s}_system;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON {s}.dead_letter, {s}.dead_letter_verdict, {s}.replay, {s}.replay_item, {s}.queue_state,
        {s}.handler
    TO {s}_system;
GRANT SELECT, INSERT ON {s}.operator_audit TO {s}_system
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


def create_whole_kit(op: Operations, schema: str) -> None:
    """For a service's first migration; older services got them one by one."""
    create_kit_tables(op, schema)
    create_erased_table(op, schema)
    create_operations_tables(op, schema)


def create_operations_tables(op: Operations, schema: str) -> None:
    """Dead letters, replays, and what operators did: seen across tenants, by the system role alone."""
    for statement in _OPERATIONS.format(s=schema).split(";"):
        op.execute(statement)


def create_erased_table(op: Operations, schema: str) -> None:
    """Tombstones of purged people: an id and a time, so that a late event brings nobody back."""
    for statement in [_ERASED.format(s=schema), *_POLICIES.format(s=schema, t="erased").split(";")]:
        op.execute(statement)
