"""This machine's clock against those of the servers: signatures, leases and links depend on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from academyctl.readiness.context import Context
from academyctl.readiness.report import Verdict, failed, passed, skipped, skipped_after

LIMIT = timedelta(seconds=5)
"""A sixth of the 30 s that servicekit.auth grants to a token's times."""


def skew(context: Context) -> Iterator[Verdict]:
    """Half of an answer's way is allowed for; the date of an HTTP answer has whole seconds."""
    yield _database(context)
    yield _sqs(context)
    yield _storage(context)


def _database(context: Context) -> Verdict:
    for conn in context.databases.values():
        if not isinstance(conn, Verdict):
            before = context.now()
            (theirs,) = conn.execute("SELECT clock_timestamp()").fetchone() or (before,)
            return _verdict("database", before, theirs, context.now())
    return skipped_after("db.connect", "database")


def _sqs(context: Context) -> Verdict:
    if isinstance(context.sqs, Verdict):
        return skipped_after("queue.reachable", "sqs")
    before = context.now()
    try:
        answer: Mapping[str, Any] = context.sqs.get_queue_url(QueueName=context.queues[0].name)
    except ClientError as error:  # a refusal has a date, too
        answer = error.response
    return _dated("sqs", before, answer, context.now())


def _storage(context: Context) -> Verdict:
    for (_, bucket), client in context.stores.items():
        if not isinstance(client, Verdict):
            before = context.now()
            answer = client.head_bucket(Bucket=bucket)
            return _dated("storage", before, answer, context.now())
    return skipped_after("bucket.reachable", "storage")


def _dated(subject: str, before: datetime, answer: Mapping[str, Any], after: datetime) -> Verdict:
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return skipped(subject, "응답에 Date가 없습니다", "서버 쪽에서 NTP를 확인하세요")
    return _verdict(subject, before, parsedate_to_datetime(date) + timedelta(milliseconds=500), after)


def _verdict(subject: str, before: datetime, theirs: datetime, after: datetime) -> Verdict:
    difference = theirs - (before + (after - before) / 2)
    seconds = f"{difference.total_seconds():+.1f}초"
    if abs(difference) > LIMIT + (after - before) / 2:
        fix = "이 컴퓨터와 서버의 NTP(chrony)를 확인하세요"
        return failed(subject, f"시계가 {seconds} 다릅니다 (한도 {LIMIT.seconds}초)", fix)
    return passed(subject, f"차이 {seconds}")
