"""Erasure as the students context sees it: its own part, everybody's receipts, and the certificate."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import orjson
from contracts.columns import rows
from contracts.erasure import CONTEXTS
from eventkit.clock import Clock
from eventkit.envelope import Event
from eventkit.erasure import Counts, Person, forget_names
from eventkit.metrics import Finding, Metrics
from eventkit.ports import Database
from eventkit.uow import UnitOfWork
from servicekit.erasure import Eraser
from servicekit.storage import ObjectStore
from sqlalchemy import Row

from students.domain.audit import Action, Pseudonyms
from students.domain.erasures import OVERDUE_AFTER, LedgerEntry, Subject
from students.domain.records import photo_key
from students.metrics import ERASURES_OVERDUE
from students.store import erasures as store

log = logging.getLogger(__name__)

CHECK_EVERY = timedelta(hours=1)
_ACTOR = "task:erasures"


class Ledger(Protocol):
    """Where erasures are remembered outside the database; methods raise what ObjectStore's do."""

    def keep(self, entry: LedgerEntry) -> None:
        """Store the entry; the same one again changes nothing."""


@dataclass(frozen=True, slots=True)
class ErasingPorts:
    """What erasing in this context needs beside the unit of work."""

    objects: ObjectStore
    ledger: Ledger
    pseudonyms: Pseudonyms
    erase: Eraser


def overdue_erasures(metrics: Metrics, clock: Clock) -> Finding:
    """For check_erasures: erasures that wait too long, by the service that has not answered."""
    return Finding(metrics, ERASURES_OVERDUE, CONTEXTS, clock, good_for=2 * CHECK_EVERY)


def erase_people(uow: UnitOfWork, events: Sequence[Event], ports: ErasingPorts) -> None:
    """What students.student.purged leaves to do here: ledger, photos, traces, and this context's receipt.

    The ledger comes first: a receipt that is published without it would be lost with the database.
    """
    _keep(uow, events, ports)
    ports.erase(uow, events, partial(_erase, objects=ports.objects))


def _keep(uow: UnitOfWork, events: Sequence[Event], ports: ErasingPorts) -> None:
    found = store.entries(uow.conn, uow.tenant, [UUID(event.data["erasure_id"]) for event in events])
    for event in events:
        # without names it comes from the ledger itself (usecases.replays)
        if any(event.data["students"]["name"]):
            ports.ledger.keep(_entry(event, found, ports.pseudonyms))


def _entry(event: Event, found: Sequence[Row[Any]], pseudonyms: Pseudonyms) -> LedgerEntry:
    """Ids as in the event; the rest from the database, which may have been restored to before the purge."""
    erasure_id, tenant = UUID(event.data["erasure_id"]), event.tenantid
    mine = [row for row in found if row.id == erasure_id]
    deleted_at = {row.student_id: row.deleted_at for row in mine}
    ids = [UUID(student_id) for student_id in event.data["students"]["student_id"]]
    return LedgerEntry(
        tenant=tenant,
        erasure_id=erasure_id,
        reason=mine[0].reason if mine else "unknown",
        requested_by=mine[0].requested_by if mine else "unknown",
        requested_at=mine[0].requested_at if mine else event.time,
        purged_at=event.time,
        subjects=tuple(Subject(one, pseudonyms.of(tenant, one), deleted_at.get(one)) for one in ids),
    )


def _erase(uow: UnitOfWork, people: Sequence[Person], *, objects: ObjectStore) -> Counts:
    """The rows went with the purge, which sends names; without names nothing is known to have been here."""
    tenant = uow.tenant
    counts = Counter((person.id, "students") for person in people if person.name)
    counts += store.erase(uow.conn, tenant, people)
    # one listing, not a request for each person
    owners = {photo_key(tenant, person.id): person.id for person in people}
    stored = [found.key for found in objects.list(f"photos/{tenant}/") if found.key in owners]
    objects.delete(stored)
    return counts + Counter((owners[key], "photos") for key in stored)


def receive_receipts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Store what a context says it erased; the last of the five completes the erasure.

    The first receipt of a context counts. An erasure that the database does not have, because it was
    restored, is left alone.
    """
    first = {UUID(event.data["erasure_id"]): event for event in reversed(events)}
    known = store.lock(uow.conn, uow.tenant, list(first))
    service = events[0].type.split(".", 1)[0]
    new = store.add_receipts(uow.conn, uow.tenant, service, [one for one in first if one in known])
    counts = [
        (erasure_id, *row)
        for erasure_id, event in first.items()
        if erasure_id in new
        for row in rows(event.data["counts"], "student_id", "kind", "count")
    ]
    if counts:
        store.add_counts(uow.conn, uow.tenant, service, counts)
    completed = store.complete(uow.conn, uow.tenant, list(new))
    if completed:
        store.audit(uow.conn, uow.tenant, _ACTOR, Action.ERASED, completed)
        forget_names(uow, completed)


def check_erasures(db: Database, now: datetime, *, overdue: Finding) -> None:
    """Periodic task: say which services have not answered for 24 h."""
    with db.system() as conn:
        waiting = store.overdue(conn, now - OVERDUE_AFTER)
    overdue.show(waiting)
    if waiting:
        log.error("erasures are overdue", extra={"waiting": waiting})


def certificate(uow: UnitOfWork, student_id: UUID) -> dict[str, Any] | None:
    """The certificate of a purged person, values as JSON has them; None for whom this tenant never purged.

    `digest` is made of everything else, see schemas.erasures.CertificateSchema.
    """
    found = store.find(uow.conn, uow.tenant, student_id)
    if found is None:
        return None
    received = store.receipts(uow.conn, uow.tenant, found.erasure_id)
    counts = store.counts_of(uow.conn, uow.tenant, student_id)
    document = {
        "academy": uow.tenant,
        "student_id": str(found.student_id),
        "pseudonym": found.pseudonym,
        "reason": found.reason,
        "requested_by": found.requested_by,
        "deleted_at": _time(found.deleted_at),
        "requested_at": _time(found.requested_at),
        "completed_at": _time(found.completed_at),
        "complete": found.completed_at is not None,
        "receipts": [
            {
                "service": service,
                "received_at": _time(received.get(service)),
                "counts": counts.get(service, {}),
            }
            for service in CONTEXTS
        ],
    }
    return {**document, "digest": digest(document)}


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON: UTF-8, sorted keys, no white space."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def listed(row: Row[Any]) -> dict[str, Any]:
    """A line of the list: the row, and who is waited for."""
    return {**row._mapping, "waiting": [service for service in CONTEXTS if service not in row.answered]}


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None
