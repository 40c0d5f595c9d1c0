"""Replays: freeze and try, apply in a ramp, pause, go on, cancel, approve."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventkit.deadletters import replays
from eventkit.deadletters.replays import FREE, Replay, State
from sqlalchemy import Connection, text

from servicekit.auth import APPROVERS, OPERATIONS, OPERATORS
from servicekit.operations import audit
from servicekit.operations.blueprint import operations
from servicekit.operations.schemas import (
    ChosenLettersSchema,
    ReplayItemsSchema,
    ReplaySchema,
    ReplaysSchema,
    some_chosen,
)
from servicekit.pagination import PageSchema, fetch_page
from servicekit.problem import Problem
from servicekit.web import caller, system

_replay = sa.table(
    "replay",
    sa.column("id", sa.Uuid),
    sa.column("filter", sa.JSON),
    *(sa.column(name, sa.Integer) for name in ("total", "step")),
    *(sa.column(name, sa.Text) for name in ("state", "stop_reason", "created_by", "approved_by")),
    *(sa.column(f"{name}_at", sa.DateTime(timezone=True)) for name in ("created", "approved", "ended")),
)
_item = sa.table(
    "replay_item",
    sa.column("replay_id", sa.Uuid),
    sa.column("dead_letter_id", sa.Uuid),
    sa.column("position", sa.Integer),
    sa.column("forecast", sa.Text),
    sa.column("changes", sa.JSON),
    sa.column("outcome", sa.Text),
    sa.column("reason", sa.Text),
)
_letter = sa.table(
    "dead_letter", sa.column("id", sa.Uuid), sa.column("type", sa.Text), sa.column("fingerprint", sa.Text)
)
_BY_CAUSE = text("""
    SELECT d.fingerprint, d.type, coalesce(i.forecast, 'untried') AS forecast,
        coalesce(i.outcome, 'waiting') AS outcome, i.reason, count(*) AS count
    FROM replay_item i JOIN dead_letter d ON d.id = i.dead_letter_id
    WHERE i.replay_id = :id GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC, 1 LIMIT 200
""")


@operations.route("/replays/", roles=OPERATORS, methods=["POST"])
@operations.arguments(ChosenLettersSchema)
@operations.response(201, ReplaySchema)
def create_replay(given: dict[str, Any]) -> dict[str, Any]:
    """Freeze the open letters that match; the worker tries each without effect. 422 filter_required."""
    of = some_chosen(given)
    with system() as conn:
        replay_id = replays.create(conn, of, caller())
        audit.record(conn, caller(), "replay_created", replay_id, filter=of.values())
        return _shown(conn, replay_id)


@operations.route("/replays/", roles=OPERATIONS)
@operations.arguments(PageSchema, location="query")
@operations.response(200, ReplaysSchema)
def list_replays(query: dict[str, Any]) -> dict[str, Any]:
    """Replays, newest first, without their causes."""
    with system() as conn:
        page = fetch_page(
            conn,
            sa.select(_replay),
            [_replay.c.created_at, _replay.c.id],
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
        counts = replays.summaries(conn, [row.id for row in page.rows])
    return page.answer(lambda row: {**row._mapping, "counts": counts[row.id]})


@operations.route("/replays/<uuid:replay_id>/", roles=OPERATIONS)
@operations.response(200, ReplaySchema)
def show_replay(replay_id: UUID) -> dict[str, Any]:
    """Its state, and its letters by forecast, outcome and cause."""
    with system() as conn:
        return _shown(conn, replay_id)


@operations.route("/replays/<uuid:replay_id>/items/", roles=OPERATIONS)
@operations.arguments(PageSchema, location="query")
@operations.response(200, ReplayItemsSchema)
def list_items(query: dict[str, Any], replay_id: UUID) -> dict[str, Any]:
    """Each letter: what the dry run says would change, and what became of it."""
    columns = (c for c in _item.c if c.name != "replay_id")
    with system() as conn:
        page = fetch_page(
            conn,
            sa.select(*columns, _letter.c.type, _letter.c.fingerprint)
            .join(_letter, _letter.c.id == _item.c.dead_letter_id)
            .where(_item.c.replay_id == replay_id),
            [_item.c.position],
            cursor=query.get("cursor"),
            page_size=query["page_size"],
        )
    return page.answer(lambda row: row._mapping)


@operations.route("/replays/<uuid:replay_id>/apply/", roles=OPERATORS, methods=["POST"])
@operations.response(200, ReplaySchema)
def apply_replay(replay_id: UUID) -> dict[str, Any]:
    """Handle, in a ramp, what the dry run said can be; also after a stop. 409 approval_required."""
    with system() as conn:
        replay = _locked(conn, replay_id)
        if _applicable(conn, replay) > FREE and replay.approved_by is None:
            raise Problem("approval_required")
        return _moved(conn, replay_id, ("rehearsed", "stopped"), "applying", "replay_applied")


@operations.route("/replays/<uuid:replay_id>/approve/", roles=APPROVERS, methods=["POST"])
@operations.response(200, ReplaySchema)
def approve_replay(replay_id: UUID) -> dict[str, Any]:
    """Let a replay of more than 1,000 be applied; 403 own_approval for its author."""
    with system() as conn:
        replay = _locked(conn, replay_id)
        if caller() in (replay.created_by, "internal"):
            raise Problem("own_approval")
        if replay.state != "rehearsed":
            raise Problem("replay_state")
        replays.approve(conn, replay_id, caller())
        audit.record(conn, caller(), "replay_approved", replay_id, total=replay.total)
        return _shown(conn, replay_id)


@operations.route("/replays/<uuid:replay_id>/pause/", roles=OPERATORS, methods=["POST"])
@operations.response(200, ReplaySchema)
def pause_replay(replay_id: UUID) -> dict[str, Any]:
    """After the step of the ramp that is under way."""
    with system() as conn:
        return _moved(conn, replay_id, ("applying",), "paused", "replay_paused")


@operations.route("/replays/<uuid:replay_id>/resume/", roles=OPERATORS, methods=["POST"])
@operations.response(200, ReplaySchema)
def resume_replay(replay_id: UUID) -> dict[str, Any]:
    """Go on where it was paused."""
    with system() as conn:
        return _moved(conn, replay_id, ("paused",), "applying", "replay_resumed")


@operations.route("/replays/<uuid:replay_id>/cancel/", roles=OPERATORS, methods=["POST"])
@operations.response(200, ReplaySchema)
def cancel_replay(replay_id: UUID) -> dict[str, Any]:
    """What was applied stays; the other letters stay open."""
    unfinished: tuple[State, ...] = ("rehearsing", "rehearsed", "applying", "paused", "stopped")
    with system() as conn:
        return _moved(conn, replay_id, unfinished, "cancelled", "replay_cancelled")


def _locked(conn: Connection, replay_id: UUID) -> Replay:
    replay = replays.find(conn, replay_id, lock=True)
    if replay is None:
        raise Problem("not_found")
    return replay


def _moved(
    conn: Connection, replay_id: UUID, before: tuple[State, ...], state: State, action: str
) -> dict[str, Any]:
    _locked(conn, replay_id)
    if not replays.move(conn, replay_id, before, state):
        raise Problem("replay_state")
    audit.record(conn, caller(), action, replay_id)
    return _shown(conn, replay_id)


def _applicable(conn: Connection, replay: Replay) -> int:
    counts = replays.summaries(conn, [replay.id])[replay.id]
    return sum(counts.get(word, {}).get("waiting", 0) for word in ("would_change", "already_applied"))


def _shown(conn: Connection, replay_id: UUID) -> dict[str, Any]:
    replay = replays.find(conn, replay_id)
    if replay is None:
        raise Problem("not_found")
    counts = replays.summaries(conn, [replay_id])[replay_id]
    causes = [dict(row._mapping) for row in conn.execute(_BY_CAUSE, {"id": replay_id})]
    return {**asdict(replay), "counts": counts, "groups": causes}
