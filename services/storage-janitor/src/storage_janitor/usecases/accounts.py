"""What is stored and what it costs, by R2's price list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from contracts import r2_bill
from eventkit.clock import SEOUL
from sqlalchemy import Connection

from storage_janitor.domain import costs
from storage_janitor.domain.costs import Point
from storage_janitor.store import sweeps

_AHEAD = (30, 90, 365)
_TENANTS = 200


def report(conn: Connection, now: datetime, days: int) -> dict[str, Any]:
    """As schemas.usage.UsageSchema, of all academies. `conn` is a system one."""
    today = now.astimezone(SEOUL).date()
    points = daily(sweeps.days(conn, today - timedelta(days=days)))
    month = [point for point in points if (point.day.year, point.day.month) == (today.year, today.month)]
    pages = sweeps.listed_pages(conn, now - timedelta(days=30))
    byte_months = costs.byte_months(month)
    return {
        "prices": _prices(),
        "total": {
            "byte_months": byte_months,
            "usd": r2_bill.storage_bill(byte_months),
            "forecast": [
                {"days": one.days, "bytes": one.bytes, "usd": one.usd}
                for one in costs.forecast(points, _AHEAD)
            ],
        },
        "listing": {"pages": pages, "usd": r2_bill.class_a_bill(pages)},
        "buckets": _shares(sweeps.latest(conn, "bucket"), "bucket"),
        "classes": _shares(sweeps.latest(conn, "bucket", "class"), "bucket", "class"),
        "tenants": _shares(sweeps.latest(conn, "tenant_id")[:_TENANTS], "tenant_id"),
        "days": [{"day": point.day, "bytes": point.bytes} for point in points],
    }


def own_report(conn: Connection, tenant: str, now: datetime, days: int) -> dict[str, Any]:
    """As schemas.usage.OwnUsageSchema: an academy's own. `conn` is the academy's."""
    since = now.astimezone(SEOUL).date() - timedelta(days=days)
    points = daily(sweeps.days(conn, since, tenant))
    lately = now.astimezone(SEOUL).date() - timedelta(days=2)
    rows: Sequence[Any] = sweeps.latest(conn, "bucket", "class", since=lately)
    classes = [
        {"bucket": r.bucket, "class": r[1], "objects": int(r.objects), "bytes": int(r.bytes)} for r in rows
    ]
    return {
        "bytes": sum(one["bytes"] for one in classes),
        "classes": classes,
        "days": [{"day": point.day, "bytes": point.bytes} for point in points],
    }


def daily(rows: Sequence[Any]) -> list[Point]:
    """All buckets together, day by day. `rows`: (day, bucket, bytes); a bucket that was not swept on a day is
    as it was the day before.
    """
    known: dict[str, int] = {}
    by_day: dict[date, dict[str, int]] = defaultdict(dict)
    for row in rows:
        by_day[row.day][row.bucket] = int(row.bytes)
    found = []
    for day in sorted(by_day):
        known |= by_day[day]
        found.append(Point(day, sum(known.values())))
    return found


def _shares(rows: Sequence[Any], *names: str) -> list[dict[str, Any]]:
    return [
        {
            **{name: row._mapping[name] for name in names},
            "objects": int(row.objects),
            "bytes": int(row.bytes),
            "usd": costs.saving(int(row.bytes)),
        }
        for row in rows
    ]


def _prices() -> dict[str, Any]:
    return {
        "storage_gb_month": r2_bill.STORAGE,
        "class_a_million": r2_bill.CLASS_A,
        "class_b_million": r2_bill.CLASS_B,
        "free_gb": r2_bill.FREE_GIGABYTES,
        "as_of": r2_bill.AS_OF,
    }
