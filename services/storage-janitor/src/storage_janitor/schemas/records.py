"""Requests and answers of the ledger, of holds, and of erasures."""

from __future__ import annotations

from typing import Any

from contracts.tenant import TENANT
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from servicekit.fields import Choice, Id, Moment, StrictSchema, Text
from servicekit.pagination import PageSchema

from storage_janitor.domain.holds import HoldKind
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.schemas.policies import EntrySchema

_TENANT = validate.Regexp(rf"(?:{TENANT.pattern})\Z", error="학원 ID 형식이 아닙니다.")


class LedgerQuery(PageSchema):
    """All given conditions hold; newest first."""

    plan_id = Id(load_default=None)
    tenant_id = Text(64, load_default=None)
    bucket = Choice(*BUCKETS, load_default=None)
    prefix = Text(1024, load_default=None)


class LedgerSchema(Schema):
    results = fields.List(fields.Nested(EntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class VerifiedSchema(Schema):
    """`broken_at`: the number of the first entry that is not as it was written; null if all are."""

    entries = fields.Integer(required=True)
    head = fields.String(required=True)
    broken_at = fields.Integer(required=True, allow_none=True)


class HoldsQuery(PageSchema):
    """Those in force, or all."""

    state = Choice("active", "all", load_default="active")


class NewHoldSchema(StrictSchema):
    """`value`: the id of the student or video, or the beginning of a bucket's keys; of an academy none."""

    kind = Choice(*HoldKind, required=True)
    tenant_id = Text(64, required=True, validate=_TENANT)
    bucket = Choice(*BUCKETS, load_default=None)
    value = Text(1024, load_default=None)
    reason = Text(500, required=True)
    expires_at = Moment(required=True)

    @validates_schema
    def check(self, data: dict[str, object], **_: object) -> None:
        """A prefix is of one bucket and has an end; the others have the id of what they are on."""
        kind, value = data["kind"], data["value"]
        if kind == HoldKind.PREFIX:
            if data["bucket"] is None:
                raise ValidationError("버킷을 지정해 주세요.", "bucket")
            if not (isinstance(value, str) and "/" in value):
                raise ValidationError("폴더까지 지정해 주세요. (예: exports/)", "value")
        elif kind == HoldKind.TENANT:
            if value not in (None, data["tenant_id"]):
                raise ValidationError("학원 전체에 대한 보존에는 필요 없습니다.", "value")
        elif value is None or not _is_id(value):
            raise ValidationError("올바른 ID 형식이 아닙니다.", "value")

    @post_load
    def as_keys_have_it(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """An id in the spelling of keys, which know no capitals."""
        if data["kind"] in (HoldKind.STUDENT, HoldKind.VIDEO):
            data["value"] = data["value"].lower()
        return data


class HoldEndSchema(StrictSchema):
    reason = Text(500, required=True)


class HoldSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    tenant_id = fields.String(required=True)
    bucket = fields.String(required=True, allow_none=True)
    value = fields.String(required=True)
    reason = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    ended_by = fields.String(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class PlacedHoldSchema(HoldSchema):
    """`in_flight`: objects of it that were being deleted when it was placed; it came too late for them."""

    in_flight = fields.Integer(required=True)


class HoldListSchema(Schema):
    results = fields.List(fields.Nested(HoldSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ErasureSchema(StrictSchema):
    """A whole academy, or one of its students."""

    tenant_id = Text(64, required=True, validate=_TENANT)
    student_id = Id(load_default=None)


class _ErasedClassSchema(Schema):
    bucket = fields.String(required=True)
    class_ = fields.String(required=True, data_key="class", attribute="class")
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


class ReceiptSchema(Schema):
    """`left_over`: objects of theirs that were there afterwards; `head`: the ledger's newest hash."""

    plan_id = fields.UUID(required=True)
    subject = fields.String(required=True)
    state = fields.String(required=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    kept = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    classes = fields.List(fields.Nested(_ErasedClassSchema), required=True)
    ledger_from = fields.Integer(required=True, allow_none=True)
    ledger_to = fields.Integer(required=True, allow_none=True)
    head = fields.String(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    left_over = fields.Integer(required=True, allow_none=True)


def _is_id(value: object) -> bool:
    try:
        Id().deserialize(value)
    except ValidationError:
        return False
    return True
