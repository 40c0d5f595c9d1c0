"""A plan as text for people (Korean) and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from academyctl.capacity.measured import Basis
from academyctl.capacity.plan import Need, Plan, Queue, Role
from academyctl.cost.bill import number
from academyctl.table import align

FORMULAS = (
    "태스크: 피크의 CPU ÷ (프로세스 수 × 목표 사용률), 올림, 선언된 수 이상",
    "대기: M/M/c (Erlang C), 평균 = C/(c/s − λ), p99 = ln(C/0.01)/(c/s − λ); ρ가 1 이상이면 끝없이 늘어남",
    "CPU: Σ 초당 요청 × 요청 하나의 CPU초 ÷ core (measured.toml, day.toml, limits.toml)",
)


def text(found: Plan, basis: Basis) -> list[str]:
    """For people, Korean."""
    measured, limits = basis.measured, basis.limits
    return [
        f"{found.dau:,} DAU의 월요일 17시, 선언된 규모 {found.size.name} ({found.size.dau:,} DAU) 기준",
        "",
        *align([("태스크", "계산", "필요", "선언"), *map(_role, found.roles)]),
        "",
        *align(
            [("대기열", "λ 건/초", "s 초", "c", "ρ", "평균 대기", "p99 대기"), *map(_queue, found.queues)]
        ),
        "",
        *align([("자원", "선언된 것", "필요", "있음", "사용", "버티는 DAU"), *_needs(found)]),
        "",
        *align([("그 밖", "계산", "값"), *((one.name, one.formula, one.value) for one in found.figures)]),
        "",
        *_ending(found),
        *FORMULAS,
        f"측정: {measured.date} {measured.commit}, {measured.machine}; 그때 {measured.shared}",
        f"추정: vCPU의 힘(core)과 목표 사용률 {number(limits.utilisation)}(limits.toml), 피크의 몫(day.toml),"
        " 사용량(deploy/cost/usage.toml). 도착은 서로 무관하다고 봄",
    ]


def _role(role: Role) -> tuple[str, ...]:
    return (role.name, role.formula, str(role.tasks), str(role.declared))


def _queue(queue: Queue) -> tuple[str, ...]:
    rate, work = (f"{value:.4f}" for value in (queue.arrivals, queue.work))
    waits = (_seconds(queue.wait.mean), _seconds(queue.wait.p99))
    return (queue.service, rate, work, str(queue.servers), f"{queue.wait.busy:.3f}", *waits)


def _seconds(value: float | None) -> str:
    return "끝없이 늘어남" if value is None else f"{value:.3f}초"


def _needs(found: Plan) -> Iterator[tuple[str, ...]]:
    for one in sorted(found.needs, key=lambda one: -one.share):
        need, have = (f"{number(round(value, 3))}{one.unit}" for value in (one.need, one.have))
        yield (one.name, one.formula, need, have, f"{one.share:.1%}", _until(one, found.dau))


def _until(need: Need, dau: int) -> str:
    until = need.lasts_until(dau)
    return f"{until:,}" if until is not None else "DAU와 무관" if not need.grows else "-"


def _ending(found: Plan) -> Iterator[str]:
    first = found.first
    if found.holds:
        yield f"선언된 규모로 충분합니다. 가장 먼저 차는 것: {first.name} ({_where(first, found.dau)})"
    else:
        full = [one.name for one in found.needs if one.share > 1]
        yield f"선언된 규모로는 모자랍니다. 가장 먼저 차는 것: {first.name} ({_where(first, found.dau)})"
        yield f"모자라는 것: {', '.join(full)}"
    hosts, kind = found.size.hosts, found.size.hosts.kind
    yield f"월 ${found.usd:,}: {kind} {found.hosts}대 (선언 {hosts.count}대), 나머지는 academyctl cost의 계산"
    if any(one.share > 1 and one.name.startswith("DB") for one in found.needs):
        kept = found.size.database.kind
        yield f"금액의 데이터베이스는 {kept} 그대로입니다: 더 큰 종류는 prices.toml에 없습니다"


def _where(need: Need, dau: int) -> str:
    until = need.lasts_until(dau)
    return f"지금 {need.share:.1%}" + (f", {until:,} DAU에서 가득 참" if until is not None else "")


def document(found: Plan, basis: Basis) -> dict[str, Any]:
    """For programs: decimals as text, waits in seconds (null: without end)."""
    return {
        "dau": found.dau,
        "size": found.size.name,
        "tasks": [
            {
                "role": one.name,
                "busy_vcpu": _text(one.busy),
                "needed": one.tasks,
                "declared": one.declared,
                "formula": one.formula,
            }
            for one in found.roles
        ],
        "queues": [
            {
                "service": one.service,
                "events_per_second": _text(one.arrivals),
                "seconds_per_event": _text(one.work),
                "workers": one.servers,
                "busy": one.wait.busy,
                "mean_wait": one.wait.mean,
                "p99_wait": one.wait.p99,
            }
            for one in found.queues
        ],
        "resources": [_resource(one, found.dau) for one in found.needs],
        "figures": [{"name": one.name, "formula": one.formula, "value": one.value} for one in found.figures],
        "first": found.first.name,
        "holds": found.holds,
        "hosts": found.hosts,
        "usd": str(found.usd),
        "formulas": list(FORMULAS),
        "measured": {
            "date": str(basis.measured.date),
            "commit": basis.measured.commit,
            "machine": basis.measured.machine,
            "shared": basis.measured.shared,
        },
    }


def _resource(need: Need, dau: int) -> dict[str, Any]:
    return {
        "name": need.name,
        "formula": need.formula,
        "need": _text(need.need),
        "have": _text(need.have),
        "unit": need.unit,
        "share": _text(need.share),
        "lasts_until_dau": need.lasts_until(dau),
    }


def _text(value: Decimal) -> str:
    return str(round(value, 6))
