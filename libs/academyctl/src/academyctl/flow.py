"""A flow as a graph: what the services say of it, put together by cause and effect. Pure: no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from academyctl.client import Json

State = Literal["handled", "dead", "discarded", "waiting", "unsent", "parked"]


@dataclass(slots=True)
class Edge:
    """One event on its way to one service; `number` counts those of its type to that service.

    `since`: when it was handled or died, else since when it waits.
    """

    id: str
    type: str
    number: int
    source: str
    destination: str
    subject: str
    caused_by: str | None
    created_at: datetime
    state: State
    since: datetime
    receives: int = 0
    duplicates: int = 0
    reason: str = ""
    handler: str = ""
    causes: list[Edge] = field(default_factory=list)

    def says(self, now: datetime, age: Any) -> str:
        """What became of it, for a reader."""
        if self.state == "handled":
            took = (self.since - self.created_at).total_seconds()
            extra = f", {self.receives}번째 수신" if self.receives > 1 else ""
            extra += f", 중복 {self.duplicates}" if self.duplicates else ""
            return f"처리 +{took:.2f}초{extra}"
        if self.state in ("dead", "discarded"):
            word = "실패함에 있음" if self.state == "dead" else "폐기됨"
            return f"{word}: {self.reason}"
        span = age((now - self.since).total_seconds())
        if self.state == "waiting":
            return f"{self.destination} 응답 없음 ({span}째)"
        return f"{self.source}에서 아직 보내지 못함 ({span}째{': ' + self.reason if self.reason else ''})"


def assemble(parts: Mapping[str, Json]) -> list[Edge]:
    """The roots of the graph, oldest first; `parts` is each service's answer of flows/."""
    handled = {(service, row["id"]): row for service, part in parts.items() for row in part["handled"]}
    died = {(service, row["id"]): row for service, part in parts.items() for row in part["died"]}
    edges = [_edge(service, row, handled, died) for service, part in parts.items() for row in part["sent"]]
    edges.sort(key=lambda edge: (edge.created_at, edge.id))
    _number(edges)
    by_id: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        by_id[edge.id].append(edge)
    roots: list[Edge] = []
    for edge in edges:
        # an event to several services: what its handlers caused hangs below the one of the causing service
        parents = by_id.get(edge.caused_by or "", [])
        parent = next((p for p in parents if p.destination == edge.source), None)
        (parent.causes if parent else roots).append(edge)
    return roots


def missing(roots: Iterable[Edge]) -> list[Edge]:
    """Those that nobody has answered yet."""
    return [edge for edge in walk(roots) if edge.state in ("waiting", "unsent", "parked")]


def walk(roots: Iterable[Edge]) -> Iterator[Edge]:
    for edge in roots:
        yield edge
        yield from walk(edge.causes)


def _edge(source: str, row: Json, handled: Mapping[Any, Json], died: Mapping[Any, Json]) -> Edge:
    created = _moment(row["created_at"])
    edge = Edge(
        id=row["id"], type=row["type"], number=0, source=source, destination=row["destination"],
        subject=row["subject"], caused_by=row["caused_by"], created_at=created, state="waiting",
        since=_moment(row["sent_at"]) if row["sent_at"] else created,
    )  # fmt: skip
    if done := handled.get((edge.destination, edge.id)):
        edge.state, edge.since, edge.handler = "handled", _moment(done["handled_at"]), done["handler"]
        edge.receives, edge.duplicates = done["receives"], done["duplicates"]
    elif dead := died.get((edge.destination, edge.id)):
        edge.state = "discarded" if dead["state"] == "discarded" else "dead"
        edge.since, edge.reason = _moment(dead["last_seen"]), f"{dead['reason']} ({dead['place'] or '-'})"
    elif not row["sent_at"]:
        edge.state, edge.reason = "unsent", row["error"] or ""
    return edge


def _number(edges: Iterable[Edge]) -> None:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for edge in edges:
        counts[edge.type, edge.destination] += 1
        edge.number = counts[edge.type, edge.destination]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
