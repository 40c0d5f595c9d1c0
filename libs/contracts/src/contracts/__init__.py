"""Event types, versions and rules that several services share. No I/O."""

from contracts import enrollment, erasure, media, messaging, storage, students
from contracts.registry import (
    EventType,
    IncompatibleEventError,
    NewerEventError,
    Registry,
    UnknownEventTypeError,
)
from contracts.services import SERVICES, package_of

REGISTRY = Registry(
    (
        *enrollment.EVENTS,
        *students.EVENTS,
        *media.EVENTS,
        *messaging.EVENTS,
        *storage.EVENTS,
        *erasure.EVENTS,
    )
)

__all__ = [
    "REGISTRY",
    "SERVICES",
    "EventType",
    "IncompatibleEventError",
    "NewerEventError",
    "Registry",
    "UnknownEventTypeError",
    "package_of",
]
