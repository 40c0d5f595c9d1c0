"""What a bulk change can be taken back with: signed, so that it says what we said, good for 10 minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from servicekit.problem import Problem

GOOD_FOR = timedelta(minutes=10)
_SALT = "enrollment.attendance.undo"


class UndoTokens:
    """`keys`: the first signs, all are accepted."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._serializer = URLSafeTimedSerializer([*reversed(keys)])

    def sign(self, tenant: str, undo: dict[str, Any]) -> str:
        return str(self._serializer.dumps(undo, salt=f"{_SALT}:{tenant}"))

    def read(self, tenant: str, token: str) -> dict[str, Any]:
        """Raises Problem 422 undo_token_invalid, 409 undo_token_expired."""
        try:
            undo: dict[str, Any] = self._serializer.loads(
                token, max_age=int(GOOD_FOR.total_seconds()), salt=f"{_SALT}:{tenant}"
            )
        except SignatureExpired:
            raise Problem("undo_token_expired", "되돌릴 수 있는 10분이 지났습니다.", status=409) from None
        except BadSignature:
            raise Problem("undo_token_invalid", "되돌리기 정보가 올바르지 않습니다.", status=422) from None
        return undo
