"""`storage-janitor holds list | add | end`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import timedelta

from eventkit.clock import SYSTEM_CLOCK

from storage_janitor.commands.operator import (
    HELD_BACK,
    Parts,
    complain,
    identifier,
    opened,
    operator,
    say,
    tenant,
)
from storage_janitor.domain.holds import HoldKind
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.settings import Settings
from storage_janitor.store import holds as store
from storage_janitor.usecases.holding import place


def holds(settings: Settings, argv: Sequence[str]) -> int:
    """Keep objects whatever the policy says, with a reason and an end."""
    given = _arguments(argv)
    with opened(settings) as parts:
        if given.what == "list":
            return _list(parts)
        return _add(parts, given) if given.what == "add" else _end(parts, given)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="storage-janitor holds")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("list", help="those in force")
    add = what.add_parser("add")
    add.add_argument("kind", choices=list(HoldKind))
    add.add_argument("value", help="the id of the student or video, the prefix, or the tenant")
    add.add_argument("--tenant", type=tenant, required=True)
    add.add_argument("--bucket", choices=BUCKETS, help="of a prefix")
    add.add_argument("--days", type=int, choices=range(1, 3651), metavar="DAYS", required=True)
    add.add_argument("--reason", required=True)
    end = what.add_parser("end")
    end.add_argument("hold", type=identifier)
    end.add_argument("--reason", required=True)
    given = parser.parse_args(argv)
    if given.what == "add":
        if (given.kind == HoldKind.PREFIX) != (given.bucket is not None):
            parser.error("--bucket belongs to a prefix, and a prefix to a bucket")
        if given.kind == HoldKind.PREFIX and "/" not in given.value:
            parser.error("a prefix has a folder: exports/")
        if given.kind == HoldKind.TENANT and given.value != given.tenant:
            parser.error("value: not the --tenant")
        if not given.reason.strip():
            parser.error("--reason: why?")
        if given.kind in (HoldKind.STUDENT, HoldKind.VIDEO):
            try:
                given.value = str(identifier(given.value))
            except argparse.ArgumentTypeError as error:
                parser.error(f"value: {error}")
    return given


def _list(parts: Parts) -> int:
    with parts.db.system() as conn:
        for row in conn.execute(store.listing(active=True, now=SYSTEM_CLOCK.now()).order_by(*store.ORDER)):
            say(f"{row.id} {row.kind:8} {row.tenant_id} {row.value} until {row.expires_at}: {row.reason}")
    return 0


def _add(parts: Parts, given: argparse.Namespace) -> int:
    now = SYSTEM_CLOCK.now()
    values = {
        "kind": given.kind,
        "tenant_id": given.tenant,
        "bucket": given.bucket,
        "value": given.value,
        "reason": given.reason,
        "expires_at": now + timedelta(days=given.days),
    }
    with parts.db.system() as conn:
        row, in_flight = place(conn, parts.policy, values, operator(), now)
    say(str(row.id))
    if in_flight:
        complain(f"too late for {in_flight} objects that are being deleted")
        return HELD_BACK
    return 0


def _end(parts: Parts, given: argparse.Namespace) -> int:
    with parts.db.system() as conn:
        ended = store.end(conn, given.hold, operator(), given.reason, SYSTEM_CLOCK.now())
    if ended is None:
        complain("no such hold, or it has ended")
        return 2
    return 0
