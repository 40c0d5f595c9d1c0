"""`storage-janitor lifecycle check | apply`: the buckets' own rules."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from eventkit.clock import SYSTEM_CLOCK
from eventkit.errors import PermanentError

from storage_janitor.commands.operator import HELD_BACK, complain, opened, say
from storage_janitor.settings import Settings
from storage_janitor.usecases import bucket_rules
from storage_janitor.usecases.bucket_rules import RulePorts


def lifecycle(settings: Settings, argv: Sequence[str]) -> int:
    """Compare the buckets' rules with the policy; `apply` makes buckets and rules first, as R2's admin."""
    parser = argparse.ArgumentParser(prog="storage-janitor lifecycle")
    parser.add_argument("what", choices=["check", "apply"])
    given = parser.parse_args(argv)
    with opened(settings) as parts:
        ports, now = RulePorts(parts.policy, parts.buckets, settings.upload_origins), SYSTEM_CLOCK.now()
        try:
            if given.what == "apply":
                bucket_rules.apply(parts.db, ports, now)
            rows = bucket_rules.check(parts.db, ports, now)
        except PermanentError as error:
            complain(str(error))
            return 1
    for row in rows:
        say(f"{row['bucket']:8} {row['what']:10} {row['state']}")
    return HELD_BACK if any(row["state"] != bucket_rules.OK for row in rows) else 0
