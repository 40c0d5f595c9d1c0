"""Lectures, their sessions, and who is in them."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys
from testkit.console import PHONE

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of"


def type_into(field, text):
    field.clear()
    field.send_keys(text)


def submit(desk):
    """Where the dialog may stay open."""
    desk.one("dialog [type=submit]").click()


def test_lectures_are_found_and_one_is_made(desk, api, made):
    desk.allowed = (REFUSED,)
    over = made.lecture(id=made.uid(7), title=made.HOSTILE, is_active=False)
    long = made.lecture(id=made.uid(8), title="긴 이름 " * 40)
    pages = {None: made.listed([made.lecture(), over], "c2"), "c2": made.listed([long])}
    api.on("GET", "lectures/lectures/", lambda query: (200, pages[query.get("cursor")]))
    desk.open("#/lectures")
    assert desk.names() == ["수학 특강", made.HOSTILE]
    assert "끝난 강의" in desk.rows()[1][0]
    desk.button("더 보기").click()
    desk.wait(lambda: len(desk.rows()) == 3)
    assert desk.nameless() == []
    desk.shot("100-lectures")
    desk.size(PHONE)
    desk.shot("101-lectures-phone")
    desk.pick("상태", "운영 중")
    desk.labelled_search("수학")
    desk.wait(lambda: api.sent("GET", "lectures/lectures/")[-1].get("search") == "수학")
    assert api.sent("GET", "lectures/lectures/")[-1]["is_active"] == "true"
    assert "search=%EC%88%98%ED%95%99" in desk.driver.current_url

    detail = "같은 이름의 강의가 이미 있습니다."
    api.refuses("POST", "lectures/lectures/", 409, "lecture_title_taken", detail)
    desk.button("새 강의").click()
    submit(desk)
    desk.wait_text("dialog .field-error", "강의 이름을 적어 주세요.")
    desk.labelled("강의 이름").send_keys("수학 특강")
    submit(desk)
    desk.wait_text("dialog .field-error", detail)
    api.on("POST", "lectures/lectures/", lambda body: (201, made.lecture(title=body["title"])))
    type_into(desk.labelled("강의 이름"), "영어 특강")
    desk.answer("강의 만들기")
    desk.wait_text("main", "아직 차시가 없습니다.")
    assert api.sent("POST", "lectures/lectures/")[-1] | {"color": ""} == {
        "title": "영어 특강", "name": "", "subject": "", "lecture_time": "", "start_date": None,
        "end_date": None, "description": "", "chip_label": "", "color": "", "is_active": True,
    }  # fmt: skip


def test_a_new_session_takes_everybody_in_and_its_order_is_its_own(desk, api, made):
    desk.allowed = (REFUSED,)
    sessions = [made.session(1), made.session(2, title=made.HOSTILE, date=None, session_type="SUPPLEMENT")]
    api.on("GET", "lectures/sessions/", lambda _: (200, made.listed(sessions)))
    api.lists("enrollments/", made.enrollment(1, "김하나"), made.enrollment(2, "이두리"))
    api.refuses("POST", "lectures/sessions/", 409, "session_order_taken", "이 순서의 차시가 이미 있습니다.")
    desk.open(f"#/lectures/{made.LECTURE}")
    desk.wait(lambda: len(desk.rows()) == 2)
    assert (
        desk.rows()[1][:4] == ("2차시", made.HOSTILE, "–\n없음", "보강") or made.HOSTILE in desk.rows()[1][1]
    )
    assert desk.nameless() == []
    desk.shot("102-lecture")
    desk.button("새 차시").click()
    desk.labelled("순서").send_keys("2")
    submit(desk)
    desk.wait_text("dialog .field-error", "이 순서의 차시가 이미 있습니다.")

    def create(body):
        sessions.append(made.session(3, session_type=body["session_type"]))
        return 201, sessions[-1]

    api.on("POST", "lectures/sessions/", create)
    api.refuses(
        "POST",
        "enrollments/session-enrollments/bulk_create/",
        503,
        "unavailable",
        "잠시 뒤 다시 시도해 주세요.",
    )
    desk.labelled("순서").send_keys(Keys.BACKSPACE)
    submit(desk)
    desk.wait_text("dialog .notice-bad", "잠시 뒤 다시 시도해 주세요.")
    desk.shot("103-session")
    api.on("POST", "enrollments/session-enrollments/bulk_create/", lambda _: (201, made.listed([])))
    desk.answer("차시 만들기")
    desk.wait_text(".toast", "3차시를 만들었습니다. 학생 2명을 넣었습니다.")
    desk.wait(lambda: len(desk.rows()) == 3)
    assert len(api.sent("POST", "lectures/sessions/")) == 2  # what was made is not made again
    put = api.sent("POST", "session-enrollments/bulk_create/")[-1]
    assert put == {"session": made.uid(1003), "enrollments": [made.uid(3001), made.uid(3002)]}


def test_only_what_was_changed_is_sent_and_what_has_records_stays(desk, api, made):
    desk.allowed = (REFUSED,)
    api.lists("lectures/sessions/", made.session(1))
    api.on("PATCH", "lectures/sessions/([^/]+)/", lambda body, id: (200, made.session(1, **body)))
    detail = "출결이 기록된 차시는 삭제할 수 없습니다."
    api.refuses("DELETE", "lectures/sessions/([^/]+)/", 409, "session_has_records", detail)
    left = "수강 등록 3건(휴지통 학생 포함)이 남아 있어 강의를 삭제할 수 없습니다."
    api.refuses("DELETE", "lectures/lectures/([^/]+)/", 409, "lecture_not_empty", left)
    api.on("PATCH", "lectures/lectures/([^/]+)/", lambda body, id: (200, made.lecture(**body)))
    desk.open(f"#/lectures/{made.LECTURE}")
    desk.button("고치기").click()
    type_into(desk.labelled("이름"), "함수의 극한")
    desk.answer("저장")
    desk.wait(lambda: api.sent("PATCH", f"{made.uid(1001)}/") == [{"title": "함수의 극한"}])
    desk.wait(lambda: not desk.all("[aria-busy=true]"))
    desk.one("[aria-label='1차시 삭제']").click()
    submit(desk)
    desk.wait_text("dialog .notice-bad", detail)
    desk.answer("취소")
    desk.button("강의 삭제").click()
    submit(desk)
    desk.wait_text("dialog .notice-bad", left)
    desk.answer("취소")
    desk.button("강의 고치기").click()
    desk.shot("104-lecture-edit")
    desk.one("dialog .check-line input").click()
    desk.answer("저장")
    desk.wait(lambda: api.sent("PATCH", f"{made.LECTURE}/") == [{"is_active": False}])


def test_the_roster_is_complete_and_filtered_by_the_service(desk, api, made):
    rows = [
        made.enrollment(1, "김하나"),
        made.enrollment(2, made.HOSTILE, status="INACTIVE", school=None, grade=None),
    ]
    pages = {None: made.listed(rows, "c2"), "c2": made.listed([made.enrollment(3, "박세찌")])}
    api.on("GET", "enrollments/", lambda query: (200, pages[query.get("cursor")]))
    api.lists("lectures/sessions/", made.session(1), made.session(2))
    desk.open(f"#/lectures/{made.LECTURE}/roster")
    assert desk.names() == ["김하나", made.HOSTILE]
    assert "더 있습니다" in desk.text(".table-foot")
    desk.button("더 보기").click()
    desk.wait_text(".table-foot", "모두 3명")
    assert desk.rows()[0][2:4] == ("한빛중 2학년", "010-7001-0001")
    assert desk.rows()[1][5] == "종료"
    assert desk.nameless() == []
    desk.shot("105-roster")
    desk.size(PHONE)
    desk.shot("106-roster-phone")
    desk.pick("수강 상태", "종료")
    desk.pick("차시", "2차시 · 11. 2. (월)")
    desk.wait(lambda: api.sent("GET", "enrollments/")[-1].get("session") == made.uid(1002))
    asked = api.sent("GET", "enrollments/")[-1]
    assert (asked["lecture"], asked["status"]) == (made.LECTURE, "INACTIVE")
    pages[None] = made.listed([])
    desk.driver.refresh()
    desk.wait_text(".listing-empty", "맞는 수강생이 없습니다")
    assert api.sent("GET", "enrollments/")[-1]["session"] == made.uid(1002)


def test_students_who_stop_are_ended_and_who_could_not_be_is_named(desk, api, made):
    desk.allowed = (REFUSED,)
    rows = [made.enrollment(1, "김하나"), made.enrollment(2, "이두리")]
    api.on("GET", "enrollments/", lambda _: (200, made.listed(rows)))

    def change(body, id):
        if id == rows[1]["id"]:
            return 404, made.problem("not_found", "찾을 수 없습니다.")
        rows[0]["status"] = body["status"]
        return 200, rows[0]

    api.on("PATCH", "enrollments/([^/]+)/", change)
    desk.open(f"#/lectures/{made.LECTURE}/roster")
    desk.wait(lambda: len(desk.rows()) == 2)
    desk.box("보이는 줄 모두 고르기").click()
    desk.button("수강 종료").click()
    desk.wait_text("dialog", "김하나, 이두리")
    desk.answer("수강 종료")
    desk.wait_text(".toast", "1명의 수강을 종료했습니다.")
    desk.wait_text(".notice-bad", "이두리")
    desk.wait(lambda: desk.rows()[0][5] == "종료")
    assert api.sent("PATCH", "/") == [{"status": "INACTIVE"}] * 2

    api.refuses("DELETE", "enrollments/([^/]+)/", 403, "forbidden", "이 작업을 할 권한이 없습니다.")
    desk.box("보이는 줄 모두 고르기").click()
    desk.button("등록 삭제").click()
    desk.one("dialog .typed input").send_keys("등록 삭제")
    submit(desk)
    desk.wait_text("dialog .notice-bad", "이 작업을 할 권한이 없습니다.")
    assert len(api.sent("DELETE", "/")) == 1  # the second would have been refused alike


def test_a_student_is_searched_and_enrolled(desk, api, made):
    desk.allowed = (REFUSED,)
    rows = []
    api.on("GET", "enrollments/", lambda _: (200, made.listed(rows)))
    found = {
        "id": made.uid(2001),
        "name": "김하나",
        "parent_phone": "01070010001",
        "school": made.HOSTILE,
        "grade": 2,
    }
    api.on(
        "GET", "students/", lambda query: (200, made.listed([found] if query["search"] in "김하나" else []))
    )
    detail = "이 학원의 학생이 아니거나 삭제된 학생 1명이 있어 아무도 등록하지 않았습니다."
    api.refuses(
        "POST", "enrollments/bulk_create/", 422, "unknown_students", detail, errors={"students": {"x": ["y"]}}
    )
    desk.open(f"#/lectures/{made.LECTURE}/roster")
    desk.wait_text(".listing-empty", "아직 수강생이 없습니다.")
    desk.button("수강생 추가").click()
    submit(desk)
    desk.wait_text("dialog", "등록할 학생을 한 명 이상 골라 주세요.")
    desk.labelled("학생 찾기").send_keys("김하")
    desk.wait_text(".option-active", "김하나")
    desk.keys(Keys.ENTER)
    desk.wait_text(".picked-students", "김하나")
    submit(desk)
    desk.wait_text("dialog .notice-bad", detail)
    desk.shot("107-enrol")

    def enrol(body):
        rows.append(made.enrollment(1, "김하나"))
        return 201, made.listed([rows[0] | {"already_enrolled": False}])

    api.on("POST", "enrollments/bulk_create/", enrol)
    desk.answer("등록")
    desk.wait_text(".toast", "1명을 등록했습니다.")
    desk.wait(lambda: desk.names() == ["김하나"])
    assert api.sent("POST", "bulk_create/")[-1] == {"lecture": made.LECTURE, "students": [made.uid(2001)]}


def test_what_cannot_be_read_is_told_with_a_way_on(desk, api, made):
    desk.allowed = (REFUSED,)
    api.refuses("GET", "lectures/lectures/([^/]+)/", 404, "not_found", "찾을 수 없습니다.")
    desk.open(f"#/lectures/{made.LECTURE}")
    desk.wait_text(".notice", "이 강의를 찾을 수 없습니다.")
    api.refuses("GET", "lectures/lectures/", 503, "unavailable", "잠시 뒤 다시 시도해 주세요.")
    desk.open("#/lectures")
    desk.wait_text(".notice-bad", "잠시 뒤 다시 시도해 주세요.")
    api.lists("lectures/lectures/")
    desk.button("다시 불러오기").click()
    desk.wait_text(".listing-empty", "아직 강의가 없습니다.")
