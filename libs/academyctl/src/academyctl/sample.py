"""The demo roster: messy as rosters are, with every kind of outcome in it. All people are invented."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

TITLE = "중2 수학 A반"
HEADER = ("No", "성명", "성별", "학교", "학년", "학생 휴대폰", "학부모 연락처", "비고")
_ROWS: tuple[tuple[object, ...], ...] = (
    ("예시", "홍길동", "남", "한빛중", "중2", "010-0000-0000", "010-0000-0000", "이 줄은 예시입니다"),
    (1, "강도윤", "남", "한빛중학교", "중2", "010-4821-1101", "010-4821-2101", None),
    (2, "김서연", "여", "한빛중", 2, "010-4821-1102", "010 4821 2102", None),
    (3, "김하준", "남자", "새봄중", "2학년", None, 1048212103, "엑셀이 앞자리 0을 지움"),
    (4, "나은채", "여", "새봄중학교", "중2", "+82 10-4821-1104", "+82-10-4821-2104", None),
    (5, "남궁지호", "남", "한빛중", "중2", None, "01048212105", "두 글자 성"),
    (6, "노유진", "F", "한빛중", "중2", "010.4821.1106", "010.4821.2106", None),
    (7, " 문 서 준 ", "남", "한빛중", "중2", None, "010-4821-2107", "이름에 빈칸"),
    (
        8,
        "박지우",
        "여",
        "푸른중",
        "중2",
        "０１０－４８２１－１１０８",
        "０１０－４８２１－２１０８",
        "전각 숫자",
    ),
    (9, "박지우", "여", "푸른중", "중2", None, "010-4821-2109", "동명이인"),
    (10, "배수아", "여", "새봄중", "중2", None, 1048212110.0, None),
    (11, "서민재", "M", "한빛중", "중2", "010-4821-1111", "010-4821-2111", None),
    (12, "서민지", "여", "한빛중", "중1", "010-4821-1112", "010-4821-2111", "서민재와 남매"),
    (13, "손예린", "여", "한빛중", "중2", None, "48212113", "010 빠짐"),
    (14, "신우진", "남", "새봄중", "중2", None, "010-4821-2114", None),
    (15, "안채원", "여", "푸른중", "중2", "010-4821-1115", "010-4821-2115", None),
    (16, "오시우", "남", "푸른중", "중2", None, None, "학부모 번호를 아직 못 받음"),
    (17, "유다인", "여", "한빛중", "중2", None, "010-482", "번호가 잘림"),
    (18, "윤서현", "여", "한빛중", "중2", "010-4821-1118", "010-4821-2118", None),
    (19, "이도현", "남", "한빛중", "중2", None, "010-4821-2119 (어머니)", None),
    (20, "이준서", "남", "새봄중", "중2", "010-4821-1120", "010-4821-2120", None),
    (21, "이준서", "남", "새봄중", "중2", "010-4821-1120", "010-4821-2120", "두 번 적음"),
    (22, None, "여", "새봄중", "중2", None, "010-4821-2122", "이름 없음"),
    (None, None, None, None, None, None, None, None),
    (23, "임하윤", "여", "푸른중", "중2", None, "010-4821-2123", None),
    (24, "장건우", "남", "푸른중", "중2", "010-4821-1124", "010-4821-2124", None),
    (25, "정유나", "여", "한빛중", "중2", None, "010-4821-2125", None),
    (26, "조민석", "남", "한빛중", "중2", "없음", "010-4821-2126", None),
    (27, "최아린", "여", "한빛중", "중2", "010-4821-1127", "010-4821-2127", None),
    (28, "한지민", "여", "새봄중", "중2", None, "집 전화만 있음", None),
    (29, "황선우", "남", "새봄중", "중2", "010-4821-1129", "010-4821-2129", None),
    (30, "강도윤", "남", "한빛중", "중2", None, "01048212101", "1번과 같은 학생"),
)


def sample_roster(path: Path) -> Path:
    """Write the workbook once: the same bytes again are the same import job."""
    if path.exists():
        return path
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "안내"
    cover.append(("2학기 반 편성 명단입니다. 두 번째 시트를 봐 주세요.",))
    sheet = book.create_sheet("명단")
    sheet.append((f"{TITLE} 수강 명단",))
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(HEADER))
    sheet.append(("담임: 수학과", None, None, None, None, None, "기준일: 3월 2일"))
    sheet.append(())
    sheet.append(HEADER)
    for row in _ROWS:
        sheet.append(row)
    for cell in (*sheet[1], *sheet[4]):
        cell.font = Font(bold=True)
    for column, width in zip("ABCDEFGH", (6, 12, 6, 14, 8, 20, 24, 26), strict=True):
        sheet.column_dimensions[column].width = width
    temporary = path.with_name(path.name + ".new")
    book.save(temporary)
    temporary.replace(path)
    return path
