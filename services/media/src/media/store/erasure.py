"""How the context forgets a person: the tables that hold something of a student."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from eventkit import projection
from eventkit.erasure import Counts
from sqlalchemy import Connection, Table

from media.store import tables

# in this order: enrollments are held by whoever writes the rest; events point to sessions
_KINDS: Mapping[str, Table] = {
    "enrollments": tables.enrollment_ref,
    "session_enrollments": tables.session_enrollment_ref,
    "playback_events": tables.playback_event,
    "playback_sessions": tables.playback_session,
    "video_progress": tables.video_progress,
    "video_access": tables.video_access,
}


def holdings(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """How many rows there are of each student."""
    return projection.held(conn, _KINDS, tenant, student_ids)


def erase(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """Delete these students' rows; how many each had."""
    return projection.erase(conn, _KINDS, tenant, student_ids)
