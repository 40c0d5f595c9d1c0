"""Events of the messaging context."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from contracts.columns import TEXT, TEXT_OR_NONE, Columns
from contracts.registry import EventType

TARGETS = ("parent", "student")
OUTCOMES = ("DELIVERED", "FAILED", "SKIPPED", "CANCELLED", "ACCEPTED")


class MessageRequested(Schema):
    """A trigger asks for a message to the students or their parents, once per `occurrence` of it.

    `variables` are what its template may use beside the student's and the academy's name.
    """

    trigger = fields.String(required=True)
    target = fields.String(required=True, validate=validate.OneOf(TARGETS))
    occurrence = fields.String(required=True, validate=validate.Length(1, 200))
    variables = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    students = Columns({"student_id": TEXT})


class MessageSettled(Schema):
    """Messages of one request came to their end; those that were never queued are not among them.

    `outcome` is their last state: DELIVERED, FAILED, SKIPPED, CANCELLED, or ACCEPTED where the provider has
    not reported in three days (should it do so after all, they settle once more).
    """

    request_id = fields.UUID(required=True)
    trigger = fields.String(required=True)
    occurrence = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    messages = Columns({"message_id": TEXT, "code": TEXT_OR_NONE})


# Owned by messaging, which hears it itself: other contexts say what happened, and messaging asks.
EVENTS = (
    EventType("messaging.message.requested", MessageRequested, ("messaging",)),
    EventType("messaging.message.settled", MessageSettled, ("messaging",)),
)
