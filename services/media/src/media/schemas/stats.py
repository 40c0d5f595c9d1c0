"""What the routes of statistics take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load
from servicekit.fields import Choice, Id, StrictBoolean, StrictSchema, Whole
from servicekit.pagination import PageSchema

from media.schemas.access import AccessSchema
from media.usecases.stats import RANGES


class RangeQuery(StrictSchema):
    """The time looked at."""

    range = Choice(*RANGES, load_default="24h")


class RiskQuery(StrictSchema):
    """Of one video; without a range of all time."""

    video = Id(required=True)
    limit = Whole(min=1, max=100, load_default=5)
    range = Choice(*RANGES, load_default=None)


class EventFilters(StrictSchema):
    """Of one video; of one student, violations only."""

    video = Id(required=True)
    student = Id()
    violated = StrictBoolean()

    @post_load
    def named(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        """As store.stats.events calls them."""
        names = {"video": "video_id", "student": "student_id"}
        return {names.get(name, name): value for name, value in given.items()}


class EventQuery(EventFilters, PageSchema):
    """A page of them."""


class RiskSchema(Schema):
    """`score`: the sum of the events' weights, doubled for violations."""

    student_id = fields.UUID(required=True)
    enrollment_id = fields.UUID(required=True)
    score = fields.Integer(required=True)
    events = fields.Integer(required=True)
    violations = fields.Integer(required=True)


class RiskListSchema(Schema):
    """The highest scores first."""

    results = fields.List(fields.Nested(RiskSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class TotalsSchema(Schema):
    """Of the lecture's active students; rates from 0 to 1."""

    students_total = fields.Integer(required=True)
    started = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    proctored_completed = fields.Integer(required=True)
    completion_rate = fields.Float(required=True)
    average_progress = fields.Float(required=True)
    watched_seconds = fields.Float(required=True)


class StatsSchema(TotalsSchema):
    """A video's figures, and every student's."""

    video_id = fields.UUID(required=True)
    title = fields.String(required=True)
    duration = fields.Float(required=True)
    students = fields.List(fields.Nested(AccessSchema), required=True)
    risk_top = fields.List(fields.Nested(RiskSchema), required=True)


class SummarySchema(TotalsSchema):
    """Classes begun in the range."""

    range = fields.String(required=True)
    sessions = fields.Integer(required=True)
    viewers = fields.Integer(required=True)
    revoked = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    events = fields.Integer(required=True)
    violations = fields.Integer(required=True)
    violation_rate = fields.Float(required=True)
    risk_top = fields.List(fields.Nested(RiskSchema), required=True)


class AchievementSchema(TotalsSchema):
    """`deciles`: students below 10 %, below 20 %, …, 90 % and more."""

    in_progress = fields.Integer(required=True)
    not_started = fields.Integer(required=True)
    deciles = fields.List(fields.Integer(), required=True)


class PolicyVersionSchema(Schema):
    """Classes begun under one version of the policy."""

    policy_version = fields.Integer(required=True)
    first_at = fields.AwareDateTime(required=True)
    sessions = fields.Integer(required=True)
    revoked = fields.Integer(required=True)
    events = fields.Integer(required=True)
    violations = fields.Integer(required=True)
    violation_rate = fields.Float(required=True)


class PolicyImpactSchema(Schema):
    """Students by mode and by reason of none, and what each version of the policy did."""

    policy_version = fields.Integer(required=True)
    modes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    denied = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    overrides = fields.Integer(required=True)
    versions = fields.List(fields.Nested(PolicyVersionSchema), required=True)


class PlaybackEventSchema(Schema):
    """One event; `client_id` below 0: noted by the server."""

    session_id = fields.UUID(required=True)
    client_id = fields.Integer(required=True)
    enrollment_id = fields.UUID(required=True)
    student_id = fields.UUID(required=True)
    type = fields.String(required=True)
    violated = fields.Boolean(required=True)
    reason = fields.String(required=True)
    position = fields.Function(lambda event: event.position_ms / 1000, required=True)
    occurred_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    score = fields.Integer(required=True)


class EventListSchema(Schema):
    """A page of events, the newest first."""

    results = fields.List(fields.Nested(PlaybackEventSchema), required=True)
    next = fields.String(required=True, allow_none=True)
