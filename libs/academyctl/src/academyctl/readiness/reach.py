"""Connections to what is checked. What cannot be reached is answered as the verdict that says why."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import psycopg
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from servicekit.db import Database
from servicekit.storage import r2_client
from sqlalchemy.exc import SQLAlchemyError

from academyctl.queues import queue_url
from academyctl.readiness.report import VALUES, Verdict, failed, skipped_after
from academyctl.readiness.sources import Service

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_sqs.client import SQSClient

Connection = psycopg.Connection[Any]
REFUSALS = (BotoCoreError, ClientError)
_REFUSED = {
    "password authentication failed": "비밀번호가 틀리거나 역할이 없습니다",
    "does not exist": "데이터베이스나 역할이 없습니다",
    "not permitted to log in": "역할이 로그인할 수 없습니다",
    "too many": "남은 연결이 없습니다",
}
_BUCKET = {"404": "버킷이 없습니다", "403": "키가 거절되었습니다"}


def database(service: Service) -> Connection | Verdict:
    """As the service connects; each statement may take 10 s."""
    secret = service.found.values.get("DATABASE_URL")
    if secret is None:
        return skipped_after(VALUES, service.name)
    try:
        connection = Database(secret.reveal(), service.package).dedicated()
    except (psycopg.Error, SQLAlchemyError, ValueError) as error:
        reason = next((why for sign, why in _REFUSED.items() if sign in str(error)), "서버가 답하지 않습니다")
        fix = "DATABASE_URL(또는 DB_*)의 주소, 역할, 비밀번호, 옵션과 보안 그룹을 확인하세요"
        return failed(service.name, f"데이터베이스에 연결할 수 없습니다: {reason}", fix)
    connection.execute("SET statement_timeout = '10s'")
    return connection


def queues(keys: Mapping[str, str], region: str, endpoint: str, first: str) -> SQSClient | Verdict:
    """A client that has asked for the queue `first`. Keys are AWS's variables, else boto3 finds its own."""
    try:
        client = boto3.client(
            "sqs",
            endpoint_url=endpoint or None,
            region_name=region,
            aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
            config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}),
        )
        queue_url(client, first)
    except (*REFUSALS, ValueError) as error:
        fix = "AWS_REGION, SQS_ENDPOINT_URL, AWS 자격 증명과 sqs:GetQueueUrl 권한을 확인하세요"
        return failed("sqs", f"SQS에 물을 수 없습니다: {code_of(error)}", fix)
    return client


def bucket(service: Service, name: str) -> S3Client | Verdict:
    """A client with the service's own keys that has found the bucket."""
    found = service.found.values
    subject = f"{service.name}: {name}"
    if not {"R2_ENDPOINT", "R2_ACCESS_KEY", "R2_SECRET_KEY"} <= set(found):
        return skipped_after(VALUES, subject)
    keys = (found["R2_ACCESS_KEY"].reveal(), found["R2_SECRET_KEY"].reveal())
    try:
        client = r2_client(found["R2_ENDPOINT"], *keys, attempts=2)
        client.head_bucket(Bucket=name)
    except (*REFUSALS, ValueError) as error:
        code = code_of(error)
        reason = _BUCKET.get(code, f"저장소에 물을 수 없습니다: {code}")
        return failed(subject, reason, "R2_ENDPOINT, R2_ACCESS_KEY, R2_SECRET_KEY와 버킷 이름을 확인하세요")
    return client


def code_of(error: Exception) -> str:
    """Its short name; the text of a boto error can hold addresses."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "?"))
    return type(error).__name__


def is_plain(url: str) -> bool:
    """Whether it is http to another machine, where keys and tokens could be read on the way."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return parts.scheme == "http" and not loopback
