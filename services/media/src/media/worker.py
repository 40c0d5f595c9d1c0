"""What the media worker listens to and does on time."""

from datetime import time, timedelta
from functools import partial

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.multipart import open_uploads
from servicekit.periodic import PeriodicTask
from servicekit.storage import open_store
from servicekit.worker_kit import WorkerKit

from media import handlers, metrics
from media.settings import Settings
from media.usecases import playback, retention
from media.usecases.encoding import reconciling


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("media", settings, metrics.ALL)
    return kit.worker(
        [
            on("enrollment.enrollment.changed", handlers.on_enrollment_changed, rebuildable=True),
            on(
                "enrollment.session_enrollment.changed",
                handlers.on_session_enrollment_changed,
                rebuildable=True,
            ),
            on("enrollment.session.changed", handlers.on_session_changed, rebuildable=True),
            on("storage.object.deleted", handlers.on_object_deleted),
            on("students.student.purged", handlers.on_student_purged, erase=kit.eraser),
        ],
        [*periodic_tasks(), *retention_tasks(kit, settings), *encoding_tasks(kit, settings)],
    )


def periodic_tasks() -> list[PeriodicTask]:
    return [
        PeriodicTask("media.expire_sessions", playback.expire_sessions, every=reconciling.EVERY),
        PeriodicTask("media.prune_playback_events", playback.prune_events, daily_at=time(3, 35)),
    ]


def retention_tasks(kit: WorkerKit, settings: Settings) -> list[PeriodicTask]:
    bucket, figures, hour = settings.r2_video_bucket, kit.runtime.metrics, timedelta(hours=1)
    objects, uploads = open_store(settings, bucket), open_uploads(settings, bucket)
    settle = partial(retention.settle_uploads, objects=objects, store=uploads, metrics=figures)
    no_raw = partial(retention.fail_without_raw, objects=objects, metrics=figures)
    expire = partial(retention.expire_raw, metrics=figures)
    clean = partial(retention.clean_deleted, metrics=figures)
    return [
        PeriodicTask("media.settle_uploads", settle, every=timedelta(minutes=30)),
        PeriodicTask("media.fail_without_raw", no_raw, every=hour),
        PeriodicTask("media.expire_raw", expire, every=hour),
        PeriodicTask("media.clean_deleted", clean, every=hour),
    ]


def encoding_tasks(kit: WorkerKit, settings: Settings) -> list[PeriodicTask]:
    clock, figures = kit.runtime.clock, metrics.from_zero(kit.runtime.metrics)
    ports = reconciling.MendingPorts.of(
        kit.db, open_store(settings, settings.r2_video_bucket), clock, figures
    )
    bodies = {
        "media.retry_lost_jobs": reconciling.retry_lost,
        "media.queue_forgotten": reconciling.queue_forgotten,
        "media.queue_unpublished": reconciling.queue_unpublished,
        "media.measure_jobs": reconciling.measure_jobs,
    }
    tasks = [
        PeriodicTask(name, partial(body, ports=ports), every=reconciling.EVERY)
        for name, body in bodies.items()
    ]
    sweep = partial(reconciling.delete_superseded, ports=ports)
    return [*tasks, PeriodicTask("media.delete_superseded", sweep, every=timedelta(hours=1))]
