"""Numbers as people type them: normalised where that is safe, refused in Korean where not."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from contracts.identity import normalise_phone
from marshmallow import ValidationError, validate
from servicekit.fields import Data, StrictSchema, Text

_PRICE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
_SEPARATORS = re.compile(r"[\s().-]+")


class Phone(Text):
    """A Korean mobile number, stored as 11 digits starting 010."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        phone = normalise_phone(super()._deserialize(value, attr, data, **kwargs))
        if phone is None:
            raise ValidationError("010으로 시작하는 11자리 휴대전화 번호가 아닙니다.")
        return phone


class ServiceNumber(Text):
    """A number that may send (02-123-4567, 1588-1234, 010-…) or be called: its digits."""

    def __init__(self, pattern: str = r"0[0-9]{8,10}|1[0-9]{7}", **kwargs: Any) -> None:
        super().__init__(40, **kwargs)
        self._pattern = re.compile(pattern)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        digits = _SEPARATORS.sub("", super()._deserialize(value, attr, data, **kwargs))
        if not self._pattern.fullmatch(digits):
            raise ValidationError("올바른 전화번호가 아닙니다.")
        return digits


class Price(Text):
    """KRW as text, "20" or "45.5": whole won and at most two decimals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(8, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not _PRICE.fullmatch(text):
            raise ValidationError('"20" 또는 "45.5" 형식의 금액이어야 합니다.')
        return Decimal(text)


class Reason(StrictSchema):
    """Why, for whoever asks later."""

    reason = Text(500, required=True)


def some_given(data: Any) -> None:
    """For validates_schema: a PATCH of nothing is a mistake."""
    if not data:
        raise ValidationError("하나 이상 지정해 주세요.")


WORD = validate.Regexp(r"[A-Za-z0-9_-]+\Z", error="영문, 숫자, 밑줄(_), 하이픈(-)만 쓸 수 있습니다.")
