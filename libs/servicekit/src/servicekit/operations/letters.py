"""Dead letters: causes, single ones, discard and edit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from contracts import REGISTRY
from eventkit.deadletters import letters, payload
from eventkit.errors import PermanentError
from sqlalchemy import Connection

from servicekit.auth import OPERATIONS, OPERATORS
from servicekit.operations import audit
from servicekit.operations.blueprint import operations
from servicekit.operations.schemas import (
    CausesSchema,
    DiscardedLettersSchema,
    DiscardLettersSchema,
    LetterDetailSchema,
    LetterEditSchema,
    LetterFilterSchema,
    LetterListSchema,
    LettersSchema,
    chosen,
    some_chosen,
)
from servicekit.pagination import fetch_page
from servicekit.problem import Problem
from servicekit.web import build_id, caller, system

_TEXTS = (
    "tenant_id", "type", "handler", "reason", "place", "fingerprint", "correlation_id", "source_queue",
    "body", "edited_from", "state",
)  # fmt: skip
_MOMENTS = ("published_at", "first_seen", "last_seen", "settled_at")
_letter = sa.table(
    "dead_letter",
    sa.column("id", sa.Uuid),
    sa.column("event_id", sa.Uuid),
    sa.column("attempts", sa.Integer),
    sa.column("seen", sa.Integer),
    *(sa.column(name, sa.Text) for name in _TEXTS),
    *(sa.column(name, sa.DateTime(timezone=True)) for name in _MOMENTS),
)
_SHOWN = [column for column in _letter.c if column.name not in ("body", "edited_from", "settled_at")]
_EDITED = _letter.c.edited_from.is_not(None).label("edited")
_REFUSALS = {
    "unknown_field": "이벤트에 없는 항목입니다: {}",
    "incompatible_data": "형식에 맞지 않습니다: {}",
}


@operations.route("/dead_letters/groups/", roles=OPERATIONS)
@operations.arguments(LetterFilterSchema, location="query")
@operations.response(200, CausesSchema)
def list_groups(query: dict[str, Any]) -> dict[str, Any]:
    """Open dead letters by cause, the largest group first, with what a dry run of this build said of each."""
    with system() as conn:
        return {"build": build_id(), "results": letters.groups(conn, chosen(query), build_id())}


@operations.route("/dead_letters/", roles=OPERATIONS)
@operations.arguments(LetterListSchema, location="query")
@operations.response(200, LettersSchema)
def list_letters(query: dict[str, Any]) -> dict[str, Any]:
    """Dead letters of a `state`, newest first, without their bodies."""
    of = chosen(query)
    matching = sa.text(of.sql()).bindparams(**of.values())
    with system() as conn:
        page = fetch_page(
            conn,
            sa.select(*_SHOWN, _EDITED).where(_letter.c.state == query["state"], matching),
            [_letter.c.last_seen, _letter.c.id],
            cursor=query.get("cursor"),
            page_size=query["page_size"],
            descending=True,
        )
    return page.answer(lambda row: row._mapping)


@operations.route("/dead_letters/<uuid:letter_id>/", roles=OPERATIONS)
@operations.response(200, LetterDetailSchema)
def show_letter(letter_id: UUID) -> dict[str, Any]:
    """One dead letter with its masked body."""
    with system() as conn:
        return _shown(_found(conn, letter_id))


@operations.route("/dead_letters/<uuid:letter_id>/", roles=OPERATORS, methods=["PATCH"])
@operations.arguments(LetterEditSchema)
@operations.response(200, LetterDetailSchema)
def edit_letter(given: dict[str, Any], letter_id: UUID) -> dict[str, Any]:
    """Other values of the event's `data`, checked against its schema; the first body is kept beside it."""
    with system() as conn:
        found = _found(conn, letter_id)
        if not letters.edit(conn, letter_id, _edited(found.body, given["data"])):
            raise Problem("letter_not_open")
        audit.record(conn, caller(), "letter_edited", letter_id, fields=sorted(given["data"]))
        return _shown(_found(conn, letter_id))


@operations.route("/dead_letters/discard/", roles=OPERATORS, methods=["POST"])
@operations.arguments(DiscardLettersSchema)
@operations.response(200, DiscardedLettersSchema)
def discard_letters(given: dict[str, Any]) -> dict[str, Any]:
    """Give up on the open letters that match, saying why; they stay readable for 30 days."""
    of = some_chosen(given)
    with system() as conn:
        gone = letters.discard(conn, of)
        audit.record(
            conn,
            caller(),
            "letters_discarded",
            f"{len(gone)} letters",
            filter=of.values(),
            note=given["note"],
        )
    return {"discarded": len(gone)}


def _found(conn: Connection, letter_id: UUID) -> Any:
    query = sa.select(*_SHOWN, _letter.c.body, _EDITED).where(_letter.c.id == letter_id)
    row: Any = conn.execute(query).one_or_none()
    if row is None:
        raise Problem("not_found")
    return row


def _edited(body: str, changes: dict[str, Any]) -> str:
    try:
        return payload.edited(body, changes, REGISTRY)
    except PermanentError as error:
        if error.code not in _REFUSALS:
            raise Problem("letter_not_an_event") from error
        told = {"data": [_REFUSALS[error.code].format(error.detail)]}
        raise Problem("letter_not_fitting", errors=told) from error


def _shown(row: Any) -> dict[str, Any]:
    return {**row._mapping, "payload": payload.masked(row.body), "bytes": len(row.body.encode())}
