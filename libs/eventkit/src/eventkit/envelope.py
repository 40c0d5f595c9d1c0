"""The event as it travels: CloudEvents 1.0 names in one JSON object (DESIGN.md section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from contracts import (
    REGISTRY,
    IncompatibleEventError,
    NewerEventError,
    Registry,
    UnknownEventTypeError,
)
from contracts.tenant import TENANT

from eventkit.errors import PermanentError, UndecodableError, UnreadableHereError

MAX_BYTES = 256 * 1024 - 1024  # one SQS message, less room for its attributes


@dataclass(frozen=True, slots=True)
class Event:
    """`time` is aware UTC; `correlationid` names the flow, `causationid` the event handled before."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    tenantid: str
    correlationid: str
    causationid: str | None
    traceparent: str
    schemaversion: int
    data: dict[str, Any]


def encode(event: Event) -> str:
    """JSON text that SQS takes. Raises PermanentError event_too_large | unencodable_event."""
    document = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time,
        "subject": event.subject,
        "dataschema": f"urn:academy:{event.type}:{event.schemaversion}",
        "datacontenttype": "application/json",
        "tenantid": event.tenantid,
        "correlationid": event.correlationid,
        "causationid": event.causationid,
        "traceparent": event.traceparent,
        "schemaversion": event.schemaversion,
        "data": event.data,
    }
    try:
        body = orjson.dumps(document)
    except TypeError as error:  # not JSON, or half of a surrogate pair
        raise PermanentError("unencodable_event", event.type) from error
    if b"\xef\xbf\xbe" in body or b"\xef\xbf\xbf" in body:  # SQS refuses U+FFFE and U+FFFF unless escaped
        body = body.replace(b"\xef\xbf\xbe", b"\\ufffe").replace(b"\xef\xbf\xbf", b"\\uffff")
    if len(body) > MAX_BYTES:
        raise PermanentError("event_too_large", f"{event.type}: {len(body)} bytes, limit {MAX_BYTES}")
    return body.decode()


def decode(body: str | bytes, registry: Registry = REGISTRY) -> Event:
    """Read, lift to this build's version and validate.

    Raises UndecodableError not_json | not_an_event | incompatible_data, naming fields only, and
    UnreadableHereError unknown_type | newer_version.
    """
    document = _load(body)
    name, version = _text(document, "type"), _integer(document, "schemaversion")
    try:
        event_type = registry.get(name)
        data = event_type.read(_object(document, "data"), version)
    except UnknownEventTypeError:
        raise UnreadableHereError("unknown_type", _time(document)) from None
    except NewerEventError:
        raise UnreadableHereError("newer_version", _time(document)) from None
    except IncompatibleEventError as error:
        raise UndecodableError("incompatible_data", str(error)) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # an upcaster met data it cannot lift
        raise UndecodableError("incompatible_data", f"{name}: {type(error).__name__}") from None
    return _event(document, event_type.name, event_type.version, data)


def _load(body: str | bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        raise UndecodableError("not_json") from None
    if not isinstance(document, dict) or document.get("specversion") != "1.0":
        raise UndecodableError("not_an_event")
    return document


def _event(document: dict[str, Any], name: str, version: int, data: dict[str, Any]) -> Event:
    tenant = _text(document, "tenantid")
    if not TENANT.fullmatch(tenant):
        raise UndecodableError("not_an_event", "tenantid")
    causationid = document.get("causationid")
    if causationid is not None and not isinstance(causationid, str):
        raise UndecodableError("not_an_event", "causationid")
    return Event(
        id=_uuid(document),
        type=name,
        source=_text(document, "source"),
        subject=_text(document, "subject"),
        time=_time(document),
        tenantid=tenant,
        correlationid=_text(document, "correlationid"),
        causationid=causationid,
        traceparent=_text(document, "traceparent"),
        schemaversion=version,
        data=data,
    )


def _uuid(document: dict[str, Any]) -> UUID:
    try:
        return UUID(_text(document, "id"))
    except ValueError:
        raise UndecodableError("not_an_event", "id") from None


def _time(document: dict[str, Any]) -> datetime:
    try:
        time = datetime.fromisoformat(_text(document, "time"))
    except ValueError:
        raise UndecodableError("not_an_event", "time") from None
    if time.tzinfo is None:
        raise UndecodableError("not_an_event", "time")
    return time


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    # U+0000 is valid JSON and invalid PostgreSQL text
    if not isinstance(value, str) or not value or len(value) > 512 or "\0" in value:
        raise UndecodableError("not_an_event", name)
    return value


def _integer(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UndecodableError("not_an_event", name)
    return value


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise UndecodableError("not_an_event", name)
    return value
