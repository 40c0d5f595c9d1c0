"""What the routes of triggers' requests take and give."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, Ids, StrictSchema, Text
from servicekit.pagination import PageSchema

from messaging.domain.triggers import TRIGGERS
from messaging.schemas.templates import Values

STATES = ("waiting", "queued", "refused", "dismissed")
TARGETS = ("parent", "student")


class NewRequest(StrictSchema):
    """`occurrence` tells one happening from the next: the same again is sent once."""

    trigger = Choice(*TRIGGERS, required=True)
    target = Choice(*TARGETS, load_default="parent")
    occurrence = Text(200, required=True)
    variables = Values()
    student_ids = Ids(required=True)


class AskedSchema(Schema):
    """The request's id, under which it appears in a moment."""

    id = fields.UUID(required=True)


class RequestsQuery(PageSchema):
    state = Choice(*STATES, load_default=None)


class RequestSchema(Schema):
    """What a trigger asked for. `code` says why it was refused, `reason` in Korean. A queued one's messages
    are in the log, a confirmed one's are the batch of the same id; `delivered`, `failed`, `unreported` (the
    provider never told) and `dropped` (kept back or cancelled after all) are what became of them."""

    id = fields.UUID(required=True)
    trigger = fields.String(required=True)
    title = fields.String(required=True)
    target = fields.String(required=True, metadata={"enum": list(TARGETS)})
    occurrence = fields.String(required=True)
    variables = fields.Dict(required=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    code = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    students = fields.Integer(required=True)
    queued = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    unreported = fields.Integer(required=True)
    dropped = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)


class RequestsSchema(Schema):
    """Newest first; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(RequestSchema), required=True)
    next = fields.String(required=True, allow_none=True)
