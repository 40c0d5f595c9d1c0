"""The books of all services laid side by side. Pure: no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from academyctl.client import Json

Cell = tuple[str, str, str]
"""Destination, event type, hour (ISO)."""


@dataclass(slots=True)
class Line:
    """Of one subscriber: published = handled + dead + unsent + parked + in flight + unaccounted.

    `duplicates` are deliveries beyond those; `in_flight` is what its queues hold, by SQS's estimate.
    """

    published: int = 0
    handled: int = 0
    dead: int = 0
    unsent: int = 0
    parked: int = 0
    duplicates: int = 0
    in_flight: int = 0

    @property
    def open(self) -> int:
        """Sent, and not known to the receiver."""
        return self.published - self.handled - self.dead - self.unsent - self.parked

    @property
    def unaccounted(self) -> int:
        """Of those, more than its queues hold."""
        return max(self.open - self.in_flight, 0)


def lines(parts: Mapping[str, Json]) -> dict[str, Line]:
    """Subscriber → its line; `parts` is each service's answer of ledger/."""
    found: dict[str, Line] = defaultdict(Line)
    for service, part in parts.items():
        for row in part["published"]:
            line = found[row["destination"]]
            line.published += row["sent"] + row["unsent"] + row["parked"]
            line.unsent += row["unsent"]
            line.parked += row["parked"]
        own = found[service]
        for row in part["settled"]:
            own.handled += row["handled"]
            own.dead += row["dead"]
            own.duplicates += row["duplicates"]
        own.in_flight = sum(row["visible"] + row["in_flight"] + row["delayed"] for row in part["queues"])
    return dict(found)


def gaps(parts: Mapping[str, Json]) -> dict[Cell, int]:
    """Where more was sent than the receiver knows, by type and hour; negative where it knows more."""
    cells: dict[Cell, int] = defaultdict(int)
    for service, part in parts.items():
        for row in part["published"]:
            cells[row["destination"], row["type"], row["hour"]] += row["sent"]
        for row in part["settled"]:
            cells[service, row["type"], row["hour"]] -= row["handled"] + row["dead"]
    return {cell: difference for cell, difference in sorted(cells.items()) if difference}
