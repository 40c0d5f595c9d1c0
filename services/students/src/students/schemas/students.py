"""What the routes of records take and give. Nothing here has a password or its hash."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from servicekit.fields import Choice, Id, Password, StrictBoolean, StrictSchema, Text, Whole
from servicekit.pagination import PageSchema

from students.domain.records import GRADE_TOO_HIGH, grade_fits
from students.domain.roster import GENDERS, MAX_GRADE, SCHOOL_TYPES
from students.schemas.inputs import BlankIsNothing, CustomFields, LoginId, Name, Phone, TagIds

MAX_BULK = 500


class StudentFilters(StrictSchema):
    """Filters of the student list and its export; `school` is the whole name."""

    search = Text(100, blank=True, load_default="")
    deleted = StrictBoolean(load_default=False)
    grade = Whole(min=1, max=MAX_GRADE, load_default=None)
    school_type = Choice(*SCHOOL_TYPES, load_default=None)
    gender = Choice(*GENDERS, load_default=None)
    school = Text(100, load_default=None)
    tag = Id(load_default=None)
    is_managed = StrictBoolean(load_default=None)


class StudentQuery(PageSchema, StudentFilters):
    """A page of the filtered list."""


class _ProfileSchema(BlankIsNothing):
    """What a record has beside its identity; null or "" means: nothing."""

    login_id = LoginId(allow_none=True, blank=True)
    student_phone = Phone(allow_none=True, blank=True)
    school = Text(100, allow_none=True, blank=True)
    school_type = Choice(*SCHOOL_TYPES, allow_none=True)
    grade = Whole(min=1, max=MAX_GRADE, allow_none=True)
    gender = Choice(*GENDERS, allow_none=True)
    school_class = Text(50, allow_none=True, blank=True)
    major = Text(50, allow_none=True, blank=True)
    origin_school = Text(100, allow_none=True, blank=True)
    address = Text(300, allow_none=True, blank=True)
    memo = Text(5000, allow_none=True, blank=True, multiline=True)
    custom_fields = CustomFields()
    is_managed = StrictBoolean()

    @validates_schema
    def _grade_of_school(self, data: dict[str, Any], **_: Any) -> None:
        if not grade_fits(data.get("school_type"), data.get("grade")):
            raise ValidationError(GRADE_TOO_HIGH, "grade")


class NewStudentSchema(_ProfileSchema):
    """A record to be created: the arguments of usecases.records.NewStudent but `row`."""

    name = Name(required=True)
    parent_phone = Phone(required=True)
    tags = TagIds()


class CreateSchema(NewStudentSchema):
    """One record, and the password that its new accounts begin with."""

    initial_password = Password(required=True)


class ChangesSchema(_ProfileSchema):
    """What a PATCH may set; what is left out stays, null or "" empties. `version`: the one that was read."""

    login_id = LoginId()
    name = Name()
    parent_phone = Phone()
    tags = TagIds()
    version = Whole(min=1)


class TagSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    color = fields.String(required=True)


class StudentSchema(Schema):
    """A student in a list; times are UTC, `deleted_days_left` the days until the purge of a deleted one."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    login_id = fields.String(required=True, allow_none=True)
    student_phone = fields.String(required=True, allow_none=True)
    parent_phone = fields.String(required=True)
    school = fields.String(required=True, allow_none=True)
    school_type = fields.String(required=True, allow_none=True, metadata={"enum": [*SCHOOL_TYPES, None]})
    grade = fields.Integer(required=True, allow_none=True)
    gender = fields.String(required=True, allow_none=True, metadata={"enum": [*GENDERS, None]})
    school_class = fields.String(required=True, allow_none=True)
    major = fields.String(required=True, allow_none=True)
    origin_school = fields.String(required=True, allow_none=True)
    omr_code = fields.String(required=True)
    uses_identifier = fields.Boolean(required=True)
    is_managed = fields.Boolean(required=True)
    tags = fields.List(fields.Nested(TagSchema), required=True)
    created_at = fields.AwareDateTime(required=True)
    deleted_at = fields.AwareDateTime(required=True, allow_none=True)
    deleted_days_left = fields.Integer(required=True, allow_none=True)


class ParentSchema(Schema):
    """The parent account that siblings share."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True)
    login_id = fields.String(required=True, allow_none=True)
    must_change = fields.Boolean(required=True, allow_none=True)


class SiblingSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class HoldSchema(Schema):
    """Why a student must not be purged; `until` is null for a hold without end."""

    reason = fields.String(required=True)
    until = fields.AwareDateTime(required=True, allow_none=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class StudentDetailSchema(StudentSchema):
    """One student; `must_change` says that the account still has its initial password."""

    memo = fields.String(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    custom_fields = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    must_change = fields.Boolean(required=True, allow_none=True)
    parent = fields.Nested(ParentSchema, required=True, allow_none=True)
    siblings = fields.List(fields.Nested(SiblingSchema), required=True)
    photo_url = fields.String(required=True, allow_none=True)
    hold = fields.Nested(HoldSchema, required=True, allow_none=True)
    merged_into = fields.UUID(required=True, allow_none=True)
    version = fields.Integer(required=True)
    updated_at = fields.AwareDateTime(required=True)


class StudentListSchema(Schema):
    """A page of students; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(StudentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class PhotoSchema(Schema):
    """The form of a photo, for the documentation."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
