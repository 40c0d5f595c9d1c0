"""What this context needs of the outside world: somebody who sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from eventkit.clock import Clock
from eventkit.errors import UnavailableError

from messaging.domain.content import Kind
from messaging.domain.recipients import Fingerprints


class ProviderUnavailableError(UnavailableError):
    """The provider cannot be asked now; nothing follows from it. Its text is a code, never a number."""


class ProviderRefusedError(Exception):
    """The provider said no; `code` is its own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Alimtalk:
    """`variables` by name without `#{}`. `fallback`: it becomes a text message where Kakao cannot deliver."""

    pfid: str
    template: str
    variables: Mapping[str, str]
    fallback: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message of one attempt. `text` is complete; of an Alimtalk it is what the template makes of it."""

    ledger: UUID
    attempt: int
    phone: str
    sender: str
    kind: Kind
    text: str
    subject: str | None = None
    alimtalk: Alimtalk | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it, under its own ids."""

    ledger: UUID
    provider_id: str
    group: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider surely does not have it. `again`: another attempt may succeed."""

    ledger: UUID
    code: str
    again: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether the provider has it cannot be told from here."""

    ledger: UUID
    code: str


Outcome = Accepted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Found:
    """A message as the provider has it. `ledger` and `attempt` are ours, from its custom fields."""

    ledger: UUID
    attempt: int
    provider_id: str
    group: str
    code: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class TemplateState:
    """`review` is PENDING, APPROVED or REJECTED; `comment` is the reviewer's."""

    review: str
    comment: str | None


class Provider(Protocol):
    """Signs every attempt anew, tries nothing twice by itself, and bounds the time of each call."""

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """One call; exactly one outcome per message, in no order. Raises nothing of the provider's."""

    def find(self, ledgers: Sequence[UUID], since: datetime) -> list[Found]:
        """Those of these messages that it took since then; the others it does not have.

        Raises ProviderUnavailableError, and then nothing is known of any.
        """

    def statuses(self, provider_ids: Sequence[str]) -> list[Found]:
        """As they stand now. Raises ProviderUnavailableError."""

    def balance(self) -> Decimal:
        """KRW left on the account. Raises ProviderUnavailableError."""

    def opted_out(self) -> list[str]:
        """Every number that refused through the 080 service. Raises ProviderUnavailableError."""

    def senders(self) -> frozenset[str]:
        """Numbers that may be sent from. Raises ProviderUnavailableError."""

    def register_template(self, pfid: str, name: str, content: str) -> str:
        """Hand an Alimtalk template in for review; its code. Raises ProviderUnavailableError,
        ProviderRefusedError."""

    def template_state(self, code: str) -> TemplateState:
        """Raises ProviderUnavailableError, ProviderRefusedError."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the routes get from `deps(Ports)`."""

    provider: Provider
    fingerprints: Fingerprints
    webhook_tokens: tuple[str, ...]
    clock: Clock
