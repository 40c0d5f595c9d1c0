"""POST videos/upload/init/: what is refused, what is made, and the limits of an academy."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from media.usecases import uploads as usecases
from testkit.api import signed_in
from testkit.at_once import at_once

INIT = "/api/v1/media/videos/upload/init/"
GIB = 1 << 30


def test_a_small_file_gets_one_signed_put(studio: Any) -> None:
    session = studio.session()

    begun = studio.begin(session, title=" 1강 ", filename="1강 (최종).MOV", size_bytes=5_000, fingerprint="f")

    video = begun["video"]
    assert (video["status"], video["label"], video["title"]) == ("PENDING", "업로드 중", "1강")
    assert (video["session_title"], video["lecture_title"], video["position"]) == ("1차시", "수학", 1)
    assert (video["raw_bytes"], video["allow_skip"], video["max_speed"]) == (5_000, False, 1.0)
    assert (video["show_watermark"], video["progress"], video["error"]) == (True, None, None)
    upload = begun["upload"]
    assert (upload["kind"], upload["state"], upload["part_count"]) == ("SINGLE", "OPEN", 1)
    assert begun["file_key"].startswith(f"tenants/demo/video/raw/{session}/")
    assert begun["file_key"].endswith(".mov")
    assert begun["file_key"] in begun["upload_url"]
    assert "X-Amz-Expires=900" in begun["upload_url"]
    assert begun["content_type"] == "video/mp4"
    assert studio.begin(session)["video"]["position"] == 2
    assert studio.told("media.video.uploaded") == []


def test_a_large_file_gets_equal_parts(studio: Any) -> None:
    begun = studio.begin(size_bytes=2 * GIB)

    assert begun["upload_url"] is None
    upload = begun["upload"]
    assert (upload["kind"], upload["part_bytes"], upload["part_count"]) == ("MULTIPART", 8 << 20, 256)
    state = studio.get(f"/api/v1/media/videos/{begun['video']['id']}/upload/")
    assert (state["stored"], state["uploaded_parts"]) == (False, [])


HOSTILE: dict[str, tuple[dict[str, Any], int, str, str | None]] = {
    "no session": ({"session": None}, 422, "invalid_request", "session"),
    "session 1": ({"session": 1}, 422, "invalid_request", "session"),
    "session with sql": ({"session": "' OR 1=1 --"}, 422, "invalid_request", "session"),
    "unknown session": ({"session": str(uuid4())}, 422, "unknown_session", "session"),
    "blank title": ({"title": "  "}, 422, "invalid_request", "title"),
    "title of 256": ({"title": "가" * 256}, 422, "invalid_request", "title"),
    "title with NUL": ({"title": "a\x00"}, 422, "invalid_request", "title"),
    "no filename": ({"filename": ""}, 422, "invalid_request", "filename"),
    "pdf": ({"filename": "시험지.pdf"}, 422, "unsupported_file_type", "filename"),
    "two extensions": ({"filename": "a.mp4.exe"}, 422, "unsupported_file_type", "filename"),
    "filename of 256": ({"filename": "a" * 252 + ".mp4"}, 422, "invalid_request", "filename"),
    "html": ({"content_type": "text/html"}, 422, "invalid_request", "content_type"),
    "two headers": ({"content_type": "video/mp4\r\nX: 1"}, 422, "invalid_request", "content_type"),
    "type with blank": ({"content_type": "video/mp4; a=b"}, 422, "invalid_request", "content_type"),
    "no size": ({"size_bytes": None}, 422, "invalid_request", "size_bytes"),
    "size 0": ({"size_bytes": 0}, 422, "empty_file", None),
    "size -1": ({"size_bytes": -1}, 422, "invalid_request", "size_bytes"),
    "size as text": ({"size_bytes": "100"}, 422, "invalid_request", "size_bytes"),
    "size 1.5": ({"size_bytes": 1.5}, 422, "invalid_request", "size_bytes"),
    "size true": ({"size_bytes": True}, 422, "invalid_request", "size_bytes"),
    "size of 6 TB": ({"size_bytes": 6 * 10**12}, 422, "invalid_request", "size_bytes"),
    "size 2**80": ({"size_bytes": 2**63}, 422, "invalid_request", "size_bytes"),
    "over the limit": ({"size_bytes": 21 * GIB}, 413, "video_too_large", None),
    "speed 5": ({"max_speed": 5}, 422, "invalid_request", "max_speed"),
    "speed 0": ({"max_speed": 0}, 422, "invalid_request", "max_speed"),
    "speed as text": ({"max_speed": "1.5"}, 422, "invalid_request", "max_speed"),
    "speed true": ({"max_speed": True}, 422, "invalid_request", "max_speed"),
    "speed of three decimals": ({"max_speed": 1.125}, 422, "invalid_request", "max_speed"),
    "skip yes": ({"allow_skip": "yes"}, 422, "invalid_request", "allow_skip"),
    "fingerprint of 201": ({"fingerprint": "f" * 201}, 422, "invalid_request", "fingerprint"),
    "unknown field": ({"tenant_id": "other"}, 422, "invalid_request", "tenant_id"),
    "a key of one's own": ({"file_key": "tenants/other/x"}, 422, "invalid_request", "file_key"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_request_is_told_and_nothing_is_kept(studio: Any, name: str) -> None:
    change, status, code, field = HOSTILE[name]
    body = {key: value for key, value in {**studio.new(), **change}.items() if value is not None}

    answer = studio.ask("POST", INIT, body)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert any("가" <= char <= "힣" for char in answer.json["detail"])
    if field:
        assert field in answer.json["errors"]
    assert studio.all("SELECT 1 FROM video") == studio.all("SELECT 1 FROM upload") == []


def test_another_academys_session_and_a_deleted_one_are_unknown(studio: Any, studio_of: Any) -> None:
    for session in (studio_of("other").session(), studio.session(deleted=True)):
        assert studio.refused("POST", INIT, studio.new(session)) == (422, "unknown_session")


@pytest.mark.parametrize("roles", [("student",), ("parent",), ()])
def test_only_staff_may_upload(studio: Any, app: Any, issuer: Any, roles: Any) -> None:
    body = studio.new()
    if roles:
        stranger = app.test_client()
        token = issuer.mint("demo", roles, "s1")
        stranger.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        assert stranger.post(INIT, json=body).status_code in (401, 403)
    else:
        assert app.test_client().post(INIT, json=body).status_code == 401
        assert signed_in(app, issuer, roles=()).post(INIT, json=body).status_code == 403
    assert studio.all("SELECT 1 FROM video") == []


def test_the_academys_own_limits_count(studio: Any, studio_of: Any) -> None:
    owner = studio_of(role="owner")
    settings = "/api/v1/media/settings/"
    assert owner.ask("PATCH", settings, {"max_video_bytes": GIB, "quota_bytes": 2 * GIB}).status_code == 200

    answer = studio.ask("POST", INIT, studio.new(size_bytes=GIB + 1))
    assert (answer.status_code, answer.json["code"], answer.json["max_bytes"]) == (
        413,
        "video_too_large",
        GIB,
    )
    assert "1GB" in answer.json["detail"]
    studio.begin(size_bytes=GIB)
    studio.begin(size_bytes=GIB)
    answer = studio.ask("POST", INIT, studio.new(size_bytes=1))
    assert (answer.status_code, answer.json["code"]) == (409, "quota_exceeded")
    assert (answer.json["quota_bytes"], answer.json["used_bytes"]) == (2 * GIB, 2 * GIB)
    assert studio_of("other").begin(size_bytes=GIB)["video"]["raw_bytes"] == GIB


def test_what_is_deleted_or_cancelled_frees_the_quota(studio: Any, studio_of: Any) -> None:
    owner = studio_of(role="owner")
    owner.ask("PATCH", "/api/v1/media/settings/", {"quota_bytes": GIB})
    begun = studio.begin(size_bytes=GIB)
    assert studio.refused("POST", INIT, studio.new()) == (409, "quota_exceeded")
    studio.post(f"/api/v1/media/videos/{begun['video']['id']}/upload/cancel/", status=204)
    studio.ready(hls_bytes=GIB - 200)
    assert studio.refused("POST", INIT, studio.new(size_bytes=200)) == (409, "quota_exceeded")
    assert studio.begin(size_bytes=100)


def test_the_quota_holds_when_many_begin_at_once(studio: Any, studio_of: Any) -> None:
    studio_of(role="owner").ask("PATCH", "/api/v1/media/settings/", {"quota_bytes": GIB})
    body = studio.new(size_bytes=GIB * 2 // 5)
    callers = [studio_of(subject=f"user-{n}") for n in range(5)]

    answers = [one.result() for one in at_once(*[lambda c=c: c.ask("POST", INIT, body) for c in callers])]

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, 201, 409, 409, 409]
    assert sorted(row["position"] for row in studio.all("SELECT position FROM video")) == [1, 2]


def test_too_many_open_uploads_are_refused(studio: Any, studio_of: Any) -> None:
    session = studio.session()
    for _ in range(20):
        studio.begin(session)
    assert studio.refused("POST", INIT, studio.new(session)) == (409, "too_many_uploads")
    assert studio_of("other").begin()


def test_a_repeated_idempotency_key_begins_once(studio: Any) -> None:
    body, headers = studio.new(size_bytes=GIB), {"Idempotency-Key": "k1"}
    first = studio.ask("POST", INIT, body, headers=headers)
    again = studio.ask("POST", INIT, body, headers=headers)
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert len(studio.all("SELECT 1 FROM video")) == 1


def test_a_store_that_is_away_is_told_and_nothing_is_kept(studio: Any, away: Any) -> None:
    answer = away.post(INIT, json=studio.new(size_bytes=GIB))
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert studio.all("SELECT 1 FROM video") == []


def test_an_upload_that_cannot_be_written_down_is_given_up(
    studio: Any, s3_client: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("no")

    body = studio.new(size_bytes=GIB)
    monkeypatch.setattr(usecases, "_record", broken)

    assert studio.ask("POST", INIT, body).status_code == 500
    prefix = f"tenants/demo/video/raw/{body['session']}/"
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
