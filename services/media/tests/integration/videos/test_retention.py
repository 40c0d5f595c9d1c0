"""Periodic tasks: originals whose days are over or that are gone, deleted videos not cleaned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from media.metrics import RETENTION
from media.usecases.retention import clean_deleted, expire_raw, fail_without_raw


@pytest.fixture
def later(studio: Any, figures: Any) -> Any:
    """`later(task, days=8, …)`: the task, so much later."""

    def run(task: Any, *, days: float = 0, **ports: Any) -> None:
        task(studio.academy.database, datetime.now(UTC) + timedelta(days=days), metrics=figures, **ports)

    return run


def done(figures: Any, what: str) -> Any:
    return figures.registry.get_sample_value(RETENTION.name, {"what": what}) or 0


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_an_original_may_go_when_its_days_are_over(
    studio: Any, studio_of: Any, later: Any, figures: Any
) -> None:
    due = studio.ready(raw_expires_at=in_days(1))
    theirs = studio_of("other").ready(raw_expires_at=in_days(1))
    young = studio.ready(raw_expires_at=in_days(30))
    kept = studio.ready(raw_expires_at=None, raw_keep=True)
    gone = studio.ready(raw_expires_at=in_days(1), raw_deleted_at=in_days(0))
    failed = studio.ready(raw_expires_at=in_days(1), status="FAILED")

    later(expire_raw, days=0.5)
    assert studio.told("media.raw.expired") == []
    later(expire_raw, days=2)
    later(expire_raw, days=2.5)

    told = studio.told("media.raw.expired")
    assert {event["video_id"] for event in told} == {due, theirs}
    assert len(told) == 2
    assert told[0]["raw_key"] in {studio.row(due)["raw_key"], studio.row(theirs)["raw_key"]}
    assert done(figures, "raw_expired") == 2
    assert all(studio.row(video)["raw_released_at"] is None for video in (young, kept, gone, failed))


def test_what_nobody_confirms_is_asked_again_a_day_later(studio: Any, later: Any) -> None:
    video = studio.ready(raw_expires_at=in_days(-1))
    for days in (0, 0.9, 1.1, 1.5):
        later(expire_raw, days=days)
    assert len(studio.told("media.raw.expired")) == 2
    studio.set(video, raw_deleted_at=in_days(0))
    later(expire_raw, days=9)
    assert len(studio.told("media.raw.expired")) == 2


def test_a_deletion_is_told_again_until_it_is_confirmed(
    studio: Any, studio_of: Any, later: Any, figures: Any
) -> None:
    mine, theirs = studio.uploaded(), studio_of("other").uploaded()
    studio.uploaded()
    studio.ask("DELETE", f"/api/v1/media/videos/{mine}/")
    studio_of("other").ask("DELETE", f"/api/v1/media/videos/{theirs}/")

    later(clean_deleted)
    assert len(studio.told("media.video.deleted")) == 2  # the janitor has an hour
    later(clean_deleted, days=0.1)
    assert sorted(event["video_id"] for event in studio.told("media.video.deleted")) == sorted(
        [mine, theirs] * 2
    )
    studio.set(mine, cleaned_at=in_days(0))
    later(clean_deleted, days=0.2)

    assert [event["video_id"] for event in studio.told("media.video.deleted")[4:]] == [theirs]
    assert done(figures, "not_cleaned") == 3


def test_a_video_whose_original_is_gone_fails(studio: Any, objects: Any, later: Any, figures: Any) -> None:
    lost, there, playing = studio.uploaded(), studio.uploaded(), studio.uploaded()
    studio.set(playing, master_key="tenants/demo/video/hls/x/viewable.m3u8")
    objects.delete([studio.row(video)["raw_key"] for video in (lost, playing)])

    later(fail_without_raw, objects=objects)
    assert studio.show(lost)["status"] == "UPLOADED"  # an encoder will notice sooner
    later(fail_without_raw, days=0.1, objects=objects)
    later(fail_without_raw, days=0.2, objects=objects)

    shown = studio.show(lost)
    assert (shown["status"], shown["error"]["code"], studio.jobs(lost)) == (
        "FAILED",
        "raw_missing",
        ["CANCELLED"],
    )
    assert [studio.show(video)["status"] for video in (there, playing)] == ["UPLOADED", "UPLOADED"]
    assert [event["video_id"] for event in studio.told("media.video.failed")] == [lost]
    assert done(figures, "raw_missing") == 1
