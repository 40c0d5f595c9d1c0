"""`storage-janitor plans list | show ID | approve ID DIGEST | reject ID | apply ID`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from eventkit.clock import SYSTEM_CLOCK

from storage_janitor.commands.operator import HELD_BACK, Parts, complain, identifier, opened, operator, say
from storage_janitor.domain.plans import PlanState
from storage_janitor.settings import Settings
from storage_janitor.store import plans as store
from storage_janitor.usecases import planning
from storage_janitor.usecases.applying import apply
from storage_janitor.usecases.planning import PlanRefusedError

_SHOWN = 50


def plans(settings: Settings, argv: Sequence[str]) -> int:
    """List plans, look at one, approve it by its digest, reject it, or apply it here and now."""
    parser = argparse.ArgumentParser(prog="storage-janitor plans")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("list", help="the newest 50")
    for name in ("show", "approve", "reject", "apply"):
        one = what.add_parser(name)
        one.add_argument("plan", type=identifier)
        if name == "approve":
            one.add_argument("digest")
    given = parser.parse_args(argv)
    with opened(settings) as parts:
        try:
            return _list(parts) if given.what == "list" else _one(parts, given)
        except PlanRefusedError as error:
            complain(error.code)
            return HELD_BACK


def _list(parts: Parts) -> int:
    with parts.db.system() as conn:
        query = store.listing(state=None, kind=None).order_by(*(key.desc() for key in store.ORDER))
        for row in conn.execute(query.limit(_SHOWN)):
            say(f"{row.id} {row.kind:8} {row.bucket or '-':8} {row.state:10} {row.objects} objects")
    return 0


def _one(parts: Parts, given: argparse.Namespace) -> int:
    plan_id, by, now = given.plan, operator(), SYSTEM_CLOCK.now()
    row: Any = None
    with parts.db.system() as conn:
        if given.what == "approve":
            row = planning.approve(conn, plan_id, given.digest, by, now)
        elif given.what == "reject":
            row = planning.reject(conn, plan_id)
        elif given.what == "apply":
            row = planning.resume(conn, plan_id, now)
        else:
            row = store.find(conn, plan_id)
    if row is None:
        complain("no such plan")
        return 2
    if given.what == "apply":
        row = apply(parts.db, parts.applying, plan_id, by=by)
    _show(row)
    return 0 if given.what != "apply" or row.state == PlanState.DONE else HELD_BACK


def _show(row: Any) -> None:
    say(f"{row.id} {row.kind} {row.bucket or row.subject} {row.state}")
    say(f"digest  {row.digest}")
    say(f"planned {row.objects} objects, {row.bytes} bytes, ${row.saving_usd}/month")
    for one in row.reasons:
        say(f"  {one['rule']} ({one['reason']}): {one['objects']} objects, {one['bytes']} bytes")
    for fuse in row.fuses:
        say(f"fuse    {fuse['rule']} {fuse['limit']}: {fuse['planned']} > {fuse['allowed']}")
    kept = ", ".join(f"{number} {word}" for word, number in sorted(row.kept.items()))
    say(f"deleted {row.deleted} objects, {row.deleted_bytes} bytes{f'; kept: {kept}' if kept else ''}")
    if row.stop_reason:
        say(f"stopped {row.stop_reason}")
