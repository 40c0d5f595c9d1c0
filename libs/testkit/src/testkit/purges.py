"""A purge as a service hears of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eventkit.clock import SYSTEM_CLOCK
from eventkit.erasure import Person
from eventkit.queue import Queue
from servicekit.erasure import Eraser

from testkit.sqs import FakeSqs


def eraser(receipt: str) -> Eraser:
    """Answers with this event type; its dead-letter queue is empty."""
    sqs = FakeSqs(SYSTEM_CLOCK)
    sqs.make_pair("purged")
    return Eraser(Queue.open(sqs, "purged-dlq"), receipt)


def purged(erasure_id: UUID, *people: Person) -> dict[str, Any]:
    """The data of a students.student.purged."""
    columns = {
        "student_id": [str(person.id) for person in people],
        "name": [person.name for person in people],
        "parent_phone": [person.parent_phone for person in people],
        "student_phone": [person.student_phone for person in people],
    }
    return {"erasure_id": str(erasure_id), "students": columns}
