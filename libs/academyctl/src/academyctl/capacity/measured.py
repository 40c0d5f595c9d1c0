"""deploy/capacity: what things cost (measured.toml), what carries them (limits.toml). Checked when read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from contracts import SERVICES

from academyctl.capacity.day import Day, load_day
from academyctl.cost.declared import DeclarationError, Declared, built, load, read

ENCODER = "media-encoder"


@dataclass(frozen=True, slots=True)
class Request:
    """Of one request of an operation: processor seconds by service, events by receiver; `count` of them.

    `passing_kb`, `lasting_kb`: growth of the database, of what goes after 30 days and of what stays.
    """

    count: Decimal
    api: dict[str, Decimal]
    worker: dict[str, Decimal]
    database: Decimal
    events: dict[str, Decimal]
    passing_kb: Decimal
    lasting_kb: Decimal


@dataclass(frozen=True, slots=True)
class Consumer:
    """Processor seconds of a worker for an event."""

    worker: Decimal


@dataclass(frozen=True, slots=True)
class Process:
    """Processor seconds a second while nobody comes, resident MB."""

    idle: Decimal
    mb: Decimal


@dataclass(frozen=True, slots=True)
class Connections:
    """Sessions of a service's role in PostgreSQL: at rest, and the most at x1."""

    rest: int
    peak: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """Processor minutes for a minute of video, GB for an hour."""

    cpu_minutes: Decimal
    gb_per_hour: Decimal


@dataclass(frozen=True, slots=True)
class Measured:
    """The whole file; `shared`: what else the machine did meanwhile."""

    date: date
    machine: str
    commit: str
    shared: str
    requests: dict[str, Request]
    events: dict[str, Consumer]
    processes: dict[str, Process]
    connections: dict[str, Connections]
    encode: dict[str, Rendition]


@dataclass(frozen=True, slots=True)
class Kind:
    """A machine; `core`: a vCPU's work beside a measured core's; `baseline`: of a burstable vCPU."""

    vcpu: int
    memory_gb: int
    core: Decimal
    baseline: Decimal


@dataclass(frozen=True, slots=True)
class Tasks:
    """What runs of each service; `encoders` at once at most; `max_connections` of PostgreSQL."""

    api_tasks: int
    web_workers: int
    web_threads: int
    worker_tasks: int
    worker_threads: int
    encoders: int
    max_connections: int


@dataclass(frozen=True, slots=True)
class Limits:
    """limits.toml; sizes by the names of deploy/cost/resources.toml."""

    utilisation: Decimal
    host_reserve_mb: Decimal
    spare_connections: int
    encode_wait_hours: Decimal
    source: str
    kinds: dict[str, Kind]
    tasks: dict[str, Tasks]

    def kind(self, name: str) -> Kind:
        """Raises DeclarationError for one that nobody declared."""
        if name not in self.kinds:
            raise DeclarationError(f"limits: kinds: no {name}")
        return self.kinds[name]


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything that a plan is computed from."""

    cost: Declared
    day: Day
    measured: Measured
    limits: Limits


def basis(capacity: Path, cost: Path) -> Basis:
    """Both folders. Raises DeclarationError, OSError."""
    found = Basis(
        load(cost),
        load_day(capacity / "day.toml"),
        built(Measured, read(capacity / "measured.toml"), "measured"),
        built(Limits, read(capacity / "limits.toml"), "limits"),
    )
    if missing := [*_missing(found), *_zeros(found.limits)]:
        raise DeclarationError("; ".join(missing))
    return found


def _missing(found: Basis) -> Iterator[str]:
    measured, services = found.measured, SERVICES
    parts = [*(f"{one}-{role}" for one in services for role in ("api", "worker")), ENCODER]
    for name, needed, known in (
        ("measured: requests", list(found.day.operations), measured.requests),
        ("measured: events", services, measured.events),
        ("measured: connections", services, measured.connections),
        ("measured: processes", parts, measured.processes),
        ("limits: tasks", list(found.cost.sizes), found.limits.tasks),
    ):
        yield from _lacking(name, needed, known)


def _lacking(name: str, needed: list[str] | tuple[str, ...], known: Mapping[str, object]) -> Iterator[str]:
    if absent := [one for one in needed if one not in known]:
        yield f"{name}: missing: {', '.join(absent)}"


def _zeros(limits: Limits) -> Iterator[str]:
    """What is divided by."""
    if not limits.utilisation:
        yield "limits: utilisation is zero"
    yield from (
        f"limits: kinds: {name}: zero" for name, kind in limits.kinds.items() if not kind.core * kind.vcpu
    )
