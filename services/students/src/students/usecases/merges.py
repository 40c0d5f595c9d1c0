"""Two records that may be one person: shown, kept apart, merged, and taken apart again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.uow import UnitOfWork
from servicekit.pagination import decode, encode
from servicekit.problem import Problem
from sqlalchemy import RowMapping

from students.domain.audit import Action, Actor
from students.domain.merges import emptying, filling, reasons, written
from students.store import accounts, students, tags, trash
from students.store import merges as store
from students.usecases.audit import record
from students.usecases.changes import CHANGED, columns
from students.usecases.showing import listed

_FIRST = (UUID(int=0), UUID(int=0))


def maybe_same(uow: UnitOfWork, cursor: str | None, page_size: int) -> dict[str, Any]:
    """A page of pairs of active students, each once and by their ids, with why. Raises Problem 400."""
    left, right = decode(cursor, store.PAIR_ORDER) if cursor is not None else _FIRST
    pairs = [tuple(row) for row in store.pairs(uow.conn, uow.tenant, (left, right), page_size + 1)]
    page = pairs[:page_size]
    rows = store.shown(uow.conn, uow.tenant, list({student_id for pair in page for student_id in pair}))
    people = {student["id"]: student for student in listed(uow, rows)}
    results = [
        {"left": people[one], "right": people[other], "reasons": reasons(people[one], people[other])}
        for one, other in page
        if one in people and other in people  # else purged between the two queries
    ]
    return {"results": results, "next": encode(page[-1]) if len(pairs) > page_size else None}


def keep_apart(uow: UnitOfWork, by: Actor, one: UUID, other: UUID) -> None:
    """These two are two, whatever they have in common. Raises Problem 404, 422 same_student."""
    left_id, right_id = sorted(_both(uow, one, other))
    if store.keep_apart(uow.conn, uow.tenant, left_id, right_id, by.name):
        record(uow, by, Action.KEPT_APART, (left_id, right_id))


def merge(uow: UnitOfWork, by: Actor, winner_id: UUID, loser_id: UUID) -> UUID:
    """The loser is the winner's second record: it is deleted, and what it has fills what the winner lacks.

    Answers the merge's id. Publishes students.student.merged. Raises Problem 404, 422 same_student,
    409 not_active, has_merged_others.
    """
    students.lock_identities(uow.conn, uow.tenant)
    rows = _both(uow, winner_id, loser_id)
    winner, loser = rows[winner_id], rows[loser_id]
    if winner["deleted_at"] is not None or loser["deleted_at"] is not None:
        raise Problem("not_active", "삭제된 학생은 합칠 수 없습니다.", status=409)
    if store.has_merged(uow.conn, uow.tenant, loser_id):
        raise Problem(
            "has_merged_others",
            "다른 기록이 이미 합쳐진 학생입니다. 이 학생을 남기거나, 먼저 그 합치기를 취소해 주세요.",
            status=409,
        )
    store.bury(uow.conn, uow.tenant, loser_id, winner_id)
    filled = _fill(uow, winner, loser)
    given = store.give_tags(uow.conn, uow.tenant, winner_id, loser_id)
    accounts.end_sessions(uow.conn, uow.tenant, [loser_id])
    merge_id = store.remember(
        uow.conn,
        uow.tenant,
        {
            "winner_id": winner_id,
            "loser_id": loser_id,
            "filled": filled,
            "tags": given,
            "merged_by": by.name,
        },
    )
    _tell(uow, by, Action.MERGED, merge_id, (winner_id, loser_id), {loser_id})
    return merge_id


def undo(uow: UnitOfWork, by: Actor, merge_id: UUID) -> None:
    """The loser is a student of its own again, the winner is left with what it had or got since.

    A winner who was deleted meanwhile stays so. Publishes students.student.unmerged. Raises Problem 404,
    409 already_undone, undo_expired, active_student_exists.
    """
    students.lock_identities(uow.conn, uow.tenant)
    merged = _undoable(uow, merge_id)
    winner_id, loser_id = merged["winner_id"], merged["loser_id"]
    rows = store.lock_pair(uow.conn, uow.tenant, winner_id, loser_id)
    _refuse_twin(uow, rows[loser_id])
    store.unbury(uow.conn, uow.tenant, loser_id)
    trash.bring_back(uow.conn, uow.tenant, [{"student_id": loser_id}])
    back = emptying(rows[winner_id], merged["filled"])
    students.update_student(uow.conn, uow.tenant, winner_id, back)
    tags.remove_links(uow.conn, uow.tenant, winner_id, merged["tags"])
    store.mark_undone(uow.conn, uow.tenant, merge_id, by.name)
    gone = {winner_id} if rows[winner_id]["deleted_at"] is not None else set[UUID]()
    _tell(uow, by, Action.UNMERGED, merge_id, (winner_id, loser_id), gone)


def find(uow: UnitOfWork, merge_id: UUID) -> sa.Row[Any]:
    """A merge as the list shows it. Raises Problem 404."""
    found = uow.conn.execute(store.listing(uow.tenant).where(store.MERGE_ORDER[0] == merge_id)).first()
    if found is None:
        raise Problem("not_found")
    return found


def _both(uow: UnitOfWork, one: UUID, other: UUID) -> dict[UUID, dict[str, Any]]:
    if one == other:
        raise Problem("same_student", "서로 다른 두 학생을 선택해 주세요.", status=422)
    rows = store.lock_pair(uow.conn, uow.tenant, one, other)
    if len(rows) < 2:
        raise Problem("not_found")
    return rows


def _fill(uow: UnitOfWork, winner: dict[str, Any], loser: dict[str, Any]) -> dict[str, Any]:
    """Give the winner what it lacks; answers what that was."""
    filled = filling(winner, loser)
    phone = filled.get("student_phone")
    # a number that a third student has would make that one look like the winner too
    if phone is not None and store.phone_in_use(uow.conn, uow.tenant, phone, [winner["id"], loser["id"]]):
        del filled["student_phone"]
    students.update_student(uow.conn, uow.tenant, winner["id"], written(winner, filled))
    return filled


def _undoable(uow: UnitOfWork, merge_id: UUID) -> RowMapping:
    merged = store.lock_merge(uow.conn, uow.tenant, merge_id)
    if merged is None:
        raise Problem("not_found")
    if merged["undone_at"] is not None:
        raise Problem("already_undone", "이미 취소된 합치기입니다.", status=409)
    if merged["expired"]:
        raise Problem("undo_expired", "합친 지 30일이 지나 취소할 수 없습니다.", status=409)
    return merged


def _refuse_twin(uow: UnitOfWork, loser: dict[str, Any]) -> None:
    """Somebody may have been given the loser's name and parent phone since, most likely the winner."""
    twin = students.active_twin(uow.conn, uow.tenant, loser["id"], loser["name_key"], loser["parent_phone"])
    if twin is not None:
        raise Problem(
            "active_student_exists",
            "이름과 학부모 전화가 같은 학생이 있어 되돌릴 수 없습니다. 그 학생의 정보를 먼저 고쳐 주세요.",
            status=409,
            members={"conflict_student_id": str(twin)},
        )


def _tell(
    uow: UnitOfWork, by: Actor, action: Action, merge_id: UUID, pair: tuple[UUID, UUID], deleted: set[UUID]
) -> None:
    """The event, and a line for each in the trail that names the other by its pseudonym."""
    winner_id, loser_id = pair
    rows = students.rows_of(uow.conn, uow.tenant, pair)
    gone = [UUID(row.student_id) in deleted for row in rows]
    uow.publish(
        f"students.student.{action}",
        subject=str(winner_id),
        data={
            "merge_id": str(merge_id),
            "winner_id": str(winner_id),
            "loser_id": str(loser_id),
            "students": {**columns(rows, CHANGED), "deleted": gone},
        },
    )
    for one, other, role in ((winner_id, loser_id, "winner"), (loser_id, winner_id, "loser")):
        of = by.pseudonyms.of(uow.tenant, other)
        record(uow, by, action, [one], {"merge_id": merge_id, "as": role, "of": of})
