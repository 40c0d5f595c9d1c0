"""Who may do what: viewers look, operators act, approvers approve, and the internal token is one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from servicekit.app import Route, routes
from servicekit.auth import INTERNAL, OPERATIONS, Role
from testkit.api import INTERNAL_TOKEN

PUBLIC_PREFIX, INSIDE = "/api/v1/operations/kit/", "/internal/operations/"
NOBODY = str(UUID(int=9))
# what each route admits, by what it does
LOOKS = {
    ("GET", "dead_letters/groups/"), ("GET", "dead_letters/"), ("GET", "dead_letters/<uuid:letter_id>/"),
    ("GET", "replays/"), ("GET", "replays/<uuid:replay_id>/"), ("GET", "replays/<uuid:replay_id>/items/"),
    ("GET", "flows/"), ("GET", "flows/<reference>/"), ("GET", "ledger/"), ("GET", "ledger/published_ids/"),
    ("POST", "ledger/unknown/"), ("GET", "tasks/"), ("GET", "audit/"),
}  # fmt: skip
ACTS = {
    ("PATCH", "dead_letters/<uuid:letter_id>/"), ("POST", "dead_letters/discard/"), ("POST", "replays/"),
    *(("POST", f"replays/<uuid:replay_id>/{word}/") for word in ("apply", "pause", "resume", "cancel")),
    ("POST", "rebuilds/"), ("POST", "resends/"),
}  # fmt: skip
APPROVES = {("POST", "replays/<uuid:replay_id>/approve/")}
BODIES: dict[str, Any] = {
    "dead_letters/discard/": {"type": "students.student.changed", "note": "x"},
    "replays/": {"type": "students.student.changed"},
    "ledger/unknown/": {"ids": [NOBODY]},
}


def found(desk: Any, prefix: str) -> dict[tuple[str, str], Route]:
    return {
        (route.method, route.rule.removeprefix(prefix)): route
        for route in routes(desk.app)
        if route.rule.startswith(prefix)
    }


def ask(caller: Any, method: str, rule: str) -> Any:
    path = re.sub(r"<[^>]+>", NOBODY, rule)
    return caller.client.open(
        caller.prefix + path, method=method, json=BODIES.get(rule, {}) if method != "GET" else None
    )


def test_every_route_admits_those_it_is_made_for(desk: Any) -> None:
    admitted = {key: route.roles for key, route in found(desk, PUBLIC_PREFIX).items()}
    assert admitted == {
        **dict.fromkeys(LOOKS, OPERATIONS),
        **dict.fromkeys(ACTS, frozenset({Role.OPERATOR, Role.APPROVER})),
        **dict.fromkeys(APPROVES, frozenset({Role.APPROVER})),
    }


def test_every_route_has_its_twin_for_the_internal_token_and_no_other(desk: Any) -> None:
    twins = found(desk, INSIDE)
    assert twins.keys() == found(desk, PUBLIC_PREFIX).keys()
    assert {route.roles for route in twins.values()} == {INTERNAL}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("viewer", LOOKS), ("operator", LOOKS | ACTS), ("approver", LOOKS | ACTS | APPROVES), ("owner", set())],
)
def test_a_role_gets_as_far_as_it_reaches(desk: Any, role: str, allowed: set[tuple[str, str]]) -> None:
    desk.bury(1)
    caller = desk.at(role)
    answers = {key: ask(caller, *key).status_code for key in found(desk, PUBLIC_PREFIX)}
    assert {key for key, status in answers.items() if status != 403} == allowed
    assert 500 not in answers.values()


def test_an_owner_of_an_academy_who_calls_himself_an_operator_is_none(desk: Any) -> None:
    """Of several roles each counts for itself; a made up one for nothing."""
    assert desk.at("owner", "superviewer").get("audit/").status_code == 403
    assert desk.at("owner", "viewer").get("audit/").status_code == 200


def test_operators_get_nowhere_in_an_academy(desk: Any) -> None:
    caller = desk.at("viewer", "operator", "approver")
    for method in ("GET", "POST"):
        answer = caller.client.open("/api/v1/notes/", method=method, json={"body": "x"})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("token", [None, "", "wrong", INTERNAL_TOKEN[:-1]])
def test_the_inside_needs_its_own_token_whoever_else_one_is(desk: Any, token: str | None) -> None:
    client = desk.at("viewer", "operator", "approver").client
    if token is not None:
        client.environ_base["HTTP_X_WORKER_TOKEN"] = token
    for method, rule in found(desk, INSIDE):
        answer = client.open(INSIDE + re.sub(r"<[^>]+>", NOBODY, rule), method=method)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_internal_token")


def test_the_internal_token_opens_no_operators_door(desk: Any) -> None:
    client = desk.inside.client
    for method, rule in found(desk, PUBLIC_PREFIX):
        answer = client.open(PUBLIC_PREFIX + re.sub(r"<[^>]+>", NOBODY, rule), method=method)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_inside_answers_as_outside_and_acts_under_its_own_name(desk: Any) -> None:
    desk.bury(2)
    paths = ("dead_letters/groups/", "dead_letters/", "replays/", "tasks/", "audit/")
    for path in paths:
        assert desk.inside.get(path).get_json() == desk.viewer.get(path).get_json()
    replay = desk.inside.post("replays/", {"type": "students.student.changed"}).get_json()
    assert (replay["created_by"], replay["total"]) == ("internal", 2)
    assert desk.audited() == [("internal", "replay_created")]


def test_every_route_is_documented_once(desk: Any) -> None:
    document = desk.app.test_client().get("/openapi/kit.json").get_json()
    documented = {
        (method.upper(), path.removeprefix(PUBLIC_PREFIX))
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(PUBLIC_PREFIX) and method != "parameters"
    }
    plain = {(method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)) for method, rule in LOOKS | ACTS | APPROVES}
    assert documented == plain
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith(PUBLIC_PREFIX) and method != "parameters":
                assert operation["summary"], (method, path)


# --- nobody's name --------------------------------------------------------------------------------

PERSONAL = re.compile("김하나|이두리|hana lee|0101234|0102222|0109999|서울고")
ASK_ALL: list[Callable[[Any], Any]] = [
    lambda desk: desk.viewer.get("dead_letters/groups/"),
    lambda desk: desk.viewer.get("dead_letters/"),
    lambda desk: desk.viewer.get("flows/job-0/"),
    lambda desk: desk.viewer.get("flows/", ids="job-0,job-1,job-2"),
    lambda desk: desk.viewer.get("replays/"),
    lambda desk: desk.viewer.get("audit/"),
    lambda desk: desk.viewer.get("tasks/"),
]


def test_no_answer_says_anything_of_a_person(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a log line, whatever was done with the letters."""
    ids = [*desk.bury(3), desk.put_body('{"type": "김하나", "tenantid": "이두리", "name": "hana lee"}')]
    ids += [desk.put_body("김하나 010-1234-5678 01012345678")]
    answers = [desk.viewer.get(f"dead_letters/{letter_id}/") for letter_id in ids]
    broken = {"data": {"students": {"name": ["김하나"], "parent_phone": [1012345678]}}}
    answers += [desk.operator.patch(f"dead_letters/{letter_id}/", broken) for letter_id in ids]
    replay_id = desk.replay()
    answers += [desk.operator.post(f"replays/{replay_id}/apply/")]
    desk.work()
    answers += [desk.viewer.get(f"replays/{replay_id}/"), desk.viewer.get(f"replays/{replay_id}/items/")]
    answers += [ask_one(desk) for ask_one in ASK_ALL]
    assert [answer.text for answer in answers if PERSONAL.search(answer.text)] == []
    assert {answer.status_code for answer in answers} <= {200, 422}
    assert not PERSONAL.search(caplog.text)
