"""Fields of a person as people type them: normalised where that is safe, refused in Korean where not."""

from __future__ import annotations

from typing import Any

from contracts.identity import MAX_NAME, normalise_name, normalise_phone
from marshmallow import ValidationError, fields, post_load
from servicekit.fields import Data, Ids, StrictSchema, Text, messages

from students.domain.records import MAX_CUSTOM_FIELDS, MAX_CUSTOM_TEXT, MAX_LABEL, MAX_TAGS, login_id_of


class BlankIsNothing(StrictSchema):
    """ "" for a field says that there is nothing, as null does."""

    @post_load
    def _blank_is_nothing(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: None if value == "" else value for name, value in data.items()}


class Name(Text):
    """A person's name as contracts.identity.normalise_name leaves it, 1 to 50 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(4 * MAX_NAME, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        name = normalise_name(super()._deserialize(value, attr, data, **kwargs))
        if not name:
            raise self.make_error("blank")
        if len(name) > MAX_NAME:
            raise self.make_error("long", max=MAX_NAME)
        return name


class Phone(Text):
    """A Korean mobile number, stored as 11 digits starting 010."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        phone = normalise_phone(text) if text else ""
        if phone is None:
            raise ValidationError("010으로 시작하는 11자리 휴대전화 번호가 아닙니다.")
        return phone


class LoginId(Text):
    """A login id that somebody wishes, stored in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(40, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        login_id = login_id_of(text) if text else ""
        if login_id is None:
            raise ValidationError("영문, 숫자, 점(.), 밑줄(_), 하이픈(-)으로 4자 이상 40자 이하여야 합니다.")
        return login_id


class CustomFields(fields.Field[dict[str, str]]):
    """An object of at most 30 labels, each with a text of at most 500 characters."""

    default_error_messages = messages(
        invalid="항목 이름과 내용으로 된 JSON 객체여야 합니다.", length="항목은 {max}개 이하여야 합니다."
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._label = Text(MAX_LABEL)
        self._content = Text(MAX_CUSTOM_TEXT, blank=True, multiline=True)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        if len(value) > MAX_CUSTOM_FIELDS:
            raise self.make_error("length", max=MAX_CUSTOM_FIELDS)
        return {str(self._label.deserialize(label)): self._text(text) for label, text in value.items()}

    def _text(self, given: Any) -> str:
        return str(self._content.deserialize(given))


class TagIds(Ids):
    """The tags of one student, none to 20."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=MAX_TAGS, metadata={"minItems": 0}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> list[Any]:
        return [] if value == [] else super()._deserialize(value, attr, data, **kwargs)
