"""What the students worker listens to and does on time."""

from datetime import datetime, time, timedelta
from functools import partial

from contracts.erasure import CONTEXTS
from eventkit.ports import Database
from eventkit.subscription import on
from eventkit.worker import Worker
from servicekit import throttle
from servicekit.periodic import PeriodicTask
from servicekit.storage import open_store
from servicekit.worker_kit import WorkerKit

from students import handlers, metrics
from students.adapters.ledger import ObjectLedger
from students.domain.audit import Pseudonyms
from students.settings import Settings
from students.usecases import erasures, purge, sessions, undo
from students.usecases.erasures import ErasingPorts
from students.usecases.registration import prune_requests
from students.usecases.rosters import forget_credentials


def build_worker(settings: Settings) -> Worker:
    kit = WorkerKit.open("students", settings, metrics.ALL)
    names = Pseudonyms(settings.pseudonym_key.reveal())
    objects = open_store(settings, settings.r2_storage_bucket)
    erasing = ErasingPorts(objects, ObjectLedger(objects), names, kit.eraser)
    return kit.worker(
        [
            # single: a tenant's lock is held for one chunk, and an import's progress shows after each
            on("enrollment.roster.parsed", handlers.on_roster_parsed, single=True, pseudonyms=names),
            on("enrollment.roster.withdrawn", handlers.on_roster_withdrawn, single=True, pseudonyms=names),
            on("students.student.purged", handlers.on_student_purged, ports=erasing),
            *(on(f"{context}.erasure.completed", handlers.on_erasure_completed) for context in CONTEXTS),
        ],
        periodic_tasks(kit, names),
    )


def periodic_tasks(kit: WorkerKit, names: Pseudonyms) -> list[PeriodicTask]:
    figures, clock = kit.runtime.metrics, kit.runtime.clock
    empty_trash = partial(purge.purge_expired, pseudonyms=names, held=purge.held_people(figures, clock))
    check = partial(erasures.check_erasures, overdue=erasures.overdue_erasures(figures, clock))
    return [
        PeriodicTask("students.forget_credentials", forget_credentials, daily_at=time(3, 5)),
        PeriodicTask("students.forget_effects", undo.forget_effects, daily_at=time(3, 10)),
        PeriodicTask("students.purge_deleted", empty_trash, daily_at=time(3, 15)),
        PeriodicTask("students.prune_requests", prune_requests, daily_at=time(3, 25)),
        PeriodicTask("students.check_erasures", check, every=erasures.CHECK_EVERY),
        PeriodicTask("students.prune_sign_ins", prune_sign_ins, every=timedelta(hours=1)),
    ]


def prune_sign_ins(db: Database, now: datetime) -> None:
    """Periodic task: forget ended sign-ins, and attempts and limits that no longer count."""
    sessions.prune(db, now)
    throttle.prune(db, now)
