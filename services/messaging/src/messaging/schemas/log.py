"""What the log gives: never a number, never a text."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, Id, Moment
from servicekit.pagination import PageSchema

from messaging.domain.content import Kind
from messaging.domain.messages import Category, Channel, Status
from messaging.schemas.money import Won


class LogQuery(PageSchema):
    """`from` and `to` bound when a message was asked for; `to` itself is left out."""

    state = Choice(*Status, load_default=None)
    batch = Id(load_default=None)
    since = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None, data_key="to")


class AboutSchema(Schema):
    """A student whom a message is about."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class EntrySchema(Schema):
    """`recipient` is masked, null once the person is erased. `code` says why it is in its state."""

    id = fields.UUID(required=True)
    batch_id = fields.UUID(required=True, allow_none=True)
    event = fields.String(required=True)
    channel = fields.String(required=True, metadata={"enum": list(Channel)})
    kind = fields.String(required=True, metadata={"enum": list(Kind)})
    category = fields.String(required=True, metadata={"enum": list(Category)})
    recipient = fields.String(required=True, allow_none=True)
    students = fields.List(fields.Nested(AboutSchema), required=True)
    state = fields.String(required=True, metadata={"enum": list(Status)})
    code = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    attempt = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)


class LogEntrySchema(EntrySchema):
    """`price` is what it cost, while it is open what it may cost at most; null: it never could leave."""

    template_id = fields.UUID(required=True, allow_none=True)
    template_name = fields.String(required=True, allow_none=True)
    price = Won(required=True, allow_none=True)
    money = fields.String(
        required=True, allow_none=True, metadata={"enum": ["open", "settled", "released", None]}
    )
    replaced = fields.Boolean(required=True)
    due_at = fields.AwareDateTime(required=True)
    not_after = fields.AwareDateTime(required=True, allow_none=True)
    attempted_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class LogSchema(Schema):
    """A page of messages, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(LogEntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class AmbiguousEntrySchema(EntrySchema):
    """What the resolver knows: how often the provider was `asked`, and when it is next."""

    attempted_at = fields.AwareDateTime(required=True)
    asked = fields.Integer(required=True)
    ask_at = fields.AwareDateTime(required=True, allow_none=True)


class AmbiguousSchema(Schema):
    """A page of messages, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(AmbiguousEntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)
