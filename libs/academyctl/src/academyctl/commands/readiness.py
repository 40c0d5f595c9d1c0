"""`academyctl readiness`: a report on everything that the services stand on, before they are deployed."""

from __future__ import annotations

import argparse
from pathlib import Path

from academyctl.call import Call
from academyctl.readiness.checks import examine
from academyctl.readiness.context import Context
from academyctl.readiness.docker import Docker
from academyctl.readiness.sources import Sources, of_files, of_stack
from academyctl.state import read_state
from academyctl.table import show

IMAGES = "academy-{service}:latest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--local", action="store_true", help="the local stack that is up")
    where.add_argument(
        "--env-dir",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="holds <service>.env per service and, for what all share, .env (default: this folder)",
    )
    parser.add_argument("--docker", action="store_true", help="also start the worker images")
    parser.add_argument("--images", metavar="PATTERN", help=f"with --docker: their names (default: {IMAGES})")
    parser.add_argument("--json", action="store_true", help="the report as JSON on stdout")


def run(call: Call) -> int:
    """0: all PASS; 1: a FAIL; 3: no FAIL, but a SKIP."""
    wanted = call.arguments
    if wanted.images and not wanted.docker:
        call.refuse("--images goes with --docker")
    docker = Docker(wanted.images or IMAGES) if wanted.docker else None
    context = Context(_sources(call), local=wanted.local, docker=docker)
    try:
        report = examine(context)
    finally:
        context.close()
    show([report.json()] if wanted.json else report.text())
    return report.exit_code


def _sources(call: Call) -> Sources:
    if not call.arguments.local:
        return of_files(call.arguments.env_dir)
    state = read_state(call.directories.state)
    if state is None:
        call.refuse(f"--local: no stack is up on {call.directories.data}")
    return of_stack(state)
