"""The bill beside the guide's table: as text, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from academyctl.cost import bill
from academyctl.cost.bill import NOT_IN_GUIDE, Line
from academyctl.cost.declared import Declared, GuideSize, Size
from academyctl.table import align

_DOLLAR = Decimal(1)


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the guide's table, or what it has none for (`guide` is None). US dollars a month."""

    name: str
    lines: Sequence[Line]
    guide: int | None

    @property
    def usd(self) -> Decimal:
        return bill.total(self.lines)

    def holds(self, guide: GuideSize) -> bool:
        """Whether the guide's figure is still true: not further off than its range is wide, or a dollar."""
        if self.guide is None:
            return self.usd < _DOLLAR
        width = Decimal(guide.high) / guide.low
        near = self.guide / width <= self.usd <= self.guide * width
        return near or abs(self.usd - self.guide) <= _DOLLAR


@dataclass(frozen=True, slots=True)
class Report:
    """One size's month. `if_linear`: were as much video made for a user as at the smallest size."""

    declared: Declared
    size: Size
    guide: GuideSize
    parts: Sequence[Part]
    if_linear: Decimal

    @property
    def usd(self) -> Decimal:
        return sum((part.usd for part in self.parts), Decimal(0))

    @property
    def inside(self) -> bool:
        return self.guide.low <= self.usd <= self.guide.high

    @property
    def untrue(self) -> list[Part]:
        """The guide's lines that do not hold any more, and what it has no line for."""
        return [part for part in self.parts if not part.holds(self.guide)]


def report(declared: Declared, size: Size) -> Report:
    """Raises DeclarationError."""
    month, guide = bill.month(declared, size), declared.guide[size.name]
    lines = bill.lines(month)
    smallest = min(declared.sizes.values(), key=lambda one: one.dau)
    linear = bill.lines(bill.with_amounts(month, declared.amounts[smallest.name]))
    names = [*guide.lines, NOT_IN_GUIDE]
    parts = [
        Part(name, [line for line in lines if line.part == name], guide.lines.get(name)) for name in names
    ]
    return Report(declared, size, guide, parts, bill.total(linear))


def text(found: Report) -> list[str]:
    """For people, Korean."""
    rows = [("줄", "항목", "계산", "월 USD", "가격 기준일")]
    for part in found.parts:
        rows += [
            ("", line.name, line.formula, f"{line.usd:,}", f"{line.as_of}{' 추정' if line.assumed else ''}")
            for line in part.lines
        ]
        guide = "가이드 없음" if part.guide is None else f"가이드 {part.guide}"
        rows.append((part.name, "소계", guide, f"{part.usd:,}", "" if part.holds(found.guide) else "← 다름"))
    shown = align(rows)
    low, high, prices = found.guide.low, found.guide.high, found.declared.prices
    return [
        f"{found.size.dau:,} DAU, 월 {prices.hours}시간, {prices.region}, {prices.currency}",
        "",
        *shown,
        "",
        f"합계 ${found.usd:,} · 가이드 5절 ${low}–{high}: " + ("범위 안" if found.inside else "범위 밖"),
        *_remarks(found),
    ]


def _remarks(found: Report) -> list[str]:
    remarks = [_why(part) for part in found.untrue]
    shown = [f"가이드({found.declared.guide_as_of})에서 더는 맞지 않는 줄:", *remarks] if remarks else []
    if found.if_linear != found.usd:
        shown.append(f"영상이 이용자 수에 그대로 비례해 늘면 합계 ${found.if_linear:,}")
    messages = bill.number(bill.month(found.declared, found.size).of("messages"))
    shown += [
        f"합계에 없음: 문자·알림톡 {messages}건(학원의 크레딧), 부가세, CPU 크레딧 초과, 영역 사이 전송",
        "추정: 가격표에서 읽지 못한 단가. 단가와 사용량의 출처: deploy/cost",
    ]
    return shown


def _why(part: Part) -> str:
    largest = max(part.lines, key=lambda line: line.usd)
    guide = "줄이 없음" if part.guide is None else f"${part.guide}"
    return (
        f"- {part.name}: 가이드 {guide}, 지금 ${part.usd:,}."
        f" 가장 큰 몫은 {largest.name} ${largest.usd:,} = {largest.formula}"
    )


def document(found: Report) -> dict[str, Any]:
    """For programs: money as text."""
    return {
        "dau": found.size.dau,
        "size": found.size.name,
        "region": found.declared.prices.region,
        "currency": found.declared.prices.currency,
        "parts": [_part(part, found.guide) for part in found.parts],
        "total": str(found.usd),
        "total_if_video_grows_with_users": str(found.if_linear),
        "guide": {"low": found.guide.low, "high": found.guide.high, "as_of": str(found.declared.guide_as_of)},
        "inside": found.inside,
        "no_longer_true": [part.name for part in found.untrue],
        "usage": {
            name: {"value": str(amount.value), "unit": amount.unit, "source": amount.source}
            for name, amount in found.declared.amounts[found.size.name].items()
        },
    }


def _part(part: Part, guide: GuideSize) -> dict[str, Any]:
    lines = [
        {
            "name": line.name,
            "formula": line.formula,
            "usd": str(line.usd),
            "price_as_of": str(line.as_of),
            "price_source": line.source,
            "assumed": line.assumed,
        }
        for line in part.lines
    ]
    return {
        "name": part.name,
        "usd": str(part.usd),
        "guide_usd": part.guide,
        "holds": part.holds(guide),
        "lines": lines,
    }
