"""메시지 보내기: who, what and when; what arrives; what it costs; and the last question."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from testkit.console import PHONE

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of 4"


def choose_lecture(desk):
    field = desk.labelled("강의의 학생 모두")
    field.click()
    desk.wait(lambda: "수학 특강" in desk.text(".option"))
    field.send_keys("수학", Keys.ENTER)
    desk.wait_text(".picked-count", "학생 3명")


def open_page(desk, fragment="#/messages"):
    desk.open(fragment)
    desk.wait_text("h1", "메시지 보내기")


def write(desk, text):
    """As a person pastes it; the driver cannot type emoji."""
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    desk.driver.execute_script(script, desk.labelled("내용"), text)


def test_what_was_estimated_is_asked_once_more_with_its_numbers_and_sent(desk, api, made):
    api.on("POST", "messaging/send/", lambda _: (202, {"batch_id": made["batch"]({})["id"]}))
    api.on("GET", "messaging/batches/([^/]+)/", lambda _, id: (200, made["batch"]({"DELIVERED": 1}, id=id)))
    api.lists("messaging/log/")
    open_page(desk)
    choose_lecture(desk)
    write(desk, "#{student_name} 학생이 도착했습니다.")
    desk.wait_text(".bubble", "김하나 학생이 도착했습니다.")
    desk.wait_text(".estimate-count", "1건")
    assert "같은 번호를 쓰는 형제자매 1명" in desk.text(".estimate-notes")
    assert "1건 제외 수신을 거부한 번호입니다. 박세찌" in desk.text(".estimate-notes")
    assert "12,325.5원" in desk.text(".bill")
    assert desk.nameless() == []
    desk.shot("80-compose")

    desk.button("확인하고 보내기").click()
    desk.wait_text("dialog", "1건을 지금 보낼까요?")
    assert "20원" in desk.text("dialog")
    desk.shot("81-compose-confirm")
    desk.answer("1건 보내기")
    desk.wait_text("h1", "발송 묶음")
    (sent,) = api.sent("POST", "send/")
    assert sent["confirm"] == "c" * 96
    assert (sent["send_to"], sent["category"], sent["at"], len(sent["student_ids"])) == (
        "parent",
        "info",
        None,
        3,
    )


def test_who_is_left_out_is_not_asked_for_and_one_is_found_by_name(desk, api):
    open_page(desk)
    choose_lecture(desk)
    desk.box("이두리 수학 특강").click()
    desk.wait_text(".picked-count", "학생 3명 가운데 2명")
    write(desk, "안내")
    desk.wait(lambda: api.sent("POST", "estimate/"))
    assert len(api.sent("POST", "estimate/")[-1]["student_ids"]) == 2
    desk.button("모두 비우기").click()
    field = desk.labelled("학생 한 명씩")
    field.send_keys("박세")
    desk.wait(lambda: "박세찌" in desk.text(".option"))
    field.send_keys(Keys.ENTER)
    desk.wait_text(".audience-list", "박세찌")
    desk.wait_text(".estimate-count", "고른 학생 1명")


def test_a_character_that_no_phone_shows_is_marked_at_its_place(desk):
    open_page(desk)
    write(desk, "축하합니다 🎉 내일 봐요")
    desk.wait(lambda: [mark.text for mark in desk.all(".bubble .unsendable")] == ["🎉"])
    assert "7번째 글자" in desk.text(".phone-meter")
    assert "단문" in desk.text(".meter")
    write(desk, "가" * 46)
    desk.wait_text(".meter", "장문")
    assert "92 / 2,000바이트" in desk.text(".meter")


def test_an_advertisement_shows_what_the_law_adds(desk):
    open_page(desk)
    desk.box("광고 모집·할인·설명회. 수신에 동의한 번호에만").click()
    write(desk, "겨울 특강 모집")
    desk.wait_text(".bubble", "무료수신거부 080-100-2000")
    assert [law.text for law in desk.all(".bubble .law")] == ["(광고) 한빛학원", "무료수신거부 080-100-2000"]
    assert "야간 수신에 동의한 번호" in desk.text(".roster-form")
    desk.shot("82-compose-ad")


def test_an_alimtalk_is_an_approved_template_with_its_values(desk, api, made):
    api.templates = [made["template"](), made["template"](id="t2", name="심사 전", review="")]
    open_page(desk)
    choose_lecture(desk)
    desk.box("둘 다 알림톡, 받지 못하면 문자").click()
    names = [option.text for option in Select(desk.labelled("쓸 템플릿")).options]
    assert names == ["골라 주세요", "수업 안내"]
    assert not desk.box("광고 모집·할인·설명회. 수신에 동의한 번호에만").is_enabled()
    Select(desk.labelled("쓸 템플릿")).select_by_visible_text("수업 안내")
    desk.wait_text(".phone-meter", "값이 없는 변수: 날짜")
    desk.labelled("날짜").send_keys("11월 30일")
    desk.wait_text(".bubble", "김하나 학생, 11월 30일 수업이 있습니다.")
    desk.wait_text(".bill", "문자로 대신 가면 한 건에 20원")
    desk.wait(lambda: api.sent("POST", "estimate/")[-1]["variables"] == {"date": "11월 30일"})
    desk.shot("83-compose-alimtalk")
    desk.size(PHONE)
    desk.shot("83-compose-alimtalk-phone")


def test_what_changed_meanwhile_is_not_sent(desk, api, made):
    desk.allowed = (REFUSED,)
    changed = made["problem"]("estimate_changed", "미리보기 뒤에 달라졌습니다. 다시 확인해 주세요.")
    api.on("POST", "messaging/send/", lambda _: (409, changed))
    open_page(desk)
    choose_lecture(desk)
    write(desk, "안내")
    desk.button("확인하고 보내기").click()
    desk.button("1건 보내기").click()
    desk.wait_text("dialog .notice", "다시 확인해 주세요")
    assert "#/messages/batches" not in desk.driver.current_url


def test_nothing_is_sent_without_recipients_words_money_or_a_sender(desk, api, made):
    desk.allowed = (REFUSED,)
    open_page(desk)
    desk.button("확인하고 보내기").click()
    desk.wait_text(".field-error", "받을 학생을 골라 주세요")
    choose_lecture(desk)
    desk.button("확인하고 보내기").click()
    desk.wait_text(".field-error", "내용을 써 주세요")
    api.on(
        "POST", "messaging/estimate/", lambda asked: (200, made["estimated"](asked) | {"sufficient": False})
    )
    write(desk, "안내")
    desk.wait_text(".notice", "충전 잔액이 부족합니다")
    desk.button("확인하고 보내기").click()
    no_sender = made["problem"]("no_sender", "발신번호가 등록되어 있지 않습니다.")
    api.on("POST", "messaging/estimate/", lambda _: (400, no_sender))
    write(desk, "다른 안내")
    desk.wait_text(".notice", "발신번호가 등록되어 있지 않습니다")
    assert "설정 열기" in desk.text(".notice a")
    assert not desk.all("dialog")
    assert api.sent("POST", "send/") == []
