"""운영 현황, 정기 작업, 준비 상태, 운영 기록: who sees them, and what they say by themselves."""

from __future__ import annotations

import pytest
from contracts import SERVICES
from selenium.webdriver.common.keys import Keys
from testkit.console import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.stack]

REFUSED = "the server responded with a status of 4"
CUT = "net::ERR_INTERNET_DISCONNECTED"
PAGES = ("operations", "operations/letters", "operations/replays", "operations/tasks", "operations/audit")


def test_operators_and_academies_have_menus_of_their_own(manager, operations):
    console = manager
    assert "운영" not in console.text(".menu")
    console.open(f"#token={operations.token('kim', 'viewer')}")
    console.wait_text("h1", "운영 현황")
    assert [link.text for link in console.all(".menu a")] == [
        "운영 현황", "실패한 메시지", "재처리", "흐름", "정기 작업", "준비 상태", "운영 기록",
        "저장소",
    ]  # fmt: skip
    console.one(".brand").click()
    console.wait_text("h1", "운영 현황")


def test_an_owner_is_told_that_these_pages_are_not_theirs(manager):
    manager.allowed = (REFUSED,)
    for page in PAGES:
        manager.open("#/trash")
        manager.wait_text("h1", "삭제된 학생")
        manager.open(f"#/{page}")
        manager.wait_text(".notice-bad", "이 작업을 할 권한이 없습니다.")
        manager.wait_text(".small-print", "요청 번호")


def test_what_every_service_holds(operator, operations):
    ids = operations.bury("messaging", "no event", "nor this", type="unknown", reason="not_json")
    operator.driver.refresh()
    operator.wait_text("h1", "운영 현황")
    operator.wait(lambda: len(operator.all(".figures-table tbody tr")) == 2 * len(SERVICES))
    for service in SERVICES:
        assert service in operator.text(".figures-table")
    assert operator.figures()["실패한 메시지"] >= len(ids)
    assert "행방불명" in operator.text(".figures-table th")
    operator.shot("60-overview")

    link = operator.one("a[href='#/operations/letters/messaging']")
    operator.driver.execute_script("arguments[0].focus()", link)
    before = operator.text(".n-warn")
    operations.bury("messaging", "a third", type="unknown", reason="not_json")
    operator.driver.execute_script("window.dispatchEvent(new Event('online'))")  # as after a lost line
    operator.wait(lambda: operator.text(".n-warn") not in ("", before))
    focused = operator.driver.switch_to.active_element
    assert focused.get_attribute("href").endswith("#/operations/letters/messaging")
    assert operator.nameless() == []


def test_what_nobody_can_account_for_stands_out(operator, operations):
    operations.sent("students", "messaging", "students.student.changed")
    operator.button("장부 다시 맞추기").click()
    operator.wait(lambda: operator.all(".lost"))
    assert "messaging" in operator.text(".lost")
    assert operator.figures()["행방불명"] >= 1
    assert "students.student.changed → messaging" in operator.text(".gaps")
    operator.shot("61-lost")


def test_without_a_line_the_last_values_stay(operator):
    operator.allowed = (CUT,)
    operator.wait(lambda: len(operator.all(".figures-table")) == 2)
    operator.offline(True)
    operator.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    operator.wait_text(".notice-warn", "자동으로 다시 연결하고 있습니다")
    assert len(operator.all(".figures-table")) == 2
    operator.offline(False)
    operator.wait(lambda: not operator.all(".notice-warn"))


def test_a_service_that_is_away_is_named_and_no_books_are_made_up(viewer, operations):
    viewer.allowed = ("ERR_BLOCKED",)
    letters = operations.bury("messaging", "no event", type="unknown", reason="not_json")
    away = {"urls": ["*/api/v1/operations/media/*"]}
    viewer.driver.execute_cdp_cmd("Network.setBlockedURLs", away)
    viewer.driver.refresh()
    viewer.wait_text(".notice-warn", "응답하지 않는 서비스: media")
    viewer.wait_text(".notice-warn", "media: 응답이 없어 장부를 맞출 수 없습니다")
    [lost] = [each.text for each in viewer.all(".figure") if "행방불명" in each.text]
    assert "–" in lost
    assert int(viewer.one(".figure dd a").text) >= len(letters)
    assert "응답 없음" in viewer.text(".figures-table")
    viewer.shot("93-away")
    viewer.open("#/operations/letters")
    viewer.wait_text("tbody", "messaging")
    assert "응답하지 않는 서비스: media" in viewer.text(".notice-warn")


def test_periodic_tasks_that_fail_or_are_late_come_first(operator, operations):
    name = f"test.{operations.tenant}"
    operations.query(
        "INSERT INTO media.periodic_task (name, due_at, finished_at, last_error) VALUES"
        " (:late, now() - interval '10 minutes', now() - interval '2 days', NULL),"
        " (:failed, now() + interval '5 minutes', NULL, 'OperationalError:08006')",
        late=f"{name}.late",
        failed=f"{name}.failed",
    )
    try:
        operator.open("#/operations/tasks")
        operator.wait(lambda: len(operator.all("tbody tr")) > len(SERVICES))
        shown = {row[0]: row for row in operator.rows() if row[0].startswith(name)}
        assert "밀림 (10분째)" in shown[f"{name}.late"][2]
        assert shown[f"{name}.failed"][2] == "실패"
        assert shown[f"{name}.failed"][5] == "OperationalError:08006"
        operator.shot("62-tasks")
        operator.button("문제 있는 것").click()
        operator.wait(lambda: len(operator.all("tbody tr")) < 2 * len(SERVICES))
        assert set(shown) <= {row[0] for row in operator.rows()}
        operator.driver.refresh()
        operator.wait(lambda: set(shown) <= {row[0] for row in operator.rows()})
        assert operator.one(".chip[aria-pressed=true]").text == "문제 있는 것"
    finally:
        operations.query("DELETE FROM media.periodic_task WHERE name LIKE :name", name=f"{name}.%")


def test_readiness_says_what_to_run_and_pretends_nothing(viewer):
    viewer.open("#/operations/readiness")
    viewer.wait_text("h1", "준비 상태")
    assert "이 화면에서는 확인할 수 없습니다" in viewer.text(".notice")
    assert "academyctl readiness --local" in viewer.text("code")
    assert "끝 코드 3" in viewer.text(".endings")
    assert viewer.nameless() == []
    viewer.shot("63-readiness")


def test_what_operators_did_is_one_list_of_all_services(operator, operations):
    for service in ("media", "students"):
        operations.query(
            f"INSERT INTO {service}.operator_audit (actor, action, subject, detail) VALUES"
            " (:tenant, 'letters_discarded', '3 letters',"
            ' \'{"note": "쓸모없음", "filter": {"type": "unknown"}}\')'
        )
    operator.open("#/operations/audit")
    operator.wait_text("tbody", operations.tenant)
    own = [row for row in operator.rows() if row[3] == operations.tenant]
    assert [row[0] for row in own] == ["메시지 폐기"] * 2
    assert [row[1].split()[0] for row in own] == ["students", "media"]
    assert own[0][4] == "3건"
    assert own[0][5] == "이벤트 unknown · 이유 쓸모없음"
    operator.shot("64-audit")


def test_on_a_phone_nothing_is_cut_off(viewer):
    viewer.size(PHONE)
    for page, title in (
        ("operations", "운영 현황"),
        ("operations/tasks", "정기 작업"),
        ("operations/readiness", "준비 상태"),
        ("operations/audit", "운영 기록"),
    ):
        viewer.open(f"#/{page}")
        viewer.wait_text("h1", title)
        viewer.wait(lambda: viewer.all("main .card") and not viewer.all(".loading, [aria-busy=true]"))
        width = viewer.width()
        viewer.shot(f"65-phone-{page.rpartition('/')[2]}")
        assert width <= PHONE[0], page


def test_dark_scheme_and_keyboard_alone(viewer):
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    viewer.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    viewer.wait(lambda: len(viewer.all(".figures-table")) == 2)
    viewer.shot("92-dark")
    viewer.tab_to("정기 작업").send_keys(Keys.ENTER)
    viewer.wait_text("h1", "정기 작업")
    viewer.tab_to("문제 있는 것").send_keys(Keys.ENTER)
    assert viewer.one(".chip[aria-pressed=true]").text == "문제 있는 것"
