"""What a heading means: every synonym of the earlier system, and the ones that it got wrong."""

from __future__ import annotations

import pytest
from enrollment.domain.roster.headings import classify, role_label

ACCEPTED = {
    "name": "이름 성명 학생명 학생이름 이름(학생) 성함 학생성명 수강생 name",
    "parent_phone": (
        "학부모전화번호 부모핸드폰 부모전화 학부모전화 보호자전화 학부모연락처 부모연락처 보호자연락처"
        " 연락처(학부모)"
        " 전화(학부모) 휴대폰 핸드폰 연락처 전화번호 전화 폰 폰번호 부모핸드 학부모 보호자"
    ),
    "student_phone": "학생전화번호 학생핸드폰 학생전화 학생연락처 연락처(학생) 전화(학생) 학생폰 학생핸드",
    "school": "학교 학교(학년) 학교명 출신학교 school",
    "grade": "학년 학년도 grade",
    "gender": "성별 남자 여자 남성 여성 남 여 녀",
    "school_class": "반 학급",
    "major": "계열 이과 문과",
    "memo": "메모 비고 특이사항 비고2",
}
WITH_SPACES = {
    "name": [
        "student name",
        "이 름",
        "＊이름",
        "이름*",
        "성명 (필수)",
        "[필수] 이름",
        "이름\n(한글)",
        "NAME",
    ],
    "parent_phone": [
        *("parent phone", "Parent Mobile", "guardian phone", "guardian mobile", "emergency contact"),
        *(
            "학부모 연락처 (숫자만)",
            "연락처(-없이 입력)",
            "학생 보호자 연락처",
            "부모님 전화",
            "학부모님 휴대폰 번호",
            "학부모번호",
        ),
        *("어머니 연락처", "아버지 휴대폰", "모 연락처", "연락처(부)", "전화번호1", "H.P", "휴대전화"),
    ],
    "student_phone": [
        "student phone",
        "student mobile",
        "학생 휴대폰",
        "본인 연락처",
        "원생 전화번호",
        "휴대폰(학생)",
    ],
    "school": ["school / grade", "학교 / 학년", "학생 학교", "현재 학교"],
    "grade": ["학년 ", "학년/반"],
    "gender": ["성별(남/여)", "남 / 여", "gender"],
}
REFUSED = (
    *(
        "학부모 이름",
        "보호자 성함",
        "학부모명",
        "보호자 관계",
        "관계",
        "학부모 직업",
        "부모님 성함",
        "보호자와의 관계",
    ),
    *("학교 전화번호", "담임 연락처", "학원 전화", "자택전화", "집 전화번호", "조부모 연락처", "이모 연락처"),
    *(
        "학교명단",
        "강사명",
        "담당자 이름",
        "과목명",
        "강의명",
        "반 담임",
        "주소",
        "생년월일",
        "번호",
        "이메일",
        "",
    ),
    *(
        "휴대폰 기종",
        "연락 가능 시간",
        "문자 수신 동의",
        "학부모 연락처 수신동의",
        "학부모/학생 연락처",
        "연락처(학생/학부모)",
    ),
    "이 표에는 학생의 이름과 학부모의 전화번호를 한 줄에 한 명씩 빠짐없이 적어 주시기 바랍니다",
)


@pytest.mark.parametrize(
    ("field", "heading"),
    [
        *((field, heading) for field, headings in ACCEPTED.items() for heading in headings.split()),
        *((field, heading) for field, headings in WITH_SPACES.items() for heading in headings),
    ],
)
def test_synonyms(field: str, heading: str) -> None:
    assert classify(heading).field == field


@pytest.mark.parametrize("heading", REFUSED)
def test_other_columns_have_no_field(heading: str) -> None:
    assert classify(heading).field is None


def test_words_that_say_whose_number_it_is_beat_generic_ones() -> None:
    ranks = [classify(text).rank for text in ("보호자 전화", "어머니 전화", "학부모", "전화")]

    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 4


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("학생", "학생"),
        ("학생 정보", "학생"),
        ("학부모(정보)", "학부모"),
        ("모", "어머니"),
        ("부", "아버지"),
        ("학교", None),
    ],
)
def test_labels_over_a_group_of_columns(label: str, role: str | None) -> None:
    assert role_label(label) == role
