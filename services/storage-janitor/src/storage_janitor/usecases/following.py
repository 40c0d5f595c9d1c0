"""What other services say: which imports have ended, which videos there are, and what they have released."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventkit.envelope import Event
from eventkit.errors import PermanentError
from eventkit.projection import project
from eventkit.uow import UnitOfWork
from servicekit.periodic import hasten

from storage_janitor.domain import deletions as rules
from storage_janitor.domain.deletions import Kind, VideoState
from storage_janitor.store import deletions, refs, tables

DELETE_RELEASED = "storage_janitor.delete_released"


def remember_ended_imports(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """From now on the uploaded workbook of these jobs is a leftover, should it still be there."""
    ended = [(UUID(e.data["job_id"]), e.data["object_key"], e.time) for e in events]
    refs.add_ended_imports(uow.conn, uow.tenant, ended)


def follow_videos(uow: UnitOfWork, events: Sequence[Event], state: VideoState) -> None:
    """Keep the read model of videos: the newest event counts, and a deleted one stays deleted."""
    final = tables.DELETED_VERSION if state is VideoState.DELETED else None
    columns = {
        "video_id": [event.data["video_id"] for event in events],
        "state": [state.value] * len(events),
        "version": [str(final or event.id) for event in events],
    }
    if final:
        columns["deleted_at"] = [event.time.isoformat() for event in events]
    for name in ("raw_key", "raw_expires_at"):
        if name in events[0].data:
            columns[name] = [event.data[name] for event in events]
    project(uow, tables.video_ref, columns)


def release_videos(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plan the deletion of all objects of deleted videos. Raises PermanentError foreign_key."""
    _check_originals(uow, events)
    for event in events:
        if event.data["hls_prefix"] != rules.hls_prefix(uow.tenant, UUID(event.data["video_id"])):
            raise PermanentError("foreign_key", "hls_prefix")
    follow_videos(uow, events, VideoState.DELETED)
    _plan(uow, Kind.VIDEO, events)


def release_originals(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plan the deletion of originals whose retention has ended. Raises PermanentError foreign_key."""
    _check_originals(uow, events)
    _plan(uow, Kind.RAW, events)


def _check_originals(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """An academy's own, and none that another video is known to have."""
    released = {(event.data["raw_key"], UUID(event.data["video_id"])) for event in events}
    keys = {key for key, _ in released}
    if not all(rules.is_original(uow.tenant, key) for key in keys):
        raise PermanentError("foreign_key", "raw_key")
    for known in refs.owners(uow.conn, uow.tenant, keys):
        if any(key == known.raw_key and video_id != known.video_id for key, video_id in released):
            raise PermanentError("foreign_key", "raw_key")


def _plan(uow: UnitOfWork, kind: Kind, events: Sequence[Event]) -> None:
    newest = {event.data["video_id"]: event for event in sorted(events, key=lambda event: event.id)}
    releases = [
        {
            "video_id": UUID(video_id),
            "raw_key": event.data["raw_key"],
            "released_by": event.id,
            "released_at": event.time,
            "correlation_id": event.correlationid,
        }
        for video_id, event in newest.items()
    ]
    deletions.plan(uow.conn, uow.tenant, kind, releases)
    hasten(uow.conn, DELETE_RELEASED)
