"""When the original of a video may go, and which keys are one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from storage_janitor.domain.deletions import Known, Standing, VideoState, is_original, standing

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(days=30)
RAW, OTHER = "raw/1.mp4", "raw/2.mp4"
BEFORE, RELEASE, AFTER = (UUID(int=n) for n in (1, 2, 3))
SESSION, OBJECT = UUID(int=7), UUID(int=8)


@pytest.mark.parametrize(
    ("state", "version", "raw_key", "expires", "expected"),
    [
        (VideoState.READY, BEFORE, RAW, FUTURE, "holds"),  # the release is the newest word
        (VideoState.READY, BEFORE, RAW, None, "holds"),
        (VideoState.READY, AFTER, RAW, PAST, "holds"),
        (VideoState.READY, AFTER, RAW, NOW, "holds"),
        (VideoState.DELETED, AFTER, RAW, None, "holds"),
        (VideoState.READY, AFTER, RAW, FUTURE, "withdrawn"),
        (VideoState.READY, AFTER, RAW, None, "withdrawn"),
        (VideoState.UPLOADED, AFTER, RAW, PAST, "withdrawn"),
        (VideoState.FAILED, AFTER, RAW, PAST, "withdrawn"),
        (VideoState.UPLOADED, BEFORE, RAW, PAST, "unconfirmed"),
        (VideoState.FAILED, BEFORE, RAW, PAST, "unconfirmed"),
        (VideoState.READY, BEFORE, OTHER, PAST, "unconfirmed"),
        (VideoState.READY, BEFORE, None, PAST, "unconfirmed"),
    ],
)
def test_a_release_holds_only_for_a_ready_video_and_until_a_later_word(
    state, version, raw_key, expires, expected
):
    assert standing(RAW, RELEASE, Known(state, version, raw_key, expires), NOW) == expected


def test_a_release_of_a_video_that_nothing_was_heard_of_waits():
    assert standing(RAW, RELEASE, None, NOW) is Standing.UNCONFIRMED


def test_an_original_is_one_object_of_the_academy():
    assert is_original("hangang", f"tenants/hangang/video/raw/{SESSION}/{OBJECT}.mp4")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "tenants/hangang/video/raw/",
        f"tenants/hangang/video/raw/{SESSION}/",
        f"tenants/hangang/video/raw/{SESSION}/{OBJECT}",
        f"tenants/hangang/video/raw/{SESSION}/{OBJECT}.mp4/",
        f"tenants/hangang/video/raw/{SESSION}/{OBJECT}.mp4\n",
        f"tenants/hangang/video/raw/../{OBJECT}.mp4",
        f"/tenants/hangang/video/raw/{SESSION}/{OBJECT}.mp4",
        f"tenants/hangang2/video/raw/{SESSION}/{OBJECT}.mp4",
        f"tenants/hangan./video/raw/{SESSION}/{OBJECT}.mp4",
        f"tenants/hangang/video/hls/{SESSION}/{OBJECT}.mp4",
    ],
)
def test_any_other_key_is_none(key):
    assert not is_original("hangang", key)
