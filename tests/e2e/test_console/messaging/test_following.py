"""What became of messages: bulk sends as they move, the log, and what nobody knows yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from testkit.console import PHONE

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
REFUSED = "the server responded with a status of 4"


def counts(desk):
    return {label: count for label, count in desk.figures().items() if count}


def test_a_batch_moves_by_itself_and_what_waits_is_called_off(desk, api, made):
    now = {"QUEUED": 2, "SENDING": 1, "DELIVERED": 1, "SKIPPED": 1}
    why = [{"state": "SKIPPED", "code": "opted_out", "reason": "수신을 거부한 번호입니다.", "count": 1}]
    api.on("GET", "messaging/batches/([^/]+)/", lambda *_: (200, made["batch"](now, reasons=why)))
    api.lists(
        "messaging/log/",
        made["entry"]("DELIVERED"),
        made["entry"]("QUEUED", id="m2", students=[{"id": "s", "name": HOSTILE}]),
    )
    desk.open(f"#/messages/batches/{made['batch']({})['id']}")
    desk.wait_text(".progress-foot", "2 / 5건")
    assert counts(desk) == {"대기": 2, "보내는 중": 1, "도착": 1, "제외": 1}
    assert "1건 수신을 거부한 번호입니다" in desk.text(".estimate-notes")
    desk.wait(lambda: len(desk.rows()) == 2)
    assert HOSTILE in desk.rows()[1][0]
    assert desk.nameless() == []
    desk.shot("84-batch")

    def cancel(_, __):
        now.clear()
        now.update({"CANCELLED": 2, "DELIVERED": 2, "SKIPPED": 1})
        return 200, {"cancelled": 2, "went": 2}

    api.on("POST", "messaging/batches/([^/]+)/cancel/", cancel)
    desk.button("남은 발송 취소").click()
    desk.answer("2건 취소")
    desk.wait_text(".toast", "2건을 취소했습니다. 2건은 이미 나갔습니다.")
    desk.wait(lambda: counts(desk) == {"도착": 2, "제외": 1, "취소": 2})
    desk.wait(lambda: not desk.all(".page-actions .button"))


def test_waiting_batches_come_first_and_another_academys_is_not_found(desk, api, made):
    desk.allowed = (REFUSED,)
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    api.lists(
        "messaging/scheduled/", made["batch"]({"QUEUED": 3}, template_name="수업 안내", next_due_at=due)
    )
    api.lists(
        "messaging/batches/", made["batch"]({"DELIVERED": 3}, template_name="지난 안내", settled="60.00")
    )
    desk.open("#/messages/batches")
    desk.wait_text(".listing", "수업 안내")
    assert "대기 3" in desk.text(".states")
    desk.shot("92-batches")
    desk.button("모두").click()
    desk.wait_text(".listing", "지난 안내")
    desk.driver.refresh()
    desk.wait_text(".listing", "지난 안내")
    desk.open(f"#/messages/batches/{made['batch']({})['id']}")
    desk.wait_text(".notice", "찾을 수 없습니다")


def test_the_logs_filters_are_days_of_seoul_and_stay_in_the_address(desk, api, made):
    failed = made["entry"]("FAILED", reason="없는 번호입니다.", price="0.00", money="released")
    api.lists("messaging/log/", failed, made["entry"]("QUEUED", id="m2"))
    desk.open("#/messages/log?state=FAILED&since=2026-11-01&until=2026-11-02")
    desk.wait_text(".listing", "없는 번호입니다.")
    asked = api.sent("GET", "log/")[-1]
    assert (asked["state"], asked["from"]) == ("FAILED", "2026-11-01T00:00:00+09:00")
    assert asked["to"] == "2026-11-02T15:00:00.000Z"
    assert "0107****" in desk.text(".listing")
    desk.size(PHONE)
    desk.shot("85-log-phone")
    desk.button("모두 지우기").click()
    desk.wait(lambda: "FAILED" not in desk.driver.current_url)
    desk.wait(lambda: "state" not in api.sent("GET", "log/")[-1])


def test_what_nobody_knows_is_not_offered_to_be_sent_again(desk, api, made):
    lost = made["entry"](
        "AMBIGUOUS", reason="응답을 받지 못했습니다.", attempted_at="2026-11-23T01:00:00Z", asked=1
    )
    api.lists("messaging/ambiguous/", lost)
    desk.open("#/messages/ambiguous")
    desk.wait_text(".listing", "응답을 받지 못했습니다.")
    assert "다시 보내지 마세요" in desk.text(".notice")
    assert [button.text for button in desk.all("main button")] == ["새로 고침"]
    desk.shot("86-ambiguous")


def test_what_a_trigger_asked_for_leaves_when_a_person_has_seen_it(desk, api, made):
    waiting = {"id": made["batch"]({})["id"], "trigger": "absent_occurred", "title": "결석",
               "target": "parent", "occurrence": "o", "state": "waiting",
               "variables": {"date": "11월 23일"}, "code": None, "reason": None, "students": 3, "queued": 0,
               "skipped": 0,
               "created_at": "2026-11-23T01:00:00Z", "decided_at": None, "decided_by": None}  # fmt: skip
    ask = {"student_ids": ["a", "b", "c"], "message_mode": "sms"}
    sample = {"sample": {"text": "11월 23일 결석했습니다.", "subject": None}}
    api.lists("messaging/requests/", waiting)
    api.on("GET", "messaging/requests/([^/]+)/estimate/", lambda *_: (200, made["estimated"](ask) | sample))
    api.on(
        "POST",
        "messaging/requests/([^/]+)/confirm/",
        lambda *_: (200, waiting | {"state": "queued", "queued": 1}),
    )
    desk.open("#/messages/requests")
    desk.wait_text(".listing", "결석")
    assert desk.nameless() == []
    desk.button("확인하고 보내기").click()
    desk.wait_text("dialog .bubble", "11월 23일 결석했습니다.")
    desk.shot("93-request")
    assert api.sent("POST", "confirm/") == []
    api.lists("messaging/requests/")
    desk.answer("1건 보내기")
    desk.wait_text(".notice-good", "결석: 1건을 보냅니다.")
    assert "발송 묶음 보기" in desk.text(".notice-good")
