"""Requests and answers of the operations routes."""

from __future__ import annotations

from typing import Any

from eventkit.deadletters.letters import Filter
from marshmallow import Schema, fields

from servicekit.fields import Changes, Choice, Id, Ids, Moment, StrictSchema, Text, Texts
from servicekit.pagination import PageSchema
from servicekit.problem import Problem

_FINGERPRINT = 12


class LetterFilterSchema(StrictSchema):
    """Which dead letters; all given conditions hold. `since` and `until` bound when they were last seen."""

    type = Text(100)
    tenant_id = Text(64)
    fingerprint = Text(_FINGERPRINT, min=_FINGERPRINT)
    correlation_id = Text(64)
    since = Moment()
    until = Moment()


class ChosenLettersSchema(LetterFilterSchema):
    """Also single ones."""

    ids = Ids(max=1000)


class LetterListSchema(PageSchema, LetterFilterSchema):
    """The letters of a state, newest first."""

    state = Choice("open", "replayed", "discarded", load_default="open")


class DiscardLettersSchema(ChosenLettersSchema):
    """Why they are given up."""

    note = Text(500, required=True)


class LetterEditSchema(StrictSchema):
    """Fields of the event's `data`, as they should be."""

    data = Changes(required=True)


class PeriodSchema(StrictSchema):
    """Events made from `since` until `until`."""

    since = Moment(required=True)
    until = Moment(required=True)


class PublishedIdsSchema(PeriodSchema):
    destination = Text(40, required=True)


class EventIdsSchema(StrictSchema):
    ids = Ids(max=10_000, required=True)


class RebuildSchema(PeriodSchema):
    """Events of these types are to be handled again."""

    types = Texts(max=100, length=100, required=True)


class ResendSchema(RebuildSchema):
    destination = Text(40, required=True)


class _DeathSchema(Schema):
    """What a letter, or a group of them, died of, and when."""

    fingerprint = fields.String()
    type = fields.String()
    handler = fields.String()
    reason = fields.String()
    place = fields.String()
    first_seen = fields.AwareDateTime()
    last_seen = fields.AwareDateTime()


class CauseSchema(_DeathSchema):
    """`forecast`: what a dry run of this build said of one of them; null before it ran."""

    count = fields.Integer()
    tenants = fields.Integer()
    forecast = fields.String(allow_none=True)


class CausesSchema(Schema):
    build = fields.String()
    results = fields.List(fields.Nested(CauseSchema))


class LetterSchema(_DeathSchema):
    id = Id()
    tenant_id = fields.String()
    event_id = Id(allow_none=True)
    correlation_id = fields.String(allow_none=True)
    published_at = fields.AwareDateTime(allow_none=True)
    source_queue = fields.String()
    attempts = fields.Integer()
    seen = fields.Integer()
    state = fields.String()
    edited = fields.Boolean()


class LetterDetailSchema(LetterSchema):
    """`payload` with everything that may be about a person masked; null when it is no JSON object."""

    payload = fields.Raw(allow_none=True)
    bytes = fields.Integer()


class LettersSchema(Schema):
    results = fields.List(fields.Nested(LetterSchema))
    next = fields.String(allow_none=True)


class DiscardedLettersSchema(Schema):
    discarded = fields.Integer()


class ReplaySchema(Schema):
    """`counts`: forecast → outcome → how many; `groups` (not in a list): what was said of each cause."""

    id = Id()
    filter = fields.Raw()
    total = fields.Integer()
    state = fields.String()
    step = fields.Integer()
    stop_reason = fields.String(allow_none=True)
    created_by = fields.String()
    created_at = fields.AwareDateTime()
    approved_by = fields.String(allow_none=True)
    approved_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    counts = fields.Dict()
    groups = fields.List(fields.Dict())


class ReplaysSchema(Schema):
    results = fields.List(fields.Nested(ReplaySchema))
    next = fields.String(allow_none=True)


class ReplayItemSchema(Schema):
    position = fields.Integer()
    dead_letter_id = Id()
    type = fields.String()
    fingerprint = fields.String()
    forecast = fields.String(allow_none=True)
    changes = fields.Raw(allow_none=True)
    outcome = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class ReplayItemsSchema(Schema):
    results = fields.List(fields.Nested(ReplayItemSchema))
    next = fields.String(allow_none=True)


def chosen(given: dict[str, Any]) -> Filter:
    """The filter of a validated LetterFilterSchema."""
    names = ("type", "tenant_id", "fingerprint", "correlation_id", "since", "until", "ids")
    return Filter(**{name: given.get(name) for name in names})


def some_chosen(given: dict[str, Any]) -> Filter:
    """As chosen(), for what must not be done to everything by mistake. Raises Problem 422 filter_required."""
    of = chosen(given)
    if not of.values():
        raise Problem("filter_required")
    return of
