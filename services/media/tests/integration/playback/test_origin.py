"""The origin: what a signed address opens, and every way in which one opens nothing."""

import io
import logging
import re
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
from media.domain.links import Links
from media.domain.signing import Grant, SigningKeys
from servicekit import logs
from testkit.api import refused

SEGMENT = bytes(range(256)) * 40


@pytest.fixture
def playing(academy):
    """A started class: its player, its video, and what start answered."""
    video, player = academy.video(), academy.student("ONLINE")
    return player, video, player.started(video)


@pytest.fixture
def segment(academy, playing):
    """The signed address of a segment, as a player finds it: master, variant, segment."""
    [variant] = academy.addresses(academy.fetch(playing[2]["play_url"]))
    _, first, _ = academy.addresses(academy.fetch(variant))
    return first


def test_a_quality_can_be_chosen_as_long_as_segments_play(academy, playing):
    """A player reads a variant's playlist when it first needs it, which may be hours after the start."""
    begun = playing[2]["play_url"]
    [variant] = academy.addresses(academy.fetch(begun))
    _, first, _ = academy.addresses(academy.fetch(variant))
    start, quality, segment = (
        int(dict(parse_qsl(urlsplit(url).query))["exp"]) for url in (begun, variant, first)
    )
    assert segment - 5 <= quality <= segment
    assert quality - start >= 2 * 3600


def changed(url, **parts):
    split = urlsplit(url)
    query = {**dict(parse_qsl(split.query, keep_blank_values=True)), **parts}
    return f"{split.path}?{urlencode({name: text for name, text in query.items() if text is not None})}"


def test_from_the_start_to_a_range_of_a_segment(academy, playing):
    master = academy.fetch(playing[2]["play_url"])
    assert (master.status_code, master.content_type) == (200, "application/vnd.apple.mpegurl")
    assert master.headers["Cache-Control"] == "private, no-store"
    assert "#EXT-X-STREAM-INF:BANDWIDTH=500000" in master.get_data(as_text=True)
    variant = academy.fetch(academy.addresses(master)[0])
    init, first, last = academy.addresses(variant)
    assert 'URI="/api/v1/media/hls/' in variant.get_data(as_text=True)
    assert academy.fetch(init).content_type == "video/mp4"
    whole = academy.fetch(first)
    assert (whole.status_code, whole.content_type, whole.data) == (200, "video/iso.segment", SEGMENT)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert re.fullmatch(r"private, max-age=\d{4,5}, immutable", whole.headers["Cache-Control"])
    part = academy.fetch(last, Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, SEGMENT[::-1][100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(SEGMENT)}"
    assert part.content_length == 100


@pytest.mark.parametrize(
    ("range_", "status", "content_range", "body"),
    [
        ("bytes=0-0", 206, "bytes 0-0/10240", SEGMENT[:1]),
        ("bytes=10239-", 206, "bytes 10239-10239/10240", SEGMENT[-1:]),
        ("bytes=-5", 206, "bytes 10235-10239/10240", SEGMENT[-5:]),
        ("bytes=10000-99999", 206, "bytes 10000-10239/10240", SEGMENT[10000:]),
        ("bytes=0-", 200, None, SEGMENT),
        ("bytes=-99999", 200, None, SEGMENT),
        ("bytes=0-1,5-6", 200, None, SEGMENT),
        ("bytes=5-1", 200, None, SEGMENT),
        ("bytes=x", 200, None, SEGMENT),
        ("pages=0-1", 200, None, SEGMENT),
        ("bytes=10240-", 416, "bytes */10240", None),
        ("bytes=99999-100000", 416, "bytes */10240", None),
    ],
)
def test_ranges(academy, segment, range_, status, content_range, body):
    answer = academy.fetch(segment, Range=range_)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, content_range)
    if body is None:
        detail = "요청한 구간이 파일의 크기를 벗어났습니다."
        assert refused(answer) == (416, "range_not_satisfiable", detail)
    else:
        assert answer.data == body


def test_head_tells_size_and_type_without_reading(academy, segment, playing):
    answer = academy.fetch(segment, "HEAD")
    assert (answer.status_code, answer.content_length, answer.data) == (200, len(SEGMENT), b"")
    assert answer.content_type == "video/iso.segment"
    assert academy.fetch(playing[2]["play_url"], "HEAD").status_code == 200
    assert refused(academy.fetch(segment.partition("?")[0]))[:2] == (403, "unsigned_url")


def test_the_storyboard_and_the_poster(academy, playing):
    body = playing[2]
    board = academy.fetch(body["storyboard_url"])
    assert (board.status_code, board.content_type) == (200, "text/vtt; charset=utf-8")
    [picture] = academy.addresses(board)
    assert board.get_data(as_text=True).rstrip().endswith("#xywh=0,0,160,90")
    for url in (picture, body["poster_url"]):
        answer = academy.fetch(url)
        assert (answer.status_code, answer.content_type) == (200, "image/jpeg")


def test_every_changed_address_is_refused_with_its_reason(academy, segment):
    path, query = segment.split("?")
    other, prefix = uuid4(), path.rpartition("/")[0]
    wrong = "서명이 올바르지 않은 주소입니다. 영상을 다시 열어 주세요."
    expected = {
        path: ("unsigned_url", "서명이 없는 주소입니다. 영상을 다시 열어 주세요."),
        changed(segment, sig=None): ("unsigned_url", "서명이 없는 주소입니다. 영상을 다시 열어 주세요."),
        changed(segment, sig=""): ("unsigned_url", "서명이 없는 주소입니다. 영상을 다시 열어 주세요."),
        changed(segment, sig="A" * 43): ("bad_signature", wrong),
        changed(segment, exp="99999999999"): ("bad_signature", wrong),
        changed(segment, exp=None): ("bad_signature", wrong),
        changed(segment, uid=f"e:{other}"): ("bad_signature", wrong),
        changed(segment, pv="2"): ("bad_signature", wrong),
        changed(segment, sid=""): ("bad_signature", wrong),
        changed(segment, sid=str(other)): ("bad_signature", wrong),
        changed(segment, kid="v1"): ("bad_signature", wrong),
        changed(segment, kid="v7"): ("unknown_key", "더 이상 쓰지 않는 서명입니다. 영상을 다시 열어 주세요."),
        f"{prefix}/00001.m4s?{query}": ("bad_signature", wrong),
        f"{prefix}/../v1/00000.m4s?{query}": ("bad_signature", wrong),
        f"{prefix}/%2e%2e/v1/00000.m4s?{query}": ("bad_signature", wrong),
        f"{path.replace('/demo/', '/other/')}?{query}": ("bad_signature", wrong),
        f"{path.replace('/demo/', '/DEMO/')}?{query}": ("bad_signature", wrong),
        re.sub("(?<=/demo/)[^/]+", str(other), segment): ("bad_signature", wrong),
    }
    assert {url: refused(academy.fetch(url)) for url in expected} == {
        url: (403, code, detail) for url, (code, detail) in expected.items()
    }
    assert academy.fetch(segment).status_code == 200


def test_an_expired_address_and_one_of_a_key_that_was_taken_out(academy, playing, links):
    player, video, _ = playing
    path = f"demo/{video}/x-1/v1/00000.m4s"
    grant = Grant(f"e:{player.enrollment}", 1)
    expired = f"/api/v1/media/hls/{path}?{links.keys.sign(path, grant, 1000)}"
    detail = "주소의 유효 시간이 지났습니다. 영상을 다시 열어 주세요."
    assert refused(academy.fetch(expired)) == (403, "url_expired", detail)
    gone = SigningKeys({"v0": bytes(32)}).sign(path, grant, 99999999999)
    assert refused(academy.fetch(f"/api/v1/media/hls/{path}?{gone}"))[:2] == (403, "unknown_key")


def test_an_address_signed_by_the_older_key_still_opens(academy, segment, links):
    path, query = segment.removeprefix("/api/v1/media/hls/").split("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    older = SigningKeys({"v1": bytes.fromhex("b2" * 32)})
    signed = older.sign(path, Grant(given["uid"], int(given["pv"]), given["sid"]), int(given["exp"]))
    assert academy.fetch(f"/api/v1/media/hls/{path}?{signed}").status_code == 200


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("UPDATE video SET policy_version = 2", 403, "policy_changed"),
        ("UPDATE video SET deleted_at = now()", 404, "not_found"),
        ("UPDATE playback_session SET state = 'REVOKED'", 403, "session_inactive"),
        ("UPDATE playback_session SET state = 'ENDED'", 403, "session_inactive"),
        ("UPDATE playback_session SET expires_at = now()", 403, "session_inactive"),
        ("DELETE FROM playback_session", 403, "session_inactive"),
        ("UPDATE enrollment_ref SET status = 'INACTIVE'", 403, "not_enrolled"),
        ("UPDATE enrollment_ref SET deleted = true", 403, "not_enrolled"),
    ],
)
def test_what_the_signature_cannot_know_is_asked_on_every_request(
    academy, segment, playing, statement, status, code
):
    assert academy.fetch(segment).status_code == 200
    academy.sql(statement)
    for url in (segment, playing[2]["play_url"], playing[2]["poster_url"]):
        assert refused(academy.fetch(url))[:2] == (status, code)


def test_who_is_blocked_meanwhile_sees_no_more_segment_of_a_review(academy):
    video, player, other = academy.video(), academy.student("PRESENT"), academy.student("PRESENT")
    begun, beside = player.started(video), other.started(video)
    body = {"mode": "BLOCKED"}
    assert (
        academy.staff()
        .put(f"/api/v1/media/videos/{video}/access/{player.enrollment}/", json=body)
        .status_code
        == 200
    )
    assert refused(academy.fetch(begun["play_url"]))[:2] == (403, "blocked")
    assert academy.fetch(beside["play_url"]).status_code == 200


def test_an_object_that_is_not_there_or_of_a_strange_kind_is_not_found(academy, playing, links):
    player, video, _ = playing
    for rest in ("x-1/v1/99999.m4s", "x-1/v1/none.m3u8", "x-1/notes.txt", "x-1/plain"):
        path = f"demo/{video}/{rest}"
        signed = links.keys.sign(path, Grant(f"e:{player.enrollment}", 1), 99999999999)
        assert refused(academy.fetch(f"/api/v1/media/hls/{path}?{signed}"))[:2] == (404, "not_found")


def test_a_playlist_that_leads_out_of_its_video_is_not_served(academy, playing):
    for key in academy.objects.content:
        if key.endswith("master.m3u8"):
            academy.objects.content[key] = b"#EXTM3U\n../../other/v1/index.m3u8\n"
    assert academy.fetch(playing[2]["play_url"]).status_code == 500


def test_segments_come_from_the_cdn_and_playlists_from_here(academy, playing, links):
    player, video, _ = playing
    cdn = Links(links.keys, 600, "https://cdn.academy.test")
    grant = Grant(f"e:{player.enrollment}", 1)
    address = cdn.address("demo", video, "x-1/v1/00000.m4s", grant, 2_000_000_000)
    assert address.startswith(
        f"https://cdn.academy.test/demo/{video}/x-1/v1/00000.m4s?exp=2000000000&kid=v2&"
    )
    for rest in ("x-1/master.m3u8", "x-1/storyboard.vtt"):
        assert cdn.address("demo", video, rest, grant, 1).startswith("/api/v1/media/hls/demo/")
    with pytest.raises(ValueError, match="not an object"):
        cdn.first("demo", UUID(int=1), f"tenants/demo/video/hls/{video}/x", grant, 1)


def test_addresses_in_a_playlist_outlive_the_video_and_not_half_a_day(links):
    assert links.lifetime(60_000) == 3720
    assert links.lifetime(3 * 3_600_000) == 7 * 3600
    assert links.lifetime(12 * 3_600_000) == 12 * 3600


def test_staff_previews_leave_no_trace(academy):
    video, waiting = academy.video(), academy.video(status="PROCESSING", master_key=None)
    staff = academy.staff()
    answer = staff.post(f"/api/v1/media/videos/{video}/preview/")
    assert answer.status_code == 200
    master = academy.fetch(answer.json["play_url"])
    assert academy.addresses(academy.fetch(academy.addresses(master)[0]))
    assert dict(parse_qsl(urlsplit(answer.json["play_url"]).query))["uid"] == "s:teacher-1"
    refusal = refused(staff.post(f"/api/v1/media/videos/{waiting}/preview/"))
    assert refusal == (409, "video_not_ready", "아직 재생할 수 없는 영상입니다.")
    assert refused(staff.post(f"/api/v1/media/videos/{uuid4()}/preview/"))[:2] == (404, "not_found")
    assert academy.sessions() == []
    academy.sql("UPDATE video SET policy_version = 2")
    assert refused(academy.fetch(answer.json["play_url"]))[:2] == (403, "policy_changed")


def test_no_log_line_holds_a_signature_or_a_token(academy, playing, segment):
    text = io.StringIO()
    logs.configure("media", "DEBUG", text)
    token = playing[2]["token"]
    academy.fetch(segment)
    academy.fetch(changed(segment, sig="A" * 43))
    playing[0].beat(token, 1)
    playing[0].beat(token + "x", 1)
    logging.getLogger().handlers[0].flush()
    lines = text.getvalue()
    assert lines.count('"message":"request"') == 4
    secrets = (token, token.split(".")[1], urlsplit(segment).query, "sig=", "A" * 43)
    assert not [secret for secret in secrets if secret in lines]
