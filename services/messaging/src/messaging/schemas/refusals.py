"""What the routes of denied numbers and of refusals take and give. A number comes in and never goes out."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice
from servicekit.pagination import PageSchema

from messaging.schemas.inputs import Phone, Reason

SCOPES = ("ad", "all")


class NewDenial(Reason):
    phone = Phone(required=True)


class DenialSchema(Schema):
    """A number that nothing may reach; `recipient` is masked."""

    fingerprint = fields.String(required=True)
    recipient = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class DenialsSchema(Schema):
    """Newest first; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(DenialSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class NewOptOut(Reason):
    phone = Phone(required=True)
    scope = Choice(*SCOPES, required=True)


class OptOutsQuery(PageSchema):
    scope = Choice(*SCOPES, load_default=None)


class OptOutSchema(Schema):
    """A number that refused advertising (ad) or everything (all); `source` is 080 or staff."""

    fingerprint = fields.String(required=True)
    recipient = fields.String(required=True, allow_none=True)
    scope = fields.String(required=True, metadata={"enum": list(SCOPES)})
    source = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class OptOutsSchema(Schema):
    """Newest first; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(OptOutSchema), required=True)
    next = fields.String(required=True, allow_none=True)
