"""같은 학생 확인 and 가입 신청: what a person decides about people."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.stack]

HOSTILE = "<i>하나</i>"


def test_two_records_of_one_person_are_merged_and_taken_apart_again(desk, people):
    left = people.add("김하나", "01072010001", school="한빛중", memo="먼저 등록")
    people.add("김하니", "01072010001", school="한빛중학교")
    desk.open("#/merges")
    desk.wait_text(".pair", "이름이 비슷함")
    assert "학부모 전화가 같음" in desk.text(".pair")
    differing = [row.text for row in desk.all(".pair .differs")]
    assert any("한빛중학교" in row for row in differing)
    assert not any("학부모 전화" in row for row in differing)
    desk.shot("60-merge-pair")
    choice = next(row for row in desk.all(".compare thead th") if "김하나" in row.text)
    choice.find_element("css selector", "input").click()
    desk.button("합치기").click()
    assert "김하나" in desk.text("dialog .fact:first-child")
    desk.shot("61-merge-dialog")
    desk.answer("합치기")
    desk.wait_text(".listing-empty", "같은 사람으로 보이는 학생이 없습니다")
    desk.wait_text("tbody", "김하니")
    desk.shot("62-merged")
    desk.open("#/students")
    desk.wait(lambda: desk.names() == ["김하나"])
    assert left in desk.one(".row-link").get_attribute("href")

    desk.open("#/merges")
    desk.button("되돌리기").click()
    desk.answer("되돌리기")
    desk.wait_text(".pair", "김하니")
    desk.wait_text("tbody", "되돌림")


def test_two_people_are_told_apart_for_good(desk, people):
    people.add("박세찬", "01072020001")
    people.add("박세창", "01072020001")
    desk.open("#/merges")
    desk.wait_text(".pair", "박세창")
    desk.button("다른 사람입니다").click()
    desk.wait_text(".listing-empty", "같은 사람으로 보이는 학생이 없습니다")
    desk.driver.refresh()
    desk.wait_text(".listing-empty", "같은 사람으로 보이는 학생이 없습니다")


def ask_in(stack, academy, name, phone, **more):
    """What a family sends from outside."""
    body = {"academy": academy, "name": name, "parent_phone": phone, "password": "family-2026",
            "consent": True, **more}  # fmt: skip
    request = Request(
        f"{stack.base_url}/api/v1/students/registration_requests/",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 202


def test_requests_are_approved_and_rejected(manager, people, stack):
    gone = people.add("이두리", "01072030002")
    people.delete(gone)
    people.add("박세찬", "01072030003")
    ask_in(stack, manager.tenant, HOSTILE, "01072030001", school="한빛중", grade=2, memo="오빠가 다닙니다")
    ask_in(stack, manager.tenant, "이두리", "01072030002")
    ask_in(stack, manager.tenant, "박세찬", "01072030003")
    ask_in(stack, manager.tenant, "강여름", "01072030004")
    manager.allowed = ("the server responded with a status of 4",)
    manager.open("#/registrations")
    manager.wait(lambda: len(manager.names()) == 4)
    assert HOSTILE in manager.names()
    assert "이미 있는 학생" in manager.text("tbody")
    assert "삭제된 학생" in manager.text("tbody")
    assert manager.nameless() == []
    manager.shot("63-requests")

    manager.one(f"[aria-label='{HOSTILE} 승인']").click()
    manager.wait_text(".notice-good", "승인했습니다")
    manager.one("[aria-label='이두리 승인']").click()
    manager.shot("64-approve-restores")
    manager.answer("복구하고 승인")
    manager.wait(lambda: sorted(manager.names()) == ["강여름", "박세찬"])

    manager.box("보이는 줄 모두 고르기").click()
    manager.one(".picked-bar .button-main").click()
    manager.wait_text(".notice", "1건을 승인했습니다")
    assert "박세찬" in manager.text(".reasons")
    manager.shot("65-bulk-approved")
    manager.one("[aria-label='박세찬 거절']").click()
    manager.one("dialog textarea").send_keys("이미 다니는 학생")
    manager.answer("거절")
    manager.wait_text(".listing-empty", "기다리는 신청이 없습니다")

    manager.button("거절").click()
    manager.wait_text("tbody", "사유: 이미 다니는 학생")
    assert "status=rejected" in manager.driver.current_url
    manager.open("#/students")
    manager.wait(lambda: set(manager.names()) == {HOSTILE, "이두리", "박세찬", "강여름"})


def test_the_switch_of_auto_approval_is_the_managers(manager, stack):
    manager.open("#/registrations")
    switch = manager.labelled("자동 승인")
    assert not switch.is_selected()
    switch.click()
    manager.wait_text(".auto-approve", "새 신청을 바로 승인합니다")
    manager.shot("66-auto-approve")
    ask_in(stack, manager.tenant, "강여름", "01072040001")
    manager.open("#/students")
    manager.wait(lambda: manager.names() == ["강여름"])
    manager.driver.execute_script(
        "sessionStorage.setItem('academy.token', arguments[0])", stack.token(manager.tenant, "teacher")
    )
    manager.open("#/registrations")
    manager.driver.refresh()
    manager.wait_text(".auto-approve", "자동 승인 켜짐")
    assert (
        manager.driver.execute_script("return document.querySelector('.switch')?.checkVisibility()") is None
    )
