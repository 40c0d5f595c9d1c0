"""Events of the storage context."""

from __future__ import annotations

from marshmallow import Schema, fields

from contracts.registry import EventType


class ObjectDeleted(Schema):
    """What an owner's event released has left the bucket: nothing of it is there any more.

    `owner` is the service, `reference` the owner's id of what the objects were of (a video), `kind` is
    video | raw, the number and size of the objects are those that were there.
    """

    owner = fields.String(required=True)
    kind = fields.String(required=True)
    reference = fields.UUID(required=True)
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


EVENTS = (EventType("storage.object.deleted", ObjectDeleted, ("media",)),)
