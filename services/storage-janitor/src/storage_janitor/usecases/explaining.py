"""What the policy says of one key, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eventkit.errors import UnavailableError
from sqlalchemy import Connection

from storage_janitor.domain.judging import Verdict
from storage_janitor.domain.objects import Found
from storage_janitor.domain.policies import Policy, Rule
from storage_janitor.ports import Bucket, Owners
from storage_janitor.store import holds, ledger
from storage_janitor.usecases.judging import judge_page

ABSENT = "absent"
_DETAILS = {
    Verdict.DUE: "보관 기간이 끝나 다음 계획에서 지웁니다.",
    Verdict.WAITING: "보관 기간이 아직 끝나지 않았습니다.",
    Verdict.NEEDED: "아직 사용 중인 파일입니다.",
    Verdict.YOUNG: "가리키는 기록이 없지만 쓴 지 72시간이 되지 않았습니다.",
    Verdict.ORPHAN: "가리키는 기록이 없습니다. 승인된 계획으로만 지웁니다.",
    Verdict.KEPT: "보관 정책에 따라 계속 보관합니다.",
    Verdict.UNKNOWN: "알려진 형태의 키가 아닙니다. 격리 목록에 보고만 하고 지우지 않습니다.",
    ABSENT: "이 키의 객체가 없습니다.",
}


def bucket_of(policy: Policy, key: str) -> str | None:
    """The bucket whose rules know the key's shape; None for a shape that none knows."""
    return next((rule.bucket for rule in policy.rules if rule.pattern.match(key) is not None), None)


def explain(
    conn: Connection,
    policy: Policy,
    buckets: Mapping[str, Bucket],
    owners: Owners,
    bucket: str,
    key: str,
    now: datetime,
) -> dict[str, Any]:
    """As schemas.policies.ExplanationSchema. `conn` is a system one. Raises as Bucket does."""
    found = buckets[bucket].fresh([key]).get(key)
    matched = policy.match(bucket, key)
    rule, values = matched if matched else (None, {})
    on = holds.in_force(conn, now).of(bucket, key, values)
    answer: dict[str, Any] = {
        "bucket": bucket,
        "key": key,
        "rule": rule.name if rule else None,
        "verdict": ABSENT,
        "reason": ABSENT,
        "due_at": None,
        "object": None,
        "released": _released(owners, rule, values, key),
        "holds": [{"id": hold.id, "kind": hold.kind, "expires_at": hold.expires_at} for hold in on],
        "ledger": [row._mapping for row in ledger.of_key(conn, bucket, key)],
    }
    if found is not None:
        answer |= _judged(conn, policy, owners, bucket, found, now)
    return {**answer, "detail": _DETAILS[answer["verdict"]]}


def _judged(
    conn: Connection, policy: Policy, owners: Owners, bucket: str, found: Found, now: datetime
) -> dict[str, Any]:
    (judged,) = judge_page(conn, policy, owners, bucket, [found], now)
    said = judged.judgement
    return {
        "verdict": said.verdict,
        "reason": said.reason,
        "due_at": said.due_at,
        "object": {"bytes": found.bytes, "etag": found.etag, "written_at": found.written_at},
    }


def _released(owners: Owners, rule: Rule | None, values: Mapping[str, str], key: str) -> bool | None:
    """What the owner says; None where nobody is asked, or does not answer."""
    if rule is None or not rule.owner:
        return None
    try:
        return key in owners.released(rule.owner, values["tenant"], [key])
    except UnavailableError:
        return None
