"""`academyctl cost`: what a month costs, from deploy/cost, beside the operations guide's section 5."""

from __future__ import annotations

import argparse
import json
import re

from academyctl.call import Call
from academyctl.config import REPOSITORY
from academyctl.cost import report
from academyctl.cost.declared import DeclarationError, Declared, Size, load
from academyctl.table import show

FOLDER = REPOSITORY / "deploy" / "cost"
_DIGITS = re.compile(r"[0-9]{1,9}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dau", required=True, metavar="N", help="daily active users: 500 or 10000")
    parser.add_argument("--json", action="store_true", help="the table as JSON")


def run(call: Call) -> int:
    """0 when the total lies in the guide's range, else 1."""
    try:
        declared = load(FOLDER)
        found = report.report(declared, _size(call, declared))
        shown = report.text(found)
    except DeclarationError as error:
        call.refuse(f"deploy/cost: {error}")
    if call.arguments.json:
        shown = [json.dumps(report.document(found), ensure_ascii=False, indent=2)]
    show(shown)
    return 0 if found.inside else 1


def _size(call: Call, declared: Declared) -> Size:
    given = call.arguments.dau
    size = declared.size_for(int(given)) if _DIGITS.fullmatch(given) else None
    if size is None:
        known = ", ".join(str(one.dau) for one in declared.sizes.values())
        call.refuse(f"--dau: 선언된 규모는 {known}뿐입니다 (deploy/cost/resources.toml). 입력: {given!r:.40}")
    return size
