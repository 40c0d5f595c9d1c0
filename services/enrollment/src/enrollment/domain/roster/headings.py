"""What a column heading means. Tables first; words that say whose number it is beat generic ones.

Sources: every synonym of the earlier system's parser, and its failure 17 (a student's number taken for the
parent's because "연락처" was a parent alias).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

NAME, PARENT_PHONE, STUDENT_PHONE = "name", "parent_phone", "student_phone"
MAX_HEADING = 40

# Complete headings, as written without white space, brackets and decoration.
SYNONYMS: dict[str, tuple[str, ...]] = {
    NAME: (
        *("이름", "성명", "성함", "학생명", "학생이름", "학생성명", "학생성함", "이름학생", "성명학생"),
        *("수강생", "수강생명", "수강생이름", "수강생성명", "원생", "원생명", "원생이름", "원생성명"),
        *("name", "studentname", "fullname", "학생", "자녀명", "자녀이름", "자녀성명"),
    ),
    "school": (
        *(
            "학교",
            "학교학년",
            "학교/학년",
            "학교명",
            "출신학교",
            "재학학교",
            "재학교",
            "현재학교",
            "소속학교",
        ),
        *("school", "school/grade", "schoolgrade", "schoolname", "학교이름"),
    ),
    "grade": ("학년", "학년도", "grade", "현재학년", "학년/반", "학년반", "학년-반"),
    "gender": (
        "성별",
        "남자",
        "여자",
        "남성",
        "여성",
        "남",
        "여",
        "녀",
        "남녀",
        "남/여",
        "성별남/여",
        "gender",
        "sex",
    ),
    "school_class": ("반", "학급", "반명", "학급명", "class", "소속반"),
    "major": (
        "계열",
        "이과",
        "문과",
        "문이과",
        "문/이과",
        "이과/문과",
        "문과/이과",
        "계열구분",
        "major",
        "track",
    ),
    "memo": (
        "메모",
        "비고",
        "특이사항",
        "비고2",
        "참고",
        "참고사항",
        "기타",
        "기타사항",
        "memo",
        "note",
        "notes",
        "remark",
    ),
}
REMARKS = frozenset(("구분", "체크", "비고", "비고2", "출석", "현장", "remark"))
# what a result workbook adds, when it comes back
RESULTS = ("결과", "사유", "조치")
SERIALS = frozenset(("번호", "순번", "연번", "순", "no", "no.", "num", "#", "seq", "일련번호", "index"))

_PHONE = re.compile(
    "휴대전화|전화번호|전화|연락처|연락|휴대폰|핸드폰|핸드|모바일|폰|h\\.?p|mobile|phone|cell|contact|tel"
)
_PARENT_NUMBER = re.compile(r"(?:학부모|보호자|부모)님?번호")
# Longer words first: 학부모 before 부모.
_ROLES: tuple[tuple[str, str], ...] = (
    *((word, "guardian") for word in ("학부모", "보호자", "부모", "parent", "guardian", "emergency", "비상")),
    *((word, "mother") for word in ("어머니", "어머님", "모친", "엄마", "mother", "mom")),
    *((word, "father") for word in ("아버지", "아버님", "부친", "아빠", "father", "dad")),
    *((word, "student") for word in ("학생", "수강생", "원생", "본인", "자녀", "student", "아이")),
)
_ROLE_OF = dict(_ROLES)
_ROLE = re.compile("|".join(word for word, _ in _ROLES))
_ONE_LETTER_ROLE = re.compile(
    r"^(모|부)(?=전화|연락|휴대|핸드|폰|h\.?p|$)|[(](모|부)[)]|(?<=[처화폰호])(모|부)$"
)
_ROLE_LABEL = re.compile(r"님|들|의|정보|인적사항|기본|사항|\(|\)")
# Somebody else's number, or not a number at all.
_NOT_A_FAMILY_PHONE = re.compile(
    "담임|선생|강사|학교|학원|회사|직장|집전|자택|조부모|조모|조부|할머니|할아버지|이모|고모|형제|자매"
    "|동의|여부|유무|수신|발송|알림|인증|통신사|기종|시간|방법|사항|내용|이메일|e-?mail|teacher|home|office"
)
_A_NAME_TOO = re.compile("이름|성함|성명|관계|name")
_HINT = re.compile(r"[(\[][^)\]]*[)\]]")
_DECORATION = re.compile(r"[*※★☆●○◎▶▷■□:'\"`~!?]|필수|선택입력|선택|입력")
_GENERIC_REST = re.compile(r"[0-9#.\-]|번호|기본|대표|주|이동")
_BETWEEN_ROLES = re.compile(r"[/,·&+()\[\]]|및|와|과|또는|or|and")


@dataclass(frozen=True, slots=True)
class Heading:
    """`rank` orders parent phones: 4 guardian's, 3 mother's or father's, 2 a bare role, 1 generic."""

    field: str | None
    rank: int = 0
    role: str = ""


_NOTHING = Heading(None)
_TABLE = {synonym: field for field, synonyms in SYNONYMS.items() for synonym in synonyms}


def squeeze(text: str) -> str:
    """NFKC, lower case, no white space, no decoration: how headings are compared."""
    return _DECORATION.sub("", "".join(unicodedata.normalize("NFKC", text).casefold().split()))


def role_label(text: str) -> str | None:
    """`학생정보`, `모`: a label that only says whose columns follow, as its plain word; else None."""
    plain = _ROLE_LABEL.sub("", squeeze(text))
    if plain in {"모", "부"}:
        return "어머니" if plain == "모" else "아버지"
    return plain if plain in _ROLE_OF else None


def is_sub_heading(text: str) -> bool:
    """Whether a cell can stand in the second row of a two-row header."""
    squeezed = squeeze(text)
    return bool(
        len(squeezed) <= MAX_HEADING
        and (
            role_label(text)
            or classify(text).field
            or squeezed in REMARKS | SERIALS | {"관계", "주소", "생년월일"}
        )
    )


@lru_cache(maxsize=1024)
def classify(text: str) -> Heading:
    """The field a heading names, if any."""
    heading = squeeze(text)
    if not heading or len(heading) > MAX_HEADING:
        return _NOTHING
    roles = _roles(heading)
    if _PHONE.search(heading) or _PARENT_NUMBER.search(heading):
        return _phone(heading, roles)
    if roles and roles[-1][1] != "student":
        bare = _ROLE_LABEL.sub("", heading)
        return Heading(PARENT_PHONE, 2, roles[-1][1]) if bare in _ROLE_OF else _NOTHING
    return _plain(heading)


def _plain(heading: str) -> Heading:
    without_hint = _HINT.sub("", heading)
    flat = re.sub(r"[()\[\]]", "", heading)
    for candidate in (heading, flat, without_hint):
        field = _TABLE.get(candidate)
        if field is None:
            field = _TABLE.get(re.sub("^(?:학생|수강생|원생|student)", "", candidate))
        if field is not None:
            return Heading(field)
    return _NOTHING


def _roles(heading: str) -> list[tuple[int, str]]:
    found = [(match.start(), _ROLE_OF[match[0]]) for match in _ROLE.finditer(heading)]
    if not found:
        letter = _ONE_LETTER_ROLE.search(heading)
        if letter:
            word = next(group for group in letter.groups() if group)
            found = [(letter.start(), "mother" if word == "모" else "father")]
    return found


def _phone(heading: str, roles: list[tuple[int, str]]) -> Heading:
    if _NOT_A_FAMILY_PHONE.search(heading):
        return _NOTHING
    if not roles:
        rest = _GENERIC_REST.sub("", _PHONE.sub("", _HINT.sub("", heading)))
        return Heading(PARENT_PHONE, 1, "generic") if not rest else _NOTHING
    kinds = {kind for _, kind in roles}
    if (
        "student" in kinds
        and len(kinds) > 1
        and _BETWEEN_ROLES.search(heading, roles[0][0], roles[-1][0] + 1)
    ):
        return _NOTHING
    # "학생 보호자 연락처" is the guardian's: the role next to the phone word counts
    role = roles[-1][1]
    if role == "student":
        return Heading(STUDENT_PHONE, 4, role)
    if _A_NAME_TOO.search(heading):
        return Heading(PARENT_PHONE, 2, role)
    return Heading(PARENT_PHONE, 4 if role == "guardian" else 3, role)
