"""Workbooks that are made on request: asked for, followed, fetched, gone after a day."""

from __future__ import annotations

import pytest
from enrollment.domain.attendance import AttendanceStatus
from enrollment.domain.exports import ExportKind, ExportStatus
from testkit.console import PHONE

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of"


@pytest.fixture
def book(api, made):
    """An export of attendance; what it is changes with it."""
    now = made.export("PENDING", download_url=None)
    api.shows(made.lecture(), [made.session(1)], [made.student(1, "김하나", {1: made.mark(1, 1)})])
    api.on("GET", "enrollments/exports/([^/]+)/", lambda *_: (200, now))
    return now


def test_an_export_is_followed_and_its_link_is_fresh_when_it_is_fetched(desk, api, made, book, fetched):
    api.on("POST", "enrollments/exports/", lambda _: (202, book))
    desk.open(f"#/lectures/{made.LECTURE}/attendance")
    desk.button("엑셀로 내보내기").click()
    desk.wait_text(".export-panel", "차례를 기다리는 중")
    assert api.sent("POST", "exports/") == [{"kind": "attendance", "target_id": made.LECTURE}]
    book |= made.export("RUNNING")
    desk.wait_text(".export-panel", "50 / 100행")
    desk.shot("130-export")
    book |= made.export("DONE", file_name=f"출결_{made.HOSTILE}.xlsx", download_url="/bucket/old.xlsx")
    desk.wait_text(".export-panel", f"출결_{made.HOSTILE}.xlsx")
    assert "12 KB" in desk.text(".export-panel")
    assert "11월 24일 (화) 오전 10:00까지" in desk.text(".export-panel")
    book |= {"download_url": "/bucket/fresh.xlsx"}  # signed again at every reading
    desk.button("파일 받기").click()
    desk.wait(lambda: fetched("fresh.xlsx"))
    assert not fetched("old.xlsx")
    book |= made.export("EXPIRED")
    desk.button("파일 받기").click()
    desk.wait_text(".export-panel", "24시간이 지나 파일이 사라졌습니다")


def test_what_is_being_made_is_found_again_after_a_reload(desk, api, made, book):
    book |= made.export("RUNNING")
    api.on("GET", "enrollments/exports/", lambda query: (200, made.listed([book])))
    desk.open(f"#/lectures/{made.LECTURE}/attendance")
    desk.wait_text(".export-panel", "만드는 중")
    asked = api.sent("GET", "enrollments/exports/")[-1]
    assert (asked["kind"], asked["target"]) == ("attendance", made.LECTURE)
    book |= made.export(
        "FAILED", error_code="target_gone", error_message="내보내는 동안 대상이 삭제되었습니다."
    )
    desk.wait_text(".export-panel .notice-bad", "내보내는 동안 대상이 삭제되었습니다.")


def test_an_export_that_is_refused_says_why(desk, api, made, book):
    desk.allowed = (REFUSED,)
    api.refuses("POST", "enrollments/exports/", 503, "unavailable", "잠시 뒤 다시 시도해 주세요.")
    desk.open(f"#/lectures/{made.LECTURE}/attendance")
    desk.button("엑셀로 내보내기").click()
    desk.wait_text(".export-panel .notice-bad", "잠시 뒤 다시 시도해 주세요.")
    assert desk.button("엑셀로 내보내기").is_enabled()


def test_all_that_was_made_is_listed_and_only_what_is_there_can_be_fetched(desk, api, made, book, fetched):
    book |= made.export("DONE")
    broken = "올린 파일의 모양 그대로 된 결과가 더 이상 없습니다."
    rows = [
        made.export("DONE"),
        made.export("EXPIRED", id=made.uid(41), kind="roster", file_name=made.HOSTILE),
        made.export("FAILED", id=made.uid(42), kind="failed_rows", error_code="x", error_message=broken),
    ]
    api.on("GET", "enrollments/exports/", lambda _: (200, made.listed(rows)))
    desk.open("#/exports")
    desk.wait(lambda: len(desk.rows()) == 3)
    told = desk.rows()
    assert "받을 수 있음" in told[0][1]
    assert "11월 24일 (화) 오전 10:00까지" in told[0][1]
    assert made.HOSTILE in told[1][0]
    assert "24시간이 지났습니다." in told[1][1]
    assert broken in told[2][1]
    assert len([each for each in desk.all("main .listing button") if each.text == "받기"]) == 1
    assert desk.nameless() == []
    desk.shot("131-exports")
    desk.button("받기").click()
    desk.wait(lambda: fetched("attendance.xlsx"))
    book |= made.export("EXPIRED")
    rows[0] = made.export("EXPIRED")
    desk.button("받기").click()
    desk.wait_text("main .notice", "24시간이 지나 파일이 사라졌습니다")
    desk.size(PHONE)
    desk.shot("132-exports-phone")
    assert desk.driver.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
    desk.button("실패한 행만").click()
    desk.wait(lambda: api.sent("GET", "enrollments/exports/")[-1].get("kind") == "failed_rows")


def test_the_consoles_words_are_the_services(desk):
    read = """const done = arguments[0];
        import('/console/js/labels.js').then((m) => done({
          marks: Object.entries(m.ATTENDANCE_STATES).map(([code, each]) => [code, each.label]),
          keys: Object.values(m.ATTENDANCE_STATES).map((each) => each.key).filter(Boolean),
          kinds: Object.keys(m.EXPORT_KINDS), states: Object.keys(m.EXPORT_STATES)}))"""
    words = desk.driver.execute_async_script(read)
    assert dict(words["marks"]) == {str(status): status.label for status in AttendanceStatus}
    assert len(set(words["keys"])) == len(words["keys"]) == 10
    assert set(words["kinds"]) == set(ExportKind)
    assert set(words["states"]) == set(ExportStatus)
