"""One transaction of a handler: its unit of work, span and log ids, and the one place that catches whatever
it raises; what that means is decided in failures.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from eventkit.envelope import Event
from eventkit.failures import is_conflict
from eventkit.logcontext import bound
from eventkit.ports import Database
from eventkit.runtime import Runtime
from eventkit.trace import Cause, trace_id
from eventkit.uow import UnitOfWork, no_progress, unit_of_work

CONFLICT_RETRIES = 2


@contextmanager
def work_of(
    service: str,
    db: Database,
    runtime: Runtime,
    events: Sequence[Event],
    progress: Callable[[], None] = no_progress,
) -> Iterator[UnitOfWork]:
    """What a handler gets for these events, which are of one type and one tenant."""
    first = events[0]
    ids = {"tenant": first.tenantid, "correlation_id": first.correlationid, "event_id": str(first.id)}
    with (
        runtime.tracer.span(f"handle {first.type}", first.traceparent, **ids) as traceparent,
        bound(**ids, trace_id=trace_id(traceparent)),
        unit_of_work(
            db,
            first.tenantid,
            Cause.of(first).within(traceparent),
            source=service,
            clock=runtime.clock,
            registry=runtime.registry,
            progress=progress,
        ) as uow,
    ):
        yield uow


def attempt(
    transaction: Callable[[], None], on_conflict: Callable[[], None] = lambda: None
) -> Exception | None:
    """Run it, at once again after a conflict with another transaction; what it raised, or None."""
    for tries_left in range(CONFLICT_RETRIES, -1, -1):
        try:
            transaction()
        except Exception as error:  # noqa: BLE001 – the outermost loop: a handler may raise anything
            if not is_conflict(error) or not tries_left:
                return error
            on_conflict()
        else:
            return None
    return None
