"""템플릿, 자동 발송, 수신 동의, 설정."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from selenium.webdriver.support.ui import Select
from testkit.console import PHONE

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of 4"


def trigger(name, title, policy):
    return {
        "trigger": name, "title": title, "policy": policy, "variables": ["date", "student_name"],
        "enabled": policy != "manual",
        "switchable": policy == "automatic", "template_id": None, "mode": "sms", "changed_by": None,
        "updated_at": None,
    }  # fmt: skip


@pytest.fixture
def settled(api, made):
    """What the settings page reads."""
    hold = {"hold": False, "reason": None, "held_by": None, "held_at": None}
    credits = {"available": "8000.00", "held": "40.00", "spent": "120.50", "low": True}
    charge = {"kind": "charge", "from_account": "charged", "to_account": "available", "amount": "10000.00",
              "reference": "입금 11-20",
              "created_by": "operator-1", "created_at": "2026-11-20T03:00:00Z"}  # fmt: skip
    denied = {
        "fingerprint": "a" * 32,
        "recipient": "0107****",
        "reason": "번호 주인이 바뀜",
        "created_by": "user-1",
        "created_at": "2026-11-20T03:00:00Z",
    }
    api.on("GET", "messaging/hold/", lambda _: (200, hold))
    api.on(
        "GET", "messaging/channel-check/", lambda _: (200, {"ready": False, "message": "채널이 없습니다."})
    )
    api.on("GET", "messaging/credits/", lambda _: (200, {**credits, **made["page"]([charge])}))
    api.lists("messaging/denylist/", denied)
    api.lists("messaging/opt-outs/")
    return hold


def test_a_template_is_written_with_the_phone_beside_it_and_handed_in(desk, api, made):
    saved = made["template"](review="", content="#{academy} 수업 안내")
    api.on("POST", "messaging/templates/", lambda _: (201, saved))
    api.on("GET", "messaging/templates/([^/]+)/", lambda *_: (200, saved))
    api.on(
        "POST", "messaging/templates/([^/]+)/submit-review/", lambda *_: (200, saved | {"review": "PENDING"})
    )
    desk.open("#/messages/templates/new")
    desk.labelled("이름").send_keys("수업 안내")
    desk.button("학원 이름").click()
    desk.labelled("내용").send_keys(" 수업 안내")
    desk.wait_text(".bubble", "한빛학원 수업 안내")
    desk.button("템플릿 만들기").click()
    desk.wait_text(".side-card", "카카오 심사 신청")
    assert api.sent("POST", "messaging/templates/")[0]["content"] == "#{academy} 수업 안내"
    desk.button("카카오 심사 신청").click()
    desk.wait_text(".side-card .badge", "알림톡 심사 중")
    desk.shot("87-template")


def test_a_template_that_is_refused_says_why_at_its_field(desk, api, made):
    desk.allowed = (REFUSED,)
    desk.open("#/messages/templates/new")
    desk.labelled("이름").send_keys("안내")
    desk.labelled("내용").send_keys("#{date")
    unbalanced = made["problem"]("unbalanced_variable", "#{ 와 } 의 짝이 맞지 않습니다.", position=0)
    api.on("POST", "messaging/templates/", lambda _: (400, unbalanced))
    desk.button("템플릿 만들기").click()
    desk.wait_text(".field-error", "짝이 맞지 않습니다")
    assert desk.labelled("내용").get_attribute("aria-invalid") == "true"


def test_a_switch_that_is_refused_goes_back(manager, api, made):
    manager.allowed = (REFUSED,)
    rows = [
        trigger("registration_approved_parent", "가입 승인", "system"),
        trigger("clinic_reservation_created", "클리닉 예약", "automatic"),
        trigger("absent_occurred", "결석", "manual"),
        trigger("student_signup", "학생 가입", "disabled"),
    ]
    api.on("GET", "messaging/auto-send/", lambda _: (200, {"results": rows}))
    api.on(
        "PATCH",
        "messaging/auto-send/",
        lambda asked: (200, rows[1] | {"enabled": asked["enabled"], "changed_by": "user-1"}),
    )
    manager.open("#/messages/triggers")
    manager.wait_text(".trigger-list", "클리닉 예약")
    assert [box.accessible_name for box in manager.all("[role=switch]")] == ["클리닉 예약 자동 발송"]
    assert manager.nameless() == []
    manager.box("클리닉 예약 자동 발송").click()
    manager.wait(
        lambda: (
            not manager.box("클리닉 예약 자동 발송").is_selected()
            and "꺼짐" in manager.text(".trigger-state")
        )
    )
    api.on(
        "PATCH",
        "messaging/auto-send/",
        lambda _: (409, made["problem"]("alimtalk_not_approved", "승인된 템플릿이 아닙니다.")),
    )
    manager.pick("클리닉 예약 방법", "알림톡")
    manager.wait_text(".trigger .notice", "승인된 템플릿이 아닙니다")
    assert Select(manager.one("select[aria-label='클리닉 예약 방법']")).first_selected_option.text == "문자"
    manager.shot("88-triggers")
    manager.size(PHONE)
    manager.shot("88-triggers-phone")


def test_the_hold_asks_why(manager, api, settled):
    manager.open("#/messages/settings")
    api.on("PUT", "messaging/hold/", lambda asked: (200, settled | asked | {"held_by": "user-1"}))
    manager.button("모든 발송 멈추기").click()
    manager.button("모두 멈추기").click()
    manager.wait_text("dialog .field-error", "사유를 적어 주세요")
    manager.labelled("사유").send_keys("잘못된 번호로 나감")
    manager.answer("모두 멈추기")
    manager.wait_text(".hold-card", "모든 발송을 멈춘 상태입니다")
    assert api.sent("PUT", "hold/") == [{"hold": True, "reason": "잘못된 번호로 나감"}]
    manager.shot("89-settings")
    manager.size(PHONE)
    manager.shot("90-settings-phone")


def test_settings_send_only_what_changed_and_a_number_must_be_verified(manager, api, made, settled):
    manager.allowed = (REFUSED,)
    api.on(
        "PATCH",
        "messaging/info/",
        lambda _: (409, made["problem"]("sender_not_verified", "발신번호를 먼저 확인해 주세요.")),
    )
    manager.open("#/messages/settings")
    sender = manager.labelled("발신번호")
    sender.clear()
    sender.send_keys("02-555-1111")
    manager.button("저장").click()
    manager.wait_text(".field-error", "발신번호를 먼저 확인해 주세요")
    api.on(
        "POST",
        "messaging/verify-sender/",
        lambda _: (200, {"phone": "025551111", "verified_at": "2026-11-20T03:00:00Z"}),
    )
    api.on("PATCH", "messaging/info/", lambda asked: (200, api.info | asked))
    manager.button("번호 확인").click()
    manager.wait_text(".notice-good", "발송사에 등록된 번호입니다")
    manager.button("저장").click()
    manager.wait_text(".toast", "메시지 설정을 저장했습니다")
    assert api.sent("PATCH", "info/")[-1] == {"sender": "025551111"}


def test_a_number_is_denied_and_let_go_with_a_reason(desk, api, settled):
    desk.open("#/messages/settings")
    desk.wait_text("main", "번호 주인이 바뀜")
    assert desk.all(".hold-card button") == []
    api.on("POST", "messaging/denylist/", lambda asked: (201, asked))
    desk.button("번호 더하기").click()
    desk.labelled("전화번호").send_keys("010-7001-0009")
    desk.labelled("사유").send_keys("민원")
    desk.answer("기록")
    assert api.sent("POST", "denylist/") == [{"phone": "010-7001-0009", "reason": "민원"}]
    desk.wait(lambda: len(api.sent("GET", "denylist/")) == 2 and not desk.all("[aria-busy=true]"))
    api.on("POST", "messaging/denylist/([^/]+)/remove/", lambda *_: (204, None))
    desk.button("해제").click()
    desk.labelled("사유").send_keys("본인 요청")
    desk.answer("해제")
    assert api.sent("POST", f"{'a' * 32}/remove/") == [{"reason": "본인 요청"}]


def test_consents_that_are_due_are_recorded(desk, api, made):
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    due = {"fingerprint": "b" * 32, "recipient": "0107****", "kind": "night", "given": True,
           "changed_at": "2026-11-10T03:00:00Z",
           "confirmed_at": "2026-11-10T03:00:00Z", "notified_at": None, "notice_by": soon,
           "renew_by": "2028-11-10T03:00:00Z"}  # fmt: skip
    api.lists("messaging/consent/due/", due)
    api.on("POST", "messaging/consent/", lambda _: (200, {"recorded": 0, "ignored": 1, "unreachable": []}))
    desk.open("#/messages/consent")
    desk.wait_text(".listing", "야간 광고 수신")
    assert api.sent("GET", "consent/due/")[0]["what"] == "notice"
    assert desk.nameless() == []
    desk.button("알림 기록").click()
    desk.labelled("전화번호").send_keys("010-7001-0001")
    desk.shot("91-consent")
    desk.button("기록").click()
    desk.wait_text("form .notice", "동의하거나 철회한 적이 없어")
    (said,) = api.sent("POST", "consent/")
    desk.size(PHONE)
    desk.shot("91-consent-phone")
    assert (said["phone"], said["kind"], said["action"]) == ("010-7001-0001", "night", "notified")
