"""What the credit routes take and give."""

from __future__ import annotations

from contracts.tenant import TENANT
from marshmallow import Schema, fields, validate
from servicekit.fields import StrictSchema, Text, Whole

from messaging.domain.credits import Movement
from messaging.schemas.inputs import Price
from messaging.schemas.money import Won

_MOST = 1_000_000_000
_ACADEMY = validate.Regexp(rf"{TENANT.pattern}\Z", error="올바른 학원 ID가 아닙니다.")


class CreditEntrySchema(Schema):
    """Money moved from one account to another."""

    kind = fields.String(required=True, metadata={"enum": list(Movement)})
    from_account = fields.String(required=True)
    to_account = fields.String(required=True)
    amount = Won(required=True)
    reference = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class CreditsSchema(Schema):
    """Balances in KRW as text: `low` is below what the academy wants to be told of. Entries newest first."""

    available = Won(required=True)
    held = Won(required=True)
    spent = Won(required=True)
    low = fields.Boolean(required=True)
    results = fields.List(fields.Nested(CreditEntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class OfAcademy(StrictSchema):
    """Whose money it is."""

    tenant_id = Text(100, required=True, validate=_ACADEMY)


class ChargeSchema(OfAcademy):
    """`reference` is of the payment: one charge each."""

    amount = Whole(min=1, max=_MOST, required=True)
    reference = Text(100, required=True)


class ChargedSchema(Schema):
    """The balances after it."""

    available = Won(required=True)
    held = Won(required=True)


class NewPrices(OfAcademy):
    """KRW per message."""

    sms_price = Price(required=True)
    lms_price = Price(required=True)
    alimtalk_price = Price(required=True)


class PricesSchema(Schema):
    """What the academy pays per message from now on."""

    sms_price = Won(required=True)
    lms_price = Won(required=True)
    alimtalk_price = Won(required=True)
