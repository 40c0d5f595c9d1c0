"""What a policy would have deleted: over all that is there now, and all that was deleted since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from eventkit.clock import SEOUL
from eventkit.ports import Database

from storage_janitor.domain import costs
from storage_janitor.domain.judging import Verdict
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.domain.plans import Total, blown
from storage_janitor.domain.policies import Action, Policy, Since
from storage_janitor.ports import Bucket
from storage_janitor.store import ledger
from storage_janitor.usecases.judging import judge_page

_SAMPLE = 5


class _NobodyAsked:
    """A backtest asks no owner: what they keep stays, in the past too."""

    def released(self, _owner: str, _tenant: str, _keys: Collection[str], /) -> set[str]:
        return set()


@dataclass(slots=True)
class _Tally:
    """What one rule would have deleted; `already`: of it, what a policy of now has deleted or would."""

    objects: int = 0
    bytes: int = 0
    first_day: date | None = None
    last_day: date | None = None
    more: int = 0
    less: int = 0
    sample: list[str] = field(default_factory=list)

    def add(self, key: str, size: int, due: datetime, *, now_too: bool) -> None:
        day = due.astimezone(SEOUL).date()
        self.objects += 1
        self.bytes += size
        self.first_day = min(self.first_day or day, day)
        self.last_day = max(self.last_day or day, day)
        self.more += not now_too
        if len(self.sample) < _SAMPLE and not (now_too and self.more):
            self.sample.append(key)


def backtest(
    db: Database,
    buckets: Mapping[str, Bucket],
    current: Policy,
    candidate: Policy,
    days: int,
    now: datetime,
    only: Collection[str] = BUCKETS,
) -> dict[str, Any]:
    """As schemas.policies.BacktestResultSchema: what `candidate` would have deleted in the last `days`, and
    how that differs from `current`. Deletes and writes nothing; memory does not grow. Raises as Bucket does.
    """
    since = now - timedelta(days=days)
    tallies = {rule.name: _Tally() for rule in candidate.rules if rule.action is Action.DELETE}
    tallies |= {rule.name: _Tally() for rule in current.rules if rule.action is Action.DELETE}
    fuses: list[dict[str, Any]] = []
    due: list[dict[str, Any]] = []
    for kind in sorted(only):
        one = _Bucket(db, buckets[kind], current, candidate, tallies)
        whole, planned = one.there(since, now)
        fuses += [{"bucket": kind, **asdict(blow)} for blow in blown(candidate, whole, planned, {})]
        due += [{"bucket": kind, "rule": name, **asdict(total)} for name, total in sorted(planned.items())]
        one.gone(since, now)
    rules = [_shown(name, tally) for name, tally in sorted(tallies.items())]
    return {"days": days, "rules": rules, "due": due, "fuses": fuses}


@dataclass(frozen=True, slots=True)
class _Bucket:
    db: Database
    bucket: Bucket
    current: Policy
    candidate: Policy
    tallies: dict[str, _Tally]

    def there(self, since: datetime, now: datetime) -> tuple[Total, dict[str, Total]]:
        """All there is, and what a first plan of the candidate would delete of it."""
        whole, planned = Total(0, 0), dict[str, Total]()
        kind, nobody = self.bucket.kind, _NobodyAsked()
        for page in self.bucket.pages():
            with self.db.system() as conn:
                new = judge_page(conn, self.candidate, nobody, kind, page, now)
                old = judge_page(conn, self.current, nobody, kind, page, now)
            whole = Total(whole.objects + len(page), whole.bytes + sum(one.bytes for one in page))
            for one, before in zip(new, old, strict=True):
                due, due_before = (judged.judgement.verdict is Verdict.DUE for judged in (one, before))
                if due and one.rule is not None:
                    found, at = one.found, max(one.judgement.due_at or now, since)
                    self.tallies[one.rule.name].add(found.key, found.bytes, at, now_too=due_before)
                    total = planned.get(one.rule.name, Total(0, 0))
                    planned[one.rule.name] = Total(total.objects + 1, total.bytes + found.bytes)
                elif due_before and before.rule is not None:
                    self.tallies[before.rule.name].less += 1
        return whole, planned

    def gone(self, since: datetime, now: datetime) -> None:
        """Of what was deleted, what the candidate would have deleted by now, too."""
        kind = self.bucket.kind
        with self.db.system() as conn:
            for row in ledger.deleted_since(conn, kind, since):
                matched = self.candidate.match(kind, row.key)
                rule = matched[0] if matched else None
                due = row.at
                if rule is not None and rule.since is Since.WRITTEN:
                    due = row.written_at + rule.age
                if rule is None or rule.action is not Action.DELETE or due > now:
                    if row.rule in self.tallies:
                        self.tallies[row.rule].less += 1
                else:
                    self.tallies[rule.name].add(row.key, row.bytes, max(due, since), now_too=True)


def _shown(name: str, tally: _Tally) -> dict[str, Any]:
    return {
        "rule": name,
        "objects": tally.objects,
        "bytes": tally.bytes,
        "saving_usd": str(costs.saving(tally.bytes)),
        "first_day": tally.first_day and tally.first_day.isoformat(),
        "last_day": tally.last_day and tally.last_day.isoformat(),
        "more_than_now": tally.more,
        "less_than_now": tally.less,
        "sample": tally.sample,
    }
