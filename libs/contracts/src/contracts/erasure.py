"""The receipt that every context gives for students.student.purged, about itself."""

from __future__ import annotations

from marshmallow import Schema, fields

from contracts.columns import INTEGER, TEXT, Columns
from contracts.registry import EventType
from contracts.services import SERVICES, context_of

CONTEXTS = tuple(map(context_of, SERVICES))


class ErasureCompleted(Schema):
    """The people of a purge have been erased in this context: its receipt, with counts.

    `counts` has one row per (student, kind of thing), none where nothing was held.
    """

    erasure_id = fields.UUID(required=True)
    counts = Columns({"student_id": TEXT, "kind": TEXT, "count": INTEGER})


EVENTS = tuple(
    EventType(f"{context}.erasure.completed", ErasureCompleted, ("students",)) for context in CONTEXTS
)


def receipt_of(service: str) -> str:
    """The event by which a service answers."""
    return f"{context_of(service)}.erasure.completed"
