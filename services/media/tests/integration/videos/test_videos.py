"""Videos as staff see and change them."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

VIDEOS = "/api/v1/media/videos/"
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"


def titles(page: Any) -> list[str]:
    return [row["title"] for row in page["results"]]


def test_a_list_is_filtered_searched_and_complete_page_by_page(studio: Any) -> None:
    lecture = str(uuid4())
    first, second = studio.session(lecture=lecture), studio.session("2차시")
    for number in range(1, 4):
        studio.begin(first, title=f"확률 {number}강")
    studio.uploaded(second, title="통계 100%")

    assert titles(studio.get(VIDEOS)) == ["통계 100%", "확률 3강", "확률 2강", "확률 1강"]
    assert titles(studio.get(VIDEOS, session=first)) == ["확률 1강", "확률 2강", "확률 3강"]
    assert len(titles(studio.get(VIDEOS, lecture=lecture))) == 3
    assert titles(studio.get(VIDEOS, status="UPLOADED")) == ["통계 100%"]
    assert titles(studio.get(VIDEOS, search="2강")) == ["확률 2강"]
    assert titles(studio.get(VIDEOS, search="0%")) == ["통계 100%"]
    assert titles(studio.get(VIDEOS, search="%강")) == []
    for query in ({}, {"session": first}):
        whole, pages, cursor = titles(studio.get(VIDEOS, **query)), [], {}
        while cursor is not None:
            page = studio.get(VIDEOS, page_size=2, **query, **cursor)
            pages += titles(page)
            cursor = {"cursor": page["next"]} if page["next"] else None
        assert pages == whole


def test_a_video_shows_what_the_encoder_does_and_made(studio: Any) -> None:
    video = studio.uploaded()
    studio.all(
        "UPDATE encode_job SET state = 'RUNNING', attempt = 1, step = 'transcoding', step_percent = 40,"
        " percent = 31, remaining_seconds = 95 WHERE video_id = %s",
        video,
    )
    studio.set(video, status="PROCESSING")
    assert studio.show(video)["progress"] == {
        "state": "RUNNING",
        "step": "transcoding",
        "step_name": "인코딩",
        "step_index": 4,
        "step_total": 7,
        "step_percent": 40,
        "percent": 31,
        "remaining_seconds": 95,
        "failures": 0,
    }

    made = {
        "name": "v1", "width": 640, "height": 360, "fps": "30", "codecs": "avc1.4d401e", "bandwidth": 900_000,
        "average_bandwidth": 700_000, "bytes": 5, "objects": 3, "prefix": "tenants/demo/secret",
    }  # fmt: skip
    studio.all("UPDATE encode_job SET state = 'SUCCEEDED'")
    studio.all(
        "UPDATE video SET status = 'READY', ready_at = now(), duration_ms = 61500, width = 640, height = 360,"
        " hls_bytes = 5, hls_objects = 3, renditions = jsonb_build_array(%s::jsonb)",
        json.dumps(made),
    )
    shown = studio.show(video)
    assert (shown["label"], shown["playable"], shown["duration"]) == ("재생 가능", True, 61.5)
    assert shown["progress"] is None
    [rendition] = shown["renditions"]
    assert rendition["bandwidth"] == 900_000
    assert "prefix" not in rendition


def test_a_poster_is_signed_for_who_asks_and_costs_no_query(studio: Any, studio_of: Any) -> None:
    session = studio.session()
    without, plays = studio.uploaded(session), studio.ready(session)
    key = f"tenants/demo/video/hls/{plays}/job-1/poster.jpg"
    studio.set(plays, poster_key=key)

    assert studio.show(without)["poster_url"] is None
    colleague = studio_of(subject="user|2")
    for who, uid in ((studio, "s%3Auser-1"), (colleague, "s%3Auser_2")):
        [shown] = [one["poster_url"] for one in who.get(VIDEOS)["results"] if one["id"] == plays]
        assert shown.startswith(f"/api/v1/media/hls/demo/{plays}/job-1/poster.jpg?exp=")
        assert f"&uid={uid}&" in shown
        assert studio.client.get(shown).json["code"] == "not_found"  # admitted: the picture is not there


def test_a_failed_video_says_why(studio: Any) -> None:
    video = studio.uploaded()
    studio.set(video, status="FAILED", error_code="truncated_file")
    error = studio.show(video)["error"]
    assert error["code"] == "truncated_file"
    assert "끝까지 저장되지 않았습니다" in error["reason"]
    studio.set(video, error_code="of_a_newer_build")
    assert studio.show(video)["error"]["reason"] == "알 수 없는 오류입니다."


def test_only_what_concerns_watching_raises_the_policy_version(studio: Any) -> None:
    video = studio.uploaded()
    assert studio.patch(video, title="새 제목", position=1)["policy_version"] == 1
    assert studio.patch(video, allow_skip=False, max_speed=1, show_watermark=True)["policy_version"] == 1
    changed = studio.patch(video, allow_skip=True, max_speed=1.75, show_watermark=False)
    assert (changed["policy_version"], changed["max_speed"]) == (2, 1.75)
    assert (changed["title"], changed["allow_skip"], changed["show_watermark"]) == ("새 제목", True, False)
    moved = studio.patch(video, session=studio.session("3차시"))
    assert (moved["session_title"], moved["position"], moved["policy_version"]) == ("3차시", 1, 3)
    assert moved["lecture_id"] != changed["lecture_id"]


def test_a_video_moves_within_its_session(studio: Any) -> None:
    session = studio.session()
    ids = {title: studio.begin(session, title=title)["video"]["id"] for title in "abcd"}
    for title, position, expected in (
        ("d", 1, "dabc"),
        ("d", 3, "abdc"),
        ("a", 99, "bdca"),
        ("c", 3, "bdca"),
    ):
        studio.patch(ids[title], position=position)
        listed = studio.get(VIDEOS, session=session)["results"]
        assert "".join(row["title"] for row in listed) == expected
        assert [row["position"] for row in listed] == [1, 2, 3, 4]
    other = studio.session()
    studio.begin(other, title="x")
    studio.patch(ids["a"], session=other, position=1)
    assert titles(studio.get(VIDEOS, session=other)) == ["a", "x"]
    # the place it has where it is now may be another one there
    assert studio.show(ids["b"])["position"] == 1
    studio.patch(ids["b"], session=other, position=1)
    assert titles(studio.get(VIDEOS, session=other)) == ["b", "a", "x"]


def test_a_deleted_video_is_gone_for_all_and_its_encoding_ends(studio: Any) -> None:
    video = studio.uploaded()
    key = studio.row(video)["raw_key"]
    answer = studio.ask("DELETE", f"{VIDEOS}{video}/")
    assert (answer.status_code, answer.data) == (204, b"")

    assert studio.jobs(video) == ["CANCELLED"]
    row = studio.row(video)
    assert (row["deleted_by"], row["policy_version"], row["cleaned_at"]) == ("user-1", 2, None)
    [told] = studio.told("media.video.deleted")
    assert (told["raw_key"], told["hls_prefix"]) == (key, f"tenants/demo/video/hls/{video}/")
    assert studio.get(VIDEOS)["results"] == []
    path = f"{VIDEOS}{video}/"
    studio.check_refusals(
        [
            (("GET", path, None), 404, "not_found"),
            (("PATCH", path, {"title": "가"}), 404, "not_found"),
            (("DELETE", path, None), 404, "not_found"),
            (("POST", f"{path}keep/", {"keep": True}), 404, "not_found"),
            (("POST", f"{path}retry/", None), 404, "not_found"),
        ]
    )


def test_a_deleted_video_takes_its_open_upload_along(
    studio: Any, put: Any, s3_client: Any, bucket: str, small_parts: bytes
) -> None:
    begun = studio.begin(size_bytes=len(small_parts))
    assert studio.ask("DELETE", f"{VIDEOS}{begun['video']['id']}/").status_code == 204
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket, Prefix=begun["file_key"])
    assert [row["state"] for row in studio.all("SELECT state FROM upload")] == ["CANCELLED"]


def test_a_failed_video_is_encoded_again(studio: Any) -> None:
    video = studio.uploaded()
    studio.all("UPDATE encode_job SET state = 'DEAD', ended_at = now()")
    studio.set(video, status="FAILED", error_code="encoder_failed")

    again = studio.post(f"{VIDEOS}{video}/retry/", status=202)

    assert (again["status"], again["error"], again["progress"]["state"]) == ("UPLOADED", None, "QUEUED")
    assert studio.jobs(video) == ["DEAD", "QUEUED"]
    assert len(studio.told("media.video.uploaded")) == 2
    assert studio.refused("POST", f"{VIDEOS}{video}/retry/") == (409, "video_state")
    studio.all("UPDATE encode_job SET state = 'DEAD', ended_at = now()")
    assert studio.post(f"{VIDEOS}{video}/retry/", status=202)["progress"]["state"] == "QUEUED"


def test_without_its_original_no_video_is_encoded_again(studio: Any, objects: Any) -> None:
    video = studio.uploaded()
    studio.all("UPDATE encode_job SET state = 'DEAD', ended_at = now()")
    studio.set(video, status="FAILED", error_code="encoder_failed")
    path = f"{VIDEOS}{video}/retry/"
    for column in ("raw_deleted_at", "raw_released_at"):
        studio.set(video, **{column: "now"})
        assert studio.refused("POST", path) == (409, "raw_missing")
        studio.set(video, **{column: None})
    objects.delete([studio.row(video)["raw_key"]])
    assert studio.refused("POST", path) == (409, "raw_missing")
    assert studio.jobs(video) == ["DEAD"]


def test_an_original_is_kept_or_its_days_are_counted_anew(studio: Any, studio_of: Any) -> None:
    studio_of(role="owner").ask("PATCH", "/api/v1/media/settings/", {"raw_retention_days": 10})
    video = studio.ready()
    path = f"{VIDEOS}{video}/keep/"
    kept = studio.post(path, {"keep": True})
    assert (kept["raw_keep"], kept["raw_expires_at"]) == (True, None)
    assert studio.post(path, {"keep": True}) == kept
    studio.post(path, {"keep": False})
    [row] = studio.all(
        "SELECT raw_keep, raw_expires_at - now() BETWEEN '9 days' AND '10 days' AS soon FROM video"
    )
    assert row == {"raw_keep": False, "soon": True}

    studio.set(video, raw_released_at="now")
    assert studio.refused("POST", path, {"keep": True}) == (409, "raw_missing")
    waiting = studio.uploaded()
    assert studio.post(f"{VIDEOS}{waiting}/keep/", {"keep": True})["raw_keep"]
    assert studio.post(f"{VIDEOS}{waiting}/keep/", {"keep": False})["raw_expires_at"] is None


def test_hostile_requests_are_refused(studio: Any) -> None:
    video = studio.uploaded()
    path, unknown = f"{VIDEOS}{video}/", f"{VIDEOS}{uuid4()}/"
    changes: list[Any] = [
        {"title": ""},
        {"title": "가" * 256},
        {"title": "a\x00"},
        {"title": None},
        {"position": 0},
        {"position": 10_001},
        {"position": "1"},
        {"session": "1"},
        {"session": None},
        {"allow_skip": "true"},
        {"max_speed": 4.5},
        {"max_speed": "2"},
        {"max_speed": None},
        {"max_speed": 1.001},
        {"show_watermark": 1},
        {"status": "READY"},
        {"raw_key": "x"},
        {"policy_version": 1},
    ]
    queries = [
        "session=1", "lecture=x", "status=ready", "status=DELETED", "page_size=0", "page_size=501",
        "page_size=x", "tenant=other", f"search={'a' * 256}",
    ]  # fmt: skip
    studio.check_refusals(
        [(("PATCH", path, body), 422, "invalid_request") for body in changes]
        + [(("GET", f"{VIDEOS}?{query}", None), 422, "invalid_request") for query in queries]
        + [
            (("GET", f"{VIDEOS}?cursor=!", None), 400, "invalid_cursor"),
            (("PATCH", path, {"session": str(uuid4())}), 422, "unknown_session"),
            (("POST", f"{path}keep/", {}), 422, "invalid_request"),
            (("POST", f"{path}keep/", {"keep": "true"}), 422, "invalid_request"),
            (("POST", f"{path}retry/", None), 409, "video_state"),
            (("GET", unknown, None), 404, "not_found"),
            (("PATCH", unknown, {"title": "가"}), 404, "not_found"),
            (("DELETE", unknown, None), 404, "not_found"),
            (("POST", f"{unknown}keep/", {"keep": True}), 404, "not_found"),
            (("POST", f"{unknown}retry/", None), 404, "not_found"),
            (("PUT", path, {}), 405, "method_not_allowed"),
            (("POST", VIDEOS, {}), 405, "method_not_allowed"),
        ]
    )


def test_another_academy_sees_and_changes_nothing(studio: Any, studio_of: Any) -> None:
    video, other = studio.uploaded(), studio_of("other", role="owner")
    path = f"{VIDEOS}{video}/"
    assert other.get(VIDEOS)["results"] == []
    assert other.get(VIDEOS, session=studio.show(video)["session_id"])["results"] == []
    mine = other.begin()["video"]["id"]
    other.check_refusals(
        [
            (("GET", path, None), 404, "not_found"),
            (("PATCH", path, {"title": "가"}), 404, "not_found"),
            (("DELETE", path, None), 404, "not_found"),
            (("POST", f"{path}keep/", {"keep": True}), 404, "not_found"),
            (("POST", f"{path}retry/", None), 404, "not_found"),
            (("PATCH", f"{VIDEOS}{mine}/", {"session": studio.session()}), 422, "unknown_session"),
        ]
    )
