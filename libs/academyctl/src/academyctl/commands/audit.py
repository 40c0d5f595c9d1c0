"""`academyctl audit events`: published = handled + dead + still on its way, for every subscriber."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta

from academyctl.audit import Line, gaps, lines
from academyctl.call import Call
from academyctl.operators import Operators
from academyctl.table import align, show

_TITLES = ("서비스", "발행", "처리", "실패함", "미발송", "발송불가", "대기열", "중복", "행방불명")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["events"])
    parser.add_argument("--hours", type=int, default=24, choices=range(1, 24 * 29), metavar="N")
    parser.add_argument("--json", action="store_true", help="lines and gaps as JSON")


def run(call: Call) -> int:
    """0 when nothing is unaccounted for, else 1."""
    until = datetime.now(UTC)
    span = {"since": (until - timedelta(hours=call.arguments.hours)).isoformat(), "until": until.isoformat()}
    parts = dict(Operators.of(call).everywhere("ledger/", **span))
    found, missing = lines(parts), gaps(parts)
    lost = sum(line.unaccounted for line in found.values())
    if call.arguments.json:
        print(json.dumps(_document(found, missing, lost)))
    else:
        shown = align([_TITLES, *(_cells(service, line) for service, line in found.items())])
        shown += [f"! {type} → {to} {hour}: {count}건 차이" for (to, type, hour), count in missing.items()]
        show(shown)
    return 1 if lost else 0


def _cells(service: str, line: Line) -> tuple[str, ...]:
    counts = (
        line.published, line.handled, line.dead, line.unsent, line.parked, line.in_flight, line.duplicates,
        line.unaccounted,
    )  # fmt: skip
    return (service, *map(str, counts))


def _document(found: dict[str, Line], missing: dict[tuple[str, str, str], int], lost: int) -> object:
    names = ("published", "handled", "dead", "unsent", "parked", "in_flight", "duplicates", "unaccounted")
    return {
        "services": {
            service: {name: getattr(line, name) for name in names} for service, line in found.items()
        },
        "gaps": [
            {"destination": to, "type": type, "hour": hour, "count": count}
            for (to, type, hour), count in missing.items()
        ],
        "unaccounted": lost,
    }
