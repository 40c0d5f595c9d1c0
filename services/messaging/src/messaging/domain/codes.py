"""What the provider's codes mean for a message: the one table.

DOCUMENTED codes are in the provider's published documentation (its repository of 2022): the list of message
status codes, the errors of API key authentication, the error answers of the message API. ASSUMED ones are
not: seen in the earlier system's incidents, or a default of ours. Reasons are in our own words, for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Nature(StrEnum):
    """What may follow. Of a refused call or message PERMANENT and TRANSIENT say that it was surely not sent.

    Of a report on an accepted message they say that it was surely not delivered; it is never sent again by
    itself, but people may where it is TRANSIENT. UNKNOWN: nobody can say.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"


class Source(StrEnum):
    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Code:
    """`reason` is Korean, for the academy's staff."""

    nature: Nature
    reason: str
    source: Source = Source.DOCUMENTED


_P, _T, _U = Nature.PERMANENT, Nature.TRANSIENT, Nature.UNKNOWN

_GOOD = {
    "2000": Code(Nature.PENDING, "접수되었습니다."),
    "3000": Code(Nature.PENDING, "통신사에 전달되었고 결과를 기다립니다."),
    "4000": Code(Nature.DELIVERED, "도착했습니다."),
}
# 1xxx: refused while being taken in, so nothing was sent
_REFUSED = {
    _P: {
        "1010": "필수 값이 빠졌습니다.",
        "1011": "형식이 올바르지 않습니다.",
        "1013": "단문에는 제목을 쓸 수 없습니다.",
        "1014": "제목이 40바이트를 넘습니다.",
        "1021": "메시지를 찾을 수 없습니다.",
        "1022": "발송 그룹을 찾을 수 없습니다.",
        "1023": "이미지를 찾을 수 없습니다.",
        "1025": "메시지 종류가 올바르지 않습니다.",
        "1026": "같은 번호가 한 번에 두 번 들어 있습니다.",
        "1027": "문자 부호화가 올바르지 않습니다.",
        "1028": "보이지 않는 문자가 들어 있습니다.",
        "1029": "휴대전화에 표시할 수 없는 문자가 들어 있습니다.",
        "1031": "내용이 너무 깁니다.",
        "1032": "추가 항목의 형식이 올바르지 않습니다.",
        "1033": "알림톡 설정이 메시지 종류와 맞지 않습니다.",
        "1034": "이미지가 없습니다.",
        "1041": "카카오톡 채널이 올바르지 않습니다.",
        "1042": "알림톡 템플릿이 올바르지 않습니다.",
        "1043": "승인된 템플릿과 내용이 다릅니다.",
        "1044": "버튼이 올바르지 않습니다.",
        "1045": "버튼의 주소가 올바르지 않습니다.",
        "1046": "템플릿의 버튼이 빠졌습니다.",
        "1047": "템플릿에 없는 버튼이 들어 있습니다.",
        "1048": "버튼의 주소가 100자를 넘습니다.",
        "1049": "버튼의 이름이 14자를 넘습니다.",
        "1050": "버튼이 5개를 넘습니다.",
        "1051": "등록되지 않은 이미지입니다.",
        "1052": "버튼의 순서가 템플릿과 다릅니다.",
        "1053": "쓸 수 없는 버튼입니다.",
        "1058": "보낼 경로가 없습니다.",
        "1060": "차단된 수신번호입니다.",
        "1061": "080으로 수신을 거부한 번호입니다.",
        "1062": "등록되지 않은 발신번호입니다.",
        "1064": "스팸 신고로 차단되었습니다.",
    },
    _T: {
        "1020": "발송사 계정 인증에 실패했습니다.",
        "1024": "발송사 서버 오류입니다.",
        "1030": "발송사 잔액이 부족합니다.",
    },
}
# 2xxx and 3xxx: the end of a message that was accepted
_REPORTED = {
    _P: {
        "2011": "형식이 올바르지 않습니다.",
        "2060": "차단된 수신번호입니다.",
        "2061": "080으로 수신을 거부한 번호입니다.",
        "2062": "등록되지 않은 발신번호입니다.",
        "2063": "차단된 발송사 계정입니다.",
        "2064": "스팸 신고로 차단되었습니다.",
        "2254": "발송사가 스팸으로 처리했습니다.",
        "3010": "수신번호의 형식이 올바르지 않습니다.",
        "3011": "형식이 올바르지 않습니다.",
        "3013": "발신번호의 형식이 올바르지 않습니다.",
        "3031": "보낼 수 없는 번호입니다.",
        "3032": "가입되지 않은 번호입니다.",
        "3047": "수신자가 거절했습니다.",
        "3050": "문자를 받을 수 없는 단말기입니다.",
        "3052": "통신사가 삭제했습니다.",
        "3054": "통신사가 스팸으로 처리했습니다.",
        "3055": "스팸으로 등록된 번호입니다.",
        "3058": "보낼 경로가 없습니다.",
        "3059": "변작된 발신번호로 판정되었습니다.",
        "3060": "성인 인증에 실패했습니다.",
        "3101": "카카오톡 발신 프로필이 올바르지 않습니다.",
        "3102": "채널 친구가 아닙니다.",
        "3103": "승인된 템플릿과 내용이 다릅니다.",
        "3104": "카카오톡을 쓰지 않는 번호입니다.",
        "3105": "등록되지 않은 알림톡 템플릿입니다.",
        "3106": "카카오톡 채널이 올바르지 않습니다.",
        "3107": "카카오톡을 쓰지 않거나 알림톡을 차단했습니다.",
    },
    _T: {
        "2024": "발송사 서버 오류입니다.",
        "2230": "발송사 잔액이 부족합니다.",
        "3012": "연동 서버 오류입니다.",
        "3024": "통신사 서버 오류입니다.",
        "3040": "전송 시간이 초과되었습니다.",
        "3041": "단말기가 통화 중입니다.",
        "3042": "음영 지역입니다.",
        "3043": "단말기가 꺼져 있습니다.",
        "3044": "단말기의 메시지함이 가득 찼습니다.",
        "3045": "일시 정지된 번호입니다.",
        "3046": "단말기 문제로 도착하지 않았습니다.",
        "3051": "수신자의 통신 상태가 좋지 않습니다.",
        "3053": "통신사의 대기열이 가득 찼습니다.",
        "3056": "무선망에서 전송에 실패했습니다.",
        "3057": "단말기까지 전송에 실패했습니다.",
        "3108": "카카오톡을 보낼 수 없는 시간입니다.",
    },
    _U: {
        "3014": "통신사가 결과를 모릅니다.",
        "3048": "통신사가 알 수 없는 결과를 보냈습니다.",
    },
}
# error answers of the API (HTTP 4xx): the whole call was refused, so nothing of it was sent
_CALL = {
    _P: {
        "ValidationError": "요청의 형식이 올바르지 않습니다.",
        "RecipientsTooMany": "한 번에 보낼 수 있는 수를 넘었습니다.",
        "InvalidScheduledDate": "예약 시각이 올바르지 않습니다.",
        "InvalidAppId": "발송사 앱 설정이 올바르지 않습니다.",
    },
    _T: {
        "InvalidAPIKey": "발송사 인증 키가 올바르지 않습니다.",
        "SignatureDoesNotMatch": "발송사 인증 서명이 맞지 않습니다.",
        "RequestTimeTooSkewed": "서버 시계가 발송사와 15분 넘게 다릅니다.",
        "DuplicatedSignature": "발송사 인증 서명이 두 번 쓰였습니다.",
        "NotEnoughBalance": "발송사 잔액이 부족합니다.",
        "NotOperationalStatus": "발송사 계정이 정지 상태입니다.",
        "Forbidden": "발송사 계정에 권한이 없습니다.",
        "BlockedApp": "차단된 발송사 앱입니다.",
        "InactiveApp": "꺼져 있는 발송사 앱입니다.",
    },
}
ACCOUNT = frozenset(_CALL[_T])
"""Refusals that are about our account, key or clock: nothing leaves until somebody mends that."""

# not in the provider's published lists
_ASSUMED = {
    "3063": Code(_P, "템플릿의 변수에 값이 없습니다.", Source.ASSUMED),
    "QuotaExceeded": Code(_T, "발송사의 발송 한도를 넘었습니다.", Source.ASSUMED),
    "TooManyRequests": Code(_T, "발송사 요청이 너무 많습니다.", Source.ASSUMED),
}


def _documented() -> Iterator[tuple[str, Code]]:
    for group in (_REFUSED, _REPORTED, _CALL):
        for nature, codes in group.items():
            yield from ((code, Code(nature, reason)) for code, reason in codes.items())


CODES: Mapping[str, Code] = {**_GOOD, **dict(_documented()), **_ASSUMED}

OTHER_REFUSAL = Code(_P, "발송사가 거절했습니다.", Source.ASSUMED)
OTHER_CALL = Code(_T, "발송사가 요청을 거절했습니다.", Source.ASSUMED)
OTHER_REPORT = Code(_U, "발송사가 알 수 없는 결과를 보냈습니다.", Source.ASSUMED)


def refused_message(code: str) -> Code:
    """Why one message of a call was not taken; a code of no list refuses it for good."""
    return CODES.get(code, OTHER_REFUSAL)


def refused_call(code: str) -> Code:
    """Why a whole call was not taken; a code of no list is no fault of its messages."""
    return CODES.get(code, OTHER_CALL)


def report(code: str) -> Code:
    """How an accepted message stands; nobody knows what a code of no list means."""
    return CODES.get(code, OTHER_REPORT)
