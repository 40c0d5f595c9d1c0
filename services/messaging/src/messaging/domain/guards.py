"""Whether a message may leave now: asked when it is queued, when it is claimed and just before the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.domain import quiet
from messaging.domain.consent import Allowance
from messaging.domain.messages import Category

EXPIRED = "expired"
TRIGGER_DISABLED = "trigger_disabled"
DENYLISTED = "denylisted"
OPTED_OUT = "opted_out"
NO_CONSENT = "no_consent"
HELD = "held"
INACTIVE = "inactive"
NIGHT = "night"
DAILY_CAP = "daily_cap"
HOURLY_CAP = "hourly_cap"
PROVIDER_CAP = "provider_cap"
NO_SENDER = "no_sender"
INSUFFICIENT_BALANCE = "insufficient_balance"

REASONS = {
    EXPIRED: "보낼 수 있는 시한이 지났습니다.",
    TRIGGER_DISABLED: "자동 발송이 꺼져 있습니다.",
    DENYLISTED: "발송 금지 번호입니다.",
    OPTED_OUT: "수신을 거부한 번호입니다.",
    NO_CONSENT: "광고 수신에 동의하지 않은 번호입니다.",
    HELD: "발송이 일시 중지되어 있습니다.",
    INACTIVE: "메시지 사용이 꺼져 있습니다.",
    NIGHT: "야간 광고 수신 동의가 없어 오전 8시까지 기다립니다.",
    DAILY_CAP: "하루 발송 한도에 이르러 다음 날로 미뤘습니다.",
    INSUFFICIENT_BALANCE: "충전 잔액이 부족합니다.",
    NO_SENDER: "발신번호가 등록되어 있지 않습니다.",
    PROVIDER_CAP: "모든 학원이 함께 쓰는 하루 발송 한도에 이르러 다음 날로 미뤘습니다.",
    HOURLY_CAP: "시간당 발송 한도에 이르러 다음 시간으로 미뤘습니다.",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """What holds for all messages of a tenant. `…_left` is what the caps leave: of its day, of its
    hour, and of the day of all tenants together."""

    hold: bool
    active: bool
    has_sender: bool
    day_left: int
    hour_left: int
    provider_left: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one message and its recipient.

    `opted_out` is of this category: who refuses advertising still learns that the child did not arrive.
    """

    category: Category
    not_after: datetime | None
    trigger_on: bool
    denied: bool
    opted_out: bool
    consent: Allowance


@dataclass(frozen=True, slots=True)
class Allow:
    """Now."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Never."""

    code: str


@dataclass(frozen=True, slots=True)
class Defer:
    """Not before `until`; None: not while this lasts (a hold)."""

    code: str
    until: datetime | None


Decision = Allow | Skip | Defer


def decide(now: datetime, tenant: Tenant, facts: Facts) -> Decision:
    """What never may leave comes before what may leave later."""
    if code := _never(now, tenant, facts):
        return Skip(code)
    if tenant.hold or not tenant.active:
        return Defer(HELD if tenant.hold else INACTIVE, None)
    at = quiet.allowed_from(now, facts.category, night_consent=facts.consent.night)
    if at > now:
        return Defer(NIGHT, at)
    return over_cap(now, tenant) or Allow()


def over_cap(now: datetime, tenant: Tenant, taken: int = 0) -> Defer | None:
    """Which cap leaves no room once `taken` others have left."""
    if tenant.day_left <= taken:
        return Defer(DAILY_CAP, quiet.next_day(now))
    if tenant.provider_left <= taken:
        return Defer(PROVIDER_CAP, quiet.next_day(now))
    if tenant.hour_left <= taken:
        return Defer(HOURLY_CAP, quiet.hour_began(now) + timedelta(hours=1))
    return None


def _never(now: datetime, tenant: Tenant, facts: Facts) -> str | None:
    reasons = {
        EXPIRED: facts.not_after is not None and now >= facts.not_after,
        TRIGGER_DISABLED: not facts.trigger_on,
        DENYLISTED: facts.denied,
        OPTED_OUT: facts.opted_out,
        NO_CONSENT: facts.category is Category.AD and not facts.consent.ad,
        NO_SENDER: not tenant.has_sender,
    }
    return next((code for code, holds in reasons.items() if holds), None)
