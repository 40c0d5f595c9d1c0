"""What the provider's reports bring."""

from __future__ import annotations

from marshmallow import Schema, fields


class ReceivedSchema(Schema):
    """How many reports were new."""

    received = fields.Integer(required=True)
