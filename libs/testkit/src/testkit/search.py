"""Looks for somebody in every place of a running stack: rows, messages, objects and logs."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import Any

import psycopg
from contracts import SERVICES, package_of

from testkit.academy import SCHEMAS
from testkit.stack import LocalStack
from testkit.waiting import wait_until

Found = Iterator[tuple[str, str]]
_QUIET = 20  # receives in a row that bring nothing new, where the queue says that there is more


class Search:
    """Every place where something of a person could be; what tenant `but` has there is left out."""

    def __init__(self, stack: LocalStack, but: str = "") -> None:
        self._stack = stack
        self._but = but

    def places(self, words: Collection[str]) -> list[tuple[str, str]]:
        """(place, word) for each of the words that is somewhere."""
        everything = (self._rows(), self._messages(), self._objects(), self._logs())
        return sorted({(place, w) for part in everything for place, text in part for w in words if w in text})

    def _rows(self) -> Found:
        with psycopg.connect(self._stack.admin_url, autocommit=True) as conn:
            tables = conn.execute(
                "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY(%s)",
                [list(SCHEMAS)],
            ).fetchall()
            for (table,) in tables:
                rows = conn.execute(f"SELECT t::text, to_jsonb(t) ->> 'tenant_id' FROM {table} AS t".encode())
                yield from ((table, text) for text, tenant in rows if not tenant or tenant != self._but)

    def _messages(self) -> Found:
        sqs = self._stack.endpoints.sqs()
        for url in sqs.list_queues()["QueueUrls"]:
            if not url.endswith("-dlq"):  # what a killed worker held comes back after the visibility timeout
                wait_until(partial(_is_empty, sqs, url), 90, interval=0.5)
            for body in messages(sqs, url):
                if not (self._but and f'"{self._but}"' in body):
                    yield url, body
                    yield url, body.encode().decode("unicode_escape", errors="replace")

    def _objects(self) -> Found:
        r2 = self._stack.endpoints.r2()
        for bucket in (found["Name"] for found in r2.list_buckets()["Buckets"]):
            for page in r2.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                keys = (found["Key"] for found in page.get("Contents", ()))
                for key in (key for key in keys if not (self._but and f"/{self._but}/" in key)):
                    body = r2.get_object(Bucket=bucket, Key=key)["Body"].read()
                    yield from ((f"{bucket}/{key}", text) for text in (key, *_texts(body)))

    def _logs(self) -> Found:
        files = [path for path in (self._stack.data / "logs").rglob("*") if path.is_file()]
        for path in (*files, *self._stack.data.glob("*.log")):
            yield path.name, path.read_text(errors="replace")


def _is_empty(sqs: Any, url: str) -> bool:
    return _count(sqs, url) == 0


def _count(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def messages(sqs: Any, url: str) -> list[str]:
    """The bodies of all messages of a queue, each given back at once."""
    seen: dict[str, str] = {}
    quiet = 0
    while quiet < _QUIET and not (quiet and len(seen) == _count(sqs, url)):
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
        )
        new = {one["MessageId"]: one["Body"] for one in answer.get("Messages", ())}
        quiet = 0 if new.keys() - seen.keys() else quiet + 1
        seen |= new
    return list(seen.values())


def dead_letter(stack: LocalStack, service: str, body: str) -> None:
    """Put a message where a failed one would be, with what the consumer says about it."""
    reason = {"DataType": "String", "StringValue": "test"}
    sqs, url = _dead(stack, service)
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes={"reason": reason})


def wait_until_collected(stack: LocalStack) -> None:
    """Every worker has moved its dead-letter queue into its table."""
    for service in SERVICES:
        wait_until(partial(_is_empty, *_dead(stack, service)), 90, interval=0.2)


def dead_letters(stack: LocalStack, service: str) -> list[dict[str, Any]]:
    """The collected dead letters of a service that are JSON objects."""
    query = f"SELECT body FROM {package_of(service)}.dead_letter WHERE body IS JSON OBJECT ORDER BY id"
    with psycopg.connect(stack.admin_url, autocommit=True) as conn:
        return [json.loads(body) for (body,) in conn.execute(query.encode())]


def _dead(stack: LocalStack, service: str) -> tuple[Any, str]:
    sqs = stack.endpoints.sqs()
    return sqs, sqs.get_queue_url(QueueName=f"academy-{service}-events-dlq")["QueueUrl"]


def _texts(body: bytes) -> Iterable[str]:
    """An object's text, and that of every member of a workbook."""
    yield body.decode(errors="replace")
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            yield from (archive.read(name).decode(errors="replace") for name in archive.namelist())
