"""How a row's end is told to people: 결과 (what happened), 사유 (why), 조치 (what to do about it)."""

from __future__ import annotations

from typing import NamedTuple

from enrollment.domain.imports import Outcome, StudentOutcome
from enrollment.domain.roster.headings import RESULTS

RESULT_COLUMNS = RESULTS

_OUTCOMES = {
    Outcome.ENROLLED: "등록",
    Outcome.ALREADY_ENROLLED: "이미 등록됨",
    Outcome.REGISTERED: "등록",
    Outcome.ALREADY_REGISTERED: "이미 등록됨",
    Outcome.DUPLICATE: "중복",
    Outcome.SKIPPED: "건너뜀",
    Outcome.FAILED: "실패",
    Outcome.NEEDS_REVIEW: "확인 필요",
}
_STUDENTS = {
    StudentOutcome.CREATED: "신규 학생",
    StudentOutcome.MATCHED: "기존 학생",
    StudentOutcome.RESTORED: "복원된 학생",
}
_FIX_AND_UPLOAD = "고친 뒤 실패한 행만 다시 올려 주세요."
_ACTIONS = {
    "missing_name": f"이름을 입력해 {_FIX_AND_UPLOAD}",
    "invalid_name": f"이름을 {_FIX_AND_UPLOAD}",
    "name_too_long": f"이름을 50자 이하로 {_FIX_AND_UPLOAD}",
    "missing_parent_phone": f"학부모 전화번호를 입력해 {_FIX_AND_UPLOAD}",
    "invalid_parent_phone": f"학부모 전화번호를 010으로 시작하는 11자리로 {_FIX_AND_UPLOAD}",
    "invalid_student_phone": f"학생 전화번호를 {_FIX_AND_UPLOAD}",
    "error_cell": f"오류가 난 칸을 값으로 {_FIX_AND_UPLOAD}",
    "formula_without_value": f"수식을 값으로 {_FIX_AND_UPLOAD}",
    "row_too_long": f"내용을 줄여 {_FIX_AND_UPLOAD}",
    "plan_changed": "미리 보기를 다시 하거나 이 행을 다시 올려 주세요.",
    "picked_is_gone": "이 행을 다시 올려 주세요.",
    "review_expired": "이 행을 다시 올려 주세요.",
    "cancelled": "이 행을 다시 올려 주세요.",
    "student_gone": "필요하면 이 행을 다시 올려 주세요.",
}
_BY_OUTCOME = {
    Outcome.FAILED: f"내용을 {_FIX_AND_UPLOAD}",
    Outcome.NEEDS_REVIEW: "콘솔의 가져오기 화면에서 어느 학생인지 골라 주세요.",
}


class Told(NamedTuple):
    """The cells of RESULT_COLUMNS."""

    result: str
    reason: str | None
    action: str | None


def told(
    outcome: str, student_outcome: str | None, code: str | None, reason: str | None, *, planned: bool = False
) -> Told:
    """`planned`: the row of a preview, which has not happened."""
    end = Outcome(outcome)
    word = _OUTCOMES[end]
    if student_outcome and end in (Outcome.ENROLLED, Outcome.REGISTERED):
        word = f"{word}({_STUDENTS[StudentOutcome(student_outcome)]})"
    action = _ACTIONS.get(code or "") if end is Outcome.FAILED else None
    return Told(f"{word} 예정" if planned else word, reason, action or _BY_OUTCOME.get(end))
