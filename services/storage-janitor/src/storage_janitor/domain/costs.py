"""What objects cost, by R2's price list, rounded as the bill is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from storage_janitor.domain.objects import GIGABYTE

AS_OF = date(2026, 8, 3)
"""When they were last seen to be so: developers.cloudflare.com/r2/pricing."""
STORAGE = Decimal("0.015")
"""US dollars for a gigabyte-month (Standard)."""
CLASS_A, CLASS_B = Decimal("4.50"), Decimal("0.36")
"""US dollars for a million: PutObject, ListObjects and the like; GetObject, HeadObject. Deleting is free."""
FREE_GIGABYTES, FREE_A, FREE_B = 10, 1_000_000, 10_000_000
_MILLION = 1_000_000
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


def storage_bill(byte_months: int) -> Decimal:
    """US dollars for a month with this mean of daily peaks, as billed: whole gigabytes, 10 of them free."""
    gigabytes = _whole(byte_months, GIGABYTE)
    return STORAGE * max(gigabytes - FREE_GIGABYTES, 0)


def operations_bill(class_a: int, class_b: int) -> Decimal:
    """US dollars for so many requests in a month, as billed: whole millions beyond the free ones."""
    return CLASS_A * _whole(max(class_a - FREE_A, 0), _MILLION) + CLASS_B * _whole(
        max(class_b - FREE_B, 0), _MILLION
    )


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


def _whole(amount: int, unit: int) -> int:
    return int((Decimal(amount) / unit).to_integral_value(ROUND_CEILING))
