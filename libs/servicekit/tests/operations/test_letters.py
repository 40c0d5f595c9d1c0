"""Dead letters as operators see, give up and edit them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

TYPE = "students.student.changed"
LIST, GROUPS, DISCARD = "dead_letters/", "dead_letters/groups/", "dead_letters/discard/"


def refused(answer: Any) -> tuple[int, str, str, Any]:
    body = answer.get_json()
    assert answer.content_type == "application/problem+json"
    return answer.status_code, body["code"], body["detail"], body.get("errors")


INVALID = (422, "invalid_request", "입력값을 확인해 주세요.")


def test_causes_are_listed_the_largest_first_with_what_this_build_makes_of_them(desk: Any) -> None:
    desk.bury(2)
    desk.bury(1, tenant="other")
    desk.put_body("{")
    before = desk.viewer.get(GROUPS).get_json()
    desk.work()
    after = desk.viewer.get(GROUPS).get_json()
    assert before["build"] == after["build"] == "development"
    known = ("type", "handler", "reason", "place", "count", "tenants", "forecast")
    assert [tuple(cause[name] for name in known) for cause in after["results"]] == [
        (TYPE, "note", "refused", "handlers.py:7 note", 3, 2, "would_change"),
        ("unknown", "", "not_json", "", 1, 1, "unreadable"),
    ]
    assert [cause["forecast"] for cause in before["results"]] == [None, None]
    assert len(desk.viewer.get(GROUPS, tenant_id="other").get_json()["results"]) == 1
    assert desk.viewer.get(GROUPS, type="nobody.has.this").get_json()["results"] == []


def test_letters_are_listed_newest_first_page_by_page(desk: Any) -> None:
    ids = [str(letter_id) for letter_id in desk.bury(5)]
    found, cursor = [], None
    for _ in range(3):
        page = desk.viewer.get(LIST, page_size=2, **({"cursor": cursor} if cursor else {})).get_json()
        found += [letter["id"] for letter in page["results"]]
        cursor = page["next"]
    assert found == ids[::-1]
    assert cursor is None


def test_a_list_takes_what_meets_all_of_its_filter(desk: Any) -> None:
    mine, theirs = desk.bury(1)[0], desk.bury(1, tenant="other", reason="bug")[0]
    fingerprint = desk.one("SELECT fingerprint FROM dead_letter WHERE tenant_id = 'demo'")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    cases: list[tuple[dict[str, str], set[Any]]] = [
        ({}, {mine, theirs}),
        ({"tenant_id": "demo"}, {mine}),
        ({"fingerprint": fingerprint}, {mine}),
        ({"correlation_id": "job-0"}, {mine, theirs}),
        ({"type": TYPE, "tenant_id": "other"}, {theirs}),
        ({"since": later}, set()),
        ({"until": later}, {mine, theirs}),
        ({"state": "discarded"}, set()),
    ]
    for query, ids in cases:
        found = desk.viewer.get(LIST, **query).get_json()["results"]
        assert {letter["id"] for letter in found} == {str(letter_id) for letter_id in ids}, query


def test_a_letter_is_shown_with_a_masked_body(desk: Any) -> None:
    event = desk.event()
    shown = desk.viewer.get(f"{LIST}{desk.put(event)}/").get_json()
    known = {
        "tenant_id": "demo", "event_id": str(event.id), "type": TYPE, "handler": "note", "reason": "refused",
        "place": "handlers.py:7 note", "correlation_id": "job-0", "source_queue": "academy-kit-events",
        "attempts": 6, "seen": 1, "state": "open", "edited": False,
    }  # fmt: skip
    assert {name: shown[name] for name in known} == known
    assert shown["payload"]["data"]["students"]["name"] == ["***"]
    assert shown["payload"]["data"]["students"]["student_id"] == [event.data["students"]["student_id"][0]]
    assert shown["bytes"] == desk.one("SELECT octet_length(body) FROM dead_letter")


def test_what_is_no_event_is_shown_without_a_body(desk: Any) -> None:
    shown = desk.viewer.get(f"{LIST}{desk.put_body('김하나 01012345678')}/").get_json()
    assert (shown["payload"], shown["event_id"], shown["type"]) == (None, None, "unknown")


# --- giving up ------------------------------------------------------------------------------------


def test_letters_are_given_up_with_a_reason(desk: Any) -> None:
    first, second = desk.bury(2)
    answer = desk.operator.post(DISCARD, {"ids": [str(first)], "note": "테스트 데이터"})
    assert answer.get_json() == {"discarded": 1}
    (letter,) = desk.viewer.get(LIST, state="discarded").get_json()["results"]
    assert letter["id"] == str(first)
    assert desk.operator.post(DISCARD, {"type": TYPE, "note": "나머지"}).get_json() == {"discarded": 1}
    assert desk.operator.post(DISCARD, {"type": TYPE, "note": "나머지"}).get_json() == {"discarded": 0}
    assert desk.viewer.get(LIST).get_json()["results"] == []
    row = desk.viewer.get("audit/").get_json()["results"][-1]
    assert (row["actor"], row["action"], row["subject"]) == ("operator-1", "letters_discarded", "1 letters")
    assert row["detail"] == {"filter": {"ids": [str(first)]}, "note": "테스트 데이터"}
    assert second


# --- edits ----------------------------------------------------------------------------------------


def test_an_edit_is_shown_masked_and_its_fields_are_audited_without_values(desk: Any) -> None:
    letter_id = desk.put(desk.event())
    students = {**desk.event(1).data["students"], "name": ["박세나"]}
    answer = desk.operator.patch(f"{LIST}{letter_id}/", {"data": {"students": students}})
    assert (answer.status_code, answer.get_json()["edited"]) == (200, True)
    assert "박세나" not in answer.text
    body = orjson.loads(desk.one("SELECT body FROM dead_letter"))
    assert body["data"]["students"] == students
    assert "김하나" in desk.one("SELECT edited_from FROM dead_letter")
    (row,) = desk.viewer.get("audit/").get_json()["results"]
    assert (row["action"], row["subject"], row["detail"]) == (
        "letter_edited", str(letter_id), {"fields": ["students"]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"pupils": {}}, "이벤트에 없는 항목입니다: pupils"),
        ({"tenantid": "other"}, "이벤트에 없는 항목입니다: tenantid"),
        ({"students": "김하나"}, f"형식에 맞지 않습니다: {TYPE}: students"),
        ({"students": None}, f"형식에 맞지 않습니다: {TYPE}: students"),
        ({"students": {}}, f"형식에 맞지 않습니다: {TYPE}: students"),
    ],
)
def test_an_edit_that_makes_no_event_is_refused(desk: Any, data: dict[str, Any], told: str) -> None:
    letter_id = desk.put(desk.event())
    answer = desk.operator.patch(f"{LIST}{letter_id}/", {"data": data})
    detail = "이벤트 형식에 맞지 않는 값입니다."
    assert refused(answer) == (422, "letter_not_fitting", detail, {"data": [told]})
    assert desk.one("SELECT edited_from IS NULL FROM dead_letter")
    assert desk.audited() == []


def test_what_is_no_event_or_not_open_cannot_be_edited(desk: Any) -> None:
    stranger, settled = desk.put_body("{"), desk.put(desk.event())
    desk.operator.post(DISCARD, {"type": TYPE, "note": "x"})
    edit = {"data": {"students": desk.event(1).data["students"]}}
    assert refused(desk.operator.patch(f"{LIST}{stranger}/", edit)) == (
        422, "letter_not_an_event", "이 메시지는 이벤트 형식이 아니어서 고칠 수 없습니다.", None,
    )  # fmt: skip
    assert refused(desk.operator.patch(f"{LIST}{settled}/", edit)) == (
        409, "letter_not_open", "이미 처리되었거나 폐기된 메시지입니다.", None,
    )  # fmt: skip


# --- hostile requests -----------------------------------------------------------------------------

NOT_FOUND = (404, "not_found", "요청한 대상을 찾을 수 없습니다.", None)
NO_FILTER = (422, "filter_required", "조건을 하나 이상 지정해 주세요.", None)
MOMENT = "2026-03-02T09:00:00+09:00 형식의 시각이어야 합니다."
NO_ZONE = "시간대가 있어야 합니다. (예: 2026-03-02T09:00:00+09:00)"
BAD_QUERIES: list[tuple[dict[str, str], Any]] = [
    ({"state": "dead"}, (*INVALID, {"state": ["다음 중 하나여야 합니다: open, replayed, discarded"]})),
    ({"page_size": "0"}, (*INVALID, {"page_size": ["1 이상 500 이하여야 합니다."]})),
    ({"page_size": "501"}, (*INVALID, {"page_size": ["1 이상 500 이하여야 합니다."]})),
    ({"page_size": "x"}, (*INVALID, {"page_size": ["정수여야 합니다."]})),
    ({"since": "yesterday"}, (*INVALID, {"since": [MOMENT]})),
    ({"since": "2026-03-02T09:00:00"}, (*INVALID, {"since": [NO_ZONE]})),
    ({"until": "10000-01-01T00:00:00+00:00"}, (*INVALID, {"until": [MOMENT]})),
    ({"fingerprint": "x"}, (*INVALID, {"fingerprint": ["12자 이상이어야 합니다."]})),
    ({"type": ""}, (*INVALID, {"type": ["비워 둘 수 없습니다."]})),
    ({"type": "x" * 101}, (*INVALID, {"type": ["100자 이하여야 합니다."]})),
    ({"name": "김하나"}, (*INVALID, {"name": ["알 수 없는 항목입니다."]})),
    ({"type": "a\x00b"}, (400, "invalid_characters", "사용할 수 없는 문자가 포함되어 있습니다.", None)),
    (
        {"cursor": "!"},
        (400, "invalid_cursor",
         "목록 위치 정보(cursor)가 올바르지 않습니다. 처음부터 다시 조회해 주세요.", None),
    ),
]  # fmt: skip
REQUIRED, NO_NAMES = ["필수 항목입니다."], ["알 수 없는 항목입니다."]
BAD_DISCARDS: list[tuple[Any, Any]] = [
    ({}, (*INVALID, {"note": REQUIRED})),
    ({"note": "이유"}, NO_FILTER),
    ({"note": " ", "type": TYPE}, (*INVALID, {"note": ["비워 둘 수 없습니다."]})),
    ({"note": "x" * 501, "type": TYPE}, (*INVALID, {"note": ["500자 이하여야 합니다."]})),
    ({"note": "이유", "ids": []}, (*INVALID, {"ids": ["1개 이상 1000개 이하여야 합니다."]})),
    ({"note": "이유", "ids": "all"}, (*INVALID, {"ids": ["목록이어야 합니다."]})),
    ({"note": "이유", "ids": ["1"]}, (*INVALID, {"ids": {"0": ["올바른 ID 형식이 아닙니다."]}})),
    ({"note": "이유", "state": "open"}, (*INVALID, {"state": NO_NAMES})),
    ({"note": "이유", "since": 1}, (*INVALID, {"since": [MOMENT]})),
    ([], (*INVALID, {"_schema": ["JSON 객체여야 합니다."]})),
]
BAD_EDITS: list[tuple[Any, Any]] = [
    ({}, (*INVALID, {"data": REQUIRED})),
    ({"data": {}}, (*INVALID, {"data": ["하나 이상 지정해 주세요."]})),
    ({"data": None}, (*INVALID, {"data": ["비워 둘 수 없습니다."]})),
    ({"data": []}, (*INVALID, {"data": ["JSON 객체여야 합니다."]})),
    ({"data": {"students": {}}, "tenant_id": "other"}, (*INVALID, {"tenant_id": NO_NAMES})),
]


@pytest.mark.parametrize(("query", "answer"), BAD_QUERIES)
def test_a_query_that_makes_no_sense_is_refused(desk: Any, query: dict[str, str], answer: Any) -> None:
    assert refused(desk.viewer.get(LIST, **query)) == answer


def test_times_at_the_ends_of_the_calendar_find_nothing(desk: Any) -> None:
    desk.bury(1)
    for query in ({"until": "0001-01-01T00:00:00+14:00"}, {"since": "9999-12-31T23:59:59-14:00"}):
        assert desk.viewer.get(LIST, **query).get_json()["results"] == []
        assert desk.viewer.get(GROUPS, **query).get_json()["results"] == []


@pytest.mark.parametrize(("body", "answer"), BAD_DISCARDS)
def test_nothing_is_given_up_by_mistake(desk: Any, body: Any, answer: Any) -> None:
    desk.bury(1)
    assert refused(desk.operator.post(DISCARD, body)) == answer
    assert desk.one("SELECT state FROM dead_letter") == "open"
    assert desk.audited() == []


@pytest.mark.parametrize(("body", "answer"), BAD_EDITS)
def test_an_edit_of_nothing_is_refused(desk: Any, body: Any, answer: Any) -> None:
    assert refused(desk.operator.patch(f"{LIST}{desk.put(desk.event())}/", body)) == answer


@pytest.mark.parametrize("letter", [str(UUID(int=9)), "1", "김하나", "%2e%2e"])
def test_a_letter_of_nobody_is_not_found(desk: Any, letter: str) -> None:
    assert refused(desk.viewer.get(f"{LIST}{letter}/")) == NOT_FOUND
    assert refused(desk.operator.patch(f"{LIST}{letter}/", {"data": {"a": 1}})) == NOT_FOUND
