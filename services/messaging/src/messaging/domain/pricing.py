"""What a message costs, in KRW."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from messaging.domain.content import Kind


@dataclass(frozen=True, slots=True)
class Prices:
    """A tenant's own prices per message."""

    sms: Decimal
    lms: Decimal
    alimtalk: Decimal

    def of(self, kind: Kind) -> Decimal:
        return {Kind.SMS: self.sms, Kind.LMS: self.lms, Kind.ATA: self.alimtalk}[kind]


@dataclass(frozen=True, slots=True)
class Price:
    """`fallback` is what the text message costs that a failed Alimtalk becomes; None: it becomes none."""

    own: Decimal
    fallback: Decimal | None = None

    @property
    def reserved(self) -> Decimal:
        """The most that it can cost."""
        return max(self.own, self.fallback or Decimal(0))

    def due(self, *, replaced: bool) -> Decimal:
        """What a delivered message costs."""
        return self.fallback if replaced and self.fallback is not None else self.own


def price(prices: Prices, kind: Kind, fallback: Kind | None = None) -> Price:
    """Of one message that leaves as `kind`."""
    return Price(prices.of(kind), prices.of(fallback) if fallback else None)
