"""What this context says of its videos, in more than one place."""

from __future__ import annotations

from eventkit.uow import UnitOfWork

from media.store import publication
from media.store.videos import Video


def of_video(video: Video) -> dict[str, str]:
    """What every event of a video says."""
    return {
        "video_id": str(video.id),
        "lecture_id": str(video.lecture_id),
        "session_id": str(video.session_id),
    }


def fail(uow: UnitOfWork, video: Video, code: str) -> None:
    """The video is FAILED, and that is said; `code` as in domain.failures."""
    publication.mark_failed(uow.conn, video.id, code)
    data = {**of_video(video), "error_code": code}
    uow.publish("media.video.failed", subject=str(video.id), data=data)
