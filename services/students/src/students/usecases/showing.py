"""How students are shown: a page of them, one in full. Tags come in one further query, never per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.pagination import Page, fetch_page
from servicekit.problem import Problem
from sqlalchemy import Row

from students.domain.records import PHOTO_SUFFIXES, photo_key
from students.ports import Ports
from students.store import students as store
from students.store import tags

PHOTO_LINK = timedelta(minutes=10)


def list_page(uow: UnitOfWork, query: Mapping[str, Any]) -> dict[str, Any]:
    """A page of StudentQuery as StudentListSchema gives it."""
    filters = dict(query)
    cursor, page_size = filters.pop("cursor", None), filters.pop("page_size")
    deleted = filters["deleted"]
    page = fetch_page(
        uow.conn,
        store.listing(uow.tenant, **filters),
        store.TRASH_ORDER if deleted else store.LIST_ORDER,
        cursor=cursor,
        page_size=page_size,
        descending=deleted,
    )
    return answer(uow, page)


def answer(uow: UnitOfWork, page: Page) -> dict[str, Any]:
    """A page of rows with the columns store.students.SHOWN, as StudentListSchema gives it."""
    return {"results": listed(uow, page.rows), "next": page.next}


def listed(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Rows with the columns store.students.SHOWN, as StudentSchema gives them."""
    found = tags.tags_of(uow.conn, uow.tenant, [row.id for row in rows]) if rows else {}
    return [{**row._mapping, "tags": found.get(row.id, [])} for row in rows]


def show(uow: UnitOfWork, student_id: UUID, ports: Ports) -> dict[str, Any]:
    """One student in full, deleted or not, as StudentDetailSchema gives it. Raises Problem 404."""
    row = uow.conn.execute(store.detail(uow.tenant, student_id)).one_or_none()
    if row is None:
        raise Problem("not_found")
    [shown] = listed(uow, [row])
    siblings = (
        store.siblings(uow.conn, uow.tenant, row.id, row.parent_id) if row.parent_id is not None else []
    )
    return {
        **shown,
        "parent": _parent(row),
        "siblings": siblings,
        "hold": _hold(row),
        "photo_url": _photo_url(uow.tenant, row, ports),
    }


def _parent(row: Row[Any]) -> dict[str, Any] | None:
    if row.parent_id is None:
        return None
    return {
        "id": row.parent_id,
        "name": row.parent_name,
        "phone": row.parent_login_phone,
        "login_id": row.parent_login_id,
        "must_change": row.parent_must_change,
    }


def _hold(row: Row[Any]) -> dict[str, Any] | None:
    if row.hold_reason is None:
        return None
    return {name: getattr(row, f"hold_{name}") for name in ("reason", "until", "created_by", "created_at")}


def _photo_url(tenant: str, row: Row[Any], ports: Ports) -> str | None:
    if row.photo_type is None:
        return None
    file_name = f"photo{PHOTO_SUFFIXES[row.photo_type]}"
    return ports.objects.presign_get(photo_key(tenant, row.id), PHOTO_LINK, file_name)
