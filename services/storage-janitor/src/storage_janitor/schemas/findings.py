"""Requests and answers of what sweeps find, and of the buckets' own rules."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, StrictSchema, Whole
from servicekit.pagination import PageSchema

from storage_janitor.domain.objects import BUCKETS


class FindingsQuery(PageSchema):
    """`orphan`: an object that nothing refers to; `missing`: a row whose object is not there."""

    kind = Choice("orphan", "missing", load_default=None)
    bucket = Choice(*BUCKETS, load_default=None)


class FindingSchema(Schema):
    bucket = fields.String(required=True)
    key = fields.String(required=True)
    kind = fields.String(required=True)
    class_ = fields.String(required=True, data_key="class", attribute="class")
    tenant_id = fields.String(required=True)
    bytes = fields.Integer(required=True)
    written_at = fields.AwareDateTime(required=True, allow_none=True)
    first_seen = fields.AwareDateTime(required=True)
    last_seen = fields.AwareDateTime(required=True)


class FindingListSchema(Schema):
    results = fields.List(fields.Nested(FindingSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DaysQuery(StrictSchema):
    days = Whole(min=1, max=400, load_default=90)


class TrendPointSchema(Schema):
    day = fields.Date(required=True)
    bucket = fields.String(required=True)
    class_ = fields.String(required=True, data_key="class", attribute="class")
    kind = fields.String(required=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


class TrendSchema(Schema):
    results = fields.List(fields.Nested(TrendPointSchema), required=True)


class QuarantineSchema(Schema):
    """Keys of one unknown shape; nothing deletes them but an operator's own command."""

    bucket = fields.String(required=True)
    shape = fields.String(required=True)
    sample_key = fields.String(required=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    first_seen = fields.AwareDateTime(required=True)
    last_seen = fields.AwareDateTime(required=True)


class QuarantineListSchema(Schema):
    results = fields.List(fields.Nested(QuarantineSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DriftSchema(Schema):
    """`what`: lifecycle or cors; `state`: ok, drift, or unsupported by the server."""

    bucket = fields.String(required=True)
    what = fields.String(required=True)
    state = fields.String(required=True)
    wanted = fields.List(fields.Dict(), required=True)
    found = fields.List(fields.Dict(), required=True)
    checked_at = fields.AwareDateTime(required=True)


class DriftListSchema(Schema):
    results = fields.List(fields.Nested(DriftSchema), required=True)
