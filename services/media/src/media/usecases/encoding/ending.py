"""How an attempt that failed ends: its job waits, or is over and its video FAILED, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from eventkit.backoff import Jitter
from eventkit.clock import Clock
from eventkit.metrics import Metrics
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from sqlalchemy import Connection

from media.domain.failures import PERMANENT
from media.domain.jobs import verdict
from media.events import SERVICE
from media.metrics import ENCODE_JOBS, ENCODE_SECONDS
from media.store import jobs, videos
from media.usecases import announcing

log = logging.getLogger(__name__)

Hold = Callable[[Connection, jobs.Claim, datetime], bool]


class EndingPorts(Protocol):
    """What ending a job needs; also of the reconciler, which encodes nothing."""

    @property
    def db(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def jitter(self) -> Jitter: ...


def hold_own(conn: Connection, claim: jobs.Claim, _now: datetime) -> bool:
    """The encoder's own claim."""
    return jobs.hold(conn, claim)


def fail(ports: EndingPorts, claim: jobs.Claim, code: str, seconds: float, hold: Hold = hold_own) -> bool:
    """One failure more; `code` as in domain.failures. False when the job is not this claim's any more.

    The video's failure is said only when nobody will try again.
    """
    now = ports.clock.now()
    decided = verdict(permanent=code in PERMANENT, failures=claim.failures + 1, jitter=ports.jitter())
    cause = Cause.start(claim.correlation_id)
    with unit_of_work(ports.db, claim.tenant, cause, source=SERVICE, clock=ports.clock) as uow:
        video = videos.hold(uow.conn, uow.tenant, claim.video_id)
        if not hold(uow.conn, claim, now):
            return False
        jobs.settle_failed(uow.conn, claim, decided, code, seconds, now)
        if video is not None and decided.wait is None:
            announcing.fail(uow, video, code)
    ended(ports.metrics, decided.state.lower(), seconds, code)
    return True


def ended(metrics: Metrics, outcome: str, seconds: float, code: str = "") -> None:
    """The figures and one log line. `outcome`: see ENCODE_JOBS."""
    metrics.count(ENCODE_JOBS, outcome=outcome, code=code)
    metrics.observe(ENCODE_SECONDS, seconds, outcome=outcome)
    log.info("attempt ended", extra={"outcome": outcome, "code": code, "seconds": round(seconds, 1)})
