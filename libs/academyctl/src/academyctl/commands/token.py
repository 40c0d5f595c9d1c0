"""`academyctl token`: a token signed by the development issuer of this machine."""

from __future__ import annotations

import argparse
from datetime import timedelta

from contracts.tenant import TENANT

from academyctl.call import Call
from academyctl.issuer import ROLES, DevelopmentIssuer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--role", required=True, action="append", choices=ROLES)
    parser.add_argument("--subject", default="dev-user")
    parser.add_argument("--hours", type=_hours, default=timedelta(hours=12), help="1 to 720")


def run(call: Call) -> int:
    """Prints the token."""
    wanted = call.arguments
    if not TENANT.fullmatch(wanted.tenant):
        call.refuse("--tenant: small letters, digits and hyphens")
    call.directories.make()
    issuer = DevelopmentIssuer(call.directories.secrets)
    print(issuer.token(wanted.tenant, wanted.role, wanted.subject, wanted.hours))
    return 0


def _hours(text: str) -> timedelta:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 720):
        raise argparse.ArgumentTypeError("a whole number from 1 to 720")
    return timedelta(hours=int(text))
