"""The student list as CSV, complete and in flat memory: a server-side cursor, some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from eventkit.clock import SEOUL
from eventkit.uow import Transaction, UnitOfWork
from servicekit.csv_files import BOM, rendered

from students.domain.audit import Action, Actor
from students.domain.records import shown_fields, shown_phone
from students.store import students as store
from students.usecases import audit, showing

Student = Mapping[str, Any]

BATCH = 2000
_TYPES = {"ELEMENTARY": "초등학교", "MIDDLE": "중학교", "HIGH": "고등학교", None: ""}
_GENDERS = {"M": "남", "F": "여", None: ""}
_COLUMNS: tuple[tuple[str, Callable[[Student], Any]], ...] = (
    ("이름", lambda s: s["name"]),
    ("로그인 ID", lambda s: s["login_id"]),
    ("학생 전화번호", lambda s: shown_phone(s["student_phone"])),
    ("학부모 전화번호", lambda s: shown_phone(s["parent_phone"])),
    ("학교", lambda s: s["school"]),
    ("학교급", lambda s: _TYPES[s["school_type"]]),
    ("학년", lambda s: s["grade"]),
    ("성별", lambda s: _GENDERS[s["gender"]]),
    ("반", lambda s: s["school_class"]),
    ("계열", lambda s: s["major"]),
    ("출신학교", lambda s: s["origin_school"]),
    ("주소", lambda s: s["address"]),
    ("태그", lambda s: ", ".join(tag["name"] for tag in s["tags"])),
    ("메모", lambda s: s["memo"]),
    ("추가 항목", lambda s: shown_fields(s["custom_fields"])),
    ("OMR 코드", lambda s: s["omr_code"]),
    ("관리 대상", lambda s: "예" if s["is_managed"] else "아니오"),
    ("등록 일시", lambda s: _moment(s["created_at"])),
    ("삭제 일시", lambda s: _moment(s["deleted_at"])),
)


def begin_export(uow: UnitOfWork, by: Actor, filters: Mapping[str, Any]) -> None:
    """The trail of an export that now begins: the names of the filters in use, never what they look for."""
    used = sorted(name for name, value in filters.items() if value or (name, value) == ("is_managed", False))
    audit.record_setting(uow, by, Action.EXPORTED, {"filters": used})


def csv_lines(transaction: Transaction, filters: Mapping[str, Any]) -> Iterator[str]:
    """The whole file in parts of at most BATCH students, read in a transaction of its own."""
    yield BOM + rendered([[title for title, _ in _COLUMNS]])
    with transaction() as uow:
        query = store.listing(uow.tenant, **filters)
        order = [key.desc() for key in store.TRASH_ORDER] if filters["deleted"] else store.LIST_ORDER
        found = uow.conn.execute(query.order_by(*order), execution_options={"yield_per": BATCH})
        for batch in found.partitions():
            yield rendered(_cells(student) for student in showing.listed(uow, batch))


def file_name(now: datetime) -> str:
    """학생_20260302.csv, by the date in Seoul."""
    return f"학생_{now.astimezone(SEOUL):%Y%m%d}.csv"


def _cells(student: Student) -> list[Any]:
    return [cell(student) for _, cell in _COLUMNS]


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}"
