"""marshmallow fields and schema base for requests: strict, bounded, and safe to hand to PostgreSQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, fields, validate

INT32 = 2**31 - 1
# PostgreSQL stores neither NUL nor lone surrogates; the other control characters hide in names
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"-?[0-9]{1,19}")

Messages = dict[str, str | list[Any] | dict[Any, Any]]
Data = Mapping[str, Any] | None


def messages(**own: str) -> Messages:
    """A field's `default_error_messages`: the usual two, and its own."""
    return {"required": "필수 항목입니다.", "null": "비워 둘 수 없습니다.", **own}


class StrictSchema(Schema):
    """Unknown fields are an error: a misspelt optional field must not look accepted."""

    class Meta:
        unknown = RAISE

    error_messages = dict(  # noqa: C408,RUF012 - merged and copied by marshmallow
        unknown="알 수 없는 항목입니다.", type="JSON 객체여야 합니다."
    )


class Text(fields.Field[str]):
    """Text in NFC without surrounding white space, `min` to `max` characters; `blank` also admits ""."""

    default_error_messages = messages(
        invalid="문자열이어야 합니다.",
        blank="비워 둘 수 없습니다.",
        long="{max}자 이하여야 합니다.",
        short="{min}자 이상이어야 합니다.",
        characters="사용할 수 없는 문자가 포함되어 있습니다.",
    )

    def __init__(
        self, max: int, *, min: int = 1, blank: bool = False, multiline: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**_documented(kwargs, maxLength=max, minLength=0 if blank else min))
        self.max, self.min, self.blank, self.multiline = max, min, blank, multiline

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if _FORBIDDEN.search(value):
            raise self.make_error("characters")
        text = unicodedata.normalize("NFC", value).strip()
        if not self.multiline and ("\n" in text or "\r" in text):
            raise self.make_error("characters")
        if not text and not self.blank:
            raise self.make_error("blank")
        if len(text) > self.max:
            raise self.make_error("long", max=self.max)
        if text and len(text) < self.min:
            raise self.make_error("short", min=self.min)
        return text


class Password(fields.Field[str]):
    """A password exactly as typed (no stripping), `min` to `max` characters. Never serialised."""

    default_error_messages = messages(
        invalid="문자열이어야 합니다.",
        length="{min}자 이상 {max}자 이하여야 합니다.",
        characters="사용할 수 없는 문자가 포함되어 있습니다.",
    )

    def __init__(self, *, min: int = 4, max: int = 128, **kwargs: Any) -> None:
        super().__init__(load_only=True, **_documented(kwargs, minLength=min, maxLength=max))
        self.min, self.max = min, max

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if _FORBIDDEN.search(value):
            raise self.make_error("characters")
        if not self.min <= len(value) <= self.max:
            raise self.make_error("length", min=self.min, max=self.max)
        return value


class StrictBoolean(fields.Boolean):
    """true or false; as text (form, query) the same words. 1, "yes" and "on" are refused, not guessed."""

    default_error_messages = messages(invalid="true 또는 false여야 합니다.")

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        # JSON's "false" is text, and a text that says false must not be taken for true
        if isinstance(value, str) and value in ("true", "false") and type(data) is not dict:
            return value == "true"
        raise self.make_error("invalid")


class Whole(fields.Field[int]):
    """A whole number from `min` to `max` (default: what an integer column holds); as text its digits."""

    default_error_messages = messages(invalid="정수여야 합니다.", range="{min} 이상 {max} 이하여야 합니다.")

    def __init__(self, *, min: int = 0, max: int = INT32, **kwargs: Any) -> None:
        super().__init__(**_documented(kwargs, minimum=min, maximum=max))
        self.min, self.max = min, max

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> int:
        if isinstance(value, str) and type(data) is not dict and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        if not self.min <= value <= self.max:
            raise self.make_error("range", min=self.min, max=self.max)
        return value


class Id(fields.Field[UUID]):
    """An entity id: a UUID in its usual 36 character spelling."""

    default_error_messages = messages(invalid="올바른 ID 형식이 아닙니다.")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> UUID:
        if not (isinstance(value, str) and _UUID.fullmatch(value)):
            raise self.make_error("invalid")
        return UUID(value)


class Ids(fields.List[Any]):
    """One to `max` different ids; a repeated id is refused because its outcome would be ambiguous."""

    default_error_messages = messages(
        invalid="목록이어야 합니다.",
        length="1개 이상 {max}개 이하여야 합니다.",
        repeated="같은 ID가 두 번 이상 들어 있습니다.",
    )

    def __init__(self, *, max: int = 500, **kwargs: Any) -> None:
        super().__init__(Id(), **_documented(kwargs, minItems=1, maxItems=max))
        self.max = max

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> list[Any]:
        # counted before the items are parsed: a million ids must not cost a million parses
        if isinstance(value, list) and not 1 <= len(value) <= self.max:
            raise self.make_error("length", max=self.max)
        ids = super()._deserialize(value, attr, data, **kwargs)
        if len(set(ids)) != len(ids):
            raise self.make_error("repeated")
        return ids


class Date(fields.Date):
    """An ISO date, 1900-01-01 to 2199-12-31."""

    default_error_messages = messages(invalid="YYYY-MM-DD 형식의 날짜여야 합니다.")

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and _DATE.fullmatch(value)):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """An ISO date and time with its time zone."""

    default_error_messages = messages(
        invalid="2026-03-02T09:00:00+09:00 형식의 시각이어야 합니다.",
        invalid_awareness="시간대가 있어야 합니다. (예: 2026-03-02T09:00:00+09:00)",
    )


class Texts(fields.List[str]):
    """One to `max` texts of up to `length` characters."""

    default_error_messages = messages(
        invalid="목록이어야 합니다.", length="1개 이상 {max}개 이하여야 합니다."
    )

    def __init__(self, *, max: int, length: int, **kwargs: Any) -> None:
        super().__init__(Text(length), **_documented(kwargs, minItems=1, maxItems=max))
        self.max = max

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and not 1 <= len(value) <= self.max:
            raise self.make_error("length", max=self.max)
        return super()._deserialize(value, attr, data, **kwargs)


class Changes(fields.Dict):
    """At least one field with its new value, of any kind."""

    default_error_messages = messages(invalid="JSON 객체여야 합니다.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=1, error="하나 이상 지정해 주세요."), **kwargs)


class Choice(fields.Field[str]):
    """One of the given words, as spelt."""

    default_error_messages = messages(invalid="다음 중 하나여야 합니다: {choices}")

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        super().__init__(**_documented(kwargs, enum=list(choices)))
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise self.make_error("invalid", choices=", ".join(self.choices))
        return value


def _documented(kwargs: dict[str, Any], **limits: Any) -> dict[str, Any]:
    """Field arguments with the limits in the metadata, which apispec copies into OpenAPI."""
    return {**kwargs, "metadata": {**limits, **kwargs.get("metadata", {})}}
