"""삭제된 학생: back, gone for good, cleaned of repeated records, and what proves it."""

from __future__ import annotations

import base64

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.stack]

REFUSED = "the server responded with a status of 4"
HOSTILE = "<b>하나</b>"


def test_restore_says_who_could_not_come_back(desk, people):
    back = people.add("김하나", "01071010001")
    blocked = people.add("이두리", "01071010002")
    people.delete(back, blocked)
    people.add("이두리2", "01071010003")
    people.query(
        "UPDATE students.student SET name = '이두리', name_key = '이두리', parent_phone = '01071010002'"
        " WHERE tenant_id = %(tenant)s AND name = '이두리2' RETURNING 1"
    )
    desk.open("#/trash")
    desk.wait(lambda: sorted(desk.names()) == ["김하나", "이두리"])
    assert "30일 남음" in desk.text("tbody") or "29일 남음" in desk.text("tbody")
    desk.box("보이는 줄 모두 고르기").click()
    assert "영구 삭제" not in desk.text(".picked-bar")  # for the owner and administrators only
    assert "파기 확인서" not in desk.text("main")
    desk.one(".picked-bar .button-main").click()
    desk.wait_text(".notice", "1명을 복구했습니다")
    assert "이두리" in desk.text(".reasons")
    assert "재원생" in desk.text(".reasons")
    assert desk.names() == ["이두리"]
    desk.shot("40-restored")
    desk.button("그 학생 열기").click()
    desk.wait_text("h1", "이두리")
    assert "삭제됨" not in desk.text(".facts")


def test_one_is_purged_by_typing_its_name_and_the_certificate_prints(manager, people):
    student = people.add(HOSTILE, "01071020001", memo="지워질 메모")
    people.delete(student)
    manager.open(f"#/students/{student}")
    manager.wait_text(".facts", "삭제됨")
    manager.shot("41-deleted-student")
    manager.button("영구 삭제").click()
    go = manager.one("dialog .button-bad")
    assert not go.is_enabled()
    manager.one("dialog .typed input").send_keys("하나")
    assert not go.is_enabled()
    manager.shot("42-purge-dialog")
    manager.one("dialog .typed input").clear()
    manager.answer("영구 삭제", typed=HOSTILE)

    manager.wait_text("h1", "파기 확인서")
    manager.wait_text(".certificate", "파기 완료", 60)
    paper = manager.text(".certificate")
    for words in (
        manager.tenant,
        student,
        "직접 영구 삭제",
        "학생 정보",
        "수강·출결",
        "영상 학습",
        "메시지",
        "파일 보관",
    ):
        assert words in paper
    assert HOSTILE not in paper
    assert "기다리는 중" not in paper
    assert len(manager.all(".receipts tbody tr")) == 5
    manager.shot("43-certificate")
    printed = manager.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    (manager.shot("44-certificate-paper").with_suffix(".pdf")).write_bytes(base64.b64decode(printed["data"]))
    manager.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = ".header, .page-actions, .page-head"
    assert manager.all(hidden) == []
    assert manager.all(".certificate")
    manager.shot("44-certificate-paper")
    manager.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    manager.open("#/erasures")
    manager.wait_text("tbody", "완료")
    manager.shot("45-erasures")


def test_several_are_purged_by_typing_the_words_and_a_hold_keeps_one(manager, people):
    one, two, held = (people.add(name, f"0107103000{i}") for i, name in enumerate(("가나", "나다", "다라")))
    people.delete(one, two, held)
    manager.open(f"#/students/{held}")
    manager.button("파기 보류").click()
    manager.one("dialog .button-main").click()
    manager.wait_text("dialog .field-error", "사유")
    manager.one("dialog textarea").send_keys("학부모 분쟁 확인 중")
    manager.answer("보류")
    manager.wait_text(".notice-info", "파기를 보류하고 있습니다")
    manager.shot("46-hold")

    manager.open("#/trash")
    manager.wait(lambda: len(manager.names()) == 3)
    manager.box("보이는 줄 모두 고르기").click()
    manager.one(".picked-bar .button-bad-quiet").click()
    manager.shot("47-purge-several")
    manager.answer("영구 삭제", typed="영구 삭제")
    manager.wait_text(".notice", "2명을 영구 삭제했습니다")
    assert "다라" in manager.text(".reasons")
    assert manager.names() == ["다라"]

    manager.open(f"#/students/{held}")
    manager.button("보류 풀기").click()
    manager.answer("보류 풀기")
    manager.wait(lambda: not manager.all(".notice-info"))


@pytest.fixture
def repeated(people):
    """Two groups to clean (3 records too many), one whose number is no number."""
    for days in (9, 5, 2):
        people.deleted("김하나", "01071040001", days)
    for days in (8, 3):
        people.deleted(HOSTILE, "01071040002", days)
        people.deleted("이두리", "01000000000", days)
    return people


def test_repeated_records_are_checked_and_cleaned(manager, repeated):
    manager.open("#/trash")
    manager.button("중복 검사").click()
    manager.wait_text(".lead", "기록 3건을 정리할 수 있습니다")
    assert manager.figures() == {"중복 묶음": 3, "영구 삭제할 기록": 3, "제외한 묶음": 1}
    assert HOSTILE in manager.text(".twin-groups")
    assert "제외" in manager.text(".twin-groups")
    assert len(manager.all(".twin .badge-good")) == 2
    assert len(manager.all(".twin-fate .badge-bad")) == 3
    manager.shot("48-duplicates")

    manager.button("중복 정리").click()
    assert not manager.one("dialog .button-bad").is_enabled()
    manager.shot("49-duplicates-dialog")
    manager.answer("중복 정리", typed="3")
    manager.wait_text(".notice-good", "기록 3건을 정리했습니다")
    manager.wait_text(".outcome", "정리할 수 있는 중복이 없습니다")
    manager.shot("50-duplicates-done")
    left = repeated.query(
        "SELECT name, count(*), max(now() - deleted_at) > interval '7 days' FROM students.student"
        " WHERE tenant_id = %(tenant)s GROUP BY name ORDER BY name"
    )
    assert {name: count for name, count, _ in left} == {HOSTILE: 1, "김하나": 1, "이두리": 2}
    assert all(oldest for _, _, oldest in left)
    manager.button("파기 확인서 보기").click()
    manager.wait(lambda: len(manager.all("tbody tr")) == 3)


def test_a_plan_that_has_changed_is_shown_again_and_nothing_is_removed(manager, repeated):
    manager.allowed = (REFUSED,)
    manager.open("#/trash/duplicates")
    manager.wait_text(".lead", "기록 3건")
    repeated.deleted("김하나", "01071040001", 1)
    manager.button("중복 정리").click()
    manager.answer("중복 정리", typed="3")
    manager.wait_text(".notice", "삭제된 학생 목록이 바뀌었습니다")
    manager.wait_text(".outcome", "기록 4건")
    manager.shot("51-plan-changed")
    [(count,)] = repeated.query("SELECT count(*) FROM students.student WHERE tenant_id = %(tenant)s")
    assert count == 8


def test_staff_may_look_at_the_plan_but_not_carry_it_out(desk, repeated):
    desk.open("#/trash/duplicates")
    desk.wait_text(".lead", "기록 3건")
    assert "원장과 관리자만" in desk.text(".outcome")
    assert "중복 정리\n" not in "\n".join(each.text + "\n" for each in desk.all("button"))
    desk.allowed = (REFUSED,)
    desk.open("#/erasures")
    desk.wait_text(".notice-bad", "권한")
