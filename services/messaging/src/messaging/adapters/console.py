"""Writes what would be sent to the log of a developer; refused in production (settings)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from messaging.ports import Accepted, Found, Outcome, Outgoing, TemplateState

log = logging.getLogger(__name__)


class Console:
    """ports.Provider that delivers at once; a log line has the ledger's id and never a number or a text."""

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        for one in batch:
            log.info("message to the console", extra={"ledger": str(one.ledger), "kind": one.kind.value})
        return [Accepted(one.ledger, f"console-{one.ledger}", "console") for one in batch]

    def find(self, ledgers: Sequence[UUID], since: datetime) -> list[Found]:
        return []

    def statuses(self, provider_ids: Sequence[str]) -> list[Found]:
        ledgers = [(UUID(one.removeprefix("console-")), one) for one in provider_ids]
        return [Found(ledger, 0, one, "console", "4000", replaced=False) for ledger, one in ledgers]

    def balance(self) -> Decimal:
        return Decimal(0)

    def opted_out(self) -> list[str]:
        return []

    def senders(self) -> frozenset[str]:
        return frozenset()

    def register_template(self, pfid: str, name: str, content: str) -> str:
        return f"console-{name}"

    def template_state(self, code: str) -> TemplateState:
        return TemplateState("APPROVED", None)
