"""What may set off a message, as declared data. Saving data never sends: a trigger is asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """SYSTEM cannot be switched off; AUTOMATIC sends unless it is off; MANUAL after a person has seen the
    preview; DISABLED never."""

    SYSTEM = "system"
    AUTOMATIC = "automatic"
    MANUAL = "manual"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Trigger:
    """`variables` are what its template may use beside those of every template (student_name, academy).

    `off_at_first`: until the academy switches it on.
    """

    name: str
    policy: Policy
    title: str
    variables: tuple[str, ...] = ()
    off_at_first: bool = False


_CLINIC = ("date", "time", "clinic_name", "place")
_LECTURE = ("date", "lecture", "session")
_EXAM = ("exam", "date")
_WORK = ("assignment", "due")

_DECLARED = (
    Trigger("registration_approved_student", Policy.SYSTEM, "가입 승인 (학생)", ("login_id", "link")),
    Trigger("registration_approved_parent", Policy.SYSTEM, "가입 승인 (학부모)", ("login_id", "link")),
    Trigger("password_find_otp", Policy.SYSTEM, "비밀번호 찾기 인증번호", ("code",)),
    Trigger("password_reset_student", Policy.SYSTEM, "비밀번호 재설정 (학생)", ("link",)),
    Trigger("password_reset_parent", Policy.SYSTEM, "비밀번호 재설정 (학부모)", ("link",)),
    Trigger("clinic_reservation_created", Policy.AUTOMATIC, "클리닉 예약", _CLINIC),
    Trigger("clinic_reservation_changed", Policy.AUTOMATIC, "클리닉 예약 변경", _CLINIC),
    Trigger("clinic_cancelled", Policy.AUTOMATIC, "클리닉 취소", _CLINIC),
    Trigger("clinic_check_in", Policy.AUTOMATIC, "클리닉 입실", _CLINIC),
    Trigger("clinic_absent", Policy.AUTOMATIC, "클리닉 결석", _CLINIC),
    Trigger("clinic_reminder", Policy.AUTOMATIC, "클리닉 30분 전 알림", _CLINIC),
    Trigger("clinic_self_study_completed", Policy.AUTOMATIC, "자습 완료", _CLINIC),
    Trigger("clinic_result_notification", Policy.AUTOMATIC, "클리닉 결과", _CLINIC),
    Trigger("counseling_reservation_created", Policy.AUTOMATIC, "상담 예약", ("date", "time", "place")),
    Trigger("video_encoding_complete", Policy.AUTOMATIC, "강의 영상 준비 완료", ("title", "lecture"), True),
    Trigger("exam_score_published", Policy.MANUAL, "시험 점수 공개", _EXAM),
    Trigger("exam_not_taken", Policy.MANUAL, "시험 미응시", _EXAM),
    Trigger("retake_assigned", Policy.MANUAL, "재시험 배정", _EXAM),
    Trigger("exam_scheduled_days_before", Policy.MANUAL, "시험 며칠 전", _EXAM),
    Trigger("exam_start_minutes_before", Policy.MANUAL, "시험 시작 전", _EXAM),
    Trigger("assignment_registered", Policy.MANUAL, "과제 등록", _WORK),
    Trigger("assignment_due_hours_before", Policy.MANUAL, "과제 마감 전", _WORK),
    Trigger("assignment_not_submitted", Policy.MANUAL, "과제 미제출", _WORK),
    Trigger("withdrawal_complete", Policy.MANUAL, "퇴원", ("date",)),
    Trigger("check_in_complete", Policy.MANUAL, "등원", _LECTURE),
    Trigger("absent_occurred", Policy.MANUAL, "결석", _LECTURE),
    Trigger("lecture_session_reminder", Policy.MANUAL, "수업 알림", _LECTURE),
    Trigger("monthly_report_generated", Policy.MANUAL, "월간 보고서", ("month", "link")),
    Trigger("payment_complete", Policy.MANUAL, "결제 완료", ("amount", "date")),
    Trigger("payment_due_days_before", Policy.MANUAL, "결제 예정", ("amount", "date")),
    Trigger("qna_answered", Policy.MANUAL, "질문 답변", ("title", "link")),
    Trigger("counsel_answered", Policy.MANUAL, "상담 답변", ("title", "link")),
    Trigger("matchup_report_submitted", Policy.MANUAL, "매치업 보고서", ("title", "link")),
    Trigger("class_enrollment_complete", Policy.DISABLED, "수강 등록 완료", _LECTURE),
    Trigger("enrollment_expiring_soon", Policy.DISABLED, "수강 만료 예정", _LECTURE),
    Trigger("student_signup", Policy.DISABLED, "학생 가입", ("login_id",)),
)
TRIGGERS: Mapping[str, Trigger] = {trigger.name: trigger for trigger in _DECLARED}


def is_on(trigger: Trigger, chosen: bool | None) -> bool:
    """Whether it sends by itself; `chosen` is the academy's own switch, None where it never touched it.

    A row that says off is an answer: nothing else is asked instead (earlier system, failure 16).
    """
    if trigger.policy is Policy.SYSTEM:
        return True
    return trigger.policy is Policy.AUTOMATIC and (not trigger.off_at_first if chosen is None else chosen)
