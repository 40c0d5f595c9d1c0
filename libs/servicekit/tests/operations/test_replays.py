"""Replays as operators make, watch, approve and steer them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from eventkit.deadletters.replays import FREE
from testkit.api import refused

TYPE = "students.student.changed"
NOBODY = str(UUID(int=9))
NOT_FOUND = (404, "not_found", "요청한 대상을 찾을 수 없습니다.")
WRONG_STATE = (409, "replay_state", "지금 상태에서는 할 수 없는 작업입니다.")
NO_APPROVAL = (
    409,
    "approval_required",
    "1,000건이 넘는 재처리는 만든 사람이 아닌 승인자의 승인이 필요합니다.",
)
OWN = (403, "own_approval", "자신이 만든 재처리는 승인할 수 없습니다.")
FORBIDDEN = (403, "forbidden", "이 작업을 할 권한이 없습니다.")


def told(desk: Any, replay_id: str) -> Any:
    return desk.viewer.get(f"replays/{replay_id}/").get_json()


def say(desk: Any, replay_id: str, word: str, who: Any = None) -> Any:
    return (who or desk.operator).post(f"replays/{replay_id}/{word}/")


def test_a_replay_is_made_tried_applied_and_told(desk: Any) -> None:
    desk.bury(3)
    desk.put_body("{")
    made = desk.operator.post("replays/", {"type": TYPE})
    assert made.status_code == 201
    replay = made.get_json()
    assert (replay["state"], replay["total"], replay["step"]) == ("rehearsing", 3, 0)
    assert (replay["created_by"], replay["filter"]) == ("operator-1", {"type": TYPE})
    assert replay["counts"] == {"untried": {"waiting": 3}}
    desk.work()
    tried = told(desk, replay["id"])
    assert (tried["state"], tried["counts"]) == ("rehearsed", {"would_change": {"waiting": 3}})
    assert desk.one("SELECT count(*) FROM note") == 0
    assert say(desk, replay["id"], "apply").get_json()["state"] == "applying"
    desk.work()
    done = told(desk, replay["id"])
    assert (done["state"], done["counts"]) == ("done", {"would_change": {"done": 3}})
    assert done["ended_at"]
    (cause,) = done["groups"]
    assert {name: cause[name] for name in ("type", "forecast", "outcome", "reason", "count")} == {
        "type": TYPE, "forecast": "would_change", "outcome": "done", "reason": None, "count": 3,
    }  # fmt: skip
    assert desk.one("SELECT count(*) FROM note") == 3
    assert desk.audited() == [("operator-1", "replay_created"), ("operator-1", "replay_applied")]


def test_each_letter_says_what_would_change_and_what_became_of_it(desk: Any) -> None:
    first, second = desk.bury(2)
    replay_id = desk.replay()
    items = desk.viewer.get(f"replays/{replay_id}/items/", page_size=1).get_json()
    (item,) = items["results"]
    assert item == {
        "position": 1, "dead_letter_id": str(first), "type": TYPE, "forecast": "would_change",
        "changes": {"note": 1}, "outcome": None, "reason": None,
        "fingerprint": desk.one("SELECT min(fingerprint) FROM dead_letter"),
    }  # fmt: skip
    rest = desk.viewer.get(f"replays/{replay_id}/items/", cursor=items["next"]).get_json()
    assert [(one["position"], one["dead_letter_id"]) for one in rest["results"]] == [(2, str(second))]
    assert rest["next"] is None
    assert desk.viewer.get(f"replays/{NOBODY}/items/").get_json()["results"] == []


def test_replays_are_listed_newest_first_in_few_statements(desk: Any, statements: Any) -> None:
    desk.bury(2)
    ids = [desk.replay() for _ in range(3)]
    listed = desk.viewer.get("replays/").get_json()["results"]
    assert [replay["id"] for replay in listed] == ids[::-1]
    assert listed[0]["counts"] == {"would_change": {"waiting": 2}}
    with statements() as few:
        page = desk.viewer.get("replays/", page_size=1).get_json()
    with statements() as many:
        desk.viewer.get("replays/", page_size=3)
    assert len(many) == len(few)
    after = desk.viewer.get("replays/", page_size=1, cursor=page["next"]).get_json()
    assert [replay["id"] for replay in after["results"]] == [ids[1]]


def test_a_replay_of_nothing_is_done(desk: Any) -> None:
    made = desk.operator.post("replays/", {"ids": [NOBODY]}).get_json()
    assert (made["state"], made["total"], made["counts"], made["groups"]) == ("done", 0, {}, [])


def test_it_is_paused_resumed_and_cancelled(desk: Any) -> None:
    desk.bury(2)
    replay_id = desk.replay()
    for word, state in (
        ("apply", "applying"), ("pause", "paused"), ("resume", "applying"), ("pause", "paused"),
        ("cancel", "cancelled"),
    ):  # fmt: skip
        assert say(desk, replay_id, word).get_json()["state"] == state
    desk.work()
    assert told(desk, replay_id)["counts"] == {"would_change": {"waiting": 2}}
    actions = [action for _, action in desk.audited()]
    assert actions == [
        "replay_created", "replay_applied", "replay_paused", "replay_resumed", "replay_paused",
        "replay_cancelled",
    ]  # fmt: skip


WORDS = ("apply", "approve", "pause", "resume", "cancel")
ALLOWED = {
    "rehearsing": {"cancel"},
    "rehearsed": {"apply", "approve", "cancel"},
    "applying": {"pause", "cancel"},
    "paused": {"resume", "cancel"},
    "stopped": {"apply", "cancel"},
    "done": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize("state", ALLOWED)
def test_only_what_a_state_allows_is_done(desk: Any, state: str) -> None:
    desk.bury(1)
    replay_id = desk.operator.post("replays/", {"type": TYPE}).get_json()["id"]
    both = desk.at("operator", "approver", subject="boss")
    for word in WORDS:
        desk.kit.admin.execute("UPDATE replay SET state = %s", (state,))
        answer = say(desk, replay_id, word, both)
        assert (answer.status_code == 200) == (word in ALLOWED[state]), (word, answer.text)
        if word not in ALLOWED[state]:
            assert refused(answer) == WRONG_STATE


# --- approval -------------------------------------------------------------------------------------


@pytest.fixture
def large(desk: Any) -> str:
    """A replay that would apply one more than is free, made by an approver."""
    desk.bury(1)
    replay_id = desk.replay(desk.at("approver", subject="maker"))
    desk.kit.admin.execute(
        "INSERT INTO dead_letter SELECT (jsonb_populate_record(d, jsonb_build_object("
        " 'id', gen_random_uuid(), 'key', n, 'event_id', gen_random_uuid()))).*"
        " FROM dead_letter d, generate_series(1, %s) AS n",
        (FREE,),
    )
    desk.kit.admin.execute(
        "INSERT INTO replay_item (replay_id, position, dead_letter_id, forecast)"
        " SELECT %s, 1 + row_number() OVER (), id, 'would_change' FROM dead_letter WHERE key !~ '-'",
        (replay_id,),
    )
    desk.kit.admin.execute("UPDATE replay SET total = 1 + %s", (FREE,))
    return replay_id


def test_a_large_replay_waits_for_an_approver_who_did_not_make_it(desk: Any, large: str) -> None:
    assert refused(say(desk, large, "apply")) == NO_APPROVAL
    assert refused(say(desk, large, "approve")) == FORBIDDEN  # an operator is no approver
    assert refused(say(desk, large, "approve", desk.at("approver", subject="maker"))) == OWN
    assert refused(say(desk, large, "approve", desk.inside)) == OWN  # nobody knows who is inside
    assert refused(say(desk, large, "apply")) == NO_APPROVAL
    approved = say(desk, large, "approve", desk.at("approver", subject="boss")).get_json()
    assert (approved["approved_by"], approved["state"]) == ("boss", "rehearsed")
    assert approved["approved_at"]
    assert say(desk, large, "apply").get_json()["state"] == "applying"
    row = desk.viewer.get("audit/").get_json()["results"][1]
    assert (row["actor"], row["action"], row["detail"]) == ("boss", "replay_approved", {"total": FREE + 1})


def test_a_thousand_are_free(desk: Any, large: str) -> None:
    desk.kit.admin.execute("DELETE FROM replay_item WHERE position = 1")
    assert say(desk, large, "apply").get_json()["state"] == "applying"


def test_what_cannot_be_applied_does_not_count(desk: Any, large: str) -> None:
    desk.kit.admin.execute("UPDATE replay_item SET forecast = 'still_fails' WHERE position > 1")
    assert say(desk, large, "apply").get_json()["state"] == "applying"


# --- hostile requests -----------------------------------------------------------------------------

INVALID = (422, "invalid_request", "입력값을 확인해 주세요.")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, (422, "filter_required", "조건을 하나 이상 지정해 주세요.")),
        ({"ids": []}, INVALID),
        ({"ids": [NOBODY] * 2}, INVALID),
        ({"ids": [str(UUID(int=n)) for n in range(1001)]}, INVALID),
        ({"fingerprint": "' OR true --"}, (201, None, None)),
        ({"type": "'; DROP TABLE dead_letter; --"}, (201, None, None)),
        ({"state": "discarded"}, INVALID),
        ({"since": "2026-03-02"}, INVALID),
        ([], INVALID),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(desk: Any, body: Any, answer: Any) -> None:
    desk.bury(1)
    answered = desk.operator.client.post("/api/v1/operations/kit/replays/", json=body)
    if answer[0] == 201:  # a filter like any other, which nothing meets
        assert (answered.status_code, answered.get_json()["total"]) == (201, 0)
    else:
        assert refused(answered) == answer
        assert desk.audited() == []
    assert desk.one("SELECT count(*) FROM dead_letter") == 1


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("replay_id", [NOBODY, "1", "김하나"])
def test_a_replay_of_nobody_is_not_found(desk: Any, word: str, replay_id: str) -> None:
    who = desk.at("operator", "approver", subject="boss")
    assert refused(say(desk, replay_id, word, who)) == NOT_FOUND
    assert refused(desk.viewer.get(f"replays/{replay_id}/")) == NOT_FOUND
    assert desk.audited() == []


def test_pages_have_limits(desk: Any) -> None:
    assert refused(desk.viewer.get("replays/", page_size=501)) == INVALID
    assert refused(desk.viewer.get("replays/", cursor="x"))[1] == "invalid_cursor"
    replay_id = desk.operator.post("replays/", {"type": TYPE}).get_json()["id"]
    assert refused(desk.viewer.get(f"replays/{replay_id}/items/", page_size=0)) == INVALID
