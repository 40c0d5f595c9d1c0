"""Pairs that may be one person, and merges, under /api/v1/students."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from servicekit.auth import STAFF_ROLES
from servicekit.pagination import fetch_page
from servicekit.web import Blueprint, deps, tx

from students.domain.merges import undo_until
from students.http.caller import actor
from students.ports import Ports
from students.schemas.merges import (
    ApartSchema,
    MergedSchema,
    MergeListSchema,
    MergeQuery,
    MergeSchema,
    NewMerge,
    PairListSchema,
    PairQuery,
    shown,
)
from students.store import merges as store
from students.usecases import merges as usecases
from students.usecases.showing import show

merges = Blueprint("merges", __name__, url_prefix="/api/v1/students", description="학생")


@merges.route("/maybe_same/", roles=STAFF_ROLES)
@merges.arguments(PairQuery, location="query")
@merges.response(200, PairListSchema)
def list_pairs(query: dict[str, Any]) -> dict[str, Any]:
    """Pairs of active students who may be one person, with reasons; those decided to be two are left out."""
    with tx() as uow:
        return usecases.maybe_same(uow, query.get("cursor"), query["page_size"])


@merges.route("/maybe_same/apart/", roles=STAFF_ROLES, methods=["POST"])
@merges.arguments(ApartSchema)
@merges.response(204)
def keep_apart(body: dict[str, Any]) -> None:
    """Say that two students are two: the pair is not shown again (422 same_student)."""
    with tx() as uow:
        usecases.keep_apart(uow, actor(), body["left_id"], body["right_id"])


@merges.route("/merge/", roles=STAFF_ROLES, methods=["POST"])
@merges.arguments(NewMerge)
@merges.response(200, MergedSchema)
def merge_students(body: dict[str, Any]) -> dict[str, Any]:
    """Make two records one: the winner stays with what both have, for 30 days it can be undone
    (409 not_active, has_merged_others; 422 same_student).
    """
    with tx() as uow:
        merge_id = usecases.merge(uow, actor(), body["winner_id"], body["loser_id"])
        merged_at = usecases.find(uow, merge_id).merged_at
        winner = show(uow, body["winner_id"], deps(Ports))
    return {"merge_id": merge_id, "winner": winner, "undo_until": undo_until(merged_at)}


@merges.route("/merges/", roles=STAFF_ROLES)
@merges.arguments(MergeQuery, location="query")
@merges.response(200, MergeListSchema)
def list_merges(query: dict[str, Any]) -> dict[str, Any]:
    """Merges, newest first, with the time until which each can be undone; undone ones too, until one of the
    two is purged.
    """
    with tx() as uow:
        page = fetch_page(
            uow.conn,
            store.listing(uow.tenant),
            store.MERGE_ORDER,
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
    return page.answer(shown)


@merges.route("/merges/<uuid:merge_id>/undo/", roles=STAFF_ROLES, methods=["POST"])
@merges.response(200, MergeSchema)
def undo_merge(merge_id: UUID) -> dict[str, Any]:
    """Take a merge back within 30 days: both are students again, and the winner keeps what it has got since
    (409 undo_expired, already_undone, active_student_exists).
    """
    with tx() as uow:
        usecases.undo(uow, actor(), merge_id)
        return shown(usecases.find(uow, merge_id))
