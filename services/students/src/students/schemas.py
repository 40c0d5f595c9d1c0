"""What the routes take and give. Nothing here has a password or its hash."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from servicekit.fields import StrictBoolean, Text
from servicekit.pagination import PageSchema

from students.domain.roster import GENDERS, SCHOOL_TYPES


class StudentQuery(PageSchema):
    """Filters of the student list."""

    search = Text(100, blank=True, load_default="")
    deleted = StrictBoolean(load_default=False)


class StudentSchema(Schema):
    """A student in a list. `deleted_at` is null for an active one; times are UTC."""

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
    created_at = fields.AwareDateTime(required=True)
    deleted_at = fields.AwareDateTime(required=True, allow_none=True)


class ParentSchema(Schema):
    """The parent account that siblings share."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True)
    login_id = fields.String(required=True, allow_none=True)


class StudentDetailSchema(StudentSchema):
    """One student; `must_change` says that the account still has its initial password."""

    memo = fields.String(required=True, allow_none=True)
    must_change = fields.Boolean(required=True, allow_none=True)
    parent = fields.Method("parent_of", metadata={"type": "object"})
    version = fields.Integer(required=True)
    updated_at = fields.AwareDateTime(required=True)

    def parent_of(self, row: Any) -> Any:
        if row.parent_id is None:
            return None
        return ParentSchema().dump(
            {
                "id": row.parent_id,
                "name": row.parent_name,
                "phone": row.parent_login_phone,
                "login_id": row.parent_login_id,
            }
        )


class StudentListSchema(Schema):
    """A page of students; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(StudentSchema), required=True)
    next = fields.String(required=True, allow_none=True)
