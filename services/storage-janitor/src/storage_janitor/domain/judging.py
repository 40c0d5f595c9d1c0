"""What the policy says of one object, now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage_janitor.domain.objects import Found
from storage_janitor.domain.policies import Action, Rule, Since

ORPHAN_AGE = timedelta(hours=72)
"""DESIGN.md section 7: an upload, an encode or a late event takes no longer."""


class Verdict(StrEnum):
    """DUE goes by plan. ORPHAN goes by an approved plan only. The others stay."""

    DUE = "due"
    WAITING = "waiting"
    NEEDED = "needed"
    YOUNG = "young"
    ORPHAN = "orphan"
    KEPT = "kept"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that its owner has spoken of. `needless_since` may lie ahead; None: it is needed."""

    needless_since: datetime | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`due_at`: when it goes, or went, by itself."""

    verdict: Verdict
    reason: str
    due_at: datetime | None = None


def judge(rule: Rule, found: Found, reference: Reference | None, now: datetime) -> Judgement:
    """`reference` is what the owner's events say, None for nothing; of a kept object, what the owner says."""
    if rule.action is Action.KEEP:
        if not rule.owner or reference is not None:
            return Judgement(Verdict.KEPT, "kept")
        return _unreferenced(found, now)
    if rule.since is Since.WRITTEN:
        return _by_age(found.written_at + rule.age, Since.WRITTEN, now)
    if reference is None:
        return _unreferenced(found, now)
    if reference.needless_since is None:
        return Judgement(Verdict.NEEDED, "needed")
    # what was written after its owner had done with it is no younger for that: an encoder that came late
    return _by_age(reference.needless_since + rule.age, rule.since or Since.WRITTEN, now)


def _by_age(due_at: datetime, since: Since, now: datetime) -> Judgement:
    verdict = Verdict.DUE if due_at <= now else Verdict.WAITING
    return Judgement(verdict, since.value, due_at)


def _unreferenced(found: Found, now: datetime) -> Judgement:
    orphan = found.written_at + ORPHAN_AGE <= now
    return Judgement(Verdict.ORPHAN if orphan else Verdict.YOUNG, "unreferenced")
