"""What SQS refuses, as pure checks: an error code, or the ClientError of the whole call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from testkit.sqs_faults import refusal

MAX_BYTES = 256 * 1024
MAX_ENTRIES = 10
MAX_ATTRIBUTES = 10
MAX_DELAY = 900
MAX_VISIBILITY = 43_200
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
# SendMessage, "A message can include only XML, JSON, and unformatted text": these code points only
_ALLOWED = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def check_batch(entries: list[dict[str, Any]], operation: str) -> None:
    """Raises ClientError for what fails the whole request."""
    ids = [entry["Id"] for entry in entries]
    if not entries:
        raise refusal("EmptyBatchRequest", operation)
    if len(entries) > MAX_ENTRIES:
        raise refusal("TooManyEntriesInBatchRequest", operation)
    if len(set(ids)) != len(ids):
        raise refusal("BatchEntryIdsNotDistinct", operation)
    if not all(_ENTRY_ID.fullmatch(identifier) for identifier in ids):
        raise refusal("InvalidBatchEntryId", operation)
    if sum(size(entry) for entry in entries) > MAX_BYTES:
        raise refusal("BatchRequestTooLong", operation)


def check_entry(entry: Mapping[str, Any]) -> str | None:
    """The error code of one message to send, or None."""
    body = entry["MessageBody"]
    if not _ALLOWED.fullmatch(body):
        return "InvalidMessageContents"
    attributes = entry.get("MessageAttributes") or {}
    empty = any(not value.get("StringValue", "x") for value in attributes.values())
    too_much = size(entry) > MAX_BYTES or len(attributes) > MAX_ATTRIBUTES
    late = not 0 <= entry.get("DelaySeconds", 0) <= MAX_DELAY
    return "InvalidParameterValue" if not body or empty or too_much or late else None


def check_receive(options: Mapping[str, Any]) -> tuple[int, int]:
    """(limit, wait). Raises ClientError."""
    limit, wait = options.get("MaxNumberOfMessages", 1), options.get("WaitTimeSeconds", 0)
    if not 1 <= limit <= MAX_ENTRIES or not 0 <= wait <= 20:
        raise refusal("InvalidParameterValue", "ReceiveMessage")
    return limit, wait


def check_visibility(seconds: Any) -> str | None:
    whole = isinstance(seconds, int) and 0 <= seconds <= MAX_VISIBILITY
    return None if whole else "InvalidParameterValue"


def size(entry: Mapping[str, Any]) -> int:
    """Bytes of body and attributes (names, types and values)."""
    attributes = (entry.get("MessageAttributes") or {}).items()
    texts = [entry.get("MessageBody", "")]
    for name, value in attributes:
        texts += [name, value["DataType"], value.get("StringValue", "")]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def requested(name: str, names: Iterable[str]) -> bool:
    return any(wanted in ("All", ".*", name) for wanted in names)
