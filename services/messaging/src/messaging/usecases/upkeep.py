"""Periodic tasks: what the provider knows and we should, and what we should know no longer."""

from __future__ import annotations

import logging
from datetime import datetime

from eventkit.metrics import Metrics
from eventkit.ports import Database

from messaging import metrics
from messaging.domain.messages import KEEP_BODY
from messaging.domain.recipients import Fingerprints, mask
from messaging.ports import Provider
from messaging.store import upkeep as store

log = logging.getLogger(__name__)


def pull_opt_outs(db: Database, _now: datetime, *, provider: Provider, prints: Fingerprints) -> None:
    """Periodic task: who refused advertising through the 080 service gets none any more."""
    numbers = provider.opted_out()
    with db.system() as conn:
        known = store.known_numbers(conn, numbers)
        rows = [(row.tenant_id, prints.of(row.tenant_id, row.phone), mask(row.phone)) for row in known]
        new = store.refuse(conn, rows, "ad", "080")
    log.info("opt-outs pulled", extra={"listed": len(numbers), "new": new})


def watch_balance(_db: Database, _now: datetime, *, provider: Provider, figures: Metrics) -> None:
    """Periodic task: shows what is left on the provider's account."""
    figures.set(metrics.PROVIDER_BALANCE, float(provider.balance()))


def forget(db: Database, now: datetime) -> None:
    """Periodic task: texts and numbers go 30 days after a message's end, reports and counts too."""
    with db.system() as conn:
        wiped = store.wipe_bodies(conn, now - KEEP_BODY)
        store.prune(conn, now - KEEP_BODY)
    log.info("bodies wiped", extra={"count": wiped})
