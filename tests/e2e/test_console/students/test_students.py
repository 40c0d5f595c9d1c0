"""학생: the list, one student, and everything that the desk does to a record."""

from __future__ import annotations

import struct
import time
import zlib

import pytest
from openpyxl import Workbook
from selenium.webdriver.common.keys import Keys

pytestmark = [pytest.mark.browser, pytest.mark.stack]

REFUSED = "the server responded with a status of 4"
HOSTILE = '<script>alert("1")</script>'


def test_search_and_filters_stay_in_the_address(desk, people):
    people.add("김하나", "01070010001", school="한빛중", school_type="MIDDLE", grade=2, gender="F")
    people.add("이두리", "01070010002", school="새봄고", school_type="HIGH", grade=1, gender="M")
    people.add(HOSTILE, "01070010003", school="<img src=x onerror=alert(2)>")
    desk.open("#/students")
    desk.wait(lambda: len(desk.names()) == 3)
    assert HOSTILE in desk.names()
    desk.shot("20-students")

    desk.labelled_search("하나")
    desk.wait(lambda: desk.names() == ["김하나"])
    assert "search=" in desk.driver.current_url
    desk.driver.refresh()
    desk.wait(lambda: desk.names() == ["김하나"])
    desk.one(".row-link").click()
    desk.wait_text("h1", "김하나")
    desk.driver.back()
    desk.wait(lambda: desk.names() == ["김하나"])

    desk.button("모두 지우기").click()
    desk.wait(lambda: len(desk.names()) == 3)
    desk.pick("학교급", "고등학교")
    desk.wait(lambda: desk.names() == ["이두리"])
    desk.pick("성별", "여")
    desk.wait_text(".listing-empty", "맞는 학생이 없습니다")
    desk.shot("21-students-none")


def test_the_whole_list_is_reachable(desk, people):
    students = [{"row": i + 1, "name": f"학생{i:03d}", "parent_phone": f"0107{i:07d}"} for i in range(120)]
    answer = people.api.post(
        "/api/v1/students/bulk_create/", {"initial_password": "desk-2026", "students": students}
    )
    assert answer["created"] == 120
    desk.open("#/students")
    desk.wait_text(".table-foot", "50명 표시, 더 있습니다")
    desk.button("더 보기").click()
    desk.wait_text(".table-foot", "100명 표시")
    desk.button("더 보기").click()
    desk.wait_text(".table-foot", "모두 120명")
    assert desk.names() == [student["name"] for student in students]
    assert desk.all("button.more") == []


def test_a_new_student_is_made_changed_deleted_and_restored(desk, people):
    desk.open("#/students")
    desk.button("새 학생").click()
    desk.wait_text("h1", "새 학생")
    desk.button("등록").click()
    desk.wait(lambda: len(desk.all(".field-error")) == 3)
    assert desk.driver.switch_to.active_element == desk.labelled("이름")
    desk.shot("22-new-errors")
    desk.labelled("이름").send_keys("강여름")
    desk.labelled("학부모 전화").send_keys("01070020001", Keys.TAB)
    assert desk.labelled("학부모 전화").get_attribute("value") == "010-7002-0001"
    desk.labelled("초기 비밀번호").send_keys("desk-2026")
    desk.labelled("학교").send_keys(HOSTILE)
    desk.labelled("메모").send_keys("첫 줄\n둘째 줄")
    desk.button("항목 추가").click()
    desk.keys("셔틀", Keys.TAB, "3호차")
    assert desk.nameless() == []
    desk.shot("23-new-filled")
    desk.one(".form-foot .button-main").click()
    desk.wait_text("h1", "강여름")
    assert HOSTILE in desk.text(".page-head")
    assert "3호차" in desk.text(".fact-list")
    assert desk.driver.execute_script("return document.querySelectorAll('main script').length") == 0
    assert desk.nameless() == []
    desk.shot("24-student")

    desk.button("수정").click()
    desk.wait(lambda: desk.labelled("이름").get_attribute("value") == "강여름")
    desk.labelled("학교").clear()
    desk.labelled("학교").send_keys("한빛중")
    desk.button("저장").click()
    desk.wait_text(".page-head", "한빛중")

    desk.one(".page-actions button").click()
    desk.shot("25-delete-dialog")
    desk.answer("삭제")
    desk.wait_text(".facts", "삭제됨")
    assert "영구 삭제" not in desk.text("main .actions")  # the desk's staff cannot
    desk.button("복구").click()
    desk.wait_text(".notice-good", "복구했습니다")
    assert "삭제됨" not in desk.text(".facts")


def try_to_add(console, name, phone):
    console.open("#/students/new")
    console.wait_text("h1", "새 학생")
    console.labelled("이름").send_keys(name)
    console.labelled("학부모 전화").send_keys(phone)
    console.labelled("초기 비밀번호").send_keys("desk-2026")
    console.one(".form-foot .button-main").click()


def test_who_is_here_already_is_shown_instead_of_made_twice(desk, people):
    desk.allowed = (REFUSED,)
    here = people.add("김하나", "01070030001")
    gone = people.add("이두리", "01070030002")
    people.delete(gone)

    try_to_add(desk, "김하나", "01070030001")
    desk.wait_text(".notice", "이미 있는 학생입니다")
    desk.shot("26-duplicate")
    desk.button("열기").click()
    desk.wait(lambda: here in desk.driver.current_url)

    try_to_add(desk, "이두리", "01070030002")
    desk.wait_text(".notice", "원장과 관리자만")
    assert "새로 등록" not in [button.text for button in desk.all(".notice button")]
    desk.shot("27-deleted-exists")
    desk.one(".notice .button-main").click()
    desk.answer("복구")
    desk.wait(lambda: gone in desk.driver.current_url)
    desk.wait_text("h1", "이두리")


def test_the_owner_may_also_end_the_old_record_and_begin_anew(manager, people):
    manager.allowed = (REFUSED,)
    gone = people.add("이두리", "01070030002")
    people.delete(gone)
    try_to_add(manager, "이두리", "01070030002")
    manager.wait_text(".notice", "삭제된 학생이 있습니다")
    manager.button("새로 등록").click()
    manager.answer("지우고 새로 등록", typed="이두리")
    manager.wait_text("h1", "이두리")
    assert gone not in manager.driver.current_url


def test_two_people_changing_one_student_do_not_undo_each_other(desk, people):
    desk.allowed = (REFUSED,)
    student = people.add("박세찬", "01070040001", school="한빛중")
    desk.open(f"#/students/{student}/edit")
    desk.wait(lambda: desk.labelled("이름").get_attribute("value") == "박세찬")
    people.query(
        "UPDATE students.student SET school = '새봄중', version = version + 1"
        f" WHERE tenant_id = %(tenant)s AND id = '{student}' RETURNING 1"
    )
    desk.labelled("메모").send_keys("내가 적은 메모")
    desk.button("저장").click()
    desk.wait_text(".notice", "다른 사람이 이 학생의 정보를 고쳤습니다")
    desk.shot("28-version-conflict")
    desk.button("최신 내용 불러오기").click()
    desk.wait(lambda: desk.labelled("학교").get_attribute("value") == "새봄중")
    assert desk.labelled("메모").get_attribute("value") == "내가 적은 메모"
    desk.button("저장").click()
    desk.wait_text(".memo", "내가 적은 메모")
    assert "새봄중" in desk.text(".page-head")


def test_tags_photo_and_passwords(desk, people, tmp_path):
    student = people.add("최네찌", "01070050001")
    desk.open(f"#/students/{student}")
    desk.wait_text("h1", "최네찌")
    desk.one("[aria-label='붙일 태그']").send_keys("의대반", Keys.ENTER)
    desk.wait_text(".tag-list", "의대반")
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture())
    desk.driver.find_element("css selector", "input[type=file]").send_keys(str(photo))
    loaded = (
        "const i = document.querySelector('img.photo'); return Boolean(i && i.complete && i.naturalWidth)"
    )
    desk.wait(lambda: desk.driver.execute_script(loaded))
    desk.shot("29-photo")
    desk.button("지우기").click()
    desk.answer("지우기")
    desk.wait(lambda: desk.all(".photo-none"))

    desk.one("[aria-label='학생 비밀번호 다시 정하기']").click()
    desk.one("dialog input[type=password]").send_keys("abc")
    desk.one("dialog .button-main").click()
    desk.wait_text("dialog .field-error", "4자 이상")
    desk.one("dialog input[type=password]").send_keys("d-2026")
    desk.shot("30-password")
    desk.answer("다시 정하기")
    desk.wait_text(".toast", "비밀번호를 다시 정했습니다")

    desk.wait(lambda: desk.driver.switch_to.active_element.text == "최네찌")  # read again, and ready
    desk.one("[aria-label='의대반 태그 떼기']").click()
    desk.wait_text(".tag-list", "붙인 태그가 없습니다")
    desk.open("#/students")
    desk.wait(lambda: desk.names() == ["최네찌"])


def test_several_are_picked_and_deleted(desk, people):
    for i, name in enumerate(("가나", "나다", "다라", "라마")):
        people.add(name, f"0107006{i:04d}")
    desk.open("#/students")
    desk.wait(lambda: len(desk.names()) == 4)
    desk.box("가나 고르기").click()
    desk.driver.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true}))",
        desk.box("다라 고르기"),
    )
    desk.wait_text(".picked-bar", "3명 선택")
    desk.shot("31-picked")
    desk.one(".picked-bar .button").click()
    assert "가나, 나다, 다라" in desk.text("dialog")
    desk.answer("삭제")
    desk.wait_text(".notice-good", "3명을 삭제했습니다")
    assert desk.names() == ["라마"]


def test_the_export_holds_what_the_list_shows(desk, people, downloads):
    people.add("김하나", "01070070001")
    people.add("이두리", "01070070002")
    desk.open("#/students?search=하나")
    desk.wait(lambda: desk.names() == ["김하나"])
    desk.button("내보내기").click()
    desk.wait_text(".toast", "받았습니다")
    desk.wait(lambda: [file for file in downloads.iterdir() if file.suffix == ".csv"])
    [file] = downloads.iterdir()
    assert file.name.startswith("학생_")
    text = file.read_text(encoding="utf-8-sig")
    assert "김하나" in text
    assert "010-7007-0001" in text
    assert "이두리" not in text


def test_an_excel_list_makes_students_without_a_lecture(desk, tmp_path):
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("이름", "학부모 전화"), ("정다온", "010-7008-0001"), ("윤가을", "010-7008-0002")):
        sheet.append(row)
    path = tmp_path / "학생 명단.xlsx"
    book.save(path)
    desk.open("#/students")
    desk.button("엑셀로 등록").click()
    desk.wait_text("h1", "엑셀로 학생 등록")
    desk.choose_file(path)
    desk.labelled("초기 비밀번호").send_keys("desk-2026")
    desk.shot("32-excel")
    desk.button("미리보기").click()
    desk.wait_outcome("미리보기 결과")
    desk.button("이대로 등록하기").click()
    desk.wait_outcome()
    assert desk.figures()["학생 등록"] == 2
    desk.shot("33-excel-outcome")
    desk.button("다른 명단 올리기").click()
    desk.wait_text("h1", "엑셀로 학생 등록")
    desk.open("#/students")
    desk.wait(lambda: set(desk.names()) == {"정다온", "윤가을"})


def test_by_keyboard_alone(desk, people):
    people.add("한겨울", "01070090001")
    desk.open("#/students")
    desk.wait(lambda: desk.names() == ["한겨울"])
    desk.tab_to("학생 찾기")
    desk.keys("겨울")
    desk.wait(lambda: "search=" in desk.driver.current_url and desk.names() == ["한겨울"])
    desk.tab_to("한겨울 고르기")
    desk.keys(Keys.SPACE)
    desk.wait_text(".picked-bar", "1명 선택")
    for _ in range(10):
        desk.driver.switch_to.active_element.send_keys(Keys.SHIFT, Keys.TAB)
        if desk.driver.switch_to.active_element.text == "삭제":
            break
    desk.keys(Keys.ENTER)
    desk.wait(lambda: desk.all("dialog[open]"))
    assert desk.driver.switch_to.active_element.text == "취소"  # what destroys is not one Enter away
    desk.keys(Keys.ESCAPE)
    desk.wait(lambda: not desk.all("dialog"))
    assert desk.driver.switch_to.active_element.text == "삭제"  # focus is back where it was
    desk.keys(Keys.ENTER)
    desk.wait(lambda: desk.all("dialog[open]"))
    desk.tab_to("삭제")
    desk.keys(Keys.ENTER)
    desk.wait_text(".notice-good", "1명을 삭제했습니다")


def test_on_a_phone_and_in_the_dark(console, stack, people):
    student = people.add("김하나", "01070100001", school="한빛중학교", grade=2)
    people.add("이두리와아주긴이름을가진학생", "01070100002")
    console.size((380, 780))
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    console.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    console.sign_in(stack.token(console.tenant, "owner"))
    pages = {"students": "#/students", "student": f"#/students/{student}", "new": "#/students/new",
             "trash": "#/trash", "duplicates": "#/trash/duplicates", "merges": "#/merges",
             "registrations": "#/registrations", "erasures": "#/erasures"}  # fmt: skip
    for name, fragment in pages.items():
        console.open(fragment)
        console.wait(lambda: not console.all(".loading, [aria-busy=true]"))
        time.sleep(0.2)  # what has arrived is drawn
        assert console.width() <= 380, name
        assert console.nameless() == [], name
        console.shot(f"34-phone-{name}")


def picture(side: int = 96) -> bytes:
    """A PNG: a blue square with a lighter middle."""
    inner = range(side // 4, side * 3 // 4)
    lines = (
        b"\0"
        + b"".join(b"\xbf\xd3\xff" if x in inner and y in inner else b"\x24\x56\xd6" for x in range(side))
        for y in range(side)
    )
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0),
        b"IDAT": zlib.compress(b"".join(lines)),
        b"IEND": b"",
    }
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
