"""`storage-janitor erase --tenant T [--student ID]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from eventkit.clock import SYSTEM_CLOCK

from storage_janitor.commands.operator import HELD_BACK, identifier, opened, operator, say, tenant
from storage_janitor.settings import Settings
from storage_janitor.store import plans
from storage_janitor.usecases.erasure_plans import Subject, plan_erasure


def erase(settings: Settings, argv: Sequence[str]) -> int:
    """Plan the deletion of every object of an academy or a student; somebody else has to approve it."""
    parser = argparse.ArgumentParser(prog="storage-janitor erase")
    parser.add_argument("--tenant", type=tenant, required=True)
    parser.add_argument("--student", type=identifier)
    given = parser.parse_args(argv)
    subject = Subject(given.tenant, given.student)
    with opened(settings) as parts:
        plan_id = plan_erasure(parts.db, parts.policy, parts.buckets, SYSTEM_CLOCK, subject, operator())
        if plan_id is None:
            say("no objects")
            return 0
        with parts.db.system() as conn:
            row = plans.get(conn, plan_id)
    say(f"{row.id} {row.objects} objects, {row.bytes} bytes")
    say(f"to be approved by somebody else: storage-janitor plans approve {row.id} {row.digest}")
    return HELD_BACK
