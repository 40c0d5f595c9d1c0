"""Requests and answers of the policy: its rules, what it says of a key, what it would have deleted."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, StrictSchema, Text, Whole

from storage_janitor.domain.objects import BUCKETS


class FuseSchema(Schema):
    objects = fields.Integer(required=True)
    percent = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    floor = fields.Integer(required=True)


class RuleSchema(Schema):
    """`from` is what the age counts from; a rule that keeps has none."""

    name = fields.String(required=True)
    bucket = fields.String(required=True)
    pattern = fields.String(required=True)
    owner = fields.String(required=True)
    action = fields.String(required=True)
    since = fields.String(required=True, allow_none=True, data_key="from")
    age_seconds = fields.Integer(required=True)
    grace_seconds = fields.Integer(required=True)
    erase = fields.Boolean(required=True)
    fuse = fields.Nested(FuseSchema, required=True)


class PolicySchema(Schema):
    version = fields.Integer(required=True)
    digest = fields.String(required=True)
    objects_per_second = fields.Integer(required=True)
    sample = fields.Integer(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)


class ExplainQuery(StrictSchema):
    """`bucket` may be left out where the key's shape tells it."""

    bucket = Choice(*BUCKETS, load_default=None)
    key = Text(1024, required=True)


class _ObjectSchema(Schema):
    bytes = fields.Integer(required=True)
    etag = fields.String(required=True)
    written_at = fields.AwareDateTime(required=True)


class _HoldSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class EntrySchema(Schema):
    """A deleted object, as the ledger has it."""

    seq = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    tenant_id = fields.String(required=True)
    bucket = fields.String(required=True)
    key = fields.String(required=True)
    bytes = fields.Integer(required=True)
    etag = fields.String(required=True)
    written_at = fields.AwareDateTime(required=True)
    rule = fields.String(required=True)
    reason = fields.String(required=True)
    cause = fields.String(required=True)
    approver = fields.String(required=True)
    hash = fields.String(required=True)


class ExplanationSchema(Schema):
    """`detail` is `verdict` in words; `released` what the owner says, null where nobody is asked."""

    bucket = fields.String(required=True)
    key = fields.String(required=True)
    rule = fields.String(required=True, allow_none=True)
    verdict = fields.String(required=True)
    reason = fields.String(required=True)
    detail = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    object = fields.Nested(_ObjectSchema, required=True, allow_none=True)
    released = fields.Boolean(required=True, allow_none=True)
    holds = fields.List(fields.Nested(_HoldSchema), required=True)
    ledger = fields.List(fields.Nested(EntrySchema), required=True)


class BacktestSchema(StrictSchema):
    """`policy` is a policy file's text (TOML) to be tried; left out, the one in force."""

    days = Whole(min=1, max=90, load_default=30)
    policy = Text(100_000, multiline=True, load_default=None)


class RequestSchema(Schema):
    """Something a worker does: `result` when DONE, `error` when FAILED. A backtest's result has `rules` (what
    each would have deleted) and `fuses` (those that a first plan would blow); the others' has `plans` (ids).
    """

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    parameters = fields.Dict(required=True)
    state = fields.String(required=True)
    result = fields.Dict(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
