"""Who may watch a video and how, for staff, under /api/v1/media/videos."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import PageSchema
from servicekit.web import Blueprint, deps, identity, tx

from media.ports import Ports
from media.schemas.access import AccessChanges, AccessListSchema, AccessSchema
from media.schemas.playback import PreviewSchema
from media.usecases import access as usecases
from media.usecases.playback import preview

access = Blueprint("access", __name__, url_prefix="/api/v1/media/videos", description="시청 권한")


@access.route("/<uuid:video_id>/preview/", roles=STAFF_ROLES, methods=["POST"])
@access.response(200, PreviewSchema)
def preview_video(video_id: UUID) -> dict[str, Any]:
    """Addresses that play for staff (409 video_not_ready); nothing is recorded."""
    with tx() as uow:
        return preview(uow, deps(Ports).links, video_id, identity().subject)


@access.route("/<uuid:video_id>/access/", roles=STAFF_ROLES)
@access.arguments(PageSchema, location="query")
@access.response(200, AccessListSchema)
def list_access(query: dict[str, Any], video_id: UUID) -> dict[str, Any]:
    """The students of the video's lecture: mode or reason, what is set for them, progress."""
    with tx() as uow:
        return usecases.list_access(uow, video_id, **query).answer(usecases.shown)


@access.route("/<uuid:video_id>/access/<uuid:enrollment_id>/", roles=STAFF_ROLES, methods=["PUT"])
@access.arguments(AccessChanges)
@access.response(200, AccessSchema)
def set_access(body: dict[str, Any], video_id: UUID, enrollment_id: UUID) -> dict[str, Any]:
    """Set how one student may watch, in place of the rule; what the student has open of the video ends."""
    with tx() as uow:
        return usecases.set_access(uow, video_id, enrollment_id, body, identity().subject)


@access.route("/<uuid:video_id>/access/<uuid:enrollment_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@access.response(204)
def clear_access(video_id: UUID, enrollment_id: UUID) -> None:
    """Back to the rule; without anything set nothing happens."""
    with tx() as uow:
        usecases.clear_access(uow, video_id, enrollment_id)
