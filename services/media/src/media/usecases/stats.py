"""What staff sees of who watched a video."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventkit.clock import SEOUL
from eventkit.uow import Transaction, UnitOfWork
from servicekit.csv_files import BOM, rendered
from servicekit.pagination import Page, fetch_page
from sqlalchemy import Row, RowMapping

from media.domain.access import Denial
from media.store import access
from media.store import stats as store
from media.usecases.access import require_video, shown

RANGES = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
RISK_TOP = 5
BATCH = 2000
_COLUMNS: tuple[tuple[str, Callable[[Row[Any]], Any]], ...] = (
    ("수신 일시", lambda e: _moment(e.received_at)),
    ("학생 ID", lambda e: e.student_id),
    ("수강 등록 ID", lambda e: e.enrollment_id),
    ("시청 ID", lambda e: e.session_id),
    ("종류", lambda e: e.type),
    ("위반", lambda e: "예" if e.violated else "아니오"),
    ("사유", lambda e: e.reason),
    ("재생 위치(초)", lambda e: e.position_ms / 1000),
    ("발생 일시", lambda e: _moment(e.occurred_at)),
    ("위험 점수", lambda e: e.score),
)


def video_stats(uow: UnitOfWork, video_id: UUID) -> dict[str, Any]:
    """Totals, and every student of the lecture. Raises Problem 404."""
    video = require_video(uow, video_id)
    students = uow.conn.execute(access.standings_of_video(uow.tenant, video_id)).all()
    return {
        "video_id": video_id,
        "title": video.title,
        "duration": (video.duration_ms or 0) / 1000,
        **_totals(store.watching_totals(uow.conn, uow.tenant, video_id, video.lecture_id)),
        "students": [shown(one) for one in students],
        "risk_top": _risk(uow, video_id, RISK_TOP),
    }


def summary(uow: UnitOfWork, video_id: UUID, range_: str) -> dict[str, Any]:
    """Classes begun in the last 24 hours or 7 days. Raises Problem 404."""
    video = require_video(uow, video_id)
    since = RANGES[range_]
    totals = store.watching_totals(uow.conn, uow.tenant, video_id, video.lecture_id)
    sessions = store.session_totals(uow.conn, uow.tenant, video_id, since)
    return {
        "range": range_,
        **sessions._mapping,
        "violation_rate": _share(sessions.violations, sessions.events),
        **_totals(totals),
        "risk_top": _risk(uow, video_id, RISK_TOP, since),
    }


def achievement(uow: UnitOfWork, video_id: UUID) -> dict[str, Any]:
    """How far the lecture's students are: `deciles` from below 10 % to 90 % and more. Raises Problem 404."""
    video = require_video(uow, video_id)
    totals = store.watching_totals(uow.conn, uow.tenant, video_id, video.lecture_id)
    deciles = [totals._mapping[f"decile_{n}"] for n in range(10)]
    return {
        **_totals(totals),
        "in_progress": totals.started - totals.completed,
        "not_started": totals.students - totals.started,
        "deciles": deciles,
    }


def policy_impact(uow: UnitOfWork, video_id: UUID) -> dict[str, Any]:
    """What each version of the policy did to classes, and the students' modes now. Raises Problem 404."""
    video = require_video(uow, video_id)
    students = [shown(one) for one in uow.conn.execute(access.standings_of_video(uow.tenant, video_id))]
    reasons = (str(reason) for reason in Denial)
    modes = ("FREE_REVIEW", "PROCTORED_CLASS")
    versions = [
        {**row._mapping, "violation_rate": _share(row.violations, row.events)}
        for row in store.by_policy(uow.conn, uow.tenant, video_id)
    ]
    return {
        "policy_version": video.policy_version,
        "modes": {mode: sum(one["access_mode"] == mode for one in students) for mode in modes},
        "denied": {reason: sum(one["reason"] == reason for one in students) for reason in reasons},
        "overrides": sum(one["override"] is not None for one in students),
        "versions": versions,
    }


def risk(uow: UnitOfWork, video_id: UUID, limit: int, range_: str | None = None) -> Sequence[RowMapping]:
    """The students whose players reported most. Raises Problem 404."""
    require_video(uow, video_id)
    return _risk(uow, video_id, limit, RANGES[range_] if range_ else None)


def list_events(uow: UnitOfWork, filters: Mapping[str, Any], *, cursor: str | None, page_size: int) -> Page:
    """A video's events, the newest first. Raises Problem 404."""
    require_video(uow, filters["video_id"])
    query = store.events(uow.tenant, **filters)
    return fetch_page(uow.conn, query, store.EVENT_ORDER, cursor=cursor, page_size=page_size, descending=True)


def csv_lines(transaction: Transaction, filters: Mapping[str, Any]) -> Iterator[str]:
    """The events as a file in parts of at most BATCH, read in a transaction of its own."""
    yield BOM + rendered([[title for title, _ in _COLUMNS]])
    with transaction() as uow:
        query = store.events(uow.tenant, **filters).order_by(*store.EVENT_ORDER)
        found = uow.conn.execute(query, execution_options={"yield_per": BATCH})
        for batch in found.partitions():
            yield rendered([cell(event) for _, cell in _COLUMNS] for event in batch)


def _risk(
    uow: UnitOfWork, video_id: UUID, limit: int, since: timedelta | None = None
) -> Sequence[RowMapping]:
    return [row._mapping for row in store.risk(uow.conn, uow.tenant, video_id, limit, since)]


def _totals(found: Row[Any]) -> dict[str, Any]:
    return {
        "students_total": found.students,
        "started": found.started,
        "completed": found.completed,
        "proctored_completed": found.proctored_completed,
        "completion_rate": _share(found.completed, found.students),
        "average_progress": round(float(found.average), 4),
        "watched_seconds": int(found.watched_ms) / 1000,
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"
