"""Watching, for students and their parents, under /api/v1/media."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from servicekit.auth import ACCOUNT_ROLES
from servicekit.web import Blueprint, deps, identity, tx

from media.ports import Ports
from media.schemas.playback import (
    CreditSchema,
    End,
    Events,
    Heartbeat,
    Held,
    PlaybackSchema,
    Start,
    StoredEventsSchema,
    StudentVideosQuery,
    StudentVideosSchema,
)
from media.usecases import watching
from media.usecases.playback import handed_out
from media.usecases.watching import Ticket

playback = Blueprint("playback", __name__, url_prefix="/api/v1/media", description="영상 시청")


@playback.route("/videos/student/", roles=ACCOUNT_ROLES)
@playback.arguments(StudentVideosQuery, location="query")
@playback.response(200, StudentVideosSchema)
def list_student_videos(query: dict[str, Any]) -> dict[str, Any]:
    """The videos of a session, or of all active enrollments, as the student or each child of the parent finds
    them: `can_play`, else the `reason` (not_enrolled, no_session_access, video_not_ready, blocked), progress.
    """
    students = _students()
    with tx() as uow:
        return watching.list_videos(uow, students, **query).answer(watching.listed)


@playback.route("/playback/start/", roles=ACCOUNT_ROLES, methods=["POST"])
@playback.arguments(Start)
@playback.response(201, PlaybackSchema)
def start(body: dict[str, Any]) -> dict[str, Any]:
    """Begin to watch (403 with the reason of `videos/student/`, 404, 409 too_many_sessions,
    too_many_devices); a class gets a session, a review has none.
    """
    ports, students = deps(Ports), _students()
    with tx() as uow:
        begun = watching.start(uow, **body, students=students, ttl=_ttl(), limits=ports.limits)
    return handed_out(ports.links, begun)


@playback.route("/playback/refresh/", roles=ACCOUNT_ROLES, methods=["POST"])
@playback.arguments(Held)
@playback.response(200, PlaybackSchema)
def refresh(body: dict[str, Any]) -> dict[str, Any]:
    """A new token and new addresses for one that still counts (403 invalid_playback_token,
    playback_token_expired, policy_changed or the reason; 409 session_inactive).
    """
    ticket = _ticket(body)
    with tx() as uow:
        renewed = watching.renew(uow, ticket, _ttl())
    return handed_out(deps(Ports).links, renewed)


@playback.route("/playback/heartbeat/", roles=ACCOUNT_ROLES, methods=["POST"])
@playback.arguments(Heartbeat)
@playback.response(200, CreditSchema)
def heartbeat(body: dict[str, Any]) -> dict[str, Any]:
    """Credit what was watched, by the server's clock; in a class a place that cannot have been reached is
    taken back and is a violation (errors as of refresh).
    """
    ticket, limits = _ticket(body), deps(Ports).limits
    with tx() as uow:
        return watching.report(uow, ticket, body["position"], ttl=_ttl(), limits=limits)


@playback.route("/playback/events/", roles=ACCOUNT_ROLES, methods=["POST"])
@playback.arguments(Events)
@playback.response(200, StoredEventsSchema)
def add_events(body: dict[str, Any]) -> dict[str, Any]:
    """Store up to 200 events of a class (413 batch_too_large; errors as of refresh); a repeated `client_id`
    counts once, and too many violations end the class.
    """
    ticket, limits = _ticket(body), deps(Ports).limits
    with tx() as uow:
        return watching.note_events(uow, ticket, body["events"], ttl=_ttl(), limits=limits)


@playback.route("/playback/end/", roles=ACCOUNT_ROLES, methods=["POST"])
@playback.arguments(End)
@playback.response(204)
def end(body: dict[str, Any]) -> None:
    """The player closes; ending twice is no error (403 as of refresh)."""
    ticket, limits = _ticket(body), deps(Ports).limits
    with tx() as uow:
        watching.finish(uow, ticket, body["position"], ttl=_ttl(), limits=limits)


def _ticket(body: dict[str, Any]) -> Ticket:
    return watching.open_ticket(deps(Ports).links, body["token"], identity().tenant_id, _students())


def _students() -> Collection[UUID]:
    """The student, or the parent's children."""
    return deps(Ports).sign_ins.find(identity()).students


def _ttl() -> timedelta:
    return timedelta(seconds=deps(Ports).links.ttl)
