"""A dead letter's body shows nothing about anybody, and an edit of it is an event still."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from contracts import REGISTRY, EventType, Registry
from contracts.columns import Columns
from eventkit.deadletters.payload import edited, masked
from eventkit.envelope import decode, encode
from eventkit.errors import PermanentError
from marshmallow import Schema, fields, validate
from testkit.events import MakeEvent

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
SECRETS = ("김하나", "01012345678", "hana", "hana@academy.kr", "3반 김하나 어머니", "Kim Hana")
# columns whose values are words of this system's own, and what each may say
CODES = {
    "job_type": "excel_parsing", "status": "ACTIVE", "outcome": "matched", "code": "name_missing",
    "error_code": "import_crashed", "kind": "dead_letters",
}  # fmt: skip
FILLING: dict[type[fields.Field[Any]], Any] = {
    fields.UUID: ID, fields.Integer: 7, fields.Boolean: True,
    fields.AwareDateTime: "2026-11-28T12:00:00+00:00",
}  # fmt: skip


def filled(event_type: EventType, secret: str) -> dict[str, Any]:
    """Data of this type that says the secret wherever a text may stand."""
    data: dict[str, Any] = {}
    for name, field in event_type.schema().fields.items():
        if isinstance(field, Columns):
            data[name] = {column: [_cell(column, types, secret)] for column, types in field.columns.items()}
        else:
            data[name] = _value(name, field, secret)
    if "initial_password_hash" in data:
        data["initial_password_hash"] = f"$argon2id${secret}"
    return event_type.validate(data)


def _value(name: str, field: fields.Field[Any], secret: str) -> Any:
    for allowed in field.validators:
        if isinstance(allowed, validate.OneOf):
            return next(iter(allowed.choices))
    if isinstance(field, fields.Dict):
        return {"title": secret}
    return FILLING.get(type(field)) or CODES.get(name, secret)


def _cell(column: str, types: Any, secret: str) -> Any:
    if str in types:
        return ID if column.endswith("_id") else CODES.get(column, secret)
    return True if bool in types else 7


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("event_type", REGISTRY, ids=lambda event_type: event_type.name)
def test_no_event_shows_what_a_text_of_it_says(
    make_event: MakeEvent, event_type: EventType, secret: str
) -> None:
    event = make_event(event_type.name, "demo", filled(event_type, secret))
    shown = masked(encode(event))
    assert shown is not None
    assert secret not in orjson.dumps(shown).decode()
    assert "argon2id" not in str(shown)


def test_what_says_nothing_of_people_is_shown(make_event: MakeEvent) -> None:
    event = make_event(
        "students.roster.resolved", "demo", filled(REGISTRY.get("students.roster.resolved"), "x")
    )
    assert masked(encode(event)) == {
        "id": str(event.id),
        "type": "students.roster.resolved",
        "source": "students",
        "time": event.time.isoformat(),
        "tenantid": "demo",
        "correlationid": "***",  # a request's own id may be any text
        "causationid": None,
        "schemaversion": 1,
        "data": {
            "job_id": ID,
            "chunk": 7,
            "rows": {
                "row": [7], "outcome": ["matched"], "student_id": [ID], "code": ["name_missing"],
                "version": [7],
                "candidates": ["***"],  # ids in one text, which may be any
            },
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"phone": 1012345678}, {"phone": "***"}),
        ({"phone": -1012345678.0}, {"phone": "***"}),
        ({"phone": 12345678, "count": 9_999_999}, {"phone": "***", "count": 9_999_999}),
        ({"김하나": 1, "hana@academy.kr": 2}, {"***": 2}),
        ({"01012345678": [{"name": "김하나"}]}, {"***": [{"name": "***"}]}),
        ({"code": "김하나", "status": "01012345678"}, {"code": "***", "status": "***"}),
        ({"name": "name_missing"}, {"name": "***"}),
        ({"code": "name_missing", "status": "ACTIVE", "kind": "dead_letters"}, "as it is"),
        ({"at": "2026-03-02T09:00:00.5+09:00", "day": "2026-03-02"}, "as it is"),
        ({"day": "2026-03-02 김하나"}, {"day": "***"}),
        ({"nothing": None, "yes": True, "empty": []}, "as it is"),
        ({"rows": list(range(25))}, {"rows": list(range(20)), "rows#": 25}),
        ("김하나", "***"),
        (None, None),
    ],
)
def test_data_of_no_type_at_all_is_masked_as_well(data: Any, shown: Any) -> None:
    found = masked(orjson.dumps({"type": "a.b.c", "name": "김하나", "data": data}).decode())
    assert found == {"type": "a.b.c", "data": data if shown == "as it is" else shown}


@pytest.mark.parametrize("body", ["", "{", "김하나", "[]", '"x"', "null", "[" * 5000])
def test_what_is_no_object_shows_nothing(body: str) -> None:
    assert masked(body) is None


def test_a_body_of_many_levels_is_shown_to_the_tenth() -> None:
    deep = '{"data":' + '{"a":[' * 400 + '"hana"' + "]}" * 400 + "}"
    assert str(masked(deep)).count("'a'") == 6
    assert "hana" not in str(masked(deep))


# --- edits ----------------------------------------------------------------------------------------


class Made(Schema):
    number = fields.Integer(required=True)
    name = fields.String(required=True)
    table = Columns({"row": (int,)})


def _lift(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "number": int(data["number"]), "name": data["title"].strip()}


OWN = Registry((EventType("kit.thing.made", Made, (), version=2, upcasters={1: _lift}),))


def document(version: int = 2, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": ID, "source": "kit", "type": "kit.thing.made", "subject": "s",
        "time": "2026-03-01T12:00:00Z", "tenantid": "t1", "correlationid": "c", "causationid": None,
        "traceparent": "00-x", "schemaversion": version,
        "data": {"number": 1, "name": "x", "table": {"row": [1]}, "extra": 9, **data},
    }  # fmt: skip


def test_an_edit_changes_the_fields_named_and_nothing_else() -> None:
    body = orjson.dumps(document()).decode()
    changed = edited(body, {"number": 2, "name": "둘\ufffe"}, OWN)
    assert orjson.loads(changed) == document(number=2, name="둘\ufffe")
    assert "\ufffe" not in changed  # SQS would refuse it unless escaped
    assert decode(changed, OWN).id == UUID(ID)


def test_an_old_event_is_edited_in_its_old_words() -> None:
    body = orjson.dumps(document(1, number="4", title=" four ")).decode()
    changed = edited(body, {"table": {"row": []}}, OWN)
    assert decode(changed, OWN).data["number"] == 4
    assert orjson.loads(changed)["data"]["number"] == "4"


def _levels(count: int) -> list[Any]:
    return [_levels(count - 1)] if count else []


NO_EVENTS = {
    "no JSON": "{",
    "no object": "[]",
    "no data": orjson.dumps({**document(), "data": None}).decode(),
    "no version": orjson.dumps({**document(), "schemaversion": "2"}).decode(),
    "a type of nobody": orjson.dumps({**document(), "type": "kit.thing.unknown"}).decode(),
    "no type": orjson.dumps({**document(), "type": None}).decode(),
}
BAD_EDITS: dict[str, tuple[int, dict[str, Any], str, str]] = {
    # what is wrong: (version of the event, the edit, code, what people are told)
    "a field of nobody": (2, {"numbre": 2, "nmae": "x", "name": "y"}, "unknown_field", "nmae, numbre"),
    "a field of the envelope": (2, {"tenantid": "t2"}, "unknown_field", "tenantid"),
    "a field that only the event has": (2, {"extra": 1}, "unknown_field", "extra"),
    "a wrong kind": (2, {"number": "김하나"}, "incompatible_data", "kit.thing.made: number"),
    "nothing": (2, {"name": None}, "incompatible_data", "kit.thing.made: name"),
    "columns of two lengths": (
        2, {"table": {"row": [1], "name": []}}, "incompatible_data", "kit.thing.made: table",
    ),
    "more levels than JSON takes": (
        2, {"table": {"row": [1], "more": [_levels(300)]}}, "incompatible_data", "TypeError",
    ),
    "what an upcaster cannot read": (1, {"number": "김하나"}, "incompatible_data", "ValueError"),
    "what an upcaster does not find": (1, {"number": "1"}, "incompatible_data", "KeyError"),
    "what an upcaster cannot use": (1, {"number": []}, "incompatible_data", "TypeError"),
    "a version that is not known": (
        9, {"number": 1}, "incompatible_data", "kit.thing.made: version 9, this build knows 2",
    ),
    "a version that never was": (0, {"number": 1}, "incompatible_data", "kit.thing.made: version 0"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", NO_EVENTS)
def test_what_is_no_event_cannot_be_edited(wrong: str) -> None:
    with pytest.raises(PermanentError) as caught:
        edited(NO_EVENTS[wrong], {"number": 2}, OWN)
    assert (caught.value.code, caught.value.detail) == ("not_an_event", "")


@pytest.mark.parametrize("wrong", BAD_EDITS)
def test_an_edit_that_makes_no_event_is_refused_and_repeats_no_value(wrong: str) -> None:
    version, changes, code, told = BAD_EDITS[wrong]
    with pytest.raises(PermanentError) as caught:
        edited(orjson.dumps(document(version)).decode(), changes, OWN)
    assert (caught.value.code, caught.value.detail) == (code, told)
