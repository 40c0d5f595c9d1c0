"""When two records may be one person, and what the one that stays gets from the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from students.domain.purge import KEEP_FOR
from students.domain.records import PROFILE, grade_fits

UNDO_FOR = KEEP_FOR
"""How long a merge can be taken back: after that the loser is purged like everybody in the trash."""

FILLED = tuple(name for name in PROFILE if name != "custom_fields")
"""Fields that the winner gets from the loser where its own are empty; and custom_fields, label by label."""


def similar(left: str, right: str) -> bool:
    """Whether two name keys are at most one character apart (put in, left out, changed), but for spaces."""
    short, long = sorted((left.replace(" ", ""), right.replace(" ", "")), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def reasons(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Why two students may be one; both have name_key, parent_phone and student_phone."""
    own_phone = left["student_phone"]
    found = {
        "same_phone": left["parent_phone"] == right["parent_phone"],
        "similar_name": similar(left["name_key"], right["name_key"]),
        "same_student_phone": own_phone is not None and own_phone == right["student_phone"],
    }
    return [reason for reason, holds in found.items() if holds]


def filling(winner: Mapping[str, Any], loser: Mapping[str, Any]) -> dict[str, Any]:
    """What the winner gets: FILLED by name, and `custom_fields` with the labels that it did not have.

    A grade that the school does not have is left out, and so is the school type that would not fit.
    """
    given = {
        name: loser[name] for name in FILLED if winner[name] in (None, "") and loser[name] not in (None, "")
    }
    together = {**winner, **given}
    if not grade_fits(together["school_type"], together["grade"]):
        given = {name: value for name, value in given.items() if name not in ("school_type", "grade")}
    own = winner["custom_fields"]
    labels = {label: text for label, text in loser["custom_fields"].items() if text and not own.get(label)}
    return {**given, "custom_fields": labels} if labels else given


def emptying(winner: Mapping[str, Any], filled: Mapping[str, Any]) -> dict[str, Any]:
    """Columns to write when `filled` is taken back: empty again only what still has the filled value."""
    back = {name: None for name in FILLED if name in filled and winner[name] == filled[name]}
    labels = filled.get("custom_fields", {})
    own = winner["custom_fields"]
    kept = {label: text for label, text in own.items() if labels.get(label) != text}
    return {**back, "custom_fields": kept} if kept != own else back


def written(winner: Mapping[str, Any], filled: Mapping[str, Any]) -> dict[str, Any]:
    """Columns to write for `filled`."""
    if "custom_fields" not in filled:
        return dict(filled)
    return {**filled, "custom_fields": {**winner["custom_fields"], **filled["custom_fields"]}}


def undo_until(merged_at: datetime) -> datetime:
    """The last moment at which the merge can be taken back."""
    return merged_at + UNDO_FOR
