"""What the routes of the duplicate cleanup take and give."""

from __future__ import annotations

from datetime import UTC, datetime

from marshmallow import Schema, fields, validate
from servicekit.fields import StrictSchema, Text

from students.domain.purge import days_left
from students.schemas.trash import SkippedSchema


class KeptSchema(Schema):
    """The record that stays; `holdings`: kind of thing → how many, over all services that answered."""

    id = fields.UUID(required=True)
    deleted_at = fields.AwareDateTime(required=True)
    login_id = fields.String(required=True, allow_none=True)
    holdings = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class RemovedSchema(KeptSchema):
    """A record that goes, `days_left` before the daily purge would have taken it."""

    days_left = fields.Function(
        lambda member: days_left(member.deleted_at, datetime.now(UTC)), metadata={"type": "integer"}
    )


class GroupSchema(Schema):
    """Deleted records of one name and parent phone; nothing is done to a `refused` one."""

    name = fields.String(required=True)
    parent_phone = fields.String(required=True)
    refused = fields.String(required=True, allow_none=True, metadata={"enum": ["placeholder_phone", None]})
    keep = fields.Function(lambda group: KeptSchema().dump(group.members[0]), metadata={"type": "object"})
    remove = fields.Function(
        lambda group: RemovedSchema(many=True).dump(group.members[1:]), metadata={"type": "array"}
    )


class PlanSchema(Schema):
    """Counts are over all groups, refused ones among `duplicate_groups`; `groups` are the first 100."""

    duplicate_groups = fields.Integer(required=True, attribute="groups")
    records_to_remove = fields.Integer(required=True, attribute="to_remove")
    refused_groups = fields.Integer(required=True)
    digest = fields.String(required=True)
    groups = fields.List(fields.Nested(GroupSchema), required=True, attribute="shown")
    services = fields.Dict(
        keys=fields.String(),
        values=fields.String(metadata={"enum": ["ok", "unknown"]}),
        required=True,
    )


class FixSchema(StrictSchema):
    """`digest` of the plan that was looked at."""

    digest = Text(
        64,
        required=True,
        validate=validate.Regexp(r"[0-9a-f]{64}\Z", error="중복 검사 결과의 값이 아닙니다."),
    )


class CleanedSchema(Schema):
    """`groups` were cleaned; who was held back is in `skipped`."""

    removed = fields.Integer(required=True)
    groups = fields.Integer(required=True)
    refused_groups = fields.Integer(required=True)
    skipped = fields.List(fields.Nested(SkippedSchema), required=True)
    erasure_ids = fields.List(fields.UUID(), required=True)
