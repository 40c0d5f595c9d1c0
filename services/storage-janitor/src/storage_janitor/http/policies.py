"""Routes of the policy under /api/v1/storage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from eventkit.clock import SYSTEM_CLOCK
from servicekit.auth import OPERATIONS, OPERATORS
from servicekit.problem import Problem
from servicekit.web import Blueprint, caller, deps, system

from storage_janitor.domain.policies import PolicyError, Rule, parse
from storage_janitor.ports import Ports
from storage_janitor.schemas.policies import (
    BacktestSchema,
    ExplainQuery,
    ExplanationSchema,
    PolicySchema,
    RequestSchema,
)
from storage_janitor.store import requests
from storage_janitor.usecases.explaining import bucket_of, explain
from storage_janitor.usecases.working import ask

policies = Blueprint("policies", __name__, url_prefix="/api/v1/storage", description="보관 정책")


@policies.route("/policy/", roles=OPERATIONS)
@policies.response(200, PolicySchema)
def show_policy() -> dict[str, Any]:
    """The rules in force: which objects go when, and the fuses that stop them."""
    policy = deps(Ports).policy
    return {
        "version": policy.version,
        "digest": policy.digest,
        "objects_per_second": policy.objects_per_second,
        "sample": policy.sample,
        "rules": [_rule(rule) for rule in policy.rules],
    }


@policies.route("/explain/", roles=OPERATIONS)
@policies.arguments(ExplainQuery, location="query")
@policies.response(200, ExplanationSchema)
def show_explanation(query: dict[str, Any]) -> dict[str, Any]:
    """What the policy says of one key, and why: rule, due time, owner's word, holds, ledger."""
    ports, key = deps(Ports), query["key"]
    bucket = query["bucket"] or bucket_of(ports.policy, key)
    if bucket is None:
        message = "이 형태의 키를 아는 버킷이 없습니다. 버킷을 지정해 주세요."
        raise Problem("unknown_bucket", message, status=422, errors={"bucket": [message]})
    with system() as conn:
        return explain(conn, ports.policy, ports.buckets, ports.owners, bucket, key, SYSTEM_CLOCK.now())


@policies.route("/backtests/", roles=OPERATORS, methods=["POST"])
@policies.arguments(BacktestSchema)
@policies.response(202, RequestSchema)
def start_backtest(given: dict[str, Any]) -> Any:
    """Find out what a policy would have deleted in the last days; 422 invalid_policy with every problem."""
    if given["policy"] is not None:
        try:
            parse(given["policy"])
        except PolicyError as error:
            problems = [f"{where}: {code}" for code, where in error.problems]
            raise Problem(
                "invalid_policy", "정책 파일에 잘못된 곳이 있습니다.", status=422, errors={"policy": problems}
            ) from None
    with system() as conn:
        return ask(conn, "backtest", given, caller())


@policies.route("/requests/<uuid:request_id>/", roles=OPERATIONS)
@policies.response(200, RequestSchema)
def show_request(request_id: UUID) -> Any:
    """How a backtest, a sweep or the plan of an erasure that was asked for goes: PENDING, DONE or FAILED."""
    with system() as conn:
        found = requests.find(conn, request_id)
    if found is None:
        raise Problem("not_found")
    return found


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "bucket": rule.bucket,
        "pattern": rule.pattern.text,
        "owner": rule.owner,
        "action": rule.action,
        "since": rule.since,
        "age_seconds": int(rule.age.total_seconds()),
        "grace_seconds": int(rule.grace.total_seconds()),
        "erase": rule.erase,
        "fuse": rule.fuse,
    }
