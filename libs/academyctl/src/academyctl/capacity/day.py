"""deploy/capacity/day.toml: what people do in the week's peak hour. Checked when read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from academyctl.cost.declared import Amount, DeclarationError, built, read

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Peak:
    """`days` in a month, `monday` in average days, `hour`: the share of that day."""

    days: Decimal
    monday: Decimal
    hour: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`share` of the amount `of` (times `times`), `each` of it at once. `edge`: no API answers it."""

    of: str
    share: Decimal
    each: Decimal
    what: str
    times: str = ""
    edge: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The whole file."""

    peak: Peak
    operations: dict[str, Operation]

    def rates(self, amounts: Mapping[str, Amount], dau: int) -> dict[str, Decimal]:
        """Operations a second in the peak hour. Raises DeclarationError for an amount nobody declared."""
        return {name: self._monthly(name, amounts, dau) * self._peak() / _HOUR for name in self.operations}

    def monthly(self, amounts: Mapping[str, Amount], dau: int) -> dict[str, Decimal]:
        """Operations a month. Raises DeclarationError likewise."""
        return {name: self._monthly(name, amounts, dau) for name in self.operations}

    def peak_hour(self, monthly: Decimal) -> Decimal:
        """How much of a month's amount falls into the hour."""
        return monthly * self._peak()

    def _peak(self) -> Decimal:
        return self.peak.monday * self.peak.hour / self.peak.days

    def _monthly(self, name: str, amounts: Mapping[str, Amount], dau: int) -> Decimal:
        one = self.operations[name]
        found = Decimal(dau) * one.share / one.each
        for amount in filter(None, (one.of, one.times)):
            if amount not in amounts:
                raise DeclarationError(f"day: {name}: usage has no {amount}")
            found *= amounts[amount].value
        return found


def load_day(path: Path) -> Day:
    """Raises DeclarationError, OSError."""
    day = built(Day, read(path), "day")
    if zero := [name for name, one in day.operations.items() if not one.each]:
        raise DeclarationError(f"day: {zero[0]}: each is zero")
    if not day.peak.days:
        raise DeclarationError("day: peak: days is zero")
    if (total := sum(one.share for one in day.operations.values() if one.of == "requests")) != 1:
        raise DeclarationError(f"day: the shares of requests sum to {total}, not 1")
    return day
