"""The grid of attendance: what a hand on the keyboard does, what happens when it goes wrong, and back."""

from __future__ import annotations

from threading import Event

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from testkit.console import PHONE

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of"
DOWN, UP, LEFT = Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ARROW_LEFT
TOO_WIDE = "return document.documentElement.scrollWidth - innerWidth"
# the words of the cells that are in sight, row by row
CELLS = """return [...document.querySelectorAll('.grid-row[data-row]:not([hidden])')]
    .map(row => [...row.querySelectorAll('.cell')].map(cell => cell.textContent))"""


def cells(desk):
    return desk.driver.execute_script(CELLS)


def column(desk, number):
    return [row[number] for row in cells(desk)]


@pytest.fixture
def show(desk, api, made):
    """Three students and three sessions unless a test has its own."""

    def open_grid(students=None, sessions=3, ask=3):
        names = ("김하나", "이두리", "박세찌")
        rows = students or [
            made.student(i, name, {n: made.mark(i, n) for n in range(1, sessions + 1)})
            for i, name in enumerate(names, 1)
        ]
        columns = [made.session(n) for n in range(1, sessions + 1)]
        api.shows(made.lecture(), columns, rows)
        desk.open(f"#/lectures/{made.LECTURE}/attendance?session={made.uid(1000 + ask)}")
        desk.wait(lambda: desk.driver.execute_script("return document.querySelector('.cell') !== null"))
        return rows

    return open_grid


def enter(desk):
    """By Tab into the grid, as a hand on the keyboard does."""
    desk.one(".grid [tabindex='0']").send_keys("")
    desk.wait(lambda: desk.driver.execute_script("return document.activeElement.closest('.grid') !== null"))


def chord(desk, key):
    """With Ctrl."""
    ActionChains(desk.driver).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()


def settled(desk):
    desk.wait_text(".grid-saved", "모두 저장했습니다")


def test_digits_mark_and_go_down_and_arrows_move(desk, api, show):
    show()
    desk.wait_text(".grid-where", "김하나 · 3차시")
    enter(desk)
    ring = "return getComputedStyle(document.activeElement).outlineStyle"
    assert desk.driver.execute_script(ring) == "solid"
    desk.keys("1", "2", "3")
    settled(desk)
    assert column(desk, 2) == ["출석", "지각", "결석"]
    assert [body["status"] for body in api.sent("PATCH", "/")] == ["PRESENT", "LATE", "ABSENT"]
    assert "미입력" not in desk.text("[data-column='2']")
    assert "미입력 3" in desk.text("[data-column='1']")
    desk.keys(LEFT, UP, "5", Keys.HOME, "9")
    settled(desk)
    assert cells(desk) == [
        ["미입력", "미입력", "출석"],
        ["미입력", "보강", "지각"],
        ["부재", "미입력", "결석"],
    ]
    desk.shot("110-attendance")


def test_a_marks_last_wish_is_what_is_saved(desk, api, show, made):
    rows = show()
    hold, bodies = Event(), []

    def slow(body, id):
        bodies.append(body["status"])
        if len(bodies) == 1:
            assert hold.wait(20)
        mark = rows[0]["attendance"][made.uid(1003)]
        mark["status"] = body["status"]
        return 200, made.attendance(mark, rows[0], made.uid(1003))

    api.on("PATCH", "lectures/attendance/([^/]+)/", slow)
    enter(desk)
    desk.keys("1", UP, "2")
    desk.wait_text(".grid-saved", "저장하는 중")
    assert bodies == ["PRESENT"]  # the second waits for the first
    hold.set()
    settled(desk)
    assert bodies == ["PRESENT", "LATE"]
    assert column(desk, 2)[0] == "지각"


def test_what_cannot_be_saved_goes_back_and_is_named(desk, api, show):
    desk.allowed = (REFUSED,)
    show()
    enter(desk)
    api.refuses("PATCH", "lectures/attendance/([^/]+)/", 503, "unavailable", "잠시 뒤 다시 시도해 주세요.")
    desk.keys("1")
    desk.wait_text(".notice-bad", "잠시 뒤 다시 시도해 주세요.")
    assert "김하나 · 3차시" in desk.text(".notice-bad")
    assert column(desk, 2) == ["미입력"] * 3


def test_a_student_who_left_meanwhile_is_shown_as_left(desk, api, show):
    desk.allowed = (REFUSED,)
    rows = show()
    for mark in rows[0]["attendance"].values():
        mark["status"] = "SECESSION"  # somebody else did it
    enter(desk)
    desk.keys("1")
    desk.wait_text(".notice-bad", "퇴원 처리된 출결은 바꿀 수 없습니다.")
    desk.wait(lambda: cells(desk)[0] == ["퇴원"] * 3)
    desk.keys(UP, "1", "1")  # on the mark that is final a key does nothing
    settled_calls = len(api.sent("PATCH", "/"))
    assert settled_calls == 1


def test_a_whole_session_is_marked_and_taken_back(desk, api, show, made):
    desk.allowed = (REFUSED,)
    rows = show()
    rows[1]["attendance"][made.uid(1003)]["status"] = "ABSENT"
    desk.button("새로 고침").click()
    desk.wait(lambda: column(desk, 2) == ["미입력", "결석", "미입력"])
    enter(desk)
    desk.keys(UP, Keys.ENTER)
    desk.wait_text("dialog", "미입력인 학생 2명만 바꾸기")
    desk.shot("111-attendance-column")
    desk.answer("바꾸기")
    desk.wait_text(".undo-bar", "3차시: 2명을 ‘출석’ 처리했습니다. 1명은 그대로입니다.")
    assert column(desk, 2) == ["출석", "결석", "출석"]
    assert api.sent("POST", "bulk_set/") == [
        {"session": made.uid(1003), "status": "PRESENT", "only_unset": True, "confirm_secession": False}
    ]
    assert "9:5" in desk.text(".undo-left") or "10:00" in desk.text(".undo-left")
    desk.shot("112-attendance-undo")

    def undo(body):
        back = [rows[0], rows[2]]
        for row in back:
            row["attendance"][made.uid(1003)]["status"] = "UNSET"
        marks = [made.attendance(row["attendance"][made.uid(1003)], row, made.uid(1003)) for row in back]
        return 200, made.listed(marks)

    api.on("POST", "lectures/attendance/bulk_undo/", undo)
    desk.button("되돌리기").click()
    desk.wait_text(".undo-bar", "되돌렸습니다.")
    assert column(desk, 2) == ["미입력", "결석", "미입력"]
    assert api.sent("POST", "bulk_undo/") == [{"undo_token": "t" * 40}]


def test_nothing_is_taken_back_when_somebody_changed_it(desk, api, show, made):
    desk.allowed = (REFUSED,)
    rows = show()
    enter(desk)
    desk.keys(UP, Keys.ENTER)
    desk.answer("바꾸기")
    desk.wait_text(".undo-bar", "3명을 ‘출석’")
    rows[0]["attendance"][made.uid(1003)]["status"] = "LATE"  # by another hand
    detail = "그 사이에 바뀐 출결 1건이 있어 되돌리지 않았습니다."
    api.refuses("POST", "lectures/attendance/bulk_undo/", 409, "attendance_changed", detail)
    desk.button("되돌리기").click()
    desk.wait_text(".undo-bar .notice-warn", detail)
    desk.wait(lambda: column(desk, 2) == ["지각", "출석", "출석"])
    assert not [each for each in desk.all(".undo-bar button") if "되돌리기" in each.text]


def test_leaving_for_good_is_asked_and_cannot_be_undone(desk, api, show):
    show()
    enter(desk)
    desk.one("[data-status='SECESSION']").click()
    desk.wait_text("dialog", "이 강의의 모든 차시가 ‘퇴원’으로 바뀝니다")
    desk.keys(Keys.ENTER)  # the focus is on 취소
    desk.wait(lambda: not desk.all("dialog"))
    assert api.sent("PATCH", "/") == []
    desk.one("[data-status='SECESSION']").click()
    desk.answer("퇴원 처리")
    desk.wait_text(".toast", "김하나 학생을 퇴원 처리했습니다.")
    assert api.sent("PATCH", "/") == [{"status": "SECESSION", "confirm_secession": True}]
    desk.wait(lambda: "김하나" not in desk.text(".grid"))  # who has left is out of sight
    desk.box("수강을 끝낸 학생도 보기").click()
    desk.wait(lambda: cells(desk)[0] == ["퇴원"] * 3)
    assert "종료" in desk.text(".grid-row[data-row='0'] .grid-name")


def test_a_whole_session_leaves_only_when_the_word_is_typed(desk, api, show):
    show()
    enter(desk)
    desk.keys(UP, Keys.ENTER)
    desk.box("퇴원").click()
    desk.one("dialog [type=submit]").click()
    desk.wait_text("dialog", "3명을 퇴원 처리할까요?")
    assert api.sent("POST", "bulk_set/") == []
    desk.answer("3명 퇴원 처리", "퇴원")
    desk.wait_text(".notice-info", "3명을 ‘퇴원’")
    assert api.sent("POST", "bulk_set/")[0]["confirm_secession"] is True
    assert not desk.all(".undo-bar")


def test_who_is_not_in_a_session_is_put_into_it(desk, api, show, made):
    here = made.student(1, "김하나", {1: made.mark(1, 1)})
    away = made.student(2, "이두리", {})
    left = made.student(3, "박세찌", {}, enrollment_status="INACTIVE")
    show([here, away, left], sessions=1, ask=1)

    def put(body):
        away["attendance"] = {made.uid(1001): made.mark(2, 1)}
        one = {"id": made.uid(9), "session_id": made.uid(1001), "enrollment_id": away["enrollment_id"],
               "enrollment_status": "ACTIVE", "student_id": away["student_id"], "student_name": "이두리",
               "school": None, "grade": None, "created_at": "2026-11-23T01:00:00Z"}  # fmt: skip
        return 201, made.listed([one])

    api.on("POST", "enrollments/session-enrollments/bulk_create/", put)
    enter(desk)
    desk.keys(DOWN, "1")
    assert column(desk, 0) == ["미입력", ""]
    desk.keys(UP, UP, Keys.ENTER)
    desk.box("이 차시에 없는 수강생 1명 넣기").click()
    desk.answer("바꾸기")
    desk.wait(lambda: column(desk, 0) == ["미입력", "미입력"])
    asked = {"session": made.uid(1001), "enrollments": [away["enrollment_id"]]}
    assert api.sent("POST", "session-enrollments/bulk_create/") == [asked]
    assert api.sent("PATCH", "/") == []


def test_a_memo_is_kept_with_the_mark(desk, api, show, made):
    show()
    enter(desk)
    desk.keys(Keys.ENTER)
    desk.labelled("메모").send_keys(made.HOSTILE)
    desk.answer("저장")
    desk.wait_text(".grid-where", f"메모: {made.HOSTILE}")
    assert api.sent("PATCH", "/") == [{"memo": made.HOSTILE}]
    assert desk.one(".cell[title]").get_attribute("aria-description") == f"메모: {made.HOSTILE}"
    desk.keys("1")
    settled(desk)
    assert column(desk, 2)[0] == "출석"  # the focus had come back to it


def test_names_stay_text_and_are_found(desk, show, made):
    names = (made.HOSTILE, "아주긴이름" * 20, "김 하나")
    rows = [made.student(i, name, {1: made.mark(i, 1)}) for i, name in enumerate(names, 1)]
    show(rows, sessions=1, ask=1)
    assert made.HOSTILE in desk.text(".grid")
    desk.one("input[type=search]").send_keys("김하나")
    desk.wait_text(".grid-filters .hint", "학생 1명")
    desk.wait_text(".grid-where", "김 하나")
    assert len(cells(desk)) == 1
    enter(desk)
    desk.keys(DOWN, DOWN, "1")
    settled(desk)
    assert cells(desk) == [["출석"]]
    desk.size(PHONE)
    desk.shot("113-attendance-phone")
    assert desk.driver.execute_script(TOO_WIDE) <= 0


def test_thirty_thousand_cells_are_there_and_a_key_changes_one(desk, api, show, made):
    rows = [
        made.student(i, f"학생{i}", {n: made.mark(i, n) for n in range(1, 31)} | {
            n: made.mark(i, n, "PRESENT") for n in range(31, 61)
        })
        for i in range(1, 501)
    ]  # fmt: skip
    show(rows, sessions=60, ask=30)
    found = desk.driver.execute_script("return document.querySelectorAll('.cell').length")
    assert found == 30_000
    enter(desk)
    chord(desk, Keys.END)
    desk.keys("3")
    settled(desk)
    assert len(api.sent("PATCH", "/")) == 1
    desk.wait_text("[data-column='29']", "미입력 499")
    last = "return document.activeElement.parentElement.dataset.row"
    assert desk.driver.execute_script(last) == "499"
    in_sight = """const cell = document.activeElement.getBoundingClientRect(),
        frame = document.querySelector('.grid-frame').getBoundingClientRect();
        return cell.bottom <= frame.bottom && cell.left >= frame.left"""
    assert desk.driver.execute_script(in_sight)
    assert desk.driver.execute_script(TOO_WIDE) <= 0
    desk.shot("114-attendance-large")


def test_there_is_a_way_on_from_an_empty_lecture(desk, api, made):
    api.shows(made.lecture(), [], [])
    desk.open(f"#/lectures/{made.LECTURE}/attendance")
    desk.wait_text("main", "차시가 없습니다.")
    api.shows(made.lecture(), [made.session(1)], [])
    desk.button("새로 고침").click()
    desk.wait_text("main", "수강생이 없습니다.")
    assert desk.nameless() == []


def test_an_academys_own_lecture_only(desk, api, made):
    desk.allowed = (REFUSED,)
    api.refuses("GET", "lectures/attendance/matrix/", 404, "not_found", "찾을 수 없습니다.")
    desk.open(f"#/lectures/{made.LECTURE}/attendance")
    desk.wait_text(".notice-warn", "이 강의를 찾을 수 없습니다.")
    api.refuses("GET", "lectures/attendance/matrix/", 403, "forbidden", "이 작업을 할 권한이 없습니다.")
    desk.open(f"#/lectures/{made.LECTURE}/attendance?again")
    desk.wait_text(".notice-bad", "이 작업을 할 권한이 없습니다.")
