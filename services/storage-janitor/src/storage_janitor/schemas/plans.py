"""Requests and answers of plans."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, StrictSchema, Text
from servicekit.pagination import PageSchema

from storage_janitor.domain.objects import BUCKETS
from storage_janitor.domain.plans import PlanKind, PlanState


class PlansQuery(PageSchema):
    """Newest first."""

    state = Choice(*(state for state in PlanState if state is not PlanState.BUILDING), load_default=None)
    kind = Choice(*PlanKind, load_default=None)


class ReasonSchema(Schema):
    rule = fields.String(required=True)
    reason = fields.String(required=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


class BlownSchema(Schema):
    """A fuse that keeps a plan from applying itself: what is planned, and what it allows."""

    rule = fields.String(required=True)
    limit = fields.String(required=True)
    planned = fields.Integer(required=True)
    allowed = fields.Integer(required=True)


class PlanSchema(Schema):
    """`kept`: why objects of the plan are still there (absent, changed, held, needed, refused) → how many."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    bucket = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    digest = fields.String(required=True)
    policy_digest = fields.String(required=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    saving_usd = fields.Decimal(required=True, as_string=True)
    fuses = fields.List(fields.Nested(BlownSchema), required=True)
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    not_before = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = fields.AwareDateTime(required=True, allow_none=True)
    applied_to = fields.Integer(required=True)
    deleted = fields.Integer(required=True)
    deleted_bytes = fields.Integer(required=True)
    kept = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    sampled = fields.Integer(required=True)
    survivors = fields.Integer(required=True)
    ledger_from = fields.Integer(required=True, allow_none=True)
    ledger_to = fields.Integer(required=True, allow_none=True)
    left_over = fields.Integer(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    stop_reason = fields.String(required=True, allow_none=True)


class PlanListSchema(Schema):
    results = fields.List(fields.Nested(PlanSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ItemSchema(Schema):
    seq = fields.Integer(required=True)
    tenant_id = fields.String(required=True)
    bucket = fields.String(required=True)
    key = fields.String(required=True)
    bytes = fields.Integer(required=True)
    etag = fields.String(required=True)
    written_at = fields.AwareDateTime(required=True)
    rule = fields.String(required=True)
    reason = fields.String(required=True)


class ItemListSchema(Schema):
    results = fields.List(fields.Nested(ItemSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SampleSchema(Schema):
    """At most 20, evenly apart."""

    results = fields.List(fields.Nested(ItemSchema), required=True)


class ApprovalSchema(StrictSchema):
    """The digest of exactly the plan that was looked at."""

    digest = Text(64, min=64, required=True)


class SweepsQuery(PageSchema):
    bucket = Choice(*BUCKETS, load_default=None)


class SweepSchema(Schema):
    id = fields.UUID(required=True)
    bucket = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    pages = fields.Integer(required=True)
    policy_digest = fields.String(required=True)
    plan_id = fields.UUID(required=True, allow_none=True)
    orphan_plan_id = fields.UUID(required=True, allow_none=True)


class SweepListSchema(Schema):
    results = fields.List(fields.Nested(SweepSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SweepRequestSchema(StrictSchema):
    bucket = Choice(*BUCKETS, required=True)
