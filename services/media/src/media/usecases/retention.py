"""What is done on time: uploads nobody ended, originals whose days are over, deleted videos with objects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from eventkit.metrics import Metrics
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import Transaction, UnitOfWork, unit_of_work
from servicekit.multipart import UploadStore
from servicekit.problem import Problem
from servicekit.storage import ObjectMissingError, ObjectStore

from media.domain.videos import RELEASE_AGAIN, VideoStatus
from media.events import SERVICE
from media.metrics import RETENTION
from media.ports import UploadPorts
from media.store import uploads, videos
from media.usecases import announcing
from media.usecases.encoding import queueing
from media.usecases.removal import announce_deleted, expire_upload
from media.usecases.uploads import complete

_BATCH = 500
_LEFT_ALONE = timedelta(minutes=30)
"""Whoever uploads completes it himself, and a URL of a single PUT no longer lives."""
_WAITS_LONG = timedelta(hours=1)
_NOT_CLEANED = timedelta(hours=1)


def settle_uploads(
    db: Database, now: datetime, *, objects: ObjectStore, store: UploadStore, metrics: Metrics
) -> None:
    """Periodic task: an upload that is all there but was never completed is; one whose time is over ends.

    A browser that is closed at the last moment loses nobody's hour of uploading.
    """
    ports = UploadPorts(objects, store)
    with db.system() as conn:
        found = uploads.open_since(conn, now - _LEFT_ALONE, _BATCH)
    for upload in found:
        transaction = _of_tenant(db, upload.tenant_id)
        if _done(partial(complete, transaction, ports, upload.video_id)):
            metrics.count(RETENTION, what="upload_completed")
        elif upload.expires_at <= now and _done(partial(_expire, transaction, ports, upload.video_id)):
            metrics.count(RETENTION, what="upload_expired")


def _done(call: Callable[[], None]) -> bool:
    """False when it cannot be: the file is not all there, or somebody has ended the upload meanwhile."""
    try:
        call()
    except Problem:
        return False
    return True


def _expire(transaction: Transaction, ports: UploadPorts, video_id: UUID) -> None:
    with transaction() as uow:
        expire_upload(uow, ports.uploads, video_id)


def fail_without_raw(db: Database, now: datetime, *, objects: ObjectStore, metrics: Metrics) -> None:
    """Periodic task: a video that waits for an encoder and whose original is gone FAILED (raw_missing)."""
    with db.system() as conn:
        found = videos.waiting(conn, now - _WAITS_LONG, _BATCH)
    for video in found:
        if not _is_gone(objects, video.raw_key):
            continue
        with _of_tenant(db, video.tenant_id)() as uow:
            metrics.count(RETENTION, int(_fail(uow, video.id)), what="raw_missing")


def _is_gone(objects: ObjectStore, key: str) -> bool:
    try:
        objects.head(key)
    except ObjectMissingError:
        return True
    return False


def _fail(uow: UnitOfWork, video_id: UUID) -> bool:
    """False when it waits no more: an encoder has it, or somebody deleted it."""
    video = videos.hold(uow.conn, uow.tenant, video_id)
    if video is None or video.status != VideoStatus.UPLOADED:
        return False
    queueing.cancel(uow, video_id)
    announcing.fail(uow, video, "raw_missing")
    return True


def expire_raw(db: Database, now: datetime, *, metrics: Metrics) -> None:
    """Periodic task: originals whose retention has ended may go; asked again a day later if they have not."""
    asked_before = now - RELEASE_AGAIN
    with db.system() as conn:
        tenants = videos.tenants_with_expired_raw(conn, now, asked_before)
    for tenant in tenants:
        while True:
            with _of_tenant(db, tenant)() as uow:
                released = videos.release_raw(uow.conn, tenant, now, asked_before, _BATCH)
                for video in released:
                    data = {**announcing.of_video(video), "raw_key": video.raw_key}
                    uow.publish("media.raw.expired", subject=str(video.id), data=data)
            metrics.count(RETENTION, len(released), what="raw_expired")
            if len(released) < _BATCH:
                break


def clean_deleted(db: Database, now: datetime, *, metrics: Metrics) -> None:
    """Periodic task, hourly: deleted videos whose objects are not known to be gone are announced again."""
    with db.system() as conn:
        found = videos.uncleaned(conn, now - _NOT_CLEANED, _BATCH)
    found.sort(key=attrgetter("tenant_id"))
    for tenant, rows in groupby(found, key=attrgetter("tenant_id")):
        with _of_tenant(db, tenant)() as uow:
            for video in rows:
                announce_deleted(uow, video)
                metrics.count(RETENTION, what="not_cleaned")


def _of_tenant(db: Database, tenant: str) -> Transaction:
    return partial(unit_of_work, db, tenant, Cause.start(), source=SERVICE)
