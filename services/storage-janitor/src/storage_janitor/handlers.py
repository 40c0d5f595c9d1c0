"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser

from storage_janitor.domain.deletions import VideoState
from storage_janitor.usecases import erasing, following
from storage_janitor.usecases.removing import Remover


def on_import_completed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers the uploaded workbook: from now on it is a leftover, should it still be there."""
    following.remember_ended_imports(uow, events)


def on_import_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Remembers the uploaded workbook, as after success."""
    following.remember_ended_imports(uow, events)


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, remover: Remover, erase: Eraser) -> None:
    """Deletes all leftover workbooks of the academy (any may hold these people), and the people's traces in
    events, answers and dead letters.
    """
    erase(uow, events, partial(erasing.erase_workbooks, remover=remover))


def on_video_uploaded(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `video_ref`: the original is needed until the video is READY."""
    following.follow_videos(uow, events, VideoState.UPLOADED)


def on_video_ready(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `video_ref`: from when on the original may go."""
    following.follow_videos(uow, events, VideoState.READY)


def on_video_failed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `video_ref`: the original is needed for another try."""
    following.follow_videos(uow, events, VideoState.FAILED)


def on_video_deleted(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plans the deletion of the original and of all that was made of it, if no key is another video's."""
    following.release_videos(uow, events)


def on_raw_expired(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plans the deletion of the original, if the key is one of the academy's and no other video's."""
    following.release_originals(uow, events)
