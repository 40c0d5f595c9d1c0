"""What objects cost and will cost, by R2's price list (contracts.r2_bill)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts.r2_bill import GIGABYTE, STORAGE, storage_bill

_CENTS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Point:
    """Bytes at the peak of a day."""

    day: date
    bytes: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a month would cost `days` from the last day on, were growth to go on as it was."""

    days: int
    bytes: int
    usd: Decimal


def saving(size: int) -> Decimal:
    """US dollars a month of `size` bytes, unrounded as R2 adds them up: a plan is a part of a bill."""
    return (STORAGE * size / GIGABYTE).quantize(_CENTS)


def byte_months(days: Sequence[Point]) -> int:
    """The mean of daily peaks."""
    return sum(point.bytes for point in days) // len(days) if days else 0


def forecast(days: Sequence[Point], ahead: Sequence[int]) -> list[Forecast]:
    """The line of least squares through the days, at `ahead` days after the last; never below nothing."""
    if not days:
        return []
    slope, last = _slope(days), days[-1].bytes
    found = {span: max(round(last + slope * span), 0) for span in ahead}
    return [Forecast(span, size, storage_bill(size)) for span, size in found.items()]


def shares(parts: Mapping[str, int]) -> dict[str, Decimal]:
    """US dollars a month of each part, unrounded; only their sum is billed."""
    return {name: saving(size) for name, size in parts.items()}


def _slope(days: Sequence[Point]) -> float:
    first = days[0].day
    xs = [(point.day - first).days for point in days]
    mean_x, mean_y = sum(xs) / len(xs), sum(point.bytes for point in days) / len(days)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if not spread:
        return 0.0
    return sum((x - mean_x) * (point.bytes - mean_y) for x, point in zip(xs, days, strict=True)) / spread
