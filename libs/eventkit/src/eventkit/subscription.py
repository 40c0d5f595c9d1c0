"""Which handler gets which events, and what is known of a message on its way through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from eventkit.envelope import Event
from eventkit.queue import Message
from eventkit.receipt import Kind
from eventkit.uow import UnitOfWork

Handler = Callable[[UnitOfWork, Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`handler` gets events of one tenant, all in one transaction; one at a time if `single` (long jobs).

    After `deadline`, or after `stall` without a call of `UnitOfWork.progress`, the consumer stops keeping
    the message from other workers. The handler's inner function name is its identity in the inbox.
    `rebuildable`: it does nothing but keep a read model, so that events of the past may be handled again.
    """

    type: str
    handler: Handler
    single: bool = False
    deadline: timedelta = timedelta(minutes=5)
    stall: timedelta | None = None
    rebuildable: bool = False

    @property
    def name(self) -> str:
        inner: Any = self.handler
        while isinstance(inner, partial):
            inner = inner.func
        return str(inner.__name__)


def on(
    type: str,
    handler: Callable[..., None],
    *,
    single: bool = False,
    deadline: timedelta = timedelta(minutes=5),
    stall: timedelta | None = None,
    rebuildable: bool = False,
    **ports: object,
) -> Subscription:
    """`ports` are what the handler needs of the outside world: its keyword arguments of these names."""
    bound = partial(handler, **ports) if ports else handler
    return Subscription(type, bound, single, deadline, stall, rebuildable)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`delay` is the visibility in seconds of a returned message; `renew` sends it anew, uncounted.

    `place` is where in the code the handler failed.
    """

    kind: Kind
    reason: str = ""
    place: str = ""
    delay: float = field(default=0, kw_only=True)
    renew: bool = field(default=False, kw_only=True)


@dataclass(slots=True, eq=False)
class Delivery:
    """A received message; what it says and what became of it are filled in as they become known."""

    message: Message
    event: Event | None = None
    subscription: Subscription | None = None
    outcome: Outcome | None = None

    @property
    def type(self) -> str:
        """For labels: only names that this build knows."""
        return self.event.type if self.event else "unknown"


def by_type(subscriptions: Iterable[Subscription]) -> dict[str, Subscription]:
    """Raises ValueError when one type has two handlers."""
    table: dict[str, Subscription] = {}
    for subscription in subscriptions:
        if subscription.type in table:
            raise ValueError(f"two handlers for {subscription.type}")
        table[subscription.type] = subscription
    return table
