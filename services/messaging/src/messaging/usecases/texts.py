"""What is said to whom: variables filled, the advertising mark put on, and what no phone shows refused.

Previews and sending both go through here, so that what was seen is what leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from servicekit.problem import Problem
from sqlalchemy import Row

from messaging.domain import content
from messaging.domain.messages import Category

STUDENT_NAME, ACADEMY = "student_name", "academy"
"""Variables of every template: the first is another one for each student."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text with its variables. `values` are what its writer gave; `settings` the tenant's row."""

    text: str
    subject: str
    category: Category
    settings: Row[Any]
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def personal(self) -> bool:
        """Whether it says something of one student, so that siblings get one each."""
        return STUDENT_NAME in (*variables(self.text), *variables(self.subject))

    def values_for(self, name: str) -> dict[str, str]:
        """The value of every variable in a message about a student of this name."""
        own = {STUDENT_NAME: name, ACADEMY: self.settings.display_name or ""}
        return {**self.values, **{key: value for key, value in own.items() if value}}

    def filled(self, name: str) -> tuple[str, str]:
        """Text and subject as they leave. Raises Problem 400 missing_variables, ad_not_ready."""
        values = self.values_for(name)
        text, subject = (_fill(part, values) for part in (self.text, self.subject))
        return self.marked(text), subject

    def marked(self, text: str) -> str:
        """An advertisement with what the law wants in it. Raises Problem 400 ad_not_ready."""
        if self.category is Category.INFO:
            return text
        name, number = self.settings.display_name, self.settings.opt_out_number
        if not name or not number:
            detail = "광고를 보내려면 보내는 곳의 이름과 무료수신거부 번호를 먼저 설정해 주세요."
            raise Problem("ad_not_ready", detail, status=400)
        return content.as_advertisement(text, name, number)


def variables(text: str) -> tuple[str, ...]:
    """As content.variables. Raises Problem 400 unbalanced_variable with its `position`."""
    try:
        return content.variables(text)
    except content.UnbalancedError as error:
        raise Problem(
            "unbalanced_variable",
            "#{ 와 } 의 짝이 맞지 않거나 변수 이름이 올바르지 않습니다.",
            status=400,
            members={"position": error.position},
        ) from error


def _fill(text: str, values: Mapping[str, str]) -> str:
    variables(text)
    try:
        return content.fill(text, values)
    except content.MissingVariablesError as error:
        raise Problem(
            "missing_variables",
            "값이 없는 변수가 있습니다.",
            status=400,
            members={"missing_variables": list(error.names)},
        ) from error


def check_sendable(said: Said) -> None:
    """Raises Problem 400 unsendable_characters, each with its field and position in what was written."""
    written = {"body": said.text, "subject": said.subject, **said.values}
    if said.category is Category.AD or ACADEMY in (*variables(said.text), *variables(said.subject)):
        written[ACADEMY] = said.settings.display_name or ""
    found = [
        {"field": name, "position": one.position, "character": one.character}
        for name, text in written.items()
        for one in content.unsendable(text)
    ]
    if found:
        detail = "휴대전화에 표시할 수 없는 문자가 있습니다. 그림 문자와 특수 문자를 빼 주세요."
        raise Problem("unsendable_characters", detail, status=400, members={"unsendable": found})


def check_subject(subject: str) -> None:
    """Raises Problem 400 too_long."""
    if content.byte_length(subject) > content.SUBJECT_BYTES:
        raise too_long("subject", content.byte_length(subject), content.SUBJECT_BYTES)


def too_long(name: str, length: int, limit: int) -> Problem:
    """`length` and `limit` in bytes, of an Alimtalk in characters."""
    return Problem(
        "too_long",
        f"내용이 너무 깁니다. ({length:,}/{limit:,})",
        status=400,
        members={"field": name, "length": length, "limit": limit},
    )


def information_only() -> Problem:
    """An Alimtalk that advertises is refused by Kakao, and unlawful."""
    return Problem("alimtalk_is_information", "광고는 알림톡으로 보낼 수 없습니다.", status=400)


def no_channel() -> Problem:
    return Problem("no_channel", "카카오톡 채널(PFID)이 설정되어 있지 않습니다.", status=400)


def unknown_students(ids: list[str]) -> Problem:
    """They are of no student of the academy, or of one in the trash."""
    detail = "없거나 삭제된 학생이 포함되어 있습니다."
    return Problem("unknown_students", detail, status=400, members={"students": ids})
