"""`academyctl flow <job or correlation id>`: every event and effect of it, and what is missing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from contracts import SERVICES

from academyctl.call import Call
from academyctl.flow import Edge, assemble, missing, walk
from academyctl.operators import Operators, age
from academyctl.table import show

_MANY = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", help="a job id, a request id, or a correlation id")
    parser.add_argument("--all", action="store_true", help="also each of many alike")
    parser.add_argument("--json", action="store_true", help="what each service knows, as JSON")


def run(call: Call) -> int:
    """0 when everything was answered, 1 when something is missing or dead, 2 for an unknown reference."""
    operators = Operators.of(call)
    parts = collect(operators, call.arguments.reference)
    if not any(part["sent"] or part["handled"] or part["died"] for part in parts.values()):
        call.refuse(f"no service knows {call.arguments.reference}")
    if call.arguments.json:
        show([json.dumps(parts, ensure_ascii=False)])
        return 0
    roots = assemble(parts)
    show([*_tree(roots, datetime.now(UTC), 0, call.arguments.all), "", *_ending(roots, parts)])
    return 1 if any(edge.state != "handled" for edge in walk(roots)) else 0


def collect(operators: Operators, reference: str) -> dict[str, dict[str, list[dict[str, object]]]]:
    """Each service's part, of all flows in which the reference occurs."""
    found = [flow for _, part in operators.everywhere(f"flows/{reference}/") for flow in part["results"]]
    flows = ",".join(sorted({*found, reference}))
    return {service: operators.get(service, "flows/", ids=flows) for service in SERVICES}


def _tree(edges: Iterable[Edge], now: datetime, depth: int, everything: bool) -> Iterator[str]:
    for alike in _groups(edges, everything):
        first, indent = alike[0], "  " * depth
        if len(alike) == 1:
            arrow = f"{first.type} → {first.destination}"
            yield f"{indent}{arrow}  {first.says(now, age)}"
            yield from _tree(first.causes, now, depth + 1, everything)
            continue
        done = [edge for edge in alike if edge.state == "handled"]
        yield f"{indent}{first.type} ×{len(alike)} → {first.destination}  처리 {len(done)}"
        for edge in (edge for edge in alike if edge.state != "handled"):
            yield f"{indent}  #{edge.number}  {edge.says(now, age)}"
        yield from _tree([below for edge in alike for below in edge.causes], now, depth + 1, everything)


def _groups(edges: Iterable[Edge], everything: bool) -> Iterator[list[Edge]]:
    alike: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        alike.setdefault((edge.type, edge.destination), []).append(edge)
    for group in alike.values():
        if everything or len(group) < _MANY:
            yield from ([edge] for edge in group)
        else:
            yield group


def _ending(roots: list[Edge], parts: dict[str, dict[str, list[dict[str, object]]]]) -> Iterator[str]:
    edges = list(walk(roots))
    if not edges:
        yield "보낸 이벤트가 없습니다."
        return
    last = max(edge.since for edge in edges)
    duplicates = sum(edge.duplicates for edge in edges)
    retries = sum(max(edge.receives - 1, 0) for edge in edges)
    took = (last - min(edge.created_at for edge in edges)).total_seconds()
    yield f"이벤트 {len(edges)}건, {took:.2f}초, 중복 {duplicates}, 재시도 {retries}"
    now = datetime.now(UTC)
    for edge in missing(roots):
        yield f"! {edge.type} #{edge.number}: {edge.says(now, age)}"
    if not all(part["complete"] for part in parts.values()):
        yield "… 너무 많아 일부만 보였습니다."
