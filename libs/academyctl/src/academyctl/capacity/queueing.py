"""How long an event waits: the M/M/c queue (Erlang C). Poisson arrivals, c equal servers, pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from math import log


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds before an event is taken: on average, and the 99th percentile; None: it grows without end."""

    busy: float
    mean: float | None
    p99: float | None


def wait(arrivals: float, service_seconds: float, servers: int) -> Wait:
    """`arrivals` a second, each `service_seconds` of one of the `servers`.

    C = Erlang C; mean = C / (c/s − λ); P(wait > t) = C · exp(−(c/s − λ) t): p99 = ln(C / 0.01) / (c/s − λ).
    """
    offered = arrivals * service_seconds
    busy = offered / servers
    if busy >= 1:
        return Wait(busy, None, None)
    if not offered:
        return Wait(0.0, 0.0, 0.0)
    waits, spare = erlang_c(offered, servers), servers / service_seconds - arrivals
    return Wait(busy, waits / spare, max(0.0, log(waits / 0.01) / spare))


def erlang_c(offered: float, servers: int) -> float:
    """The share of those who have to wait. By the recursion of Erlang B, which overflows for no number."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return servers * blocked / (servers - offered * (1 - blocked))
