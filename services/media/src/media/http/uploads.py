"""Uploads under /api/v1/media: the file itself never passes through here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.web import Blueprint, caller, deps, tx

from media.http.poster import poster
from media.ports import Ports
from media.schemas.uploads import (
    BegunSchema,
    NewUpload,
    OpenUploadsSchema,
    PartUrlsSchema,
    UploadsQuery,
    UploadStateSchema,
    WantedParts,
)
from media.schemas.videos import VideoSchema
from media.usecases import removal, videos
from media.usecases import uploads as usecases

uploads = Blueprint("uploads", __name__, url_prefix="/api/v1/media", description="영상 업로드")


@uploads.route("/videos/upload/init/", roles=STAFF_ROLES, methods=["POST"])
@uploads.arguments(NewUpload)
@uploads.response(201, BegunSchema)
def begin_upload(values: dict[str, Any]) -> dict[str, Any]:
    """Begin an upload: below 100 MB one PUT to `upload_url`, else parts (presign); then complete
    (422 unknown_session, empty_file, unsupported_file_type; 413 video_too_large; 409 quota_exceeded,
    too_many_uploads).
    """
    session_id = values.pop("session")
    new = usecases.NewVideo(session_id=session_id, created_by=caller(), **values)
    video_id = usecases.begin(tx, deps(Ports).storing, new)
    with tx() as uow:
        begun = usecases.describe(usecases.of(uow, video_id), deps(Ports).storing)
        return {**begun, "video": videos.show(uow, video_id, poster)}


@uploads.route("/uploads/", roles=STAFF_ROLES)
@uploads.arguments(UploadsQuery, location="query")
@uploads.response(200, OpenUploadsSchema)
def list_uploads(query: dict[str, Any]) -> dict[str, Any]:
    """The caller's open uploads, those of one file with `fingerprint`: what to resume after a reload."""
    with tx() as uow:
        found = usecases.open_of(uow, deps(Ports).storing, caller(), query["fingerprint"])
    return {"results": found}


@uploads.route("/videos/<uuid:video_id>/upload/", roles=STAFF_ROLES)
@uploads.response(200, UploadStateSchema)
def show_upload(video_id: UUID) -> dict[str, Any]:
    """What of the file the store has; of an open single upload also a fresh `upload_url`."""
    return usecases.show(tx, deps(Ports).storing, video_id)


@uploads.route("/videos/<uuid:video_id>/upload/presign/", roles=STAFF_ROLES, methods=["POST"])
@uploads.arguments(WantedParts)
@uploads.response(200, PartUrlsSchema)
def presign_parts(values: dict[str, Any], video_id: UUID) -> dict[str, Any]:
    """URLs of up to 100 parts, for an hour (409 upload_ended, upload_single; 422 unknown_parts)."""
    return {"results": usecases.presign(tx, deps(Ports).storing, video_id, values["parts"])}


@uploads.route("/videos/<uuid:video_id>/upload/complete/", roles=STAFF_ROLES, methods=["POST"])
@uploads.response(200, VideoSchema)
def complete_upload(video_id: UUID) -> dict[str, Any]:
    """All is sent: the video waits for an encoder, or is FAILED (not_a_video) by its first bytes. Again: the
    same. (409 upload_missing, upload_incomplete with `missing_parts`, upload_size_differs,
    upload_type_differs, upload_lost, upload_ended; what was sent stays.)
    """
    usecases.complete(tx, deps(Ports).storing, video_id)
    with tx() as uow:
        return videos.show(uow, video_id, poster)


@uploads.route("/videos/<uuid:video_id>/upload/cancel/", roles=STAFF_ROLES, methods=["POST"])
@uploads.response(204)
def cancel_upload(video_id: UUID) -> None:
    """Give up an open upload: its parts and its video are gone (409 upload_ended)."""
    with tx() as uow:
        removal.cancel_upload(uow, deps(Ports).uploads, video_id, caller())
