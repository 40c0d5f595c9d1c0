"""The main job at the front desk: a messy roster becomes enrolled students, seen from a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

pytestmark = [pytest.mark.browser, pytest.mark.stack]

HOSTILE_TITLE = "겨울 <i>특강</i> & \"심화\" '반'"
COUNTS = {"신규": 4, "기존": 0, "복구": 0, "이미 등록": 0, "중복": 1, "건너뜀": 1, "실패": 2, "확인 필요": 0}
# ids and the time of a job hold any digits
NO_PHONE = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=\\"at\\":)[0-9]{13}')


def test_a_dropped_roster_ends_with_the_outcome_of_every_row(desk, messy_roster):
    desk.create_lecture(HOSTILE_TITLE)
    desk.shot("01-import-empty")
    desk.drop_file(messy_roster)
    desk.labelled("초기 비밀번호").send_keys("desk-2026")
    desk.shot("02-import-filled")
    desk.button("등록하기").click()
    desk.wait_outcome()

    assert desk.figures() == {"등록": 4, **COUNTS}
    assert "8행 가운데 4명을 등록했습니다. 실패 2행" in desk.text(".outcome")
    assert HOSTILE_TITLE in desk.text(".facts")
    assert messy_roster.name in desk.text("h1")
    desk.shot("03-outcome")

    # what needs a person is on screen first
    failed = desk.rows()
    assert [row[0] for row in failed] == ["8", "9"]
    assert all(row[3] == "실패" and row[4] for row in failed)
    assert "010" in failed[0][4]
    assert "이름" in failed[1][4]


def test_filters_show_each_outcome_and_hostile_text_stays_text(desk, messy_roster):
    desk.fill("필터 반", messy_roster)
    desk.button("등록하기").click()
    desk.wait_outcome()

    def pick(label, count):
        desk.button(label).click()
        desk.wait_text(".table-foot", f"{count}행 중 {count}행")
        return desk.rows()

    everything = pick("전체", 8)
    assert [row[0] for row in everything] == ["4", "5", "6", "7", "8", "9", "10", "12"]
    enrolled = pick("등록", 4)
    assert [row[1] for row in enrolled] == ["김하나", "이 두 리", '<script>alert("1")</script>', "최\"네'찌"]
    assert enrolled[1][2] == "010-7001-0002"
    assert all("신규" in row[3] for row in enrolled)
    duplicate = pick("중복", 1)
    assert "4행" in duplicate[0][4]
    pick("건너뜀", 1)
    assert (
        desk.driver.execute_script("return document.querySelectorAll('main script, main img, main b').length")
        == 0
    )


def test_progress_is_live_and_only_moves_forward(desk, long_roster):
    desk.fill("진행 반", long_roster)
    desk.button("등록하기").click()
    desk.wait(lambda: "000행" in desk.text(".progress-foot"), 60)
    desk.shot("04-progress")
    desk.wait_outcome()

    seen = desk.recorded("progress")
    labels = [label for label, _, _ in seen]
    assert "파일 올리는 중" in labels
    assert {"명단을 읽는 중", "학생을 찾아 등록하는 중"} & set(labels)
    worked = [figure for label, figure, _ in seen if "올리는" not in label and "접수" not in label and figure]
    percents = [int(figure.rstrip("%")) for figure in worked]
    assert percents == sorted(percents)
    assert any("5,000행" in foot for _, _, foot in seen)
    assert desk.figures()["등록"] == 5_000

    # a long list is read page by page
    assert len(desk.rows()) == 100
    desk.button("더 보기").click()
    desk.wait(lambda: len(desk.rows()) == 200)
    assert "5,000행 중 200행" in desk.text(".table-foot")


def test_reload_in_the_middle_and_recent_jobs(desk, lasting_roster):
    desk.fill("새로 고침 반", lasting_roster)
    desk.button("등록하기").click()
    desk.wait(lambda: "#/jobs/" in desk.driver.current_url)
    address = desk.driver.current_url
    desk.driver.refresh()
    assert desk.driver.current_url == address
    desk.wait_text("h1", lasting_roster.name)

    # away and back: the list of this browser knows it, and tells when it ends
    desk.button("명단 등록").click()
    desk.wait_text(".recent", lasting_roster.name)
    desk.wait(lambda: "완료" in desk.text(".recent"), 120)
    kept = desk.driver.execute_script("return JSON.stringify(localStorage)")
    assert "김가준" not in kept
    assert "010" not in NO_PHONE.sub("", kept)
    desk.shot("05-recent")
    desk.one(".recent-link").click()
    desk.wait_outcome()
    assert desk.figures()["등록"] == 1_500


def test_preview_writes_nothing_and_is_applied_with_one_press(desk, messy_roster):
    desk.fill("미리보기 반", messy_roster)
    desk.button("미리보기").click()
    desk.wait_outcome("미리보기 결과")
    assert "아직 아무것도 저장되지 않았습니다" in desk.text(".notice")
    assert desk.figures() == {"등록 예정": 4, **COUNTS}
    desk.shot("06-preview")

    desk.button("이대로 등록하기").click()
    desk.wait_outcome("등록 결과")
    # had the preview created students, they would now be found (기존), not created
    assert desk.figures() == {"등록": 4, **COUNTS}


def test_a_preview_is_applied_after_a_reload_without_its_file(desk, messy_roster):
    desk.fill("다시 여는 반", messy_roster)
    desk.button("미리보기").click()
    desk.wait_outcome("미리보기 결과")
    desk.driver.refresh()
    desk.wait_outcome("미리보기 결과")
    desk.button("이대로 등록하기").click()
    desk.wait_outcome("등록 결과")
    assert desk.figures() == {"등록": 4, **COUNTS}
    assert "미리보기대로 등록" in desk.text(".facts")


def test_the_same_file_again_is_the_same_job_until_insisted_on(desk, messy_roster):
    desk.fill("같은 파일 반", messy_roster)
    desk.button("등록하기").click()
    desk.wait_outcome()
    job = desk.driver.current_url

    desk.open("#/import")
    desk.wait(lambda: desk.labelled("강의").get_attribute("value") == "같은 파일 반")  # the only one there is
    desk.choose_file(messy_roster)
    desk.labelled("초기 비밀번호").send_keys("desk-2026")
    desk.button("등록하기").click()
    desk.wait_text(".notice", "이미 올렸습니다")
    assert desk.driver.current_url.startswith(job)

    desk.button("그래도 다시 처리하기").click()
    desk.wait(lambda: desk.figures().get("이미 등록") == 4, 60)
    assert desk.driver.current_url != job


def test_a_failed_job_says_why_and_what_to_do(desk, headless_roster):
    desk.fill("실패 반", headless_roster)
    desk.button("등록하기").click()
    desk.wait_text(".notice-bad", "찾지 못했습니다", 60)
    told = desk.text(".notice-bad")
    assert "어떻게 하면 되나요?" in told
    assert "오류 코드" in told
    desk.shot("07-failed")
    desk.button("고친 파일 올리기").click()
    desk.wait(lambda: desk.labelled("강의").get_attribute("value") == "실패 반")


def test_by_keyboard_alone(desk, messy_roster):
    desk.create_lecture("키보드 반")
    desk.create_lecture("다른 반")
    desk.driver.refresh()
    desk.wait_text("h1", "명단 등록")

    desk.keys(Keys.TAB)
    assert desk.driver.switch_to.active_element.text == "본문으로 바로 가기"
    desk.keys(Keys.ENTER)
    desk.tab_to("강의")
    desk.keys("키보드")
    desk.wait_text(".option-active", "키보드 반")
    desk.keys(Keys.ENTER)
    assert desk.labelled("강의").get_attribute("value") == "키보드 반"
    picker = desk.tab_to("명단 파일")
    ring = "return getComputedStyle(arguments[0].nextElementSibling).outlineStyle"
    assert desk.driver.execute_script(ring, picker) == "solid"
    picker.send_keys(str(messy_roster))  # what the system's file dialog would hand back
    desk.tab_to("초기 비밀번호")
    desk.keys("desk-2026")
    desk.tab_to("비밀번호 보기")
    desk.keys(Keys.SPACE)
    assert desk.labelled("초기 비밀번호").get_attribute("type") == "text"
    desk.tab_to("미리보기")
    desk.tab_to("등록하기")
    desk.keys(Keys.ENTER)
    desk.wait_outcome()
    desk.wait_text("#live", "")  # there is one
    desk.tab_to("전체")
    desk.keys(Keys.SPACE)
    desk.wait_text(".table-foot", "8행 중 8행")
    desk.tab_to("다른 명단 올리기")


def test_the_initial_password_stays_out_of_the_browser(desk, messy_roster: Path):
    desk.fill("비밀번호 반", messy_roster, password="s3cret-desk")
    desk.button("등록하기").click()
    desk.wait_outcome()
    stored = desk.driver.execute_script(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])"
    )
    assert "s3cret-desk" not in stored
