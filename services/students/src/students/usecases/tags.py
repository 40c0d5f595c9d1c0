"""Tags: an academy's own words for students."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.constraints import unique
from servicekit.problem import Problem
from sqlalchemy import Row

from students.domain.audit import Action, Actor
from students.domain.records import MAX_TAGS
from students.store import tags as store
from students.usecases import audit
from students.usecases.changing import active


def create_tag(uow: UnitOfWork, by: Actor, values: Mapping[str, Any]) -> Row[Any]:
    """Raises Problem 409 tag_exists."""
    with unique("uq_tag_name", _taken()):
        tag = store.insert_tag(uow.conn, uow.tenant, values)
    _record(uow, by, tag.id, "created")
    return tag


def change_tag(uow: UnitOfWork, by: Actor, tag_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Change name or color. Raises Problem 404, 409 tag_exists."""
    present = _seized(uow, tag_id)
    changed = {name: value for name, value in values.items() if value != getattr(present, name)}
    if not changed:
        return present
    with unique("uq_tag_name", _taken()):
        tag = store.update_tag(uow.conn, uow.tenant, tag_id, changed)
    _record(uow, by, tag_id, "changed")
    return tag


def remove_tag(uow: UnitOfWork, by: Actor, tag_id: UUID) -> None:
    """Remove a tag, from all students too. Raises Problem 404."""
    _seized(uow, tag_id)
    count = store.delete_tag(uow.conn, uow.tenant, tag_id)
    _record(uow, by, tag_id, "removed", students=count)


def give_tag(uow: UnitOfWork, by: Actor, student_id: UUID, tag_id: UUID) -> list[dict[str, Any]]:
    """The student's tags, now with this one. Raises Problem 404, 409 student_deleted, too_many_tags, 422."""
    active(uow, student_id)
    _known(uow, tag_id)
    if store.add_links(uow.conn, uow.tenant, [(student_id, tag_id)]):
        audit.record(uow, by, Action.UPDATED, [student_id], {"fields": ["tags"]})
    tags = _tags(uow, student_id)
    if len(tags) > MAX_TAGS:
        raise Problem("too_many_tags", f"한 학생의 태그는 {MAX_TAGS}개까지입니다.", status=409)
    return tags


def take_tag(uow: UnitOfWork, by: Actor, student_id: UUID, tag_id: UUID) -> list[dict[str, Any]]:
    """The student's tags without this one. Raises Problem 404, 409 student_deleted, 422 unknown_tag."""
    active(uow, student_id)
    _known(uow, tag_id)
    if store.remove_links(uow.conn, uow.tenant, student_id, [tag_id]):
        audit.record(uow, by, Action.UPDATED, [student_id], {"fields": ["tags"]})
    return _tags(uow, student_id)


def _tags(uow: UnitOfWork, student_id: UUID) -> list[dict[str, Any]]:
    return store.tags_of(uow.conn, uow.tenant, [student_id]).get(student_id, [])


def _seized(uow: UnitOfWork, tag_id: UUID) -> Row[Any]:
    present = store.lock_tag(uow.conn, uow.tenant, tag_id)
    if present is None:
        raise Problem("not_found")
    return present


def _known(uow: UnitOfWork, tag_id: UUID) -> None:
    if not store.hold_tags(uow.conn, uow.tenant, [tag_id]):
        message = "이 학원의 태그가 아닙니다."
        raise Problem("unknown_tag", message, status=422, errors={"tag_id": [message]})


def _record(uow: UnitOfWork, by: Actor, tag_id: UUID, change: str, **counts: int) -> None:
    audit.record_setting(uow, by, Action.SETTING_CHANGED, {"tag": tag_id, "change": change, **counts})


def _taken() -> Problem:
    message = "같은 이름의 태그가 이미 있습니다."
    return Problem("tag_exists", message, status=409, errors={"name": [message]})
