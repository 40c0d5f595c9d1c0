"""The body on the wire: CloudEvents names out, only what we can trust in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from contracts import EventType, Registry
from eventkit.envelope import Event, decode, encode
from eventkit.errors import PermanentError, UndecodableError
from eventkit.ids import new_id
from eventkit.trace import Cause, child, new_traceparent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields


class Note(Schema):
    text = fields.String(required=True)


def _break(data: dict[str, Any]) -> dict[str, Any]:
    return {"text": data["old"]}


repeatable = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])

REGISTRY = Registry((EventType("kit.note.taken", Note, ("kit",), version=2, upcasters={1: _break}),))


def _event(text: str = "x") -> Event:
    return Event(
        id=new_id(),
        type="kit.note.taken",
        source="kit",
        subject="note-1",
        time=datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC),
        tenantid="hagwon-1",
        correlationid="job-1",
        causationid=None,
        traceparent=new_traceparent(),
        schemaversion=2,
        data={"text": text},
    )


def test_the_body_has_the_cloudevents_names() -> None:
    event = _event()
    document = orjson.loads(encode(event))
    assert document == {
        "specversion": "1.0",
        "id": str(event.id),
        "source": "kit",
        "type": "kit.note.taken",
        "time": "2026-03-02T01:02:03+00:00",
        "subject": "note-1",
        "dataschema": "urn:academy:kit.note.taken:2",
        "datacontenttype": "application/json",
        "tenantid": "hagwon-1",
        "correlationid": "job-1",
        "causationid": None,
        "traceparent": event.traceparent,
        "schemaversion": 2,
        "data": {"text": "x"},
    }


@repeatable
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_and_sqs_would_take_the_body(text: str) -> None:
    event = _event(text)
    body = encode(event)
    assert decode(body, REGISTRY) == event
    assert not set(body) & {"\ufffe", "\uffff", *map(chr, range(32))}


@pytest.mark.parametrize("data", [{"text": "\ud800"}, {"text": {1, 2}}])
def test_what_json_cannot_say_is_refused(data: Any) -> None:
    broken = Event(**{**{name: getattr(_event(), name) for name in Event.__slots__}, "data": data})
    with pytest.raises(PermanentError, match="unencodable_event"):
        encode(broken)


def test_the_limit_counts_bytes_not_characters() -> None:
    with pytest.raises(PermanentError, match="event_too_large"):
        encode(_event("가" * 100_000))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"specversion": "0.3"}, "not_an_event"),
        ({"id": "7"}, "not_an_event"),
        ({"id": None}, "not_an_event"),
        ({"time": "yesterday"}, "not_an_event"),
        ({"time": "2026-03-02T01:02:03"}, "not_an_event"),
        ({"tenantid": "Hagwon"}, "not_an_event"),
        ({"tenantid": ["a"]}, "not_an_event"),
        ({"subject": "a\u0000b"}, "not_an_event"),
        ({"causationid": 7}, "not_an_event"),
        ({"data": []}, "not_an_event"),
        ({"schemaversion": True}, "not_an_event"),
        ({"type": "kit.note.lost"}, "unknown_type"),
        ({"schemaversion": 3}, "newer_version"),
        ({"schemaversion": 0}, "incompatible_data"),
        ({"schemaversion": 1}, "incompatible_data"),
        ({"data": {"text": 7}}, "incompatible_data"),
    ],
)
def test_what_is_not_a_readable_event_is_named(change: dict[str, Any], code: str) -> None:
    body = orjson.dumps({**orjson.loads(encode(_event())), **change})
    with pytest.raises(UndecodableError) as refused:
        decode(body, REGISTRY)
    assert refused.value.code == code


@repeatable
@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none()
        | st.booleans()
        | st.floats(allow_nan=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["type", "id", "data", "specversion"]), inner)
        ),
    ).map(orjson.dumps)
)
def test_garbage_is_undecodable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode(body, REGISTRY)


def test_a_cause_keeps_flow_and_trace() -> None:
    event = _event()
    cause = Cause.of(event)
    assert (cause.correlationid, cause.causationid) == ("job-1", str(event.id))
    assert cause.traceparent[:35] == event.traceparent[:35]
    assert cause.traceparent != event.traceparent
    assert child("nonsense")[:3] == "00-"
