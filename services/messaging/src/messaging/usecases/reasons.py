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
