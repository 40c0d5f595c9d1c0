"""A message's life: its states, which may follow which, and the key that makes it one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

CLAIM_LEASE = timedelta(minutes=2)
"""How long a claimed message waits for its worker before another may claim it: nothing was sent yet."""

SEND_LEASE = timedelta(minutes=2)
"""After this a message in SENDING has lost its worker: whether it left is unknown. Longer than a call."""

KEEP_BODY = timedelta(days=30)
"""After its end a message's text and number go; its fingerprint and outcome stay."""

REPORT_WITHIN = timedelta(hours=72)
"""An accepted message without a final report by then is paid for and stays ACCEPTED with the code NO_REPORT,
so that no hold stays open for ever; nobody asks for it any more."""
NO_REPORT = "no_report"

MAX_ATTEMPTS = 8
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=1)


class Channel(StrEnum):
    SMS = "sms"
    ALIMTALK = "alimtalk"


class Mode(StrEnum):
    """What a person asks for: BOTH is an Alimtalk which becomes a text message where Kakao cannot deliver."""

    SMS = "sms"
    ALIMTALK = "alimtalk"
    BOTH = "both"


class Category(StrEnum):
    """INFO is what a parent has to know; AD needs consent, the mark and daytime (ICN Act, art. 50)."""

    INFO = "INFO"
    AD = "AD"


class Status(StrEnum):
    QUEUED = "QUEUED"
    CLAIMED = "CLAIMED"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    AMBIGUOUS = "AMBIGUOUS"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({Status.DELIVERED, Status.FAILED, Status.SKIPPED, Status.CANCELLED})

_S = Status
FOLLOWING: Mapping[Status, frozenset[Status]] = {
    _S.QUEUED: frozenset({_S.CLAIMED, _S.SKIPPED, _S.CANCELLED}),
    # back to QUEUED: deferred, held, or its worker died before the call
    _S.CLAIMED: frozenset({_S.SENDING, _S.QUEUED, _S.SKIPPED, _S.CANCELLED}),
    # back to QUEUED: the provider surely did not take it
    _S.SENDING: frozenset({_S.ACCEPTED, _S.FAILED, _S.QUEUED, _S.AMBIGUOUS}),
    # back to QUEUED: the provider proved that it never had it
    _S.AMBIGUOUS: frozenset({_S.ACCEPTED, _S.DELIVERED, _S.FAILED, _S.QUEUED}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset(),
    _S.FAILED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""State → the states that may come next; anything else is refused by the statement that would write it."""


def before(status: Status) -> tuple[Status, ...]:
    """The states from which `status` may be reached."""
    return tuple(state for state, following in FOLLOWING.items() if status in following)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two requests the same message.

    `target` is whom it is about (a student, or nobody where every recipient reads the same), `occurrence`
    which happening of the event: a date, a session, a bulk send's id.
    """

    tenant: str
    channel: str
    event: str
    target: str
    recipient: str
    occurrence: str
    template: str

    def digest(self) -> str:
        """64 hex digits; unique in the ledger."""
        made = hashlib.sha256()
        for part in (
            self.tenant, self.channel, self.event, self.target, self.recipient, self.occurrence, self.template
        ):  # fmt: skip
            encoded = part.encode()
            made.update(len(encoded).to_bytes(4, "big") + encoded)
        return made.hexdigest()


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after `attempts` that were surely not sent; None: enough of it."""
    if attempts >= MAX_ATTEMPTS:
        return None
    doubled: timedelta = _FIRST_RETRY * 2 ** (attempts - 1)
    return min(doubled, _LONGEST_RETRY)
