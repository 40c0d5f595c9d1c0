"""Consent to advertising: what is agreed, who has to be told of it and when it has to be confirmed.

ICN Act, art. 50, and art. 62-2 and 62-3 of its decree: the result of a consent or withdrawal is notified
within 14 days, and a consent is confirmed every two years. That for the night is separate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NOTICE_WITHIN = timedelta(days=14)
RENEWAL_YEARS = 2


class Kind(StrEnum):
    AD = "ad"
    NIGHT = "night"


class Action(StrEnum):
    """What the ledger records; its rows are never changed."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    CONFIRMED = "confirmed"
    NOTIFIED = "notified"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger."""

    kind: Kind
    action: Action
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How one consent stands. `changed_at` is its last giving or withdrawal."""

    given: bool
    changed_at: datetime
    confirmed_at: datetime
    notified_at: datetime | None

    def valid(self, now: datetime) -> bool:
        """Given, and confirmed within two years."""
        return self.given and now < self.renew_by

    @property
    def renew_by(self) -> datetime:
        """When it has to be confirmed again."""
        return _years_later(self.confirmed_at, RENEWAL_YEARS)

    @property
    def notify_by(self) -> datetime | None:
        """Until when the recipient has to be told of the last change; None: told already."""
        told = self.notified_at is not None and self.notified_at >= self.changed_at
        return None if told else self.changed_at + NOTICE_WITHIN


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be sent to somebody at this moment."""

    ad: bool
    night: bool


NOTHING = Allowance(ad=False, night=False)


def standing(entries: Iterable[Entry], kind: Kind) -> Standing | None:
    """The state that the ledger's entries add up to; None: nothing was ever said."""
    now: Standing | None = None
    for entry in sorted((one for one in entries if one.kind is kind), key=lambda one: one.at):
        now = _after(now, entry)
    return now


def _after(before: Standing | None, entry: Entry) -> Standing | None:
    match entry.action:
        case Action.GIVEN | Action.WITHDRAWN:
            given = entry.action is Action.GIVEN
            return Standing(given, entry.at, entry.at, before.notified_at if before else None)
        case Action.CONFIRMED if before is not None:
            return Standing(before.given, before.changed_at, entry.at, before.notified_at)
        case Action.NOTIFIED if before is not None:
            return Standing(before.given, before.changed_at, before.confirmed_at, entry.at)
        case _:
            return before


def allowance(ad: Standing | None, night: Standing | None, now: datetime) -> Allowance:
    """Night counts only together with the consent to advertising itself."""
    agreed = ad is not None and ad.valid(now)
    return Allowance(agreed, agreed and night is not None and night.valid(now))


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February: the day before, which is not too late
        return moment.replace(year=moment.year + years, day=28)
