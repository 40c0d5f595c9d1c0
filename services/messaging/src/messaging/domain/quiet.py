"""The night of the ICN Act, art. 50 (3): advertising from 21:00 to 08:00 needs a consent of its own."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messaging.domain.messages import Category

SEOUL = ZoneInfo("Asia/Seoul")
NIGHT_BEGINS = time(21)
NIGHT_ENDS = time(8)


def is_night(now: datetime) -> bool:
    """From 21:00:00 until before 08:00:00 in Seoul. `now` is aware."""
    local = now.astimezone(SEOUL).time()
    return local >= NIGHT_BEGINS or local < NIGHT_ENDS


def allowed_from(now: datetime, category: Category, *, night_consent: bool) -> datetime:
    """`now` where the message may leave, else the next 08:00 in Seoul, in UTC."""
    if category is Category.INFO or night_consent or not is_night(now):
        return now
    local = now.astimezone(SEOUL)
    day = local.date() + timedelta(days=local.time() >= NIGHT_BEGINS)
    return datetime.combine(day, NIGHT_ENDS, SEOUL).astimezone(UTC)


def next_day(now: datetime) -> datetime:
    """00:05 of the next day in Seoul, in UTC: where what is over a day's cap waits."""
    day = now.astimezone(SEOUL).date() + timedelta(days=1)
    return datetime.combine(day, time(0, 5), SEOUL).astimezone(UTC)


def day_began(now: datetime) -> datetime:
    """00:00 of this day in Seoul, in UTC."""
    return datetime.combine(now.astimezone(SEOUL).date(), time(), SEOUL).astimezone(UTC)


def hour_began(now: datetime) -> datetime:
    """The full hour, in UTC (Seoul's offset is whole hours)."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
