"""Events of the messaging context."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from contracts.columns import TEXT, Columns
from contracts.registry import EventType

TARGETS = ("parent", "student")


class MessageRequested(Schema):
    """A trigger asks for a message to the students or their parents, once per `occurrence` of it.

    `variables` are what its template may use beside the student's and the academy's name.
    """

    trigger = fields.String(required=True)
    target = fields.String(required=True, validate=validate.OneOf(TARGETS))
    occurrence = fields.String(required=True, validate=validate.Length(1, 200))
    variables = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    students = Columns({"student_id": TEXT})


# Owned by messaging, which hears it itself: other contexts say what happened, and messaging asks.
EVENTS = (EventType("messaging.message.requested", MessageRequested, ("messaging",)),)
