"""A video's job: put into the queue (the table encode_job), taken out of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from eventkit.clock import Clock
from eventkit.ports import Database
from eventkit.uow import UnitOfWork

from media.store import jobs


def enqueue(uow: UnitOfWork, video_id: UUID) -> UUID:
    """A new QUEUED job, or the active one that the video has; encoders wake when `uow` commits."""
    return jobs.insert(uow.conn, uow.tenant, video_id, uow.cause.correlationid)


def cancel(uow: UnitOfWork, video_id: UUID) -> None:
    """Any active job ends CANCELLED; the encoder that has it finds out within RENEW_EVERY."""
    jobs.cancel(uow.conn, uow.tenant, video_id)


def needed_encoder(db: Database, clock: Clock) -> Callable[[], str | None]:
    """What keeps an encoder from stopping itself, and wakes it: a job that is due or runs."""

    def look() -> str | None:
        with db.system() as conn:
            return jobs.needed(conn, clock.now())

    return look
