"""People on their way into store.roster: checked, keyed, and with the ids that they may need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from contracts.identity import name_key, normalise_name
from eventkit.ids import new_id

from students.domain.logins import login_ids
from students.domain.roster import identity_refusal, profile_refusal

# generated login ids to choose from: the tenth of a millionth row for which all are taken is tried again
LOGIN_CANDIDATES = 3


class Person(NamedTuple):
    """One row: `profile` in the order of PROFILE; a `code` says that it is refused already."""

    row: int
    name: str
    parent_phone: str
    profile: Sequence[Any]
    is_managed: bool | None = None
    wished_login: str | None = None
    password_hash: str | None = None
    code: str | None = None


def prepared(people: Iterable[Person], count: int) -> Iterator[tuple[Any, ...]]:
    """Rows as store.roster.COPIED, for `count` people."""
    logins = iter(login_ids(2 * LOGIN_CANDIDATES * count))
    for n, person in enumerate(people):
        yield (
            n,
            person.row,
            *_checked(person),
            new_id(),
            new_id(),
            _array(islice(logins, LOGIN_CANDIDATES)),
            new_id(),
            new_id(),
            _array(islice(logins, LOGIN_CANDIDATES)),
        )


def _checked(person: Person) -> tuple[Any, ...]:
    name = normalise_name(person.name)
    code = person.code or _refusal(name, person.parent_phone, person.profile)
    if code is not None:  # a refused row may hold what cannot be stored: only its number travels
        return (code, "", "", "", *[None] * len(person.profile), None, None, None)
    identity = (name, name_key(name), person.parent_phone)
    return (None, *identity, *person.profile, person.is_managed, person.wished_login, person.password_hash)


def _refusal(name: str, parent_phone: str, profile: Sequence[Any]) -> str | None:
    student_phone, school, school_type, grade, gender, *texts, _custom_fields = profile
    return identity_refusal(name, parent_phone, student_phone) or profile_refusal(
        school_type, grade, gender, name, school, *texts
    )


def _array(items: Iterable[str]) -> str:
    """PostgreSQL array literal of plain login ids."""
    return "{" + ",".join(items) + "}"
