"""The periodic task that ends what nobody has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from media.metrics import RETENTION
from media.usecases.retention import settle_uploads

VIDEOS = "/api/v1/media/videos/"
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"


@pytest.fixture
def settle(studio: Any, objects: Any, uploads: Any, figures: Any) -> Any:
    """`settle(days=8)`: the task, so much later."""

    def run(**later: float) -> None:
        now = datetime.now(UTC) + timedelta(**later)
        settle_uploads(studio.academy.database, now, objects=objects, store=uploads, metrics=figures)

    return run


def done(figures: Any, what: str) -> Any:
    return figures.registry.get_sample_value(RETENTION.name, {"what": what}) or 0


def test_what_is_all_there_is_completed(
    studio: Any, studio_of: Any, put: Any, settle: Any, figures: Any, small_parts: bytes
) -> None:
    small = studio.begin(size_bytes=len(MP4))
    put(small["upload_url"], MP4, "video/mp4")
    large = studio_of("other").begin(size_bytes=len(small_parts))
    for each in studio_of("other").post(
        f"{VIDEOS}{large['video']['id']}/upload/presign/", {"parts": [1, 2, 3]}
    )["results"]:
        start = (each["part"] - 1) * (5 << 20)
        put(each["url"], small_parts[start : start + each["size"]])
    unfinished = studio.begin()["video"]["id"]

    settle(minutes=5)
    assert studio.told("media.video.uploaded") == []  # their browsers may still do it
    settle(minutes=31)
    settle(minutes=61)

    for begun in (small, large):
        assert studio.row(begun["video"]["id"])["status"] == "UPLOADED"
        assert studio.jobs(begun["video"]["id"]) == ["QUEUED"]
    assert len(studio.told("media.video.uploaded")) == 2
    assert studio.row(unfinished)["status"] == "PENDING"
    assert done(figures, "upload_completed") == 2


def test_after_seven_days_an_upload_ends_with_its_parts(
    studio: Any, put: Any, settle: Any, figures: Any, s3_client: Any, bucket: str, small_parts: bytes
) -> None:
    begun = studio.begin(size_bytes=len(small_parts))
    video = begun["video"]["id"]
    [part] = studio.post(f"{VIDEOS}{video}/upload/presign/", {"parts": [1]})["results"]
    put(part["url"], small_parts[: part["size"]])

    settle(days=6)
    assert studio.get(f"{VIDEOS}{video}/upload/")["uploaded_parts"] == [1]
    settle(days=8)
    settle(days=8)

    assert studio.refused("GET", f"{VIDEOS}{video}/") == (404, "not_found")
    assert [told["video_id"] for told in studio.told("media.video.deleted")] == [video]
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket, Prefix=begun["file_key"])
    assert [row["state"] for row in studio.all("SELECT state FROM upload")] == ["EXPIRED"]
    assert done(figures, "upload_expired") == 1
