"""From the last byte to a video that waits for an encoder: resumed, repeated, interrupted, given up."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from media.usecases import uploads as usecases
from testkit.at_once import at_once

VIDEOS = "/api/v1/media/videos/"
UPLOADS = "/api/v1/media/uploads/"
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
PART = 5 << 20


def at(video: str, what: str = "") -> str:
    return f"{VIDEOS}{video}/upload/{what}"


@pytest.fixture
def begun(studio: Any) -> Any:
    """A small upload that has begun."""
    return studio.begin(size_bytes=len(MP4))


@pytest.fixture
def parts(studio: Any, small_parts: bytes) -> Any:
    """A begun upload in three parts."""
    return studio.begin(size_bytes=len(small_parts), fingerprint="file-1")


def send(studio: Any, put: Any, begun: Any, content: bytes, *numbers: int) -> None:
    """What a browser does with these parts."""
    for each in studio.post(at(begun["video"]["id"], "presign/"), {"parts": list(numbers)})["results"]:
        start = (each["part"] - 1) * PART
        chunk = content[start : start + PART]
        assert len(chunk) == each["size"]
        put(each["url"], chunk)


def test_a_complete_file_waits_for_an_encoder(studio: Any, put: Any, begun: Any) -> None:
    video = begun["video"]["id"]
    put(begun["upload_url"], MP4, "video/mp4")

    done = studio.post(at(video, "complete/"))

    assert (done["status"], done["label"], done["raw_bytes"]) == ("UPLOADED", "인코딩 대기", len(MP4))
    assert (done["progress"]["state"], done["progress"]["step_name"]) == ("QUEUED", "대기")
    assert studio.jobs(video) == ["QUEUED"]
    [told] = studio.told("media.video.uploaded")
    assert (told["video_id"], told["raw_key"], told["raw_bytes"]) == (video, begun["file_key"], len(MP4))
    assert studio.get(at(video))["upload"]["state"] == "COMPLETED"


def test_completed_again_or_at_once_is_one_upload(studio: Any, studio_of: Any, put: Any, begun: Any) -> None:
    put(begun["upload_url"], MP4, "video/mp4")
    path = at(begun["video"]["id"], "complete/")
    callers = [studio_of() for _ in range(4)]

    answers = [one.result() for one in at_once(*[lambda c=c: c.ask("POST", path) for c in callers])]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert studio.post(path)["status"] == "UPLOADED"
    assert studio.jobs(begun["video"]["id"]) == ["QUEUED"]
    assert len(studio.told("media.video.uploaded")) == 1


def test_completed_again_it_answers_what_became_of_the_video(studio: Any, put: Any, begun: Any) -> None:
    put(begun["upload_url"], MP4, "video/mp4")
    path = at(begun["video"]["id"], "complete/")
    studio.post(path)
    studio.set(begun["video"]["id"], status="READY")
    assert studio.post(path)["status"] == "READY"
    assert len(studio.told("media.video.uploaded")) == 1


def test_what_is_not_there_yet_is_told_and_may_still_come(studio: Any, put: Any, begun: Any) -> None:
    video = begun["video"]["id"]
    assert studio.refused("POST", at(video, "complete/")) == (409, "upload_missing")
    put(studio.get(at(video))["upload_url"], MP4, "video/mp4")
    assert studio.get(at(video))["stored"]
    assert studio.post(at(video, "complete/"))["status"] == "UPLOADED"


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (b"", "video/mp4", "upload_size_differs"),
        (MP4[:-1], "video/mp4", "upload_size_differs"),
        (MP4 + b"x", "video/mp4", "upload_size_differs"),
        (MP4, "text/html", "upload_type_differs"),
    ],
)
def test_another_object_than_was_told_is_refused(
    studio: Any,
    objects: Any,
    put: Any,
    begun: Any,
    tmp_path: Path,
    content: bytes,
    content_type: str,
    code: str,
) -> None:
    (tmp_path / "other").write_bytes(content)
    objects.put_file(begun["file_key"], tmp_path / "other", content_type)
    video = begun["video"]["id"]
    before = studio.state()

    assert studio.refused("POST", at(video, "complete/")) == (409, code)

    assert studio.state() == before
    put(begun["upload_url"], MP4, "video/mp4")  # the right one replaces it
    assert studio.post(at(video, "complete/"))["status"] == "UPLOADED"


def test_a_url_takes_no_other_size(put: Any, begun: Any) -> None:
    for content in (MP4 + b"x", MP4[:-1]):
        with pytest.raises(HTTPError) as refused:
            put(begun["upload_url"], content, "video/mp4")
        assert refused.value.code == 403


@pytest.mark.parametrize("content", [b"%PDF-1.7\n" + b" " * 900, b"x", bytes(600), b"<html>"])
def test_a_file_that_is_no_video_fails_with_its_reason(studio: Any, content: bytes) -> None:
    video = studio.uploaded(content=content)

    shown = studio.show(video)

    assert (shown["status"], shown["error"]["code"]) == ("FAILED", "not_a_video")
    assert "동영상 파일이 아닙니다" in shown["error"]["reason"]
    assert studio.post(at(video, "complete/"))["status"] == "FAILED"
    assert studio.jobs(video) == studio.told("media.video.uploaded") == []
    assert [told["error_code"] for told in studio.told("media.video.failed")] == ["not_a_video"]


def test_parts_are_sent_in_any_order_and_only_the_missing_ones_again(
    studio: Any, objects: Any, put: Any, parts: Any, small_parts: bytes
) -> None:
    video = parts["video"]["id"]
    send(studio, put, parts, small_parts, 3, 1)

    answer = studio.ask("POST", at(video, "complete/"))
    assert (answer.status_code, answer.json["code"]) == (409, "upload_incomplete")
    assert (answer.json["missing_parts"], answer.json["missing_count"]) == ([2], 1)
    [found] = studio.get(UPLOADS, fingerprint="file-1")["results"]  # after a reload
    assert found["video_id"] == video
    assert studio.get(at(video))["uploaded_parts"] == [1, 3]
    send(studio, put, parts, small_parts, 2)
    assert studio.post(at(video, "complete/"))["status"] == "UPLOADED"

    stored = b"".join(objects.open(parts["file_key"]).chunks)
    assert stored == small_parts
    assert studio.get(UPLOADS)["results"] == []


def test_an_interrupted_completion_is_completed_by_the_next(
    studio: Any, put: Any, parts: Any, small_parts: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> Any:
        raise RuntimeError("killed")

    video = parts["video"]["id"]
    send(studio, put, parts, small_parts, 1, 2, 3)
    with monkeypatch.context() as patched:
        patched.setattr(usecases, "_settle", dies)
        assert studio.ask("POST", at(video, "complete/")).status_code == 500
    assert studio.get(at(video))["stored"]

    assert studio.post(at(video, "complete/"))["status"] == "UPLOADED"


def test_completed_at_once_parts_are_one_object(
    studio: Any, studio_of: Any, put: Any, parts: Any, small_parts: bytes
) -> None:
    send(studio, put, parts, small_parts, 1, 2, 3)
    path = at(parts["video"]["id"], "complete/")
    callers = [studio_of() for _ in range(3)]
    answers = [one.result() for one in at_once(*[lambda c=c: c.ask("POST", path) for c in callers])]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(studio.told("media.video.uploaded")) == 1


def test_parts_that_the_bucket_has_thrown_away_are_told(
    studio: Any, uploads: Any, put: Any, parts: Any, small_parts: bytes
) -> None:
    video = parts["video"]["id"]
    send(studio, put, parts, small_parts, 1)
    [row] = studio.all("SELECT s3_upload_id FROM upload")
    uploads.abort_multipart(parts["file_key"], row["s3_upload_id"])

    assert studio.refused("POST", at(video, "complete/")) == (409, "upload_lost")
    assert studio.get(at(video))["uploaded_parts"] == []
    studio.post(at(video, "cancel/"), status=204)


def test_a_cancelled_upload_leaves_nothing(
    studio: Any, s3_client: Any, bucket: str, put: Any, parts: Any, small_parts: bytes
) -> None:
    video = parts["video"]["id"]
    send(studio, put, parts, small_parts, 1)

    studio.post(at(video, "cancel/"), status=204)

    [told] = studio.told("media.video.deleted")
    assert told["raw_key"] == parts["file_key"]
    assert told["hls_prefix"] == f"tenants/demo/video/hls/{video}/"
    listed = s3_client.list_multipart_uploads(Bucket=bucket, Prefix=parts["file_key"])
    assert "Uploads" not in listed
    assert studio.row(video)["deleted_by"] == "user-1"
    for method, path in (("GET", ""), ("POST", "complete/"), ("POST", "cancel/")):
        assert studio.refused(method, at(video, path)) == (404, "not_found")
    assert studio.refused("GET", f"{VIDEOS}{video}/") == (404, "not_found")


def test_what_has_ended_is_not_presigned_or_cancelled(studio: Any, put: Any, begun: Any) -> None:
    video = begun["video"]["id"]
    put(begun["upload_url"], MP4, "video/mp4")
    studio.post(at(video, "complete/"))
    studio.check_refusals(
        [
            (("POST", at(video, "cancel/"), None), 409, "upload_ended"),
            (("POST", at(video, "presign/"), {"parts": [1]}), 409, "upload_ended"),
        ]
    )
    assert studio.get(at(video))["upload_url"] is None


def test_hostile_part_numbers_are_refused(studio: Any, begun: Any, parts: Any) -> None:
    path = at(parts["video"]["id"], "presign/")
    wrong: list[Any] = [
        {},
        {"parts": None},
        {"parts": []},
        {"parts": "1"},
        {"parts": [0]},
        {"parts": [-1]},
        {"parts": [10_001]},
        {"parts": [1.0]},
        {"parts": ["1"]},
        {"parts": [True]},
        {"parts": [None]},
        {"parts": [[1]]},
        {"parts": [1, 1]},
        {"parts": list(range(1, 102))},
        {"parts": [1], "upload_id": "x"},
    ]
    studio.check_refusals(
        [(("POST", path, body), 422, "invalid_request") for body in wrong]
        + [
            (("POST", path, {"parts": [3, 4]}), 422, "unknown_parts"),
            (("POST", at(begun["video"]["id"], "presign/"), {"parts": [1]}), 409, "upload_single"),
            (("GET", at(str(uuid4())), None), 404, "not_found"),
            (("GET", f"{UPLOADS}?fingerprint={'f' * 201}", None), 422, "invalid_request"),
            (("GET", f"{UPLOADS}?owner=user-2", None), 422, "invalid_request"),
            (("DELETE", at(parts["video"]["id"]), None), 405, "method_not_allowed"),
        ]
    )


def test_another_academy_finds_nothing_and_a_colleague_only_ones_own(
    studio: Any, studio_of: Any, parts: Any
) -> None:
    other, colleague = studio_of("other", role="owner"), studio_of(subject="user-2")
    video = parts["video"]["id"]
    other.check_refusals(
        [
            (("GET", at(video), None), 404, "not_found"),
            (("POST", at(video, "presign/"), {"parts": [1]}), 404, "not_found"),
            (("POST", at(video, "complete/"), None), 404, "not_found"),
            (("POST", at(video, "cancel/"), None), 404, "not_found"),
        ]
    )
    assert other.get(UPLOADS)["results"] == colleague.get(UPLOADS)["results"] == []
    assert colleague.get(at(video))["uploaded_parts"] == []  # who knows the video may finish it


def test_a_store_that_is_away_changes_nothing(studio: Any, away: Any, parts: Any) -> None:
    before = studio.state()
    for path in ("complete/", "cancel/"):
        answer = away.post(at(parts["video"]["id"], path))
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert away.delete(f"{VIDEOS}{parts['video']['id']}/").status_code == 503
    assert studio.state() == before


def test_a_repeated_idempotency_key_completes_once(studio: Any, put: Any, begun: Any) -> None:
    put(begun["upload_url"], MP4, "video/mp4")
    path, headers = at(begun["video"]["id"], "complete/"), {"Idempotency-Key": "k"}
    first, again = (studio.ask("POST", path, headers=headers) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert len(studio.told("media.video.uploaded")) == 1
