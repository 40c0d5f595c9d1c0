"""Events as they arrive, for handlers under test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from contracts import REGISTRY
from eventkit.envelope import Event
from eventkit.ids import new_id
from eventkit.trace import new_traceparent

MakeEvent = Callable[..., Event]


def make_one(type: str, tenant: str, data: dict[str, Any], correlation: str = "test") -> Event:
    """A valid event of this type, with a new id."""
    event_type = REGISTRY.get(type)
    return Event(
        id=new_id(),
        type=type,
        source=event_type.source,
        subject=tenant,
        time=datetime.now(UTC),
        tenantid=tenant,
        correlationid=correlation,
        causationid=None,
        traceparent=new_traceparent(),
        schemaversion=event_type.version,
        data=event_type.validate(data),
    )


@pytest.fixture
def make_event() -> MakeEvent:
    """`make_event(type, tenant, data)`."""
    return make_one
