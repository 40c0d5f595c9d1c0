"""`storage-janitor ledger verify`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from storage_janitor.commands.operator import HELD_BACK, opened, say
from storage_janitor.settings import Settings
from storage_janitor.store import ledger as store


def ledger(settings: Settings, argv: Sequence[str]) -> int:
    """Follow the ledger's hash chain from its first entry to its last."""
    parser = argparse.ArgumentParser(prog="storage-janitor ledger")
    parser.add_argument("what", choices=["verify"])
    parser.parse_args(argv)
    with opened(settings) as parts, parts.db.system() as conn:
        found = store.verified(conn)
    if found.broken_at is not None:
        say(f"broken at entry {found.broken_at}: it is not as it was written, or something is missing")
        return HELD_BACK
    say(f"{found.entries} entries, head {found.head.hash}")
    return 0
