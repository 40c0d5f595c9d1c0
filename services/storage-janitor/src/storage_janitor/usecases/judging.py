"""A page of a bucket, judged: by the policy and what owners' events say, of kept objects by the owners."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from eventkit.errors import UnavailableError
from sqlalchemy import Connection

from storage_janitor.domain.judging import Judgement, Reference, Verdict, judge
from storage_janitor.domain.objects import Found
from storage_janitor.domain.policies import Action, Policy, Rule, Since
from storage_janitor.ports import Owners
from storage_janitor.store import refs

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
"""The class of keys without a rule."""


@dataclass(frozen=True, slots=True)
class Judged:
    """`rule` is None for an unknown shape; `values` are the key's."""

    found: Found
    rule: Rule | None
    values: Mapping[str, str]
    judgement: Judgement

    @property
    def tenant(self) -> str:
        return self.values.get("tenant", "")


@dataclass(frozen=True, slots=True)
class Matched:
    """A page by rule: rule → key → the key's values; `unknown` keys have none."""

    by_rule: dict[str, dict[str, Mapping[str, str]]]
    unknown: list[str]


def match(policy: Policy, bucket: str, keys: Collection[str]) -> Matched:
    """Which rule each key has."""
    matched = Matched(defaultdict(dict), [])
    for key in keys:
        found = policy.match(bucket, key)
        if found is None:
            matched.unknown.append(key)
        else:
            matched.by_rule[found[0].name][key] = found[1]
    return matched


def judge_page(
    conn: Connection, policy: Policy, owners: Owners, bucket: str, page: Sequence[Found], now: datetime
) -> list[Judged]:
    """In the page's order. An owner that does not answer keeps what is kept."""
    matched = match(policy, bucket, [one.key for one in page])
    spoken: dict[str, Reference] = {}
    of_key: dict[str, tuple[Rule, Mapping[str, str]]] = {}
    for rule in policy.of_bucket(bucket):
        keys = matched.by_rule.get(rule.name, {})
        of_key |= {key: (rule, values) for key, values in keys.items()}
        spoken |= _spoken_of(conn, owners, rule, keys)
    return [_judged(one, of_key.get(one.key), spoken, now) for one in page]


def _judged(
    found: Found,
    of_key: tuple[Rule, Mapping[str, str]] | None,
    spoken: Mapping[str, Reference],
    now: datetime,
) -> Judged:
    if of_key is None:
        return Judged(found, None, {}, Judgement(Verdict.UNKNOWN, UNKNOWN))
    rule, values = of_key
    return Judged(found, rule, values, judge(rule, found, spoken.get(found.key), now))


def _spoken_of(
    conn: Connection, owners: Owners, rule: Rule, keys: Mapping[str, Mapping[str, str]]
) -> dict[str, Reference]:
    if not keys:
        return {}
    if rule.action is Action.KEEP:
        return _kept(owners, rule, keys) if rule.owner else {}
    if rule.since in (None, Since.WRITTEN):
        return {}
    return refs.look_up(conn, rule.since, keys)


def _kept(owners: Owners, rule: Rule, keys: Mapping[str, Mapping[str, str]]) -> dict[str, Reference]:
    """What the owner has not released; nobody tells by events whose objects are kept."""
    try:
        released = released_of(owners, rule, keys)
    except UnavailableError:
        log.warning("owner does not answer", extra={"owner": rule.owner})
        released = set()
    return {key: Reference(None) for key in keys if key not in released}


def released_of(owners: Owners, rule: Rule, keys: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Those of one rule's keys that their owner has released. Raises UnavailableError."""
    by_tenant: dict[str, list[str]] = defaultdict(list)
    for key, values in keys.items():
        by_tenant[values["tenant"]].append(key)
    found: set[str] = set()
    for tenant, mine in by_tenant.items():
        found |= owners.released(rule.owner, tenant, mine)
    return found
