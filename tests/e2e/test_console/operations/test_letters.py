"""실패한 메시지: causes, letters, one letter; mended, given up, and never told to those who may not."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from selenium.webdriver.common.keys import Keys
from testkit.console import PHONE
from testkit.search import dead_letter

pytestmark = [pytest.mark.browser, pytest.mark.stack]

REFUSED = "the server responded with a status of 4"
CHANGED = "students.student.changed"


def open_cause(console, operations, reason):
    """From the list of causes to the letters of one."""
    console.open(f"#/operations/letters?tenant_id={operations.tenant}")
    console.wait_text("tbody", reason)
    console.one("tbody .row-link").click()
    console.wait_text("h1", "의 실패한 메시지")
    console.wait(lambda: console.all(".listing tbody tr"))


def test_a_message_that_nobody_can_read_is_found_by_its_cause(operator, operations, stack):
    dead_letter(stack, "media", json.dumps({"type": operations.tenant, "tenantid": operations.tenant}))
    operator.open(f"#/operations/letters?tenant_id={operations.tenant}")

    def collected():
        operator.button("새로 고침").click()
        return operator.names()

    operator.wait(collected, 60)
    [row] = operator.rows()
    assert row[1].split() == ["media", "영상", "학습"]
    assert row[2:4] == ("1", "test")
    operator.wait(lambda: collected() and "읽을 수 없음" in operator.text("tbody .badge"), 60)
    operator.shot("66-causes")
    operator.pick("서비스", "students")
    operator.wait_text(".listing-empty", "맞는 메시지가 없습니다")


def test_a_letter_shows_its_data_without_what_is_about_a_person(viewer, operations, changed):
    [letter] = operations.bury(
        "messaging",
        changed(name="김비밀", parent_phone="01077778888"),
        type=CHANGED,
        reason="IntegrityError:23514",
        correlation_id=operations.tenant,
    )
    open_cause(viewer, operations, "IntegrityError:23514")
    assert "1건" in viewer.text(".fact-list")
    assert viewer.all("input[type=checkbox]") == []  # to pick is to do something
    viewer.shot("67-letters")
    viewer.one("tbody .row-link").click()
    viewer.wait_text(".fact-list", str(letter))
    assert json.loads(viewer.text("pre"))["type"] == CHANGED
    page = viewer.driver.execute_script("return document.documentElement.outerHTML")
    assert "김비밀" not in page
    assert "01077778888" not in page
    assert "***" in viewer.text("pre")
    assert not {"시험 실행", "값 고치기", "폐기"} & {button.text for button in viewer.all("button")}
    assert viewer.nameless() == []
    viewer.shot("68-letter-of-a-viewer")
    viewer.one(f"a[href='#/operations/flow?of={operations.tenant}']").click()
    viewer.wait_text("h1", "흐름")


def test_a_value_is_mended_and_what_is_masked_stays(operator, operations, changed):
    operator.allowed = (REFUSED,)
    [letter] = operations.bury("messaging", changed(), type=CHANGED, reason=f"r-{operations.tenant}")
    operator.open(f"#/operations/letters/messaging/{letter}")
    operator.button("값 고치기").click()
    operator.one("dialog .button-main").click()
    operator.wait_text("dialog", "어느 항목인지")
    assert "JSON 값이 아닙니다" in operator.text("dialog")
    operator.labelled("항목").send_keys("nickname")
    operator.labelled("새 값").send_keys('"한글"')
    operator.one("dialog .button-main").click()
    operator.wait_text("dialog .field-error", "이벤트 형식에 맞지 않는 값입니다")
    operator.shot("69-edit")
    operator.labelled("항목").clear()
    operator.labelled("항목").send_keys("students")
    operator.labelled("새 값").clear()
    operator.labelled("새 값").send_keys(json.dumps(json.loads(changed(grade=3))["data"]["students"]))
    operator.answer("고치기")
    operator.wait_text(".notice-good", "원본은 함께 보관됩니다")
    assert "수정됨" in operator.text(".card-title")
    [(body, before)] = operations.query(
        "SELECT body, edited_from FROM messaging.dead_letter WHERE id = :id", id=letter
    )
    assert json.loads(body)["data"]["students"]["grade"] == [3]
    assert json.loads(before)["data"]["students"]["grade"] == [2]
    assert json.loads(before)["id"] == json.loads(body)["id"]


def test_letters_are_given_up_with_a_reason(operator, operations):
    reason = f"r-{operations.tenant}"
    ids = operations.bury("students", "a", "b", "c", type="unknown", reason=reason)
    open_cause(operator, operations, reason)
    operator.box("보이는 줄 모두 고르기").click()
    operator.shot("70-picked")
    operator.one(".picked-bar .button-bad-quiet").click()
    operator.one("dialog .button-bad").click()
    operator.wait_text("dialog .field-error", "왜 폐기하는지")
    operator.labelled("이유").send_keys("시험 데이터")
    operator.shot("71-discard")
    operator.answer("폐기")
    operator.wait_text(".notice-good", "3건을 폐기했습니다")
    operator.wait_text(".listing-empty", "열린 메시지가 없습니다")
    operator.button("폐기됨").click()
    operator.wait(lambda: len(operator.all(".listing tbody tr")) == len(ids))
    states = operations.query("SELECT DISTINCT state FROM students.dead_letter WHERE tenant_id = :tenant")
    assert states == [("discarded",)]
    operator.open("#/operations/audit")
    operator.wait_text("tbody", "이유 시험 데이터")


def test_what_another_was_faster_with_is_said(operator, operations, changed):
    operator.allowed = (REFUSED,)
    [letter] = operations.bury("messaging", changed(), type=CHANGED, reason=f"r-{operations.tenant}")
    operator.open(f"#/operations/letters/messaging/{letter}")
    operator.button("값 고치기").click()
    operations.query("UPDATE messaging.dead_letter SET state = 'discarded' WHERE id = :id", id=letter)
    operator.labelled("항목").send_keys("students")
    operator.labelled("새 값").send_keys(json.dumps(json.loads(changed())["data"]["students"]))
    operator.one("dialog .button-main").click()
    operator.wait_text("dialog .notice-bad", "이미 처리되었거나 폐기된 메시지입니다.")
    operator.keys(Keys.ESCAPE)
    operator.driver.refresh()
    operator.wait_text(".card-title", "폐기됨")
    assert "값 고치기" not in operator.text("main")


def test_a_letter_that_is_gone(operator):
    operator.allowed = (REFUSED,)
    operator.open(f"#/operations/letters/media/{uuid4()}")
    operator.wait_text(".notice-warn", "이 메시지를 찾을 수 없습니다")


def test_who_lost_the_role_is_told_by_the_server(operator, operations):
    operator.allowed = (REFUSED,)
    [letter] = operations.bury("media", "no event", type="unknown", reason=f"r-{operations.tenant}")
    operator.open(f"#/operations/letters/media/{letter}")
    operator.wait_text(".fact-list", str(letter))
    assert "값 고치기" not in operator.text("main")  # it is no event
    assert "이벤트 형식이 아니어서" in operator.text(".notice")
    operator.driver.execute_script(
        "sessionStorage.setItem('academy.token', arguments[0])", operations.token("kim", "viewer")
    )
    operator.button("폐기").click()
    operator.labelled("이유").send_keys("시험")
    operator.one("dialog .button-bad").click()
    operator.wait_text("dialog .notice-bad", "이 작업을 할 권한이 없습니다.")
    operator.one("dialog .button:not(.button-bad)").click()
    operator.button("시험 실행").click()
    operator.wait_text("main .notice-bad", "이 작업을 할 권한이 없습니다.")
    assert operations.query("SELECT state FROM media.dead_letter WHERE id = :id", id=letter) == [("open",)]


def test_on_a_phone_nothing_is_cut_off(operator, operations, changed):
    operator.size(PHONE)
    [letter] = operations.bury("messaging", changed(), type=CHANGED, reason=f"r-{operations.tenant}")
    for fragment, shot in (
        (f"letters?tenant_id={operations.tenant}", "72-phone-causes"),
        (f"letters/messaging?tenant_id={operations.tenant}", "73-phone-letters"),
        (f"letters/messaging/{letter}", "74-phone-letter"),
    ):
        operator.open(f"#/operations/{fragment}")
        operator.wait_text("main", f"r-{operations.tenant}")
        width = operator.width()
        operator.shot(shot)
        assert width <= PHONE[0], fragment
