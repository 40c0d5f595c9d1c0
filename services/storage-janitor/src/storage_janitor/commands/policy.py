"""`storage-janitor policy check | explain KEY | backtest`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from eventkit.clock import SYSTEM_CLOCK

from storage_janitor.adapters import policy_file
from storage_janitor.commands.operator import HELD_BACK, complain, opened, say
from storage_janitor.domain.objects import BUCKETS
from storage_janitor.domain.policies import Policy, PolicyError
from storage_janitor.settings import Settings
from storage_janitor.usecases.backtesting import backtest
from storage_janitor.usecases.explaining import bucket_of, explain


def policy(settings: Settings, argv: Sequence[str]) -> int:
    """Check a policy, explain what it says of one key, or find out what it would have deleted."""
    given = _arguments(argv)
    try:
        chosen = policy_file.read(given.file) if given.file else policy_file.built_in()
    except OSError as error:
        complain(f"{given.file}: {error.strerror}")
        return 2
    except PolicyError as error:
        for code, where in error.problems:
            say(f"{where}: {code}")
        return HELD_BACK
    if given.what == "check":
        return _check(chosen)
    return _explain(settings, given) if given.what == "explain" else _backtest(settings, chosen, given)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="storage-janitor policy")
    what = parser.add_subparsers(dest="what", required=True)
    check = what.add_parser("check", help="every problem of a policy file")
    explain_key = what.add_parser("explain", help="what the policy says of one key")
    explain_key.add_argument("key")
    explain_key.add_argument("--bucket", choices=BUCKETS, help="where the key's shape does not tell it")
    explain_key.set_defaults(file=None)
    test = what.add_parser("backtest", help="what a policy would have deleted")
    test.add_argument("--days", type=int, choices=range(1, 91), default=30, metavar="DAYS")
    test.add_argument("--json", action="store_true", dest="as_json")
    for one in (check, test):
        one.add_argument("--file", type=Path, help="another policy than the one of this build")
    return parser.parse_args(argv)


def _check(chosen: Policy) -> int:
    for rule in chosen.rules:
        since = f"{rule.since} + {rule.age}" if rule.since else "kept"
        say(f"{rule.bucket:8} {rule.name:16} {rule.pattern.text:55} {since}")
    say(f"version {chosen.version}, {len(chosen.rules)} rules, {chosen.digest}")
    return 0


def _explain(settings: Settings, given: argparse.Namespace) -> int:
    with opened(settings) as parts:
        bucket = given.bucket or bucket_of(parts.policy, given.key)
        if bucket is None:
            complain("no bucket's rules know a key of this shape: name one with --bucket")
            return 2
        with parts.db.system() as conn:
            found = explain(
                conn, parts.policy, parts.buckets, parts.owners, bucket, given.key, SYSTEM_CLOCK.now()
            )
    for name in ("bucket", "rule", "verdict", "reason", "detail", "due_at", "released"):
        say(f"{name:9} {found[name] if found[name] is not None else '-'}")
    for hold in found["holds"]:
        say(f"hold      {hold['id']} ({hold['kind']}) until {hold['expires_at']}")
    for row in found["ledger"]:
        say(f"deleted   {row['at']} {row['rule']} {row['cause']} {row['approver']}")
    return 0


def _backtest(settings: Settings, chosen: Policy, given: argparse.Namespace) -> int:
    with opened(settings) as parts:
        now = SYSTEM_CLOCK.now()
        found = backtest(parts.db, parts.buckets, parts.policy, chosen, given.days, now)
    if given.as_json:
        say(json.dumps(found, ensure_ascii=False))
    else:
        for rule in found["rules"]:
            say(
                f"{rule['rule']:16} {rule['objects']:>10} objects {rule['bytes']:>16} bytes"
                f" ${rule['saving_usd']}/month, {rule['more_than_now']} more and {rule['less_than_now']}"
                " less than the policy in force"
            )
        for fuse in found["fuses"]:
            say(
                f"fuse: {fuse['bucket']} {fuse['rule']} {fuse['limit']} {fuse['planned']} > {fuse['allowed']}"
            )
    return HELD_BACK if found["fuses"] else 0
