"""What the routes of bulk sends give."""

from __future__ import annotations

from marshmallow import Schema, fields

from messaging.domain.messages import Category, Mode, Status
from messaging.schemas.money import Won


class StateReasonSchema(Schema):
    """Messages in one state for one reason."""

    state = fields.String(required=True, metadata={"enum": list(Status)})
    code = fields.String(required=True)
    reason = fields.String(required=True)
    count = fields.Integer(required=True)


class BatchSchema(Schema):
    """`states` has the messages by state; `reserved` is what the open ones may cost, `settled` what the
    delivered ones did. `next_due_at`: when the first of those that wait is due.
    """

    id = fields.UUID(required=True)
    event = fields.String(required=True)
    category = fields.String(required=True, metadata={"enum": list(Category)})
    mode = fields.String(required=True, metadata={"enum": list(Mode)})
    template_id = fields.UUID(required=True, allow_none=True)
    template_name = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)
    due_at = fields.AwareDateTime(required=True)
    next_due_at = fields.AwareDateTime(required=True, allow_none=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    cancelled_by = fields.String(required=True, allow_none=True)
    cancelled_at = fields.AwareDateTime(required=True, allow_none=True)
    states = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    reasons = fields.List(fields.Nested(StateReasonSchema), required=True)
    reserved = Won(required=True)
    settled = Won(required=True)


class BatchesSchema(Schema):
    """A page of batches; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(BatchSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class CancelledSchema(Schema):
    """`went`: messages that had begun, and cannot be called back."""

    cancelled = fields.Integer(required=True)
    went = fields.Integer(required=True)


class CancelledMessageSchema(Schema):
    id = fields.UUID(required=True)
    state = fields.String(required=True)
