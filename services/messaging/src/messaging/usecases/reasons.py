"""Why a message is where it is, for the academy's staff."""

from __future__ import annotations

from messaging.domain import codes, guards

CANCELLED = "cancelled"
NO_PHONE = "no_phone"
UNSENDABLE = "unsendable"
TOO_LONG = "too_long"

_OWN = {
    CANCELLED: "취소했습니다.",
    NO_PHONE: "전화번호가 없습니다.",
    UNSENDABLE: "이름에 휴대전화가 표시할 수 없는 문자가 있습니다.",
    TOO_LONG: "이름을 넣으면 내용이 너무 깁니다.",
    "no_template": "템플릿이 정해지지 않았습니다.",
    "unknown_trigger": "없는 알림입니다.",
    "no_recipients": "보낼 수 있는 전화번호가 없습니다.",
    "missing_variables": "템플릿의 변수에 값이 없습니다.",
    "unsendable_characters": "휴대전화에 표시할 수 없는 문자가 있습니다.",
    "template_not_approved": "승인된 알림톡 템플릿이 아닙니다.",
    "alimtalk_is_information": "광고는 알림톡으로 보낼 수 없습니다.",
    "ad_not_ready": "광고에 넣을 이름과 무료수신거부 번호가 없습니다.",
    "no_channel": "카카오톡 채널(PFID)이 설정되어 있지 않습니다.",
    "no_report": "발송사가 72시간 안에 결과를 알려 주지 않았습니다. 요금은 정산되었습니다.",
    "erased": "학생 정보가 삭제되어 취소했습니다.",
    "absent": "발송사에 없는 것을 확인하여 다시 보냅니다.",
    "worker_died": "보내는 중에 처리가 끊겼습니다. 발송사에 확인하고 있습니다.",
}


def explain(code: str | None) -> str | None:
    """Korean, for a code of a guard, of the provider, or of ours; None for no code."""
    if code is None:
        return None
    known = _OWN.get(code) or guards.REASONS.get(code)
    if known:
        return known
    of_provider = codes.CODES.get(code)
    return of_provider.reason if of_provider else "발송사의 답을 확인하지 못했습니다."
