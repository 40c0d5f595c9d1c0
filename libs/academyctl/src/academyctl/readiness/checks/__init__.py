"""Every check by its code, in the order of the report."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping

import psycopg

from academyctl.readiness.checks import buckets, clock, database, environment, identity, images, queues
from academyctl.readiness.context import Context
from academyctl.readiness.reach import REFUSALS
from academyctl.readiness.report import Line, Report, Verdict, failed

BROKEN_OFF = (psycopg.Error, *REFUSALS, subprocess.SubprocessError)
Check = Callable[[Context], Iterator[Verdict]]

CHECKS: Mapping[str, Check] = {
    "env.file": environment.file,
    "env.missing": environment.missing,
    "env.shape": environment.shape,
    "env.typo": environment.typo,
    "env.alias": environment.alias,
    "env.same": environment.same,
    "env.buckets": environment.distinct_buckets,
    "env.peers": environment.peers,
    "auth.internal_token": identity.internal_token,
    "auth.issuer": identity.issuer,
    "auth.jwks": identity.jwks,
    "db.connect": database.connect,
    "db.role": database.each(database.role),
    "db.powers": database.each(database.powers),
    "db.owner": database.each(database.owner),
    "db.migrations": database.each(database.migrations),
    "db.isolation": database.each(database.isolation),
    "queue.reachable": queues.reachable,
    "queue.exists": queues.exists,
    "queue.attributes": queues.attributes,
    "bucket.reachable": buckets.reachable,
    "bucket.writable": buckets.writable,
    "clock.skew": clock.skew,
    "image.present": images.present,
    "image.starts": images.starts,
}


def examine(context: Context) -> Report:
    """Run every check; one that breaks off is a failure of its own."""
    return Report([line for code, check in CHECKS.items() for line in _lines(code, check, context)])


def _lines(code: str, check: Check, context: Context) -> Iterator[Line]:
    try:
        for verdict in check(context):
            yield Line(code, verdict)
    except BROKEN_OFF as error:
        reason = f"확인하다가 끊겼습니다: {type(error).__name__}"
        yield Line(code, failed("-", reason, "다시 실행하고, 되풀이되면 서버의 로그를 보세요"))
