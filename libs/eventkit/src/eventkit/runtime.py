"""What every moving part of a worker shares."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts import REGISTRY, Registry

from eventkit.clock import Clock
from eventkit.idle import Idle
from eventkit.metrics import Metrics
from eventkit.points import Points, no_points
from eventkit.pulse import Pulse
from eventkit.tracing import NO_TRACER, Tracer


@dataclass(frozen=True, slots=True)
class Runtime:
    """One per process; tests give their own clock, crash points and event types."""

    clock: Clock
    metrics: Metrics
    points: Points = no_points
    registry: Registry = REGISTRY
    tracer: Tracer = NO_TRACER
    pulse: Pulse = field(init=False)
    idle: Idle = field(init=False, default_factory=Idle)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pulse", Pulse(self.clock))
