"""Each service's variables by themselves, and the same names in every service."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from contracts import SERVICES
from servicekit.db import driver_url
from servicekit.settings import MigrationSettings, Secret, describe, read
from sqlalchemy.exc import SQLAlchemyError

from academyctl.config import LocalSettings
from academyctl.readiness.context import Context
from academyctl.readiness.report import VALUES, Verdict, failed, passed, skipped_after
from academyctl.readiness.sources import Service

# what every service must be told alike, besides the buckets
_SHARED = (
    "QUEUE_PREFIX", "AWS_REGION", "SQS_ENDPOINT_URL", "INTERNAL_WORKER_TOKEN",
    "AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE", "R2_ENDPOINT",
)  # fmt: skip
_LIKENESS = 0.85  # QUEUE_PREFX is QUEUE_PREFIX; R2_AI_BUCKET is not R2_EXCEL_BUCKET


def file(context: Context) -> Iterator[Verdict]:
    """The files are there, can be read, say everything once, and are closed to other users."""
    for source in context.sources:
        for reason, fix in source.problems:
            yield failed(source.name, reason, fix)
        if not source.problems:
            yield passed(source.name, f"변수 {len(source.values or ())}개")


def missing(context: Context) -> Iterator[Verdict]:
    """Every required variable has a value."""
    for service in context.services:
        names = ", ".join(service.found.missing)
        if names:
            yield failed(service.name, f"필수 변수가 없습니다: {names}", _settings_fix(service))
        else:
            yield passed(service.name, "필수 변수가 모두 있습니다")


def shape(context: Context) -> Iterator[Verdict]:
    """Every value is of the shape that the service accepts at boot."""
    for service in context.services:
        problems = [f"{name} {text}" for name, text in service.found.malformed.items()]
        if problems:
            reason = f"형식이 틀립니다: {'; '.join(problems)}"
            yield failed(service.name, reason, _settings_fix(service))
        else:
            yield passed(service.name, "모든 값의 형식이 맞습니다")


def typo(context: Context) -> Iterator[Verdict]:
    """No variable that nobody reads looks like one that is read."""
    known = set(_names(MigrationSettings, LocalSettings, *(service.settings for service in context.services)))
    for service in context.services:
        unknown = sorted(set(service.environ) - known)
        likely = {name: get_close_matches(name, known, 1, _LIKENESS) for name in unknown}
        found = [f"{name} → {match[0]}?" for name, match in likely.items() if match]
        if found:
            reason = f"아무도 읽지 않는 이름입니다: {', '.join(found)}"
            yield failed(service.name, reason, "이름을 고치거나 줄을 지우세요")
        else:
            yield passed(service.name, "잘못 적은 이름이 없습니다")


def _names(*settings: type[Any]) -> Iterator[str]:
    for row in (row for one in settings for row in describe(one)):
        yield from (row.name, *row.aliases)


def alias(context: Context) -> Iterator[Verdict]:
    """The guide's names do not contradict ours, which win."""
    for service in context.services:
        wrong = list(_contradictions(service))
        for name, instead in wrong:
            reason = f"{name}과 {instead}의 값이 서로 다릅니다 ({name}이 쓰입니다)"
            yield failed(service.name, reason, "둘 가운데 하나를 지우세요")
        if not wrong:
            yield passed(service.name, "가이드의 이름과 어긋나지 않습니다")


def _contradictions(service: Service) -> Iterator[tuple[str, str]]:
    for row in describe(service.settings):
        given = [name for name in row.aliases if service.environ.get(name)]
        if given and service.environ.get(row.name):
            without = {name: value for name, value in service.environ.items() if name != row.name}
            instead = read(service.settings, without).values.get(row.name)
            if _comparable(instead) != _comparable(service.found.values.get(row.name)):
                yield row.name, ", ".join(given)


def _comparable(value: Any) -> Any:
    """Of a database's URL what it says, however it is spelt."""
    if not isinstance(value, Secret):
        return value
    try:
        url = driver_url(value.reveal())
    except (ValueError, SQLAlchemyError):
        return value  # db.connect tells
    return url.username, url.password, url.host, url.port or 5432, url.database


def same(context: Context) -> Iterator[Verdict]:
    """Services that meet in a queue, a bucket or a token call it by the same name."""
    for variable in (*_SHARED, *context.buckets()):
        spread = context.spread(variable)
        if len(spread) > 1:
            listed = (f"{_shown(value)} ({', '.join(s.name for s in who)})" for value, who in spread.items())
            reason = f"서비스마다 다릅니다: {' ≠ '.join(listed)}"
            yield failed(variable, reason, "모든 서비스에 같은 값을 주세요")
        elif spread:
            ((value, holders),) = spread.items()
            yield passed(variable, f"{len(holders)}개 서비스가 같습니다: {_shown(value)}")
        else:
            yield skipped_after(VALUES, variable)


def _shown(value: Any) -> str:
    return str(value) or "(비어 있음)"


def distinct_buckets(context: Context) -> Iterator[Verdict]:
    """No two kinds of objects share a bucket, where one's retention would delete the other."""
    kinds: dict[str, list[str]] = {}
    for variable in context.buckets():
        kinds.setdefault(context.agreed(variable) or "", []).append(variable)
    for bucket, variables in kinds.items():
        if len(variables) > 1:
            reason = f"{', '.join(variables)}이 같은 버킷입니다"
            yield failed(bucket, reason, "종류마다 다른 버킷을 주세요: 보존 규칙이 서로의 객체를 지웁니다")
        else:
            yield passed(bucket, f"{variables[0]}만 씁니다")


def peers(context: Context) -> Iterator[Verdict]:
    """Whoever asks the others knows an address of each."""
    for service in context.services:
        addresses = service.found.values.get("PEER_URLS")
        if addresses is None:
            continue
        wanted = {name for name in SERVICES if name != service.name}
        wrong = sorted(wanted ^ set(addresses))
        if wrong:
            reason = f"빠졌거나 없는 서비스입니다: {', '.join(wrong)}"
            fix = f"PEER_URLS에 {', '.join(sorted(wanted))}의 내부 주소를 적으세요"
            yield failed(service.name, reason, fix)
        else:
            yield passed(service.name, f"다른 서비스 {len(wanted)}개의 주소가 있습니다")


def _settings_fix(service: Service) -> str:
    return f"{service.name}.env를 고치고 `{service.name} settings`로 확인하세요"
