"""Who watched what, for staff, under /api/v1/media."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, stream_with_context
from servicekit.auth import STAFF_ROLES
from servicekit.web import Blueprint, tx

from media.schemas.stats import (
    AchievementSchema,
    EventFilters,
    EventListSchema,
    EventQuery,
    PolicyImpactSchema,
    RangeQuery,
    RiskListSchema,
    RiskQuery,
    StatsSchema,
    SummarySchema,
)
from media.usecases import stats as usecases
from media.usecases.access import require_video

stats = Blueprint("stats", __name__, url_prefix="/api/v1/media", description="시청 통계")


@stats.route("/videos/<uuid:video_id>/stats/", roles=STAFF_ROLES)
@stats.response(200, StatsSchema)
def show_stats(video_id: UUID) -> dict[str, Any]:
    """A video's figures and every student's progress; complete."""
    with tx() as uow:
        return usecases.video_stats(uow, video_id)


@stats.route("/videos/<uuid:video_id>/summary/", roles=STAFF_ROLES)
@stats.arguments(RangeQuery, location="query")
@stats.response(200, SummarySchema)
def show_summary(query: dict[str, Any], video_id: UUID) -> dict[str, Any]:
    """Classes begun in the last 24 hours or 7 days, their violations, and who stands out."""
    with tx() as uow:
        return usecases.summary(uow, video_id, query["range"])


@stats.route("/videos/<uuid:video_id>/achievement/", roles=STAFF_ROLES)
@stats.response(200, AchievementSchema)
def show_achievement(video_id: UUID) -> dict[str, Any]:
    """How far the lecture's students are."""
    with tx() as uow:
        return usecases.achievement(uow, video_id)


@stats.route("/videos/<uuid:video_id>/policy-impact/", roles=STAFF_ROLES)
@stats.response(200, PolicyImpactSchema)
def show_policy_impact(video_id: UUID) -> dict[str, Any]:
    """Students by mode and reason, and classes by version of the policy."""
    with tx() as uow:
        return usecases.policy_impact(uow, video_id)


@stats.route("/video-playback-events/", roles=STAFF_ROLES)
@stats.arguments(EventQuery, location="query")
@stats.response(200, EventListSchema)
def list_events(query: dict[str, Any]) -> dict[str, Any]:
    """What players reported of a video, the newest first."""
    page = {name: query.pop(name, None) for name in ("cursor", "page_size")}
    with tx() as uow:
        return usecases.list_events(uow, query, **page).answer(lambda event: event)


@stats.route("/video-playback-events/risk/", roles=STAFF_ROLES)
@stats.arguments(RiskQuery, location="query")
@stats.response(200, RiskListSchema)
def list_risk(query: dict[str, Any]) -> dict[str, Any]:
    """The students whose players reported most, by weight."""
    with tx() as uow:
        found = usecases.risk(uow, query["video"], query["limit"], query["range"])
    return {"results": found, "next": None}


@stats.route("/video-playback-events/export/", roles=STAFF_ROLES)
@stats.arguments(EventFilters, location="query")
@stats.response(200)
def export_events(filters: dict[str, Any]) -> Response:
    """What players reported of a video, complete, as streaming CSV."""
    with tx() as uow:
        require_video(uow, filters["video_id"])
    return Response(
        stream_with_context(usecases.csv_lines(tx, filters)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="playback-events.csv"'},
    )
