"""What every service does about students.student.purged, and how it says what it holds of somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.tenant import TENANT
from eventkit import erasure
from eventkit.envelope import Event
from eventkit.erasure import Counts, Person
from eventkit.queue import Queue
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork
from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from servicekit.auth import INTERNAL
from servicekit.fields import Ids, StrictSchema
from servicekit.web import Blueprint, tx

Own = Callable[[UnitOfWork, Sequence[Person]], Counts]
"""Deletes what the service's own tables and buckets hold of these people, and counts it."""
KnownAs = Callable[[UnitOfWork, Sequence[Person]], Sequence[Person]]
"""Other names and numbers under which the service has had the same people."""
Count = Callable[[Connection, str, Sequence[UUID]], Counts]


def _no_other_names(_uow: UnitOfWork, _people: Sequence[Person]) -> Sequence[Person]:
    return ()


@dataclass(frozen=True, slots=True)
class Eraser:
    """Handles students.student.purged for one service, which has this queue and publishes this receipt."""

    dead: Queue
    receipt: str

    def __call__(
        self, uow: UnitOfWork, events: Sequence[Event], own: Own, known_as: KnownAs = _no_other_names
    ) -> None:
        """Forget these people everywhere, and publish one receipt per event.

        `own` also gets the people of `known_as`, so an id may come several times. It runs last, when no
        projection of this tenant is under way any more. Raises what erase_dead_letters raises.
        """
        found = erasure.people(events)
        people = [*found, *known_as(uow, found)]
        counts = erasure.erase_dead_letters(uow, self.dead, people)
        counts += erasure.erase_traces(uow, people)
        erasure.close_gate(uow.conn, uow.tenant)
        counts += own(uow, people)
        erasure.bury(uow.conn, uow.tenant, found)
        for event in events:
            _answer(uow, event, self.receipt, counts)


def _answer(uow: UnitOfWork, event: Event, receipt: str, counts: Counts) -> None:
    """Somebody purged twice is counted once: what an event answers for is taken out of `counts`."""
    gone = {person.id for person in erasure.people([event])}
    mine = sorted((str(person), kind, person) for person, kind in counts if person in gone)
    columns: dict[str, list[Any]] = {
        "student_id": [student_id for student_id, _, _ in mine],
        "kind": [kind for _, kind, _ in mine],
        "count": [counts.pop((person, kind)) for _, kind, person in mine],
    }
    erasure_id = event.data["erasure_id"]
    data = {"erasure_id": erasure_id, "counts": columns}
    uow.publish(receipt, subject=erasure_id, data=data, cause=Cause.of(event))


class _HeldBy(StrictSchema):
    tenant_id = fields.String(required=True, validate=validate.Regexp(rf"(?:{TENANT.pattern})\Z"))
    student_ids = Ids(required=True)


class _Holdings(Schema):
    """Student → kind of thing → how many; who has nothing here is left out."""

    holdings = fields.Dict(
        keys=fields.UUID(), values=fields.Dict(keys=fields.String(), values=fields.Integer()), required=True
    )


def holdings_blueprint(count: Count) -> Blueprint:
    """POST /internal/erasure/holdings/: what a purge of these students would take here."""
    blueprint = Blueprint("erasure", __name__, url_prefix="/internal/erasure", description="보유 정보")

    @blueprint.route("/holdings/", roles=INTERNAL, methods=["POST"])
    @blueprint.arguments(_HeldBy)
    @blueprint.response(200, _Holdings)
    def show_holdings(asked: dict[str, Any]) -> dict[str, Any]:
        """How many things of each kind are held of each of up to 500 students."""
        with tx(asked["tenant_id"]) as uow:
            counts = count(uow.conn, uow.tenant, asked["student_ids"])
        holdings: dict[UUID, dict[str, int]] = {}
        for (student_id, kind), number in counts.items():
            holdings.setdefault(student_id, {})[kind] = number
        return {"holdings": holdings}

    return blueprint
