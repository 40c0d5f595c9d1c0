"""Compatible changes: what a build reads, and what it may say."""

import pytest
from contracts import (
    REGISTRY,
    SERVICES,
    EventType,
    IncompatibleEventError,
    NewerEventError,
    Registry,
    UnknownEventTypeError,
)
from contracts.columns import INTEGER, TEXT, TEXT_OR_NONE, Columns, concat, rows
from marshmallow import Schema, fields


class Greeted(Schema):
    name = fields.String(required=True)
    times = fields.Integer(required=True)


GREETED = EventType(
    "toy.person.greeted",
    Greeted,
    ("students",),
    3,
    {1: lambda d: {"name": d["who"]}, 2: lambda d: {**d, "times": 1}},
)


class Listed(Schema):
    people = Columns({"row": INTEGER, "name": TEXT}, optional={"memo": TEXT_OR_NONE})


LISTED = EventType("toy.people.listed", Listed, ("students",))


def test_old_data_is_lifted_step_by_step():
    assert GREETED.read({"who": "김하나"}, 1) == {"name": "김하나", "times": 1}


def test_a_field_of_a_newer_producer_is_let_through_on_read_and_refused_on_publish():
    data = {"name": "김하나", "times": 2, "mood": "good"}
    assert GREETED.read(data, 3) == data
    with pytest.raises(IncompatibleEventError, match="mood"):
        GREETED.validate(data)


@pytest.mark.parametrize("version", [0, 4])
def test_an_unknown_version_is_refused(version):
    with pytest.raises(NewerEventError if version > 0 else IncompatibleEventError, match="version"):
        GREETED.read({"name": "x", "times": 1}, version)


def test_errors_name_fields_and_never_values():
    with pytest.raises(IncompatibleEventError) as caught:
        GREETED.validate({"name": ["01012345678"], "times": "x"})
    assert "01012345678" not in str(caught.value)
    assert "name, times" in str(caught.value)


@pytest.mark.parametrize(
    "people",
    [
        None,
        [],
        {"row": [1]},
        {"row": [1], "name": ["a", "b"]},
        {"row": [1], "name": "a"},
        {"row": ["1"], "name": ["a"]},
        {"row": [True], "name": ["a"]},
        {"row": [1], "name": [None]},
        {"row": [1], "name": ["a"], "memo": [3]},
    ],
)
def test_a_malformed_table_is_refused(people):
    with pytest.raises(IncompatibleEventError, match="people"):
        LISTED.validate({"people": people})


def test_an_absent_optional_column_reads_as_none():
    table = LISTED.read({"people": {"row": [1, 2], "name": ["a", "b"], "new": [0, 0]}}, 1)["people"]
    assert rows(table, "row", "name", "memo") == [(1, "a", None), (2, "b", None)]


def test_tables_are_joined_on_the_columns_they_share():
    assert concat([{"row": [1], "memo": ["x"]}, {"row": [2, 3]}]) == {"row": [1, 2, 3]}


def test_the_registry_knows_owners_and_receivers():
    registry = Registry([GREETED, LISTED])
    assert registry.consumed_by("students") == {"toy.person.greeted", "toy.people.listed"}
    assert registry.published_by("toy") == {"toy.person.greeted", "toy.people.listed"}
    with pytest.raises(UnknownEventTypeError):
        registry.get("toy.person.forgotten")


def test_every_version_step_has_its_upcaster():
    assert [t.name for t in REGISTRY if set(t.upcasters) != set(range(1, t.version))] == []


def test_every_event_goes_from_a_service_to_services():
    strangers = [(t.name, {t.source, *t.subscribers} - set(SERVICES)) for t in REGISTRY]
    assert [(name, unknown) for name, unknown in strangers if unknown] == []


@pytest.mark.parametrize("type_", REGISTRY, ids=lambda type_: type_.name)
def test_what_names_a_person_stands_in_a_table(type_):
    """Erasing somebody takes rows out of stored events (eventkit.redaction); a field would stay."""
    personal = {"student_id", "name", "parent_phone", "student_phone"}
    assert personal & type_.schema().fields.keys() == set()
