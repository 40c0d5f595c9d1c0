"""What the messaging worker listens to, sends, asks and does on time."""

from __future__ import annotations

from datetime import time, timedelta
from functools import partial

from eventkit.subscription import on
from eventkit.worker import Loop, Worker
from servicekit.periodic import PeriodicTask
from servicekit.worker_kit import WorkerKit

from messaging import handlers, metrics
from messaging.adapters.providers import provider
from messaging.domain.recipients import Fingerprints
from messaging.settings import Settings
from messaging.usecases import templates, upkeep
from messaging.usecases.resolving import Resolver
from messaging.usecases.sending import Sender
from messaging.usecases.tending import Tending, needed_sender

SENDERS = 2  # while one waits for the provider the other prepares
_SEND_PAUSE, _ASK_PAUSE = 0.5, 2.0  # seconds


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("messaging", settings, metrics.ALL)
    return kit.worker(
        [
            on("students.student.changed", handlers.on_student_changed, rebuildable=True),
            on("students.student.merged", handlers.on_student_merged, rebuildable=True),
            on("students.student.unmerged", handlers.on_student_unmerged, rebuildable=True),
            on("students.student.purged", handlers.on_student_purged, erase=kit.eraser),
            on("enrollment.enrollment.changed", handlers.on_enrollment_changed, rebuildable=True),
            on("media.video.ready", handlers.on_video_ready),
            on("messaging.message.settled", handlers.on_message_settled),
            on(
                "messaging.message.requested",
                handlers.on_message_requested,
                prints=Fingerprints(settings.recipient_key.reveal()),
                clock=kit.runtime.clock,
            ),
        ],
        periodic_tasks(kit, settings),
        loops=loops(kit, settings),
        needs=[needed_sender(kit.db, kit.runtime.clock)],
    )


def loops(kit: WorkerKit, settings: Settings) -> list[Loop]:
    """Senders and the resolver: the table of messages is their queue."""
    clock, figures = kit.runtime.clock, kit.runtime.metrics
    sends = provider(settings, clock)
    sender = Sender(kit.db, sends, clock, figures, settings.batch, settings.daily_limit)
    resolver = Resolver(kit.db, sends, clock, figures, timedelta(seconds=settings.absent_after))
    return [
        *(Tending("sender", sender.step, kit.runtime, _SEND_PAUSE) for _ in range(SENDERS)),
        Tending("resolver", resolver.step, kit.runtime, _ASK_PAUSE),
    ]


def periodic_tasks(kit: WorkerKit, settings: Settings) -> list[PeriodicTask]:
    asked = provider(settings, kit.runtime.clock)
    prints = Fingerprints(settings.recipient_key.reveal())
    pull = partial(upkeep.pull_opt_outs, provider=asked, prints=prints)
    watch = partial(upkeep.watch_balance, provider=asked, figures=kit.runtime.metrics)
    reviews = partial(templates.refresh_reviews, provider=asked)
    return [
        PeriodicTask("messaging.refresh_reviews", reviews, every=timedelta(minutes=30)),
        PeriodicTask("messaging.pull_opt_outs", pull, daily_at=time(2, 30)),
        PeriodicTask("messaging.watch_balance", watch, every=timedelta(minutes=10)),
        PeriodicTask("messaging.forget", upkeep.forget, daily_at=time(3, 35)),
    ]
