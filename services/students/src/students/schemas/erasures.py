"""What the routes of erasures and of the audit trail take and give. Ids, pseudonyms and counts, no people."""

from __future__ import annotations

from typing import Any

from contracts.erasure import CONTEXTS
from marshmallow import Schema, ValidationError, fields, validates_schema
from servicekit.fields import Choice, Id, Text
from servicekit.pagination import PageSchema

from students.domain.audit import Action

_SERVICE = {"enum": list(CONTEXTS)}
_TIME = {"format": "date-time"}


class _ErasureSchema(Schema):
    student_id = fields.UUID(required=True)
    pseudonym = fields.String(required=True)
    reason = fields.String(required=True)
    requested_by = fields.String(required=True)


class ErasureSchema(_ErasureSchema):
    """A purged person; `waiting`: the services whose receipt is still missing."""

    deleted_at = fields.AwareDateTime(required=True, allow_none=True)
    requested_at = fields.AwareDateTime(required=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)
    waiting = fields.List(fields.String(metadata=_SERVICE), required=True)


class ErasureListSchema(Schema):
    """A page of purged people, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(ErasureSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ReceiptSchema(Schema):
    """What one service says it erased; `received_at` is null while it has not answered."""

    service = fields.String(required=True, metadata=_SERVICE)
    received_at = fields.String(required=True, allow_none=True, metadata=_TIME)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class CertificateSchema(_ErasureSchema):
    """The certificate of one erasure, times as the text that the digest was made of.

    `digest`: SHA-256, in hex, of this object without `digest` as UTF-8 JSON with sorted keys, without
    white space and with no character escaped that need not be.
    """

    academy = fields.String(required=True)
    deleted_at = fields.String(required=True, allow_none=True, metadata=_TIME)
    requested_at = fields.String(required=True, metadata=_TIME)
    completed_at = fields.String(required=True, allow_none=True, metadata=_TIME)
    complete = fields.Boolean(required=True)
    receipts = fields.List(fields.Nested(ReceiptSchema), required=True)
    digest = fields.String(required=True)


class AuditQuery(PageSchema):
    """Filters of the trail; a person by id or by pseudonym, whichever is known."""

    student_id = Id(load_default=None)
    pseudonym = Text(32, load_default=None)
    action = Choice(*Action, load_default=None)

    @validates_schema
    def one_person(self, data: dict[str, Any], **_: Any) -> None:
        if data["student_id"] is not None and data["pseudonym"] is not None:
            raise ValidationError("student_id와 pseudonym 중 하나만 지정해 주세요.", "pseudonym")


class AuditSchema(Schema):
    """One act: who did what to whom. `pseudonym` is null for what concerns no single person."""

    seq = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True, metadata={"enum": list(Action)})
    pseudonym = fields.String(required=True, allow_none=True)
    details = fields.Dict(keys=fields.String(), required=True)


class AuditListSchema(Schema):
    """A page of the trail, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(AuditSchema), required=True)
    next = fields.String(required=True, allow_none=True)
