"""What the routes of triggers take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from servicekit.fields import Choice, Id, StrictBoolean, StrictSchema

from messaging.domain.messages import Mode
from messaging.domain.triggers import TRIGGERS, Policy


class TriggerChange(StrictSchema):
    """One trigger, and what becomes of it."""

    trigger = Choice(*TRIGGERS, required=True)
    enabled = StrictBoolean()
    template_id = Id(allow_none=True)
    mode = Choice(*Mode)

    @validates_schema
    def _some(self, data: dict[str, Any], **_: Any) -> None:
        if data.keys() <= {"trigger"}:
            raise ValidationError("하나 이상 지정해 주세요.")


class TriggerSchema(Schema):
    """`enabled`: it sends by itself; `switchable`: the academy decides. `policy`: system always sends,
    automatic unless it is off, manual after a person has confirmed it, disabled never."""

    trigger = fields.String(required=True)
    title = fields.String(required=True)
    policy = fields.String(required=True, metadata={"enum": list(Policy)})
    variables = fields.List(fields.String(), required=True)
    enabled = fields.Boolean(required=True)
    switchable = fields.Boolean(required=True)
    template_id = fields.UUID(required=True, allow_none=True)
    mode = fields.String(required=True, metadata={"enum": list(Mode)})
    changed_by = fields.String(required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)


class TriggersSchema(Schema):
    """Every trigger there is."""

    results = fields.List(fields.Nested(TriggerSchema), required=True)
