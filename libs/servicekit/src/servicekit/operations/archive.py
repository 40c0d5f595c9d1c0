"""Rebuilding a read model: the subscriber forgets, then the publisher sends again."""

from __future__ import annotations

from typing import Any

from eventkit import archive

from servicekit.auth import OPERATORS
from servicekit.operations import audit
from servicekit.operations.blueprint import operations
from servicekit.operations.insight import period
from servicekit.operations.schemas import RebuildSchema, ResendSchema
from servicekit.problem import Problem
from servicekit.web import caller, system


@operations.route("/rebuilds/", roles=OPERATORS, methods=["POST"])
@operations.arguments(RebuildSchema)
@operations.response(200)
def rebuild(given: dict[str, Any]) -> dict[str, Any]:
    """Forget having handled these events, so that they are handled again; the number of `forgotten`.

    Only types that fill a read model: 422 not_rebuildable. Then resend them where they were published.
    """
    since, until = period(given)
    with system() as conn:
        if not set(given["types"]) <= set(archive.rebuildable(conn)):
            raise Problem("not_rebuildable")
        forgotten = archive.forget(conn, given["types"], since, until)
        audit.record(conn, caller(), "read_model_rebuilt", ",".join(given["types"]), since=since, until=until)
    return {"forgotten": forgotten}


@operations.route("/resends/", roles=OPERATORS, methods=["POST"])
@operations.arguments(ResendSchema)
@operations.response(200)
def resend(given: dict[str, Any]) -> dict[str, Any]:
    """Send the events of that time again to one service, from the last 30 days; how many are `sent`.

    One that was handled there already has no effect.
    """
    since, until = period(given)
    to, types = given["destination"], given["types"]
    with system() as conn:
        sent = archive.resend(conn, to, types, since, until)
        audit.record(
            conn, caller(), "events_resent", f"{sent} to {to}", types=types, since=since, until=until
        )
    return {"sent": sent}
