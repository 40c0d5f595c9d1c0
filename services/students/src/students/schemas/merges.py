"""What the routes of pairs and merges take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from servicekit.fields import Id, StrictSchema
from servicekit.pagination import PageSchema

from students.domain.merges import undo_until
from students.schemas.students import StudentDetailSchema, StudentSchema

REASONS = ("same_phone", "similar_name", "same_student_phone")


class PairQuery(PageSchema):
    """A page of pairs."""


class PairSchema(Schema):
    """Two active students who may be one, and why."""

    left = fields.Nested(StudentSchema, required=True)
    right = fields.Nested(StudentSchema, required=True)
    reasons = fields.List(fields.String(metadata={"enum": list(REASONS)}), required=True)


class PairListSchema(Schema):
    """A page of pairs; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(PairSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ApartSchema(StrictSchema):
    """Two who are two, in either order."""

    left_id = Id(required=True)
    right_id = Id(required=True)


class NewMerge(StrictSchema):
    """`winner_id` stays, `loser_id` goes."""

    winner_id = Id(required=True)
    loser_id = Id(required=True)


class MergedSchema(Schema):
    """The student that stays, and until when the merge can be taken back."""

    merge_id = fields.UUID(required=True)
    winner = fields.Nested(StudentDetailSchema, required=True)
    undo_until = fields.AwareDateTime(required=True)


class MergeQuery(PageSchema):
    """A page of merges."""


class _NamedSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class MergeSchema(Schema):
    """A merge; `undone_at` is null while it stands."""

    id = fields.UUID(required=True)
    winner = fields.Nested(_NamedSchema, required=True)
    loser = fields.Nested(_NamedSchema, required=True)
    merged_by = fields.String(required=True)
    merged_at = fields.AwareDateTime(required=True)
    undo_until = fields.AwareDateTime(required=True)
    undone_at = fields.AwareDateTime(required=True, allow_none=True)


class MergeListSchema(Schema):
    """A page of merges, the newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(MergeSchema), required=True)
    next = fields.String(required=True, allow_none=True)


def shown(row: Any) -> dict[str, Any]:
    """A row of store.merges.listing as MergeSchema gives it."""
    return {
        **row._mapping,
        "winner": {"id": row.winner_id, "name": row.winner_name},
        "loser": {"id": row.loser_id, "name": row.loser_name},
        "undo_until": undo_until(row.merged_at),
    }
