"""What a bulk send comes to, in numbers: recipients, kinds, money, and whom it leaves out or puts off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork

from messaging.domain.content import Kind
from messaging.domain.credits import Account
from messaging.domain.guards import Defer, Skip
from messaging.domain.pricing import Price
from messaging.store import credits
from messaging.usecases.queueing import Judged
from messaging.usecases.reasons import explain

SHOWN = 100
"""Students named beside a reason."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`unreachable`: code → students without a message. `paused`: why nothing leaves at present."""

    students: int
    judged: Sequence[Judged]
    unreachable: Mapping[str, list[UUID]]
    balance: Decimal
    paused: str | None

    def answer(self) -> dict[str, Any]:
        """As the routes give it."""
        leaving = [one for one in self.judged if not isinstance(one.decision, Skip)]
        at_most = sum((one.wanted.price.reserved for one in leaving), Decimal(0))
        covered = sum(len(one.students) for one in self.judged)
        sample = leaving[0].wanted if leaving else None
        return {
            "counts": {
                "students": self.students,
                "messages": len(leaving),
                "shared": covered - len(self.judged),
                "skipped": self._skipped(),
                "deferred": _deferred(leaving),
            },
            "kinds": _kinds(leaving),
            "price": sum((one.wanted.price.own for one in leaving), Decimal(0)),
            "price_at_most": at_most,
            "balance": self.balance,
            "balance_after": self.balance - at_most,
            "sufficient": self.balance >= at_most,
            "paused": {"code": self.paused, "reason": explain(self.paused)} if self.paused else None,
            "sample": {"text": sample.text, "subject": sample.subject} if sample else None,
        }

    def _skipped(self) -> list[dict[str, Any]]:
        students = {code: list(ids) for code, ids in self.unreachable.items()}
        counts = {code: len(ids) for code, ids in self.unreachable.items()}
        for one in self.judged:
            if isinstance(one.decision, Skip):
                code = one.decision.code
                students.setdefault(code, []).extend(one.students)
                counts[code] = counts.get(code, 0) + 1
        return [
            {"code": code, "reason": explain(code), "count": counts[code], "students": ids[:SHOWN]}
            for code, ids in sorted(students.items())
        ]


def _deferred(leaving: Sequence[Judged]) -> list[dict[str, Any]]:
    """By reason and time; all of one estimate wait for the same morning."""
    found: dict[Defer, int] = {}
    for one in leaving:
        if isinstance(one.decision, Defer):
            found[one.decision] = found.get(one.decision, 0) + 1
    return [
        {"code": put_off.code, "reason": explain(put_off.code), "count": count, "until": put_off.until}
        for put_off, count in found.items()
    ]


def _kinds(leaving: Sequence[Judged]) -> list[dict[str, Any]]:
    found: dict[tuple[Kind, Price], int] = {}
    for one in leaving:
        key = one.wanted.kind, one.wanted.price
        found[key] = found.get(key, 0) + 1
    return [
        {
            "kind": kind,
            "count": count,
            "price": each.own,
            "fallback_price": each.fallback,
            "amount": each.own * count,
            "amount_at_most": each.reserved * count,
        }
        for (kind, each), count in found.items()
    ]


def available(uow: UnitOfWork) -> Decimal:
    """What the tenant may still spend."""
    return credits.balances(uow.conn, uow.tenant)[Account.AVAILABLE.value]
