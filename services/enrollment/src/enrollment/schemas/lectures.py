"""What the lecture and session routes take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from servicekit.fields import Choice, Date, Id, StrictBoolean, StrictSchema, Text, Whole
from servicekit.pagination import MAX_PAGE_SIZE, PageSchema

from enrollment.store.tables import SESSION_TYPES

_COLOR = validate.Regexp(r"^#[0-9a-fA-F]{6}$", error="#RRGGBB 형식이어야 합니다.")


class LecturesQuery(PageSchema):
    """`search` finds a part of the title."""

    search = Text(255, blank=True, load_default="")
    is_active = StrictBoolean(load_default=None)


class LectureChanges(StrictSchema):
    """What a PATCH may set; what is left out stays as it is."""

    title = Text(255)
    name = Text(255, blank=True)
    subject = Text(50, blank=True)
    description = Text(5000, blank=True, multiline=True)
    start_date = Date(allow_none=True)
    end_date = Date(allow_none=True)
    lecture_time = Text(100, blank=True)
    color = Text(20, validate=_COLOR)
    chip_label = Text(2, blank=True)
    is_active = StrictBoolean()


class NewLecture(LectureChanges):
    """The title is unique in the academy."""

    title = Text(255, required=True)


class LectureSchema(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    name = fields.String(required=True)
    subject = fields.String(required=True)
    description = fields.String(required=True)
    start_date = fields.Date(required=True, allow_none=True)
    end_date = fields.Date(required=True, allow_none=True)
    lecture_time = fields.String(required=True)
    color = fields.String(required=True)
    chip_label = fields.String(required=True)
    is_active = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class LecturesSchema(Schema):
    """A page of lectures, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(LectureSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class SessionsQuery(PageSchema):
    """A page holds every session a lecture is likely to have (earlier system, failure 9)."""

    lecture = Id(required=True)
    page_size = Whole(min=1, max=MAX_PAGE_SIZE, load_default=MAX_PAGE_SIZE)


class SessionChanges(StrictSchema):
    """What a PATCH may set; a session stays in its lecture."""

    order = Whole(min=1, max=10_000)
    title = Text(255)
    date = Date(allow_none=True)
    session_type = Choice(*SESSION_TYPES)


class NewSession(SessionChanges):
    """Without an order it becomes the last session, without a title it is called "N차시"."""

    lecture = Id(required=True)


class SessionSchema(Schema):
    """One session (차시) of a lecture."""

    id = fields.UUID(required=True)
    lecture_id = fields.UUID(required=True)
    order = fields.Integer(required=True)
    title = fields.String(required=True)
    date = fields.Date(required=True, allow_none=True)
    session_type = fields.String(required=True, metadata={"enum": list(SESSION_TYPES)})
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class SessionsSchema(Schema):
    """Sessions in their order; `next` is the cursor of the following page."""

    results = fields.List(fields.Nested(SessionSchema), required=True)
    next = fields.String(required=True, allow_none=True)
