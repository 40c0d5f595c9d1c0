"""`academyctl capacity`: what N daily users ask for at the peak, from deploy/capacity and deploy/cost."""

from __future__ import annotations

import argparse
import json
import re

from academyctl.call import Call
from academyctl.capacity import report
from academyctl.capacity.measured import basis
from academyctl.capacity.plan import plan
from academyctl.config import REPOSITORY
from academyctl.cost.declared import DeclarationError
from academyctl.table import show

FOLDER, COST = REPOSITORY / "deploy" / "capacity", REPOSITORY / "deploy" / "cost"
MOST = 10_000_000
_DIGITS = re.compile(r"[0-9]{1,8}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dau", required=True, metavar="N", help=f"daily active users, 1 to {MOST}")
    parser.add_argument("--json", action="store_true", help="the plan as JSON")


def run(call: Call) -> int:
    """0 when what is declared carries them, else 1."""
    dau = _dau(call)
    try:
        found_basis = basis(FOLDER, COST)
        found = plan(found_basis, dau)
    except (DeclarationError, FileNotFoundError) as error:
        call.refuse(f"deploy/capacity: {error}")
    if call.arguments.json:
        show([json.dumps(report.document(found, found_basis), ensure_ascii=False, indent=2)])
    else:
        show(report.text(found, found_basis))
    return 0 if found.holds else 1


def _dau(call: Call) -> int:
    given = call.arguments.dau
    dau = int(given) if _DIGITS.fullmatch(given) else 0
    if not 1 <= dau <= MOST:
        call.refuse(f"--dau: 1부터 {MOST}까지의 정수여야 합니다. 입력: {given!r:.40}")
    return dau
