"""Conservation: every event that was published is handled, dead, or still on its way (DESIGN.md section 4).

Each service counts its own part by the hour in which an event was made, which its id (UUIDv7) tells; sent and
settled meet in that hour, whenever it happened. All functions run as the schema's system role.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

SPAN = timedelta(hours=24)
_HOUR = "to_timestamp(('x' || left(replace({id}::text, '-', ''), 12))::bit(48)::bigint / 3600000 * 3600)"


@dataclass(frozen=True, slots=True)
class Published:
    """Distinct events of an hour for one destination; one that is being resent has been sent."""

    destination: str
    type: str
    hour: datetime
    sent: int
    unsent: int
    parked: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Distinct events of an hour: handled, or dead and not handled; `duplicates` came again afterwards."""

    type: str
    hour: datetime
    handled: int
    dead: int
    duplicates: int


def window(now: datetime) -> tuple[datetime, datetime]:
    """The 24 h before the last full hour that ended ten minutes ago or more: the same for every service."""
    end = (now - timedelta(minutes=10)).replace(minute=0, second=0, microsecond=0)
    return end - SPAN, end


_PUBLISHED = text(f"""
    WITH published AS (
        SELECT destination, type, id, count(sent_at) > 0 AS sent, count(parked_at) = count(*) AS parked
        FROM outbox WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
        GROUP BY destination, type, id
    )
    SELECT destination, type, {_HOUR.format(id="id")} AS hour, count(*) FILTER (WHERE sent),
        count(*) FILTER (WHERE NOT sent AND NOT parked), count(*) FILTER (WHERE NOT sent AND parked)
    FROM published GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""")  # noqa: S608 - constants
_SETTLED = text(f"""
    WITH settled AS (
        SELECT type, event_id, true AS handled, duplicates FROM inbox
        WHERE event_id >= CAST(:first AS uuid) AND event_id < CAST(:last AS uuid)
        UNION ALL
        SELECT type, event_id, false, 0 FROM dead_letter d
        WHERE event_id >= CAST(:first AS uuid) AND event_id < CAST(:last AS uuid)
            AND NOT EXISTS (SELECT FROM inbox i WHERE i.event_id = d.event_id)
    )
    SELECT type, {_HOUR.format(id="event_id")} AS hour, count(DISTINCT event_id) FILTER (WHERE handled),
        count(DISTINCT event_id) FILTER (WHERE NOT handled), sum(duplicates)
    FROM settled GROUP BY 1, 2 ORDER BY 1, 2
""")  # noqa: S608 - constants


def published(conn: Connection, since: datetime, until: datetime) -> list[Published]:
    return [Published(*row) for row in conn.execute(_PUBLISHED, bounds(since, until))]


def settled(conn: Connection, since: datetime, until: datetime) -> list[Settled]:
    return [Settled(*row) for row in conn.execute(_SETTLED, bounds(since, until))]


_PUBLISHED_IDS = text("""
    SELECT DISTINCT id FROM outbox
    WHERE id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid) AND destination = :destination
        AND sent_at IS NOT NULL
""")
_UNKNOWN = text("""
    SELECT asked.id FROM unnest(CAST(:ids AS uuid[])) AS asked (id)
    WHERE NOT EXISTS (SELECT FROM inbox i WHERE i.event_id = asked.id)
        AND NOT EXISTS (SELECT FROM dead_letter d WHERE d.event_id = asked.id)
""")


def published_ids(conn: Connection, destination: str, since: datetime, until: datetime) -> list[UUID]:
    """Which events were sent to it: for an hour whose counts do not meet."""
    given = {**bounds(since, until), "destination": destination}
    return list(conn.execute(_PUBLISHED_IDS, given).scalars())


def unknown_among(conn: Connection, event_ids: Iterable[UUID]) -> list[UUID]:
    """Which of these this service has neither handled nor buried."""
    return list(conn.execute(_UNKNOWN, {"ids": list(event_ids)}).scalars())


def bounds(since: datetime, until: datetime) -> dict[str, str]:
    """Parameters `first` and `last` of a range of ids: UUIDv7 begins with milliseconds since 1970."""
    return {"first": _smallest(since), "last": _smallest(until)}


def _smallest(moment: datetime) -> str:
    milliseconds = f"{max(0, int(moment.timestamp() * 1000)):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-0000-0000-000000000000"
