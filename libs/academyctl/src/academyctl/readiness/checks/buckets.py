"""The R2 buckets, with the keys of the services that use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

from academyctl.readiness.context import Context
from academyctl.readiness.reach import REFUSALS, code_of
from academyctl.readiness.report import Verdict, failed, passed, skipped_after

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

PREFIX = "readiness/"
"""Where the probes are: a key shape that no retention policy knows."""


def reachable(context: Context) -> Iterator[Verdict]:
    """The bucket is there and the service's keys are good."""
    for (service, bucket), found in context.stores.items():
        yield found if isinstance(found, Verdict) else passed(f"{service}: {bucket}", "응답합니다")


def writable(context: Context) -> Iterator[Verdict]:
    """The service may write an object and remove it again."""
    for (service, bucket), found in context.stores.items():
        subject = f"{service}: {bucket}"
        if isinstance(found, Verdict):
            yield skipped_after("bucket.reachable", subject)
        else:
            yield _probe(found, subject, bucket)


def _probe(client: S3Client, subject: str, bucket: str) -> Verdict:
    key = f"{PREFIX}{uuid4()}"
    fix = "R2 토큰에 이 버킷의 Object Read & Write 권한을 주세요"
    refused = None
    try:
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    except REFUSALS as error:
        refused = failed(subject, f"객체를 쓸 수 없습니다: {code_of(error)}", fix)
    try:  # also after a failure: its answer may have been lost
        client.delete_object(Bucket=bucket, Key=key)
    except REFUSALS as error:
        refused = refused or failed(subject, f"시험 객체 {key}를 지울 수 없습니다: {code_of(error)}", fix)
    return refused or passed(subject, "쓰고 지웠습니다")
