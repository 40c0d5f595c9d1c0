"""Imports after their upload: history, live progress, plans, decisions, undo, workbooks."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event

import pytest
from testkit.console import PHONE

pytestmark = pytest.mark.browser

REFUSED = "the server responded with a status of"


def open_job(desk, made, id=None):
    desk.open(f"#/jobs/{id or made.JOB}")
    desk.wait(lambda: desk.all("main .facts"))


def test_the_history_says_who_gave_which_list_and_what_became_of_it(desk, api, made):
    went = made.result(enrolled=24, failed=2, review=4)
    undone = made.past(job_id=made.uid(51), result=went, undo_status="UNDONE", file_name=made.HOSTILE)
    broken = made.past(job_id=made.uid(52), status="FAILED", result=None, error_code="no_header",
                       error_message="이름 칸을 찾지 못했습니다.", cancelled=True)  # fmt: skip
    pages = {None: made.listed([undone, broken], "c2"), "c2": made.listed([made.past(dry_run=True)])}
    api.on("GET", "enrollments/excel_jobs/", lambda query: (200, pages[query.get("cursor")]))
    desk.open("#/imports")
    desk.wait(lambda: len(desk.rows()) == 2)
    first, second = desk.rows()
    assert first[0] == made.HOSTILE
    assert first[4] == "30행 · 등록 24 · 실패 2 · 확인 필요 4"
    assert "되돌림" in first[3]
    assert "user-1" in first[5]
    assert "11월 23일 (월)" in first[5]
    assert second[4] == "이름 칸을 찾지 못했습니다."
    assert "취소함" in second[3]
    assert desk.nameless() == []
    desk.button("더 보기").click()
    desk.wait(lambda: len(desk.rows()) == 3)
    desk.shot("120-imports")
    desk.pick("종류", "미리보기")
    desk.wait(lambda: api.sent("GET", "excel_jobs/")[-1].get("dry_run") == "true")
    desk.pick("강의", "수학 특강")
    desk.wait(lambda: api.sent("GET", "excel_jobs/")[-1].get("lecture") == made.LECTURE)
    api.lists("enrollments/excel_jobs/")
    desk.driver.refresh()
    desk.wait_text(".listing-empty", "맞는 가져오기가 없습니다")
    assert api.sent("GET", "excel_jobs/")[-1]["dry_run"] == "true"
    desk.size(PHONE)
    desk.shot("121-imports-phone")


def test_a_job_is_followed_by_its_events_also_when_they_break_off(desk, api, made):
    half, done = Event(), made.job("DONE", result=made.result(enrolled=30))
    api.follows(done)
    api.streams = [[made.job("PENDING"), made.job("RUNNING")], [made.job("RUNNING"), half, done]]
    open_job(desk, made)
    desk.wait_text(".progress-figure", "70%")
    assert "15 / 30행" in desk.text(".progress-foot")
    assert "명단.xlsx" in desk.text("h1")  # not of this browser
    desk.wait(lambda: len(api.sent("GET", f"events/{made.JOB}/")) == 2)
    desk.driver.refresh()
    half.set()
    desk.wait_text("h2", "등록 결과")
    assert desk.figures()["등록"] == 30
    assert api.sent("GET", f"excel_job_status/{made.JOB}/") == []


def test_where_the_streams_are_taken_it_is_asked_again_and_again(desk, api, made):
    desk.allowed = (REFUSED,)
    api.streams = [(503, made.problem("too_many_streams", "실시간 연결이 많습니다."))]
    now = made.job("RUNNING")
    api.follows(now)
    open_job(desk, made)
    desk.wait_text(".progress-figure", "70%")
    assert "실시간 연결" not in desk.text("main")  # no trouble of the desk's
    now |= made.job("DONE", result=made.result(enrolled=30))
    desk.wait_text("h2", "등록 결과")
    assert len(api.sent("GET", f"events/{made.JOB}/")) == 1


def test_a_running_import_is_cancelled_and_says_what_it_did(desk, api, made):
    desk.allowed = (REFUSED,)
    go_on, now = Event(), made.job("RUNNING")
    stopped = made.job("DONE", cancelled=True, result=made.result(enrolled=12, failed=18))
    api.follows(now)
    api.streams = [[now, go_on]]
    api.refuses(
        "POST", "enrollments/excel_jobs/[^/]+/cancel/", 409, "import_ended", "이미 끝난 가져오기입니다."
    )
    open_job(desk, made)
    desk.button("가져오기 취소").click()
    desk.button("가져오기 취소")
    desk.one("dialog [type=submit]").click()
    desk.wait_text("dialog", "이미 끝난 가져오기입니다.")

    def cancel(_, id):
        now.update(cancelled=True)
        return 202, now

    api.on("POST", "enrollments/excel_jobs/([^/]+)/cancel/", cancel)
    api.streams = [[stopped]]
    desk.answer("가져오기 취소")
    go_on.set()
    desk.wait_text(".notice-warn", "멈추기 전에 12명을 등록했습니다.")
    assert "취소함" in desk.text(".facts")
    assert desk.button("가져오기 되돌리기").is_displayed()
    desk.shot("122-job-cancelled")


def test_a_preview_is_carried_out_without_its_file(desk, api, made):
    plan = made.job(
        "DONE", job_id=made.PLAN, dry_run=True, result=made.result(enrolled=2, failed=1, review=1)
    )
    rows = {
        "failed": [made.job_row(9, "failed", reason="전화번호가 잘렸습니다.")],
        "enrolled": [made.job_row(5, "enrolled", student_outcome="created"),
                     made.job_row(6, "enrolled", student_outcome="restored")],
    }  # fmt: skip
    api.on(
        "GET",
        "enrollments/excel_job_rows/[^/]+/",
        lambda query: (200, made.listed(rows.get(query.get("outcome"), []))),
    )
    done = made.job("DONE", plan_id=made.PLAN, result=made.result(enrolled=2))
    both = {made.PLAN: plan, made.JOB: done}
    api.on("GET", "enrollments/excel_job_status/([^/]+)/", lambda _, id: (200, both[id]))
    api.on(
        "POST",
        "enrollments/excel_jobs/([^/]+)/apply/",
        lambda *_: (202, {"job_id": made.JOB, "status": "PENDING"}),
    )
    open_job(desk, made, made.PLAN)
    desk.wait_text("h2", "미리보기 결과")
    desk.wait(lambda: [row[4] for row in desk.rows()] == ["전화번호가 잘렸습니다."])
    assert "실패 1행은 빠집니다. 확인 필요 1행은 등록한 뒤" in desk.text(".notice")
    desk.button("등록").click()
    desk.wait(lambda: len(desk.rows()) == 2)
    assert "복구" in desk.rows()[1][3]
    assert not desk.all(".button-bad-quiet")  # there is nothing to take back
    desk.shot("123-preview")
    desk.button("이대로 등록하기").click()
    desk.wait_text(".facts", "미리보기대로 등록")
    assert made.JOB in desk.driver.current_url
    assert api.sent("POST", f"{made.PLAN}/apply/") == [{}]


def test_what_changed_since_a_preview_is_told_row_by_row(desk, api, made):
    desk.allowed = (REFUSED,)
    api.follows(made.job("DONE", dry_run=True, result=made.result(enrolled=3)))
    changes = {"12": ["기존 학생으로 예정되었지만 그 학생이 삭제되었습니다."],
               "7": ["신규 학생으로 예정되었지만 이제 같은 학생이 있습니다."]}  # fmt: skip
    api.refuses("POST", "enrollments/excel_jobs/[^/]+/apply/", 409, "plan_changed",
                "미리 보기 뒤에 학생이나 수강 등록이 바뀌었습니다.", errors=changes)  # fmt: skip
    open_job(desk, made)
    desk.button("이대로 등록하기").click()
    desk.wait_text(".plan-changes", "7행 신규 학생으로 예정되었지만")
    assert "달라진 행 2개" in desk.text("main")
    assert [each.text.split()[0] for each in desk.all(".plan-changes li")] == ["7행", "12행"]
    desk.shot("124-plan-changed")
    assert f"from={made.JOB}" in desk.button("미리보기 다시 하기").get_attribute("href")


def candidates(api, made):
    """Two records in the trash, and one that is gone for good."""
    known = {
        made.uid(61): {"deleted_at": "2026-11-01T01:00:00Z", "school": "한빛중"},
        made.uid(62): {"deleted_at": "2026-11-20T01:00:00Z", "school": made.HOSTILE},
    }

    def show(_, id):
        if id not in known:
            return 404, made.problem("not_found", "찾을 수 없습니다.")
        return 200, {"id": id, "name": "김하나", "parent_phone": "01070010001", "login_id": None, **known[id]}

    api.on("GET", "students/([^/]+)/", show)
    return [*known, made.uid(63)]


def test_rows_that_need_a_person_are_decided_many_at_once(desk, api, made):
    desk.allowed = (REFUSED,)
    ids = candidates(api, made)
    now = made.job("DONE", result=made.result(enrolled=27, review=3))
    api.follows(now)
    rows = [made.job_row(n, "needs_review", candidates=ids, reason="여럿입니다.") for n in (4, 5, 6)]
    api.on("GET", "enrollments/excel_job_rows/[^/]+/", lambda query: (200, made.listed(rows)))
    refusal = {"decisions": {"5": ["이 행의 후보가 아닙니다."]}}
    detail = "고를 수 있는 학생이 아닌 학생이 있어 아무것도 바꾸지 않았습니다."
    api.refuses("POST", ".+/review/", 422, "not_a_candidate", detail, errors=refusal)
    open_job(desk, made)
    desk.wait(lambda: len(desk.all(".review-row")) == 3)
    assert made.HOSTILE in desk.text(".review-row")
    assert len(desk.all(".review-row:first-child input")) == 4  # two who are there, a new one, nobody
    assert desk.nameless() == []
    desk.shot("125-review")
    first = desk.all(".review-row")[0]
    first.find_element("css selector", "input[value=create]").click()
    desk.wait_text(".review-card", "2행을 아직 정하지 않았습니다")
    desk.button("가장 나중 기록으로").click()
    desk.button("3행 결정 보내기").click()
    desk.wait_text(".review-card .notice-bad", "5행: 이 행의 후보가 아닙니다.")

    def review(body, id):
        now.update(made.job("DONE", result=made.result(enrolled=30)))
        return 202, made.job("RUNNING", result=None)

    api.on("POST", "enrollments/excel_jobs/([^/]+)/review/", review)
    desk.button("3행 결정 보내기").click()
    desk.wait(lambda: desk.figures().get("등록") == 30)
    assert not desk.all(".review-card")
    picked = {"action": "pick", "student_id": ids[1]}  # deleted last
    assert api.sent("POST", "review/")[-1]["decisions"] == [
        {"row": 4, "action": "create"}, {"row": 5, **picked}, {"row": 6, **picked},
    ]  # fmt: skip


def test_an_import_is_taken_back_and_what_somebody_changed_is_listed(desk, api, made):
    desk.allowed = (REFUSED,)
    now = made.job("DONE", result=made.result(enrolled=3))
    api.follows(now)
    api.refuses(
        "POST",
        "enrollments/excel_jobs/[^/]+/undo/",
        409,
        "import_not_ended",
        "가져오기가 끝난 뒤에 되돌릴 수 있습니다.",
    )
    kept = [made.job_row(5, "enrolled", undo="kept", undo_code="enrollment_changed", name=made.HOSTILE)]

    def rows(query):
        return 200, made.listed(kept if query.get("undo") == "kept" else [])

    api.on("GET", "enrollments/excel_job_rows/[^/]+/", rows)
    open_job(desk, made)
    desk.button("가져오기 되돌리기").click()
    desk.button("되돌리기").click()
    desk.wait_text("dialog", "가져오기가 끝난 뒤에 되돌릴 수 있습니다.")
    undo = {
        "status": "UNDOING",
        "undone": 1,
        "kept": 0,
        "requested_by": "user-2",
        "requested_at": "2026-11-23T02:00:00Z",
        "ended_at": None,
    }
    over = Event()

    def begin(_, id):
        api.streams = [
            [
                made.job("DONE", result=now["result"], undo=undo),
                over,
                made.job(
                    "DONE", result=now["result"], undo=undo | {"status": "UNDONE", "undone": 2, "kept": 1}
                ),
            ]
        ]
        return 202, made.job("DONE", result=now["result"], undo=undo)

    api.on("POST", "enrollments/excel_jobs/([^/]+)/undo/", begin)
    desk.answer("되돌리기")
    desk.wait_text(".notice-info", "되돌리는 중입니다.")
    over.set()
    desk.wait_text(".notice-warn", "2행을 되돌리고 1행은 그대로 두었습니다.")
    desk.wait_text(".listing", "출결이나 수강 상태가 바뀌어 그대로 두었습니다.")
    assert made.HOSTILE in desk.text(".listing")
    assert "user-2" in desk.text(".notice-warn")
    assert desk.button("남은 행 다시 되돌리기").is_displayed()
    desk.shot("126-undone")
    desk.size(PHONE)
    desk.shot("127-undone-phone")


def test_the_workbooks_of_an_import_are_fetched_while_they_are_there(desk, api, made, fetched):
    desk.allowed = (REFUSED,)
    api.follows(made.job("DONE", result=made.result(enrolled=3, failed=2), workbook=made.EXPORT))
    book = made.export("DONE", kind="result_workbook", target_id=made.JOB, file_name="결과_명단.xlsx",
                       download_url="/bucket/결과_명단.xlsx")  # fmt: skip
    api.on("GET", "enrollments/exports/([^/]+)/", lambda *_: (200, book))
    open_job(desk, made)
    desk.button("결과를 적은 원본").click()
    desk.wait(lambda: fetched("결과_명단.xlsx"))
    book.update(status="EXPIRED", download_url=None)
    desk.button("결과를 적은 원본").click()
    desk.wait_text("main", "24시간이 지나 파일이 사라졌습니다")
    detail = "올린 파일의 모양 그대로 된 결과가 더 이상 없습니다."
    api.refuses("POST", "enrollments/exports/", 409, "workbook_unavailable", detail)
    desk.button("실패한 2행만").click()
    desk.wait_text(".notice-bad", detail)
    assert api.sent("POST", "exports/") == [{"kind": "failed_rows", "target_id": made.JOB}]


def test_the_senders_own_sheet_appears_when_it_is_written(desk, api, made):
    now = made.job("DONE", result=made.result(enrolled=3), created_at=datetime.now(UTC).isoformat())
    api.follows(now)
    open_job(desk, made)
    desk.wait_text("main", "올린 시트에 결과를 적고 있습니다.")
    assert "결과를 적은 원본" not in [each.text for each in desk.all("main button")]
    now["workbook"] = made.EXPORT  # after the import's end
    assert desk.button("결과를 적은 원본").is_displayed()


def test_the_empty_sheet_is_at_hand_where_lists_are_given(desk, api, fetched):
    api.lists("enrollments/excel_jobs/")
    desk.open("#/students/excel")
    desk.button("빈 양식 받기").click()
    desk.wait_text(".toast", "‘수강생_등록_양식.xlsx’ 파일을 받았습니다.")
    desk.wait(lambda: fetched("수강생_등록_양식.xlsx"))
    desk.button("가져오기 이력").click()
    desk.wait_text("h1", "가져오기 이력")


def test_a_file_that_no_lecture_gets_goes_the_same_way(desk, api, made):
    students = made.result(registered=3) | {
        "lecture_title": None,
        "session_id": None,
        "rows_url": f"/api/v1/students/excel_job_rows/{made.JOB}/",
    }
    api.follows(made.job("DONE", lecture_id=None, result=students))
    api.lists("students/excel_job_rows/[^/]+/", made.job_row(4, "registered", student_outcome="created"))
    open_job(desk, made)
    desk.wait(lambda: desk.figures().get("학생 등록") == 3)
    assert not [each for each in desk.all("main a") if each.text == "수강생 보기"]
    assert desk.button("다른 명단 올리기").get_attribute("href").endswith("#/students/excel")


def test_another_academys_import_is_not_found(desk, api, made):
    desk.allowed = (REFUSED,)
    open_job(desk, made)
    desk.wait_text(".notice", "이 작업을 찾을 수 없습니다.")
    api.refuses(
        "GET", "enrollments/excel_job_status/[^/]+/", 403, "forbidden", "이 작업을 할 권한이 없습니다."
    )
    desk.driver.refresh()
    desk.wait_text(".notice-bad", "이 작업을 할 권한이 없습니다.")
