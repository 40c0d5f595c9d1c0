"""Registration requests: what people outside ask for, and the academy's decision about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from students.domain.records import PROFILE
from students.domain.roster import SEVERAL_DELETED_CANDIDATES

ADDRESS_PER_HOUR = 5
ACADEMY_PER_MINUTE = 30
MIN_PASSWORD = 8

# personal data without a purpose: nobody decided, or it has been decided for long
KEEP_PENDING = timedelta(days=90)
KEEP_DECIDED = timedelta(days=30)

AUTO_APPROVE = "task:auto_approve"
"""Who decided where nobody did."""

ASKED = tuple(name for name in PROFILE if name not in ("student_phone", "memo", "custom_fields"))
"""What a request may say of a person beside identity, phone, login id and memo."""

ALREADY_DECIDED = "already_decided"
NOT_FOUND = "not_found"

RECEIVED = "가입 신청을 접수했습니다. 학원에서 확인한 뒤 안내해 드립니다."
"""The one answer to every request: it tells nobody who is known."""

REASONS = {
    NOT_FOUND: "가입 신청을 찾을 수 없습니다.",
    ALREADY_DECIDED: "이미 처리된 가입 신청입니다.",
    SEVERAL_DELETED_CANDIDATES: "휴지통에 같은 학생이 여럿입니다. 휴지통에서 누구인지 골라 복구해 주세요.",
}


class Status(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that stays as it was, and why; `conflict_student_id` is who is in the way."""

    id: UUID
    code: str
    conflict_student_id: UUID | None = None
