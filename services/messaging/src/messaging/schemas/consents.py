"""What the consent routes take and give. A number comes in and never goes out."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, Id, Ids, Moment, StrictSchema, Text
from servicekit.pagination import PageSchema

from messaging.domain.consent import Action, Kind
from messaging.schemas.inputs import Phone

VIA = ("paper", "web", "phone", "visit", "message")
DUE = ("notice", "renewal")


class _Statement(StrictSchema):
    """`at` is when it was said, by default now; `via` how it reached the academy."""

    kind = Choice(*Kind, required=True)
    action = Choice(*Action, required=True)
    at = Moment(load_default=None)
    via = Choice(*VIA, required=True)
    evidence = Text(500, allow_none=True, load_default=None)


class NewConsent(_Statement):
    phone = Phone(required=True)


class BulkConsent(_Statement):
    """Of the parents' numbers of these students, or of their own."""

    student_ids = Ids(required=True)
    to = Choice("parent", "student", load_default="parent")


class RecordedSchema(Schema):
    """`ignored` recipients never said anything that could be confirmed or told; `unreachable` are students
    who are not there or have no such number."""

    recorded = fields.Integer(required=True)
    ignored = fields.Integer(required=True)
    unreachable = fields.List(fields.UUID(), required=True)


class ConsentsQuery(PageSchema):
    student_id = Id(load_default=None)


class DueQuery(PageSchema):
    what = Choice(*DUE, required=True)


class ConsentSchema(Schema):
    """`notice_by`: until when the recipient has to be told of the last change, null once told; `renew_by`:
    until when a given one has to be confirmed again."""

    fingerprint = fields.String(required=True)
    recipient = fields.Method("masked", metadata={"type": "string", "nullable": True})
    kind = fields.String(required=True, metadata={"enum": list(Kind)})
    given = fields.Boolean(required=True)
    changed_at = fields.AwareDateTime(required=True)
    confirmed_at = fields.AwareDateTime(required=True)
    notified_at = fields.AwareDateTime(required=True, allow_none=True)
    notice_by = fields.AwareDateTime(required=True, allow_none=True)
    renew_by = fields.AwareDateTime(required=True, allow_none=True)

    def masked(self, row: dict[str, str | None]) -> str | None:
        phone = row["phone"]
        return f"{phone[:4]}****" if phone else None


class ConsentsSchema(Schema):
    """A page of consents as they stand; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(ConsentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class EntrySchema(Schema):
    """A row of the ledger, which nobody can change."""

    kind = fields.String(required=True, metadata={"enum": list(Kind)})
    action = fields.String(required=True, metadata={"enum": list(Action)})
    at = fields.AwareDateTime(required=True)
    via = fields.String(required=True)
    evidence = fields.String(required=True, allow_none=True)
    recorded_by = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class EntriesSchema(Schema):
    """Newest first; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(EntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)
