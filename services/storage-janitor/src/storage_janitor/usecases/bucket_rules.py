"""The buckets' own rules, as far as prefixes can say: the backstop, written on request, checked daily."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eventkit.errors import PermanentError
from eventkit.ports import Database
from servicekit.multipart import upload_rules

from storage_janitor.domain.holds import Holds
from storage_janitor.domain.policies import Action, Policy, Since
from storage_janitor.ports import BucketRules
from storage_janitor.store import holds, sweeps

log = logging.getLogger(__name__)

CHECK_BUCKETS = "storage_janitor.check_buckets"
ABORT_AFTER = timedelta(days=7)
"""DESIGN.md section 7, and R2's own default."""
_UPLOADS = "video"
LIFECYCLE, CORS = "lifecycle", "cors"
OK, DRIFT, UNSUPPORTED = "ok", "drift", "unsupported"


@dataclass(frozen=True, slots=True)
class RulePorts:
    """`origins`: of the pages that send videos straight to the bucket; none: CORS is somebody else's."""

    policy: Policy
    buckets: Mapping[str, BucketRules]
    origins: Sequence[str]


def wanted_lifecycle(policy: Policy, bucket: str, held: Holds) -> list[dict[str, Any]]:
    """What a lifecycle rule can say of a bucket: it knows prefixes and whole days, and is a day late.

    It knows no holds either, so there is none for what a hold may be on. One more day than the policy, for
    a hold to come.
    """
    rules: list[dict[str, Any]] = [
        {
            "ID": "abort-multipart",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_AFTER.days},
        }
    ]
    for rule in policy.of_bucket(bucket):
        if rule.action is Action.DELETE and rule.since is Since.WRITTEN:
            days = -(-rule.age // timedelta(days=1)) + 1
            prefix = rule.pattern.prefix_of()
            if held.may_be_on(bucket, prefix, rule.pattern.names):
                continue
            rules.append(
                {
                    "ID": rule.name,
                    "Status": "Enabled",
                    "Filter": {"Prefix": prefix},
                    "Expiration": {"Days": days},
                }
            )
    return rules


def check(db: Database, ports: RulePorts, now: datetime) -> list[dict[str, Any]]:
    """How every bucket's rules are: ok, drift, or unsupported by the server; kept for the console.

    Raises as BucketRules does while the store is away.
    """
    held = _held(db, now)
    rows = [dict(row, checked_at=now) for bucket in ports.buckets for row in _checked(ports, bucket, held)]
    with db.system() as conn:
        sweeps.keep_drift(conn, rows)
    for row in rows:
        if row["state"] == DRIFT:
            log.warning("bucket rules drift", extra={"bucket": row["bucket"], "what": row["what"]})
    return rows


def apply(db: Database, ports: RulePorts, now: datetime) -> None:
    """Make the buckets that are not there, and write the wanted rules over theirs. Raises as they do."""
    held = _held(db, now)
    for kind, bucket in ports.buckets.items():
        bucket.make()
        bucket.put_lifecycle(wanted_lifecycle(ports.policy, kind, held))
        if kind == _UPLOADS and ports.origins:
            bucket.put_cors(_wanted_cors(ports))


def abort_uploads(ports: RulePorts, now: datetime) -> None:
    """Unfinished uploads that are too old, of whoever began them."""
    for kind, bucket in ports.buckets.items():
        aborted = bucket.abort_uploads(now - ABORT_AFTER)
        if aborted:
            log.info("uploads aborted", extra={"bucket": kind, "uploads": aborted})


def _wanted_cors(ports: RulePorts) -> list[dict[str, Any]]:
    return [dict(one) for one in upload_rules(ports.origins)["CORSRules"]]


def _held(db: Database, now: datetime) -> Holds:
    with db.system() as conn:
        return holds.in_force(conn, now)


def _checked(ports: RulePorts, kind: str, held: Holds) -> Iterator[dict[str, Any]]:
    bucket = ports.buckets[kind]
    yield _compared(kind, LIFECYCLE, wanted_lifecycle(ports.policy, kind, held), bucket.lifecycle)
    if kind == _UPLOADS and ports.origins:
        yield _compared(kind, CORS, _wanted_cors(ports), bucket.cors)


def _compared(kind: str, what: str, wanted: list[dict[str, Any]], read: Any) -> dict[str, Any]:
    about = {"bucket": kind, "what": what, "wanted": wanted}
    try:
        found = read()
    except PermanentError:
        return {**about, "state": UNSUPPORTED, "found": []}
    meaning = _lifecycle if what == LIFECYCLE else _cors
    same = meaning(wanted) == meaning(found)
    return {**about, "state": OK if same else DRIFT, "found": _plain(found)}


def _lifecycle(rules: Sequence[Mapping[str, Any]]) -> set[tuple[object, ...]]:
    """What they do, whatever they are called: (prefix, days until deletion, days until an upload's abort)."""
    return {
        (
            rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")),
            rule.get("Expiration", {}).get("Days"),
            rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        )
        for rule in rules
        if rule.get("Status") == "Enabled"
    }


def _cors(rules: Sequence[Mapping[str, Any]]) -> set[tuple[object, ...]]:
    names = ("AllowedOrigins", "AllowedMethods", "AllowedHeaders", "ExposeHeaders")
    return {
        (*(tuple(sorted(text.lower() for text in rule.get(name, ()))) for name in names),) for rule in rules
    }


def _plain(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As JSON has it: dates of a rule are of no interest here."""
    return [
        {name: value for name, value in rule.items() if not isinstance(value, datetime)} for rule in rules
    ]
