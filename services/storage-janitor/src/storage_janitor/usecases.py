"""Commands of the storage-janitor."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from eventkit.backoff import Backoff
from eventkit.clock import Clock
from eventkit.envelope import Event
from eventkit.erasure import Counts, Person
from eventkit.errors import PermanentError, TransientError, UnavailableError
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from eventkit.projection import project
from eventkit.trace import Cause, new_traceparent
from eventkit.uow import UnitOfWork, unit_of_work
from servicekit.periodic import hasten
from servicekit.storage import ObjectInfo, ObjectMissingError, ObjectStore

from storage_janitor import metrics, store
from storage_janitor.domain import deletions
from storage_janitor.domain.deletions import DeletionState, Kind, Standing, VideoState
from storage_janitor.events import SERVICE

log = logging.getLogger(__name__)

DELETE_RELEASED = "storage_janitor.delete_released"
DELETE_EVERY = timedelta(minutes=5)
_RUN = timedelta(minutes=4)
_LEASE = timedelta(minutes=10)  # longer than a run, so that only a dead one's work is taken over
_BACKOFF = Backoff(base=120.0, cap=3600.0)
_PAGE = 1000  # what ListObjectsV2 gives and DeleteObjects takes at once


def remember_ended_imports(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """From now on the uploaded workbook of these jobs is a leftover, should it still be there."""
    ended = [(UUID(e.data["job_id"]), e.data["object_key"], e.time) for e in events]
    store.add_ended_imports(uow.conn, uow.tenant, ended)


def erase_workbooks(uow: UnitOfWork, people: Sequence[Person], *, objects: ObjectStore) -> Counts:
    """Delete every leftover workbook of the academy: any of them may hold these people.

    Whose they were is not knowable, so the first person's count has them all. Raises as ObjectStore does.
    """
    ended = store.ended_keys(uow.conn, uow.tenant)
    leftovers = [found.key for found in objects.list(f"excel/{uow.tenant}/") if found.key in ended]
    objects.delete(leftovers)
    return Counter({(people[0].id, "workbooks"): len(leftovers)} if people and leftovers else {})


# what the media service says of its videos


def follow_videos(uow: UnitOfWork, events: Sequence[Event], state: VideoState) -> None:
    """Keep the read model of videos: the newest event counts, and a deleted one stays deleted."""
    final = store.DELETED_VERSION if state is VideoState.DELETED else None
    columns = {
        "video_id": [event.data["video_id"] for event in events],
        "state": [state.value] * len(events),
        "version": [str(final or event.id) for event in events],
    }
    for name in ("raw_key", "raw_expires_at"):
        if name in events[0].data:
            columns[name] = [event.data[name] for event in events]
    project(uow, store.video_ref, columns)


def release_videos(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Plan the deletion of all objects of deleted videos. Raises PermanentError foreign_key."""
    _check_originals(uow, events)
    for event in events:
        if event.data["hls_prefix"] != deletions.hls_prefix(uow.tenant, UUID(event.data["video_id"])):
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
    if not all(deletions.is_original(uow.tenant, key) for key in keys):
        raise PermanentError("foreign_key", "raw_key")
    for known in store.owners(uow.conn, uow.tenant, keys):
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
    store.plan(uow.conn, uow.tenant, kind, releases)
    hasten(uow.conn, DELETE_RELEASED)


# deleting, outside of any event's transaction


@dataclass(frozen=True, slots=True)
class DeletingPorts:
    """What deleting needs; the findings are by DeletionState."""

    objects: ObjectStore
    clock: Clock
    figures: Metrics
    waiting: Finding
    oldest: Finding


def deleting_ports(objects: ObjectStore, figures: Metrics, clock: Clock) -> DeletingPorts:
    """For delete_released."""
    waiting, oldest = (
        Finding(figures, gauge, deletions.PENDING, clock, good_for=3 * DELETE_EVERY)
        for gauge in (metrics.DELETIONS_PENDING, metrics.DELETIONS_OLDEST)
    )
    return DeletingPorts(objects, clock, figures, waiting, oldest)


def delete_released(db: Database, _now: datetime, *, ports: DeletingPorts) -> None:
    """Periodic task: deletes what events have released, and tells its owner when nothing is left of it.

    Whatever ends a run, the next one goes on where it was. Raises UnavailableError while the store is away.
    """
    until = ports.clock.monotonic() + _RUN.total_seconds()
    try:
        while ports.clock.monotonic() < until and (job := _next(db, ports.clock)):
            _attempt(db, job, ports, until)
    finally:
        _show_pending(db, ports)


def _next(db: Database, clock: Clock) -> store.Deletion | None:
    with db.system() as conn:
        return store.claim(conn, clock.now(), clock.now() + _LEASE)


def _attempt(db: Database, job: store.Deletion, ports: DeletingPorts, until: float) -> None:
    try:
        if not _is_released(db, job, ports.clock):
            _give_back(db, job, DeletionState.WITHDRAWN, None)
            log.warning("release withdrawn: the original is needed again", extra=_about(job))
        elif _empty(db, job, ports, until):
            _finish(db, job, ports)
        else:
            _give_back(db, job, DeletionState(job.state), ports.clock.now())
    except (TransientError, PermanentError) as error:
        # the store's texts and ours name neither keys nor people
        log.warning("objects not deleted", extra={**_about(job), "tries": job.tries, "error": str(error)})
        state = DeletionState.DONE if _is_last_look(job) else DeletionState.FAILED
        due_at = ports.clock.now() + timedelta(seconds=_BACKOFF.delay(job.tries))
        _give_back(db, job, state, due_at, str(error))
        if isinstance(error, UnavailableError):
            raise  # the others would fare no better


def _is_released(db: Database, job: store.Deletion, clock: Clock) -> bool:
    """At this moment. Raises TransientError while the events that would confirm it are missing."""
    if job.kind == Kind.VIDEO:
        return True
    with db.tenant(job.tenant_id) as conn:
        known = store.known(conn, job.tenant_id, job.video_id)
    found = deletions.standing(job.raw_key, job.released_by, known, clock.now())
    if found is Standing.UNCONFIRMED:
        raise TransientError("unconfirmed")
    return found is Standing.HOLDS


def _empty(db: Database, job: store.Deletion, ports: DeletingPorts, until: float) -> bool:
    """Delete page by page until a fresh listing has nothing; False when the time or the job is lost.

    Where the store refuses a key, the rest of it goes all the same. Raises its TransientError afterwards.
    """
    counted: str | None = job.counted_to
    while True:
        found, refused = False, None
        for page in _pages(ports.objects, job):
            found = True
            if ports.clock.monotonic() > until or (counted := _count(db, job, page, counted)) is None:
                return False
            try:
                ports.objects.delete([one.key for one in page])
            except TransientError as error:
                if refused or isinstance(error, UnavailableError):
                    raise  # not a few keys: the store has enough
                refused = error
        if refused:
            raise refused
        if not found:
            return True


def _pages(objects: ObjectStore, job: store.Deletion) -> Iterator[list[ObjectInfo]]:
    left = _left(objects, job)
    while page := list(islice(left, _PAGE)):
        yield page


def _left(objects: ObjectStore, job: store.Deletion) -> Iterator[ObjectInfo]:
    """In key order, so that _count can tell what it has counted: hls comes before raw."""
    if job.kind == Kind.VIDEO:
        yield from objects.list(deletions.hls_prefix(job.tenant_id, job.video_id))
    try:
        original = objects.head(job.raw_key)
    except ObjectMissingError:
        return
    yield original


def _count(db: Database, job: store.Deletion, page: Sequence[ObjectInfo], counted: str | None) -> str | None:
    """Each object once, before it is deleted: afterwards nobody could. The key up to which it is done; None
    when the job is another attempt's by now.
    """
    new = [one for one in page if one.key > (counted or "")]
    last = max(counted or "", page[-1].key)
    with db.tenant(job.tenant_id) as conn:
        mine = store.count(conn, job, len(new), sum(one.size for one in new), last)
    return last if mine else None


def _finish(db: Database, job: store.Deletion, ports: DeletingPorts) -> None:
    again, now = _is_last_look(job), ports.clock.now()
    last_look = now + deletions.LAST_LOOK if job.kind == Kind.VIDEO and not again else None
    cause = Cause(job.correlation_id, str(job.released_by), new_traceparent())
    with unit_of_work(db, job.tenant_id, cause, source=SERVICE, clock=ports.clock) as uow:
        done = store.finish(uow.conn, job, now, last_look)
        if done is None:
            return
        if not again:
            _tell(uow, done)
    objects = done.objects - (job.objects if again else 0)
    size = done.bytes - (job.bytes if again else 0)
    ports.figures.count(metrics.OBJECTS_DELETED, objects)
    ports.figures.count(metrics.BYTES_DELETED, size)
    log.info("objects deleted", extra={**_about(job), "objects": objects, "bytes": size, "last_look": again})


def _tell(uow: UnitOfWork, done: store.Deletion) -> None:
    counts = {"objects": done.objects, "bytes": done.bytes}
    about = {"owner": "media", "kind": done.kind, "reference": str(done.video_id)}
    uow.publish("storage.object.deleted", subject=str(done.video_id), data={**about, **counts})


def _give_back(
    db: Database,
    job: store.Deletion,
    state: DeletionState,
    due_at: datetime | None,
    reason: str | None = None,
) -> None:
    with db.tenant(job.tenant_id) as conn:
        store.give_back(conn, job, state, due_at, reason)


def _is_last_look(job: store.Deletion) -> bool:
    return bool(job.state == DeletionState.DONE)


def _show_pending(db: Database, ports: DeletingPorts) -> None:
    with db.system() as conn:
        found = store.pending(conn)
    now = ports.clock.now()
    ports.waiting.show({row.state: row.number for row in found})
    ports.oldest.show({row.state: (now - row.oldest).total_seconds() for row in found})


def _about(job: store.Deletion) -> dict[str, str]:
    return {
        "tenant": job.tenant_id,
        "video": str(job.video_id),
        "kind": job.kind,
        "correlation_id": job.correlation_id,
    }
