"""What the storage-janitor worker listens to and does on time."""

from datetime import time, timedelta
from functools import partial

from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit.periodic import PeriodicTask
from servicekit.worker_kit import WorkerKit

from storage_janitor import handlers, metrics
from storage_janitor.adapters.buckets import open_buckets
from storage_janitor.adapters.owners import HttpOwners
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.settings import Settings
from storage_janitor.usecases import applying, releasing, working
from storage_janitor.usecases.bucket_rules import CHECK_BUCKETS, RulePorts
from storage_janitor.usecases.following import DELETE_RELEASED
from storage_janitor.usecases.removing import Remover
from storage_janitor.usecases.sweeping import SweepingPorts


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("storage-janitor", settings, metrics.ALL)
    remover = Remover(kit.db, open_buckets(settings, settings.buckets), built_in(), kit.runtime.clock)
    return kit.worker(
        [
            on("enrollment.import.completed", handlers.on_import_completed),
            on("enrollment.import.failed", handlers.on_import_failed),
            on("media.video.uploaded", handlers.on_video_uploaded, rebuildable=True),
            on("media.video.ready", handlers.on_video_ready, rebuildable=True),
            on("media.video.failed", handlers.on_video_failed, rebuildable=True),
            on("media.video.deleted", handlers.on_video_deleted),
            on("media.raw.expired", handlers.on_raw_expired),
            on("students.student.purged", handlers.on_student_purged, remover=remover, erase=kit.eraser),
        ],
        [*deleting_tasks(kit, settings, remover), *sweeping_tasks(kit, settings, remover)],
    )


def deleting_tasks(kit: WorkerKit, settings: Settings, remover: Remover) -> list[PeriodicTask]:
    figures = kit.runtime.metrics
    releases = partial(releasing.delete_released, ports=releasing.deleting_ports(remover, figures))
    plans = partial(applying.apply_plans, ports=applying.applying_ports(remover, owners(settings), figures))
    return [
        PeriodicTask(DELETE_RELEASED, releases, every=releasing.DELETE_EVERY, prompt=True),
        PeriodicTask(applying.APPLY_PLANS, plans, every=applying.APPLY_EVERY, prompt=True),
    ]


def sweeping_tasks(kit: WorkerKit, settings: Settings, remover: Remover) -> list[PeriodicTask]:
    buckets = open_buckets(settings, settings.buckets)
    sweep = SweepingPorts(remover.policy, buckets, owners(settings), kit.runtime.clock)
    rules = RulePorts(remover.policy, buckets, settings.upload_origins)
    ports = working.working_ports(sweep, rules, kit.runtime.metrics)
    hour = timedelta(hours=1)
    return [
        PeriodicTask(
            "storage_janitor.sweep_exports", partial(working.sweep_exports, ports=ports), every=hour
        ),
        PeriodicTask(
            "storage_janitor.sweep_buckets", partial(working.sweep_buckets, ports=ports), daily_at=time(4, 40)
        ),
        PeriodicTask(
            CHECK_BUCKETS, partial(working.check_buckets, ports=ports), daily_at=time(4, 50), prompt=True
        ),
        PeriodicTask(
            "storage_janitor.verify_ledger", partial(working.verify_ledger, ports=ports), daily_at=time(5, 0)
        ),
        PeriodicTask(
            working.DO_REQUESTS,
            partial(working.do_requests, ports=ports),
            every=working.REQUESTS_EVERY,
            prompt=True,
        ),
    ]


def owners(settings: Settings) -> HttpOwners:
    return HttpOwners(settings.peer_urls, settings.internal_worker_token.reveal()[0])
