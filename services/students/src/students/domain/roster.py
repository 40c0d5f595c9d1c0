"""What makes a roster row a person: the checks that the database would otherwise make for a whole chunk."""

from __future__ import annotations

import re

from contracts.identity import MAX_NAME, normalise_phone

SCHOOL_TYPES = ("ELEMENTARY", "MIDDLE", "HIGH")
GENDERS = ("M", "F")
MAX_GRADE = 6

SEVERAL_DELETED_CANDIDATES = "several_deleted_candidates"

# what a person decided about a row of several candidates, and that it can no longer be done
PICK, CREATE = "pick", "create"
PICKED_IS_GONE = "picked_is_gone"
# a row of a plan that would now end in another way
PLAN_CHANGED = "plan_changed"

# why somebody who should be new was not created
DUPLICATE_STUDENT = "duplicate_student"
DUPLICATE_IN_REQUEST = "duplicate_in_request"
DELETED_STUDENT_EXISTS = "deleted_student_exists"
LOGIN_ID_TAKEN = "login_id_taken"
UNKNOWN_TAGS = "unknown_tags"

# NUL and lone surrogates cannot be stored as PostgreSQL text
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def identity_refusal(name: str, parent_phone: str, student_phone: str | None) -> str | None:
    """Code of what is wrong with a row's identity, or None. `name` is already normalised."""
    if not 0 < len(name) <= MAX_NAME:
        return "invalid_name"
    if normalise_phone(parent_phone) != parent_phone:
        return "invalid_parent_phone"
    if student_phone is not None and normalise_phone(student_phone) != student_phone:
        return "invalid_student_phone"
    return None


def profile_refusal(
    school_type: str | None, grade: int | None, gender: str | None, *texts: str | None
) -> str | None:
    """Code of what is wrong with a row's profile, or None; `texts` are the free texts of the row."""
    if school_type is not None and school_type not in SCHOOL_TYPES:
        return "invalid_school_type"
    if grade is not None and not 1 <= grade <= MAX_GRADE:
        return "invalid_grade"
    if gender is not None and gender not in GENDERS:
        return "invalid_gender"
    if _UNSTORABLE.search("".join(filter(None, texts))):
        return "invalid_text"
    return None
