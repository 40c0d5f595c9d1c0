"""From users to tasks, connections, waits, encoders, storage and dollars: pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from contracts import SERVICES

from academyctl.capacity.measured import ENCODER, Basis, Kind, Request, Tasks
from academyctl.capacity.queueing import Wait, wait
from academyctl.cost import bill
from academyctl.cost.bill import number
from academyctl.cost.declared import Amount, Size

_GB, _KB_IN_GB = 2**30, 1_000_000
_DAY, _YEAR = 86_400, 12
_ENCODER_SESSIONS = 2 * 1 + 5  # a worker of one thread
_SHORT = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Need:
    """What the peak hour asks of something, and what there is of it as declared, in `unit`.

    `grows`: in proportion to users. A fixed one only depends on how many tasks are declared.
    """

    name: str
    formula: str
    need: Decimal
    have: Decimal
    unit: str
    grows: bool = True

    @property
    def share(self) -> Decimal:
        """1: all of it. What there is none of is as full as its need is large."""
        return self.need / self.have if self.have else self.need

    def lasts_until(self, dau: int) -> int | None:
        """Daily users at which it is full; None for what does not grow with them, or is not used."""
        return int(dau / self.share) if self.grows and self.share else None


@dataclass(frozen=True, slots=True)
class Role:
    """Tasks of a service that the peak hour needs: `busy` cores at `utilisation`, at least the declared."""

    name: str
    busy: Decimal
    declared: int
    tasks: int
    formula: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Events a second to a service, seconds of work for one, on `servers` workers."""

    service: str
    arrivals: Decimal
    work: Decimal
    servers: int
    wait: Wait


@dataclass(frozen=True, slots=True)
class Figure:
    """Something worth knowing with how it was computed."""

    name: str
    formula: str
    value: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything for one number of users; `usd` a month, with `hosts` of them and tasks as needed."""

    dau: int
    size: Size
    roles: list[Role]
    queues: list[Queue]
    needs: list[Need]
    figures: list[Figure]
    hosts: int
    usd: Decimal

    @property
    def first(self) -> Need:
        """What is full first: the fullest of what grows, unless something fixed does not fit at all."""
        broken = [one for one in self.needs if not one.grows and one.share > 1]
        return max(broken or [one for one in self.needs if one.grows], key=lambda one: one.share)

    @property
    def holds(self) -> bool:
        return all(one.share <= 1 for one in self.needs)


def size_for(basis: Basis, dau: int) -> Size:
    """The smallest declared size that is meant for so many, else the largest."""
    sizes = sorted(basis.cost.sizes.values(), key=lambda one: one.dau)
    return next((one for one in sizes if one.dau >= dau), sizes[-1])


def plan(basis: Basis, dau: int) -> Plan:
    """Raises DeclarationError for what the files lack."""
    of = _Load(basis, dau, size_for(basis, dau))
    roles = [*of.roles("api"), *of.roles("worker")]
    hosts = of.hosts(roles)
    return Plan(
        dau,
        of.size,
        roles,
        of.queues(),
        [*of.processes(), *of.machines(), *of.database(), of.encoders()],
        [*of.connections_needed(roles), *of.storage(), *of.beside_what_was_assumed()],
        hosts,
        of.dollars(hosts, roles),
    )


@dataclass(frozen=True)
class _Load:
    """One number of users on one declared size."""

    basis: Basis
    dau: int
    size: Size

    @property
    def tasks(self) -> Tasks:
        return self.basis.limits.tasks[self.size.name]

    @property
    def amounts(self) -> Mapping[str, Amount]:
        return self.basis.cost.amounts[self.size.name]

    def requests(self) -> Iterator[tuple[Request, Decimal]]:
        """Each operation's cost and how many requests of it a second the peak hour has."""
        rates = self.basis.day.rates(self.amounts, self.dau)
        for name, cost in self.basis.measured.requests.items():
            if name in rates and not self.basis.day.operations[name].edge:
                yield cost, rates[name] * cost.count

    def busy(self, service: str, role: str) -> Decimal:
        """vCPUs of all API or worker processes of a service together."""
        sides = ((cost.api if role == "api" else cost.worker, rate) for cost, rate in self.requests())
        return self._vcpus(sum((side.get(service, Decimal(0)) * rate for side, rate in sides), Decimal(0)))

    def _vcpus(self, cores: Decimal, kind: str = "") -> Decimal:
        """Of the hosts, or of another kind."""
        return cores / self.basis.limits.kind(kind or self.size.hosts.kind).core

    def roles(self, role: str) -> Iterator[Role]:
        """A Python process uses one core at most: of an API task as many as it has processes."""
        declared = self.tasks.api_tasks if role == "api" else self.tasks.worker_tasks
        processes = self.tasks.web_workers if role == "api" else 1
        limit = processes * self.basis.limits.utilisation
        for service in SERVICES:
            busy = self.busy(service, role)
            formula = f"⌈{_short(busy)} vCPU / ({processes} × {number(self.basis.limits.utilisation)})⌉"
            yield Role(f"{service}-{role}", busy, declared, max(declared, _up(busy / limit)), formula)

    def queues(self) -> list[Queue]:
        """Of each consumer, with the declared tasks."""
        return [self._queue(service) for service in SERVICES]

    def _queue(self, service: str) -> Queue:
        arrivals = sum(
            (cost.events.get(service, Decimal(0)) * rate for cost, rate in self.requests()), Decimal(0)
        )
        work = self._vcpus(self.basis.measured.events[service].worker)
        servers = self.tasks.worker_tasks
        return Queue(service, arrivals, work, servers, wait(float(arrivals), float(work), servers))

    def processes(self) -> Iterator[Need]:
        """Cores of the processes that are declared."""
        for role in (*self.roles("api"), *self.roles("worker")):
            processes = self.tasks.web_workers if role.name.endswith("-api") else 1
            have = role.declared * processes * self.basis.limits.utilisation
            formula = f"{role.declared}개 × {processes} × {number(self.basis.limits.utilisation)}"
            yield Need(role.name, formula, role.busy, have, "vCPU")

    def machines(self) -> Iterator[Need]:
        """All processes together on the hosts that are declared, as many of them as are declared."""
        hosts, limits = self.size.hosts, self.basis.limits
        kind = limits.kind(hosts.kind)
        busy, idle = self._all_busy(), self._idle(self.tasks.api_tasks, self.tasks.worker_tasks)
        yield Need(
            f"서버 CPU ({hosts.kind} {hosts.count}대)",
            f"{hosts.count} × {kind.vcpu} vCPU × {number(limits.utilisation)}",
            busy + idle, hosts.count * kind.vcpu * limits.utilisation, "vCPU",
        )  # fmt: skip
        memory = self._memory(self._declared_tasks())
        yield Need(
            "서버 메모리",
            f"{hosts.count} × ({kind.memory_gb}GB − {number(limits.host_reserve_mb)}MB)",
            memory, hosts.count * self._usable_mb(kind), "MB", grows=False,
        )  # fmt: skip

    def _usable_mb(self, kind: Kind) -> Decimal:
        return kind.memory_gb * Decimal(_GB) / 1_000_000 - self.basis.limits.host_reserve_mb

    def _all_busy(self) -> Decimal:
        return sum((self.busy(one, role) for one in SERVICES for role in ("api", "worker")), Decimal(0))

    def _idle(self, apis: int, workers: int) -> Decimal:
        """vCPUs of so many tasks of each service in which nothing happens."""
        of = self.basis.measured.processes
        cores = sum(
            (
                of[f"{one}-api"].idle * apis * self.tasks.web_workers + of[f"{one}-worker"].idle * workers
                for one in SERVICES
            ),
            Decimal(0),
        )
        return self._vcpus(cores)

    def _declared_tasks(self) -> dict[str, int]:
        of = {"api": self.tasks.api_tasks, "worker": self.tasks.worker_tasks}
        return {f"{service}-{role}": count for service in SERVICES for role, count in of.items()}

    def _memory(self, tasks: Mapping[str, int]) -> Decimal:
        """MB. What was measured of an API is one process and its master."""
        processes = self.basis.measured.processes
        per = {name: self.tasks.web_workers if name.endswith("-api") else 1 for name in tasks}
        return sum((processes[name].mb * count * per[name] for name, count in tasks.items()), Decimal(0))

    def hosts(self, roles: list[Role]) -> int:
        """How many of the declared kind carry these tasks."""
        kind, limits = self.basis.limits.kind(self.size.hosts.kind), self.basis.limits
        memory = self._memory({role.name: role.tasks for role in roles})
        by_memory = _up(memory / self._usable_mb(kind))
        by_cpu = _up(self._all_busy() / (kind.vcpu * limits.utilisation))
        return max(self.size.hosts.count, by_cpu, by_memory)

    def database(self) -> Iterator[Need]:
        limits, database = self.basis.limits, self.size.database
        kind = limits.kind(database.kind)
        cores = sum((cost.database * rate for cost, rate in self.requests()), Decimal(0))
        busy = self._vcpus(cores, database.kind)
        have = kind.vcpu * limits.utilisation
        formula = f"{kind.vcpu} vCPU × {number(limits.utilisation)}"
        yield Need(f"DB CPU ({database.kind})", formula, busy, have, "vCPU")
        average = busy / (self.basis.day.peak_hour(Decimal(1)) * _DAY * self.basis.day.peak.days / 3600)
        baseline = kind.vcpu * kind.baseline
        formula = f"{kind.vcpu} vCPU × 기준 {number(kind.baseline)}, 하루 평균"
        yield Need("DB CPU 크레딧", formula, average, baseline, "vCPU")
        tasks = self._declared_tasks()
        yield Need(
            "DB 연결", f"{self.tasks.max_connections} − {limits.spare_connections}",
            Decimal(self._connections(tasks)), Decimal(self._budget()), "개", grows=False,
        )  # fmt: skip
        passing, lasting = self._database_gb_a_month()
        formula = f"{database.storage_gb}GB, 한 해 뒤: 30일 {_short(passing)}GB + 12 × {_short(lasting)}GB"
        yield Need("DB 저장 공간", formula, passing + _YEAR * lasting, Decimal(database.storage_gb), "GB")

    def _budget(self) -> int:
        return self.tasks.max_connections - self.basis.limits.spare_connections

    def _connections(self, tasks: Mapping[str, int]) -> int:
        """The most that all pools open (servicekit.api_kit, worker_kit); each relay has its own."""
        of = self.tasks
        worker = 2 * of.worker_threads + 4 + 1
        each = {"api": of.web_workers * (of.web_threads + 2), "worker": worker}
        total = sum(count * each[name.rpartition("-")[2]] for name, count in tasks.items())
        return total + of.encoders * _ENCODER_SESSIONS

    def connections_needed(self, roles: list[Role]) -> Iterator[Figure]:
        of, needed = self.tasks, {role.name: role.tasks for role in roles}
        apis, workers = (
            sum(count for name, count in needed.items() if name.endswith(f"-{role}"))
            for role in ("api", "worker")
        )
        budget = self._budget()
        yield Figure(
            "필요한 태스크의 DB 연결",
            f"API {apis} × {of.web_workers} × ({of.web_threads} + 2)"
            f" + 워커 {workers} × (2 × {of.worker_threads} + 5)"
            f" + 인코더 {of.encoders} × {_ENCODER_SESSIONS}",
            f"{self._connections(needed):,}개, 한도 {budget:,}개",
        )

    def encoders(self) -> Need:
        """Encoder hours that the peak hour's lectures take, beside what encoders do in it and in the wait."""
        limits, hours = self.basis.limits, self._lecture_hours()
        each = self._encode_hours()
        have = self.tasks.encoders * (1 + limits.encode_wait_hours)
        formula = (
            f"강의 {_short(hours)}시간 × {_short(each)};"
            f" 최대 {self.tasks.encoders}대 × (1 + {number(limits.encode_wait_hours)})시간"
        )
        return Need(f"{ENCODER} 적체", formula, hours * each, have, "시간")

    def _lecture_hours(self) -> Decimal:
        return self.basis.day.peak_hour(self.dau * self.amounts["video_hours"].value)

    def _database_gb_a_month(self) -> tuple[Decimal, Decimal]:
        """Of what goes after 30 days, and of what stays."""
        passing = lasting = Decimal(0)
        costs = self.basis.measured.requests
        for name, times in self.basis.day.monthly(self.amounts, self.dau).items():
            requests = times * costs[name].count / _KB_IN_GB
            passing += requests * costs[name].passing_kb
            lasting += requests * costs[name].lasting_kb
        return passing, lasting

    def storage(self) -> Iterator[Figure]:
        of = bill.month(self.basis.cost, replace(self.size, dau=self.dau))
        raw, hls = of.of("video_hours", "raw_gb"), of.of("video_hours", "hls_gb")
        yield Figure(
            "R2 증가",
            f"{self.dau:,} × {number(of.each('video_hours'))}시간 × HLS {number(of.each('hls_gb'))}GB",
            f"월 {_short(hls)}GB, 원본은 30일에 {_short(raw)}GB로 머묾",
        )
        passing, lasting = self._database_gb_a_month()
        yield Figure(
            "DB 증가", "Σ 월간 요청 × 요청 하나의 KB",
            f"월 {_short(lasting)}GB, 30일이면 없어지는 것은 {_short(passing)}GB로 머묾",
        )  # fmt: skip
        backlog = max(self.encoders().need - self.tasks.encoders, Decimal(0))
        yield Figure(
            "피크 끝의 인코딩 적체",
            f"{_short(self.encoders().need)}시간 − 인코더 {self.tasks.encoders}대 × 1시간",
            f"{_short(backlog)}시간, 모두 쓰면 {_short(backlog / max(self.tasks.encoders, 1))}시간",
        )

    def beside_what_was_assumed(self) -> Iterator[Figure]:
        """What was measured of the same things that usage.toml says, and of connections."""
        encode, seen = self.basis.measured.encode.values(), self.basis.measured.connections.values()
        hls = sum((one.gb_per_hour for one in encode), Decimal(0))
        hours = self._encode_hours()
        yield Figure(
            "강의 1시간의 인코딩", "측정: 모든 화질의 CPU분 / core / vCPU",
            f"{_short(hours)}시간, usage.toml은 {number(self.amounts['encode_hours'].value)}시간",
        )  # fmt: skip
        yield Figure(
            "강의 1시간의 HLS", "측정: 시험 영상의 모든 화질",
            f"{_short(hls)}GB, usage.toml은 {number(self.amounts['hls_gb'].value)}GB",
        )  # fmt: skip
        rest, peak = sum(one.rest for one in seen), sum(one.peak for one in seen)
        yield Figure("측정한 DB 연결", "서비스마다 태스크 하나, 평소와 ×1", f"{rest}개, {peak}개")

    def _encode_hours(self) -> Decimal:
        """Of an encoder, for an hour of lecture in every rendition."""
        minutes = sum((one.cpu_minutes for one in self.basis.measured.encode.values()), Decimal(0))
        kind = self.size.encoder.kind
        return self._vcpus(minutes, kind) / self.basis.limits.kind(kind).vcpu

    def dollars(self, hosts: int, roles: list[Role]) -> Decimal:
        """The bill of `academyctl cost` for these users, with the hosts and workers that they need."""
        workers = sum(role.tasks for role in roles if role.name.endswith("-worker"))
        grown = replace(
            self.size,
            dau=self.dau,
            hosts=replace(self.size.hosts, count=hosts),
            workers=replace(self.size.workers, count=workers),
        )
        return bill.total(bill.lines(bill.month(self.basis.cost, grown)))


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


def _short(value: Decimal) -> str:
    return number(value.quantize(_SHORT))
