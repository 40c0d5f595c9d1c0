"""Deleting what media's events have released, outside of their transactions, until nothing is left of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from eventkit.backoff import Backoff
from eventkit.clock import Clock
from eventkit.errors import PermanentError, TransientError, UnavailableError
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from eventkit.trace import Cause, new_traceparent
from eventkit.uow import UnitOfWork, unit_of_work
from sqlalchemy import Connection

from storage_janitor import metrics
from storage_janitor.domain import deletions as rules
from storage_janitor.domain.chain import Head
from storage_janitor.domain.deletions import DeletionState, Kind, Standing
from storage_janitor.domain.objects import Doomed, Found, Removed
from storage_janitor.events import SERVICE
from storage_janitor.store import deletions, refs
from storage_janitor.usecases import removing
from storage_janitor.usecases.removing import Remover

log = logging.getLogger(__name__)

DELETE_EVERY = timedelta(minutes=5)
_BUCKET = "video"
_RUN = timedelta(minutes=4)
_LEASE = timedelta(minutes=10)  # longer than a run, so that only a dead one's work is taken over
_BACKOFF = Backoff(base=120.0, cap=3600.0)


class _LostError(Exception):
    """The job is another attempt's by now."""


@dataclass(frozen=True, slots=True)
class DeletingPorts:
    """What deleting needs; the findings are by DeletionState."""

    remover: Remover
    figures: Metrics
    waiting: Finding
    oldest: Finding

    @property
    def clock(self) -> Clock:
        return self.remover.clock


def deleting_ports(remover: Remover, figures: Metrics) -> DeletingPorts:
    """For delete_released."""
    waiting, oldest = (
        Finding(figures, gauge, rules.PENDING, remover.clock, good_for=3 * DELETE_EVERY)
        for gauge in (metrics.DELETIONS_PENDING, metrics.DELETIONS_OLDEST)
    )
    return DeletingPorts(remover, figures, waiting, oldest)


def delete_released(db: Database, _now: datetime, *, ports: DeletingPorts) -> None:
    """Periodic task: deletes what events have released, and tells its owner when nothing is left of it.

    Whatever ends a run, the next one goes on where it was. Raises UnavailableError while the store is away.
    """
    until = ports.clock.monotonic() + _RUN.total_seconds()
    try:
        while ports.clock.monotonic() < until and (job := _next(db, ports.clock)):
            _attempt(db, job, ports, until)
        ports.remover.recover_stale()
    finally:
        _show_pending(db, ports)


def _next(db: Database, clock: Clock) -> deletions.Deletion | None:
    with db.system() as conn:
        return deletions.claim(conn, clock.now(), clock.now() + _LEASE)


def _attempt(db: Database, job: deletions.Deletion, ports: DeletingPorts, until: float) -> None:
    try:
        ports.remover.recover(_cause(job), partial(_count, job))
        if not _is_released(db, job, ports.clock):
            _give_back(db, job, DeletionState.WITHDRAWN, None)
            log.warning("release withdrawn: the original is needed again", extra=_about(job))
        elif _empty(job, ports, until):
            _finish(db, job, ports)
        else:
            _give_back(db, job, DeletionState(job.state), ports.clock.now())
    except _LostError:
        log.warning("deletion was taken over", extra=_about(job))
    except (TransientError, PermanentError) as error:
        # the store's texts and ours name neither keys nor people
        log.warning("objects not deleted", extra={**_about(job), "tries": job.tries, "error": str(error)})
        state = DeletionState.DONE if _is_last_look(job) else DeletionState.FAILED
        due_at = ports.clock.now() + timedelta(seconds=_BACKOFF.delay(job.tries))
        _give_back(db, job, state, due_at, str(error))
        if isinstance(error, UnavailableError):
            raise  # the others would fare no better


def _is_released(db: Database, job: deletions.Deletion, clock: Clock) -> bool:
    """At this moment. Raises TransientError while the events that would confirm it are missing."""
    if job.kind == Kind.VIDEO:
        return True
    with db.tenant(job.tenant_id) as conn:
        known = refs.known(conn, job.tenant_id, job.video_id)
    found = rules.standing(job.raw_key, job.released_by, known, clock.now())
    if found is Standing.UNCONFIRMED:
        raise TransientError("unconfirmed")
    return found is Standing.HOLDS


def _empty(job: deletions.Deletion, ports: DeletingPorts, until: float) -> bool:
    """Delete page by page until a fresh listing has nothing; False when the time is over.

    Where the store refuses a key or a hold is on it, the rest goes all the same; then raises TransientError.
    Raises _LostError, and what the store does.
    """
    while True:
        found, refused = False, dict[str, str]()
        for page in _left(job, ports.remover):
            found = True
            if ports.clock.monotonic() > until:
                return False
            refused |= _remove(job, ports.remover, page)
        if refused:
            codes = sorted(set(refused.values()))
            raise TransientError(f"{len(refused)} objects not deleted: {', '.join(codes)}")
        if not found:
            return True


def _remove(job: deletions.Deletion, remover: Remover, page: list[Found]) -> dict[str, str]:
    rule, reason = ("video-raw", "expired") if job.kind == Kind.RAW else ("video-hls", "deleted")
    doomed = [
        Doomed(one, job.tenant_id, "video-raw" if one.key == job.raw_key else rule, reason) for one in page
    ]
    cause = removing.Cause(_cause(job), f"event:{job.released_by}")
    written = partial(_count, job)
    return remover.remove(_BUCKET, doomed, cause, guard=partial(_guard, job), written=written).refused


def _guard(job: deletions.Deletion, conn: Connection) -> None:
    if not deletions.is_mine(conn, job):
        raise _LostError


def _count(job: deletions.Deletion, conn: Connection, removed: Removed, _head: Head) -> None:
    if removed.gone:
        deletions.count(conn, job, len(removed.gone), removed.bytes)


def _left(job: deletions.Deletion, remover: Remover) -> Iterator[list[Found]]:
    bucket = remover.buckets[_BUCKET]
    if job.kind == Kind.VIDEO:
        yield from (page for page in bucket.pages(rules.hls_prefix(job.tenant_id, job.video_id)) if page)
    if original := bucket.fresh([job.raw_key]):
        yield list(original.values())


def _finish(db: Database, job: deletions.Deletion, ports: DeletingPorts) -> None:
    again, now = _is_last_look(job), ports.clock.now()
    last_look = now + rules.LAST_LOOK if job.kind == Kind.VIDEO and not again else None
    cause = Cause(job.correlation_id, str(job.released_by), new_traceparent())
    with unit_of_work(db, job.tenant_id, cause, source=SERVICE, clock=ports.clock) as uow:
        done = deletions.finish(uow.conn, job, now, last_look)
        if done is None:
            return
        if not again:
            _tell(uow, done)
    objects = done.objects - (job.objects if again else 0)
    size = done.bytes - (job.bytes if again else 0)
    ports.figures.count(metrics.OBJECTS_DELETED, objects)
    ports.figures.count(metrics.BYTES_DELETED, size)
    log.info("objects deleted", extra={**_about(job), "objects": objects, "bytes": size, "last_look": again})


def _tell(uow: UnitOfWork, done: deletions.Deletion) -> None:
    counts = {"objects": done.objects, "bytes": done.bytes}
    about = {"owner": "media", "kind": done.kind, "reference": str(done.video_id)}
    uow.publish("storage.object.deleted", subject=str(done.video_id), data={**about, **counts})


def _give_back(
    db: Database,
    job: deletions.Deletion,
    state: DeletionState,
    due_at: datetime | None,
    reason: str | None = None,
) -> None:
    with db.tenant(job.tenant_id) as conn:
        deletions.give_back(conn, job, state, due_at, reason)


def _is_last_look(job: deletions.Deletion) -> bool:
    return bool(job.state == DeletionState.DONE)


def _show_pending(db: Database, ports: DeletingPorts) -> None:
    with db.system() as conn:
        found = deletions.pending(conn)
    now = ports.clock.now()
    ports.waiting.show({row.state: row.number for row in found})
    ports.oldest.show({row.state: (now - row.oldest).total_seconds() for row in found})


def _cause(job: deletions.Deletion) -> str:
    return f"{job.kind}:{job.tenant_id}:{job.video_id}"


def _about(job: deletions.Deletion) -> dict[str, str]:
    return {
        "tenant": job.tenant_id,
        "video": str(job.video_id),
        "kind": job.kind,
        "correlation_id": job.correlation_id,
    }
