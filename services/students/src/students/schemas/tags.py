"""What the tag routes take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from servicekit.fields import Id, StrictSchema, Text, Whole
from servicekit.pagination import MAX_PAGE_SIZE, PageSchema

from students.schemas.students import TagSchema

_COLOR = r"^#[0-9a-fA-F]{6}\Z"


class TagsQuery(PageSchema):
    """A page holds every tag that an academy is likely to have."""

    page_size = Whole(min=1, max=MAX_PAGE_SIZE, load_default=MAX_PAGE_SIZE)


class TagChanges(StrictSchema):
    """What a PATCH may set."""

    name = Text(30)
    color = Text(7, validate=validate.Regexp(_COLOR, error="#RRGGBB 형식이어야 합니다."))


class NewTag(TagChanges):
    """The name is unique in the academy."""

    name = Text(30, required=True)
    color = Text(
        7,
        validate=validate.Regexp(_COLOR, error="#RRGGBB 형식이어야 합니다."),
        load_default="#3b82f6",
    )


class TagOfStudent(StrictSchema):
    tag_id = Id(required=True)


class TagsSchema(Schema):
    """Tags by name; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(TagSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class StudentTagsSchema(Schema):
    """All tags of one student."""

    tags = fields.List(fields.Nested(TagSchema), required=True)
