"""What mends a video that got stuck, one function for each state in which one can; and what tidies up.

The states exclude each other: a job RUNNING without encoder; no active job though the video waits for one,
and the last one succeeded, or did not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventkit.backoff import JITTER, Jitter
from eventkit.clock import Clock
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from servicekit.storage import ObjectStore

from media.domain.jobs import WAITING, JobState
from media.domain.videos import hls_prefix
from media.events import SERVICE
from media.metrics import ENCODE_ACTIVE, ENCODE_MENDED, ENCODE_WAITING, SUPERSEDED_OBJECTS
from media.store import jobs, publication, stuck, videos
from media.usecases.encoding.ending import fail
from media.usecases.encoding.queueing import enqueue

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
"""Not oftener: each run starts an idle worker's count towards stopping itself anew."""
_SETTLED = timedelta(minutes=2)
_BATCH = 100
SUPERSEDED_AFTER = timedelta(hours=13)
"""Addresses of what a video no longer refers to are good for 12 h at most (domain.links)."""


@dataclass(frozen=True, slots=True)
class MendingPorts:
    """What the periodic tasks need."""

    db: Database
    objects: ObjectStore
    clock: Clock
    metrics: Metrics
    active: Finding
    waiting: Finding
    jitter: Jitter = JITTER

    @classmethod
    def of(cls, db: Database, objects: ObjectStore, clock: Clock, metrics: Metrics) -> MendingPorts:
        """With the gauges that `measure_jobs` shows."""
        active, waiting = (
            Finding(metrics, gauge, states, clock, 2 * EVERY + timedelta(minutes=1))
            for gauge, states in ((ENCODE_ACTIVE, (*WAITING, JobState.RUNNING)), (ENCODE_WAITING, WAITING))
        )
        return cls(db, objects, clock, metrics, active, waiting)


def retry_lost(_db: Database, now: datetime, *, ports: MendingPorts) -> None:
    """Periodic task: a job whose encoder is gone, or hangs, has failed once; idle encoders look, too."""
    with ports.db.system() as conn:
        lost = jobs.lost(conn, now, _BATCH)
    for claim in lost:
        if fail(ports, claim, "lease_lost", 0, jobs.hold_lost):
            ports.metrics.count(ENCODE_MENDED, stuck="lease_lost")
            log.warning("an encoder has lost its job", extra={"job_id": str(claim.job_id)})


def queue_forgotten(db: Database, now: datetime, *, ports: MendingPorts) -> None:
    """Periodic task: a video that waits for an encoder and has no job gets one."""
    _enqueue(db, now, ports, "not_queued", succeeded=False)


def queue_unpublished(db: Database, now: datetime, *, ports: MendingPorts) -> None:
    """Periodic task: a video whose job has succeeded and that does not play is encoded again."""
    _enqueue(db, now, ports, "not_published", succeeded=True)


def _enqueue(db: Database, now: datetime, ports: MendingPorts, name: str, *, succeeded: bool) -> None:
    with db.system() as conn:
        found = stuck.without_job(conn, now - _SETTLED, _BATCH, succeeded=succeeded)
    for tenant, video_id in found:
        with unit_of_work(db, tenant, Cause.start(), source=SERVICE, clock=ports.clock) as uow:
            video = videos.hold(uow.conn, tenant, video_id)
            if video is None or not stuck.is_without_job(uow.conn, video_id, succeeded=succeeded):
                continue  # somebody was faster
            publication.mark_uploaded(uow.conn, video_id)
            job_id = enqueue(uow, video_id)
        ports.metrics.count(ENCODE_MENDED, stuck=name)
        log.warning("a video was stuck", extra={"stuck": name, "job_id": str(job_id)})


def delete_superseded(db: Database, now: datetime, *, ports: MendingPorts) -> None:
    """Periodic task: what ended jobs have uploaded, and no video or waiting job refers to.

    A deleted video's objects are the storage-janitor's.
    """
    with db.system() as conn:
        ended = stuck.unswept(conn, now - SUPERSEDED_AFTER, _BATCH)
    for job in ended:
        with db.system() as conn:
            wanted = stuck.referenced(conn, job.tenant_id, job.video_id)
        if wanted is not None:
            prefix = hls_prefix(job.tenant_id, job.video_id) + f"{job.id}-"
            keys = [info.key for info in ports.objects.list(prefix) if not info.key.startswith(wanted)]
            ports.objects.delete(keys)
            ports.metrics.count(SUPERSEDED_OBJECTS, len(keys))
        with db.system() as conn:
            stuck.mark_swept(conn, job.id, now)


def measure_jobs(db: Database, now: datetime, *, ports: MendingPorts) -> None:
    """Periodic task: how many jobs there are, and how long they wait."""
    with db.system() as conn:
        found = jobs.waiting(conn, now)
    ports.active.show({row.state: row.jobs for row in found})
    ports.waiting.show({row.state: max(0.0, float(row.waiting or 0)) for row in found})
    # deploy/aws/templates/encoder.yaml scales by this line
    log.info("encode jobs", extra={"waiting": sum(row.jobs for row in found if row.state in WAITING)})
