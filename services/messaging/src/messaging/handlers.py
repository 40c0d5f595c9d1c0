"""One function per consumed event."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.columns import concat
from eventkit.clock import Clock
from eventkit.envelope import Event
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser

from messaging.domain.recipients import Fingerprints
from messaging.usecases import recipients, requests
from messaging.usecases.erasure import erase_students


def on_student_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `recipient`, names and numbers; nothing is ever sent because of it."""
    recipients.follow_students(uow, concat(event.data["students"] for event in events))


def on_student_merged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `recipient`: the loser is reached no more."""
    recipients.follow_merges(uow, events)


def on_student_unmerged(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `recipient`: the loser is reached again."""
    recipients.follow_merges(uow, events)


def on_student_purged(uow: UnitOfWork, events: Sequence[Event], *, erase: Eraser) -> None:
    """Deletes their `recipient` rows and their traces in events, answers and dead letters."""
    erase(uow, events, erase_students)


def on_enrollment_changed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Keeps `enrollment_ref`, whom a lecture's video is for; nothing is ever sent because of it."""
    recipients.follow_enrollments(uow, concat(event.data["enrollments"] for event in events))


def on_video_ready(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Asks for a message to the parents of the lecture's students, where the academy has switched that on."""
    for event in events:
        requests.tell_of_video(uow, event)


def on_message_settled(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Counts what became of the messages that a request asked for."""
    requests.settle(uow, events)


def on_message_requested(
    uow: UnitOfWork, events: Sequence[Event], *, prints: Fingerprints, clock: Clock
) -> None:
    """Queues what an automatic trigger asks for, keeps a manual one's until a person confirms it, and shows
    what was refused."""
    for event in events:
        requests.take(uow, prints, event, clock.now())
