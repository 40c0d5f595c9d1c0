"""`academyctl up`: everything on this machine, and the main job once as a demonstration."""

from __future__ import annotations

import argparse
from pathlib import Path

from academyctl.call import Call
from academyctl.up import Options, unreadable, up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="one import, then stop everything")
    parser.add_argument(
        "--roster", type=Path, metavar="FILE.xlsx", help="import this workbook, not the sample"
    )
    parser.add_argument("--json", action="store_true", help="with --once: the final status as JSON on stdout")
    parser.add_argument("--no-demo", action="store_true", help="start the stack and import nothing")


def run(call: Call) -> int:
    """0, or 1 when the stack or the import failed."""
    wanted = call.arguments
    if wanted.json and not wanted.once:
        call.refuse("--json needs --once")
    if wanted.no_demo and (wanted.once or wanted.roster):
        call.refuse("--no-demo goes without --once and --roster")
    problem = unreadable(wanted.roster) if wanted.roster else None
    if problem:
        call.refuse(f"--roster: {problem}")
    options = Options(once=wanted.once, roster=wanted.roster, as_json=wanted.json, demo=not wanted.no_demo)
    return up(call.settings, call.directories, options)
