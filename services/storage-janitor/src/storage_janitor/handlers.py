"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser
from servicekit.storage import ObjectStore

from storage_janitor import usecases
from storage_janitor.domain.deletions import VideoState


def on_import_completed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers the uploaded workbook: from now on it is a leftover, should it still be there."""
    usecases.remember_ended_imports(uow, events)


def on_import_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers the uploaded workbook, as after success."""
    usecases.remember_ended_imports(uow, events)


def on_student_purged(
    uow: UnitOfWork, events: Sequence[Event], *, objects: ObjectStore, erase: Eraser
) -> None:
    """Deletes all leftover workbooks of the academy (any may hold these people), and the people's traces in
    events, answers and dead letters.
    """
    erase(uow, events, partial(usecases.erase_workbooks, objects=objects))


def on_video_uploaded(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `video_ref`: the original is needed until the video is READY."""
    usecases.follow_videos(uow, events, VideoState.UPLOADED)


def on_video_ready(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `video_ref`: from when on the original may go."""
    usecases.follow_videos(uow, events, VideoState.READY)


def on_video_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `video_ref`: the original is needed for another try."""
    usecases.follow_videos(uow, events, VideoState.FAILED)


def on_video_deleted(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plans the deletion of the original and of all that was made of it, if no key is another video's."""
    usecases.release_videos(uow, events)


def on_raw_expired(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plans the deletion of the original, if the key is one of the academy's and no other video's."""
    usecases.release_originals(uow, events)
