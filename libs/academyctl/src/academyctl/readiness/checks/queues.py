"""The queues of deploy/queues.yaml on the SQS server. Nothing here receives a message: that would hide it."""

from __future__ import annotations

from collections.abc import Iterator

from academyctl.readiness.context import Context
from academyctl.readiness.report import Verdict, failed, passed, skipped_after

_FIX = "deploy/queues.yaml과 같게 하세요 (로컬: `make run`, AWS: 스택 업데이트)"


def reachable(context: Context) -> Iterator[Verdict]:
    """SQS answers our credentials."""
    yield context.sqs if isinstance(context.sqs, Verdict) else passed("sqs", "응답합니다")


def exists(context: Context) -> Iterator[Verdict]:
    """Every declared queue and dead-letter queue is there."""
    if isinstance(context.sqs, Verdict):
        yield skipped_after("queue.reachable", "sqs")
        return
    missing = [found.queue for found in context.drift if not found.attribute]
    yield from (failed(name, "큐가 없습니다", _FIX) for name in missing)
    if not missing:
        yield passed("sqs", f"큐 {len(context.queues)}개가 모두 있습니다")


def attributes(context: Context) -> Iterator[Verdict]:
    """Each is as declared: visibility, retention, wait, encryption, redrive."""
    if isinstance(context.sqs, Verdict):
        yield skipped_after("queue.reachable", "sqs")
        return
    different = [found for found in context.drift if found.attribute]
    for found in different:
        actual = found.actual or "없음"
        yield failed(found.queue, f"{found.attribute}: {actual}, 선언은 {found.wanted}", _FIX)
    if not different:
        yield passed("sqs", "있는 큐의 속성이 선언과 같습니다")
