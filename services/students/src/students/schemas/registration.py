"""What the registration routes take and give. The password only comes in."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from servicekit.fields import Choice, Ids, Password, StrictBoolean, StrictSchema, Text
from servicekit.pagination import PageSchema

from students.domain.registration import MIN_PASSWORD, Status
from students.domain.roster import GENDERS, SCHOOL_TYPES
from students.schemas.accounts import Academy
from students.schemas.students import NewStudentSchema

_REASON = 500


class RequestSchema(NewStudentSchema):
    """What a person outside says of themselves; what staff decide about a record is no part of it."""

    class Meta(NewStudentSchema.Meta):
        exclude = ("custom_fields", "is_managed", "tags")

    academy = Academy(required=True)
    password = Password(min=MIN_PASSWORD, required=True)
    consent = StrictBoolean(
        required=True, validate=validate.Equal(True, error="개인정보 수집·이용에 동의해 주세요.")
    )


class ReceivedSchema(Schema):
    """The same for everybody."""

    detail = fields.String(required=True)


class RequestQuery(PageSchema):
    """Filter of the list."""

    status = Choice(*Status, load_default=Status.PENDING)


class ApproveSchema(StrictSchema):
    """`restore` brings a deleted student of this name and parent phone back instead of making a new one."""

    on_deleted = Choice("restore", load_default=None)


class RejectSchema(StrictSchema):
    """Why, for the academy itself."""

    reason = Text(_REASON, allow_none=True, load_default=None)


class BulkApproveSchema(StrictSchema):
    """Requests to approve, one by one."""

    ids = Ids(required=True)


class BulkRejectSchema(BulkApproveSchema, RejectSchema):
    """Requests to reject, all for the same reason."""


class SettingsSchema(StrictSchema):
    """`auto_approve`: requests without a conflict become students at once."""

    auto_approve = StrictBoolean(required=True)


class MatchSchema(Schema):
    """Who has the request's name and parent phone: `kind` active or deleted."""

    kind = fields.String(required=True)
    student_id = fields.UUID(required=True)


class RequestItemSchema(Schema):
    """A request; `match` is null where nobody is it yet, and once it is decided. Times are UTC."""

    id = fields.UUID(required=True)
    status = fields.String(required=True, metadata={"enum": list(Status)})
    name = fields.String(required=True)
    parent_phone = fields.String(required=True)
    student_phone = fields.String(required=True, allow_none=True)
    login_id = fields.String(required=True, allow_none=True)
    school = fields.String(required=True, allow_none=True, attribute="profile.school", dump_default=None)
    school_type = fields.String(
        required=True,
        allow_none=True,
        attribute="profile.school_type",
        dump_default=None,
        metadata={"enum": [*SCHOOL_TYPES, None]},
    )
    grade = fields.Integer(required=True, allow_none=True, attribute="profile.grade", dump_default=None)
    gender = fields.String(
        required=True,
        allow_none=True,
        attribute="profile.gender",
        dump_default=None,
        metadata={"enum": [*GENDERS, None]},
    )
    school_class = fields.String(
        required=True, allow_none=True, attribute="profile.school_class", dump_default=None
    )
    major = fields.String(required=True, allow_none=True, attribute="profile.major", dump_default=None)
    origin_school = fields.String(
        required=True, allow_none=True, attribute="profile.origin_school", dump_default=None
    )
    address = fields.String(required=True, allow_none=True, attribute="profile.address", dump_default=None)
    memo = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    student_id = fields.UUID(required=True, allow_none=True)
    match = fields.Method("match_of", metadata={"type": "object", "nullable": True})

    def match_of(self, row: Any) -> Any:
        # in the order of store.roster: an active student, one in the trash, one it was merged into
        for kind, student_id in (
            ("active", row.active_id),
            ("deleted", row.deleted_id),
            ("active", row.winner_id),
        ):
            if student_id is not None:
                return MatchSchema().dump({"kind": kind, "student_id": student_id})
        return None


class RequestListSchema(Schema):
    """A page of requests, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(RequestItemSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RefusalSchema(Schema):
    """A request that stays as it was; `detail` is Korean."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class BulkApprovedSchema(Schema):
    """How many were approved; every other id is in `failed`."""

    approved = fields.Integer(required=True)
    failed = fields.List(fields.Nested(RefusalSchema), required=True)


class BulkRejectedSchema(Schema):
    """How many were rejected; every other id is in `failed`."""

    rejected = fields.Integer(required=True)
    failed = fields.List(fields.Nested(RefusalSchema), required=True)
