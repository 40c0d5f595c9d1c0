"""Videos under /api/v1/media/videos, for staff."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from servicekit.auth import MANAGERS, STAFF_ROLES
from servicekit.web import Blueprint, caller, deps, tx

from media.http.poster import poster
from media.ports import Ports
from media.schemas.videos import (
    KeepRaw,
    VideoChanges,
    VideoSchema,
    VideoSettingsChanges,
    VideoSettingsSchema,
    VideosQuery,
    VideosSchema,
)
from media.usecases import removal
from media.usecases import videos as usecases

videos = Blueprint("videos", __name__, url_prefix="/api/v1/media/videos", description="영상")
settings = Blueprint("settings", __name__, url_prefix="/api/v1/media/settings", description="영상 설정")


@videos.route("/", roles=STAFF_ROLES)
@videos.arguments(VideosQuery, location="query")
@videos.response(200, VideosSchema)
def list_videos(query: dict[str, Any]) -> dict[str, Any]:
    """The videos of a session in their order, or of all newest first."""
    with tx() as uow:
        return usecases.list_page(uow, query).answer(partial(usecases.render, poster=poster))


@videos.route("/<uuid:video_id>/", roles=STAFF_ROLES)
@videos.response(200, VideoSchema)
def show_video(video_id: UUID) -> dict[str, Any]:
    """One video: its state, what the encoder does, its renditions, how long the original stays."""
    with tx() as uow:
        return usecases.show(uow, video_id, poster)


@videos.route("/<uuid:video_id>/", roles=STAFF_ROLES, methods=["PATCH"])
@videos.arguments(VideoChanges)
@videos.response(200, VideoSchema)
def change_video(values: dict[str, Any], video_id: UUID) -> dict[str, Any]:
    """Change the given fields (422 unknown_session). What concerns watching ends what is being watched."""
    with tx() as uow:
        usecases.change(uow, video_id, values)
        return usecases.show(uow, video_id, poster)


@videos.route("/<uuid:video_id>/", roles=STAFF_ROLES, methods=["DELETE"])
@videos.response(204)
def delete_video(video_id: UUID) -> None:
    """Delete a video: nobody plays it any more, its encoding stops, and its objects are removed."""
    with tx() as uow:
        removal.remove(uow, deps(Ports).uploads, video_id, caller())


@videos.route("/<uuid:video_id>/keep/", roles=STAFF_ROLES, methods=["POST"])
@videos.arguments(KeepRaw)
@videos.response(200, VideoSchema)
def keep_raw(values: dict[str, Any], video_id: UUID) -> dict[str, Any]:
    """Keep the uploaded original for good, or count its days from now on (409 raw_missing)."""
    with tx() as uow:
        usecases.keep_raw(uow, video_id, values["keep"])
        return usecases.show(uow, video_id, poster)


@videos.route("/<uuid:video_id>/retry/", roles=STAFF_ROLES, methods=["POST"])
@videos.response(202, VideoSchema)
def retry_video(video_id: UUID) -> dict[str, Any]:
    """Encode a FAILED video again, or one that waits in no queue (409 video_state, raw_missing)."""
    usecases.retry(tx, deps(Ports).objects, video_id)
    with tx() as uow:
        return usecases.show(uow, video_id, poster)


@settings.route("/", roles=STAFF_ROLES)
@settings.response(200, VideoSettingsSchema)
def show_settings() -> dict[str, Any]:
    """The academy's limits, and what its videos take of them."""
    with tx() as uow:
        return usecases.show_settings(uow)


@settings.route("/", roles=MANAGERS, methods=["PATCH"])
@settings.arguments(VideoSettingsChanges)
@settings.response(200, VideoSettingsSchema)
def change_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Change the given limits; another retention also counts for originals that are there, a day remains."""
    with tx() as uow:
        usecases.change_settings(uow, values)
        return usecases.show_settings(uow)
