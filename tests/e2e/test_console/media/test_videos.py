"""강의 영상: the list as it moves, one video, its player, who may watch it and who did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from selenium.webdriver.support.ui import Select
from testkit.console import PHONE

pytestmark = pytest.mark.browser

LIBRARY = Path(__file__).parents[4] / "libs" / "console" / "vendor" / "hls.mjs"
# without npm deploy/scripts/vendor leaves a module of one line there
NO_LIBRARY = not LIBRARY.exists() or LIBRARY.stat().st_size < 1000
HLS = "/api/v1/media/hls"
HOSTILE = "<img src=x onerror=alert(1)>"
RUNNING = {
    "state": "RUNNING", "step": "transcoding", "step_name": "인코딩", "step_index": 4, "step_total": 7,
    "step_percent": 40, "percent": 43, "remaining_seconds": 340, "failures": 0,
}  # fmt: skip
ENCODING = {"status": "PROCESSING", "playable": False, "raw_expires_at": None, "progress": RUNNING}
BROKEN = {
    "status": "FAILED", "playable": False, "raw_expires_at": None,
    "error": {"code": "truncated_file", "reason": "파일이 끝까지 저장되지 않았습니다."},
}  # fmt: skip
LADDER = [
    {"name": "v1", "width": 320, "height": 180, "fps": "15", "codecs": "avc1.4d400d,mp4a.40.2",
     "bandwidth": 300_000, "average_bandwidth": 250_000, "bytes": 400_000},
    {"name": "v2", "width": 640, "height": 360, "fps": "15", "codecs": "avc1.4d401e,mp4a.40.2",
     "bandwidth": 900_000, "average_bandwidth": 800_000, "bytes": 1_200_000},
]  # fmt: skip


def urls():
    return {
        "play_url": f"{HLS}/master.m3u8", "poster_url": f"{HLS}/sprite.jpg",
        "storyboard_url": f"{HLS}/storyboard.vtt",
        "expires_at": (datetime.now(UTC) + timedelta(minutes=10)).isoformat(),
    }  # fmt: skip


def totals(**values):
    return {
        "students_total": 2, "started": 2, "completed": 1, "proctored_completed": 1, "completion_rate": 0.5,
        "average_progress": 0.71, "watched_seconds": 5400.0, **values,
    }  # fmt: skip


@pytest.fixture
def lecture(api):
    """A READY video of two students, one of whom stands out."""
    one, two = str(UUID(int=101)), str(UUID(int=102))
    api.students = {one: "김하나", two: HOSTILE}
    api.rows = [row(one, 0.42, None), row(two, 1.0, "2026-11-20T03:00:00Z", access_mode="PROCTORED_CLASS")]
    risk = {"student_id": two, "enrollment_id": two, "score": 14, "events": 6, "violations": 2}
    video = api.add_video(renditions=LADDER, duration=12.0)
    stats = {"video_id": video, "title": "t", "duration": 12.0, "students": api.rows, "risk_top": [risk]}
    summary = {"range": "24h", "sessions": 3, "viewers": 2, "revoked": 1, "expired": 0, "events": 9,
               "violations": 2, "violation_rate": 0.2, "risk_top": [risk]}  # fmt: skip
    event = {"session_id": one, "client_id": 1, "enrollment_id": two, "student_id": two,
             "type": "SEEK_ATTEMPT", "violated": True, "reason": "", "position": 65.0,
             "occurred_at": "2026-11-20T03:00:00Z", "received_at": "2026-11-20T03:00:00Z",
             "score": 6}  # fmt: skip
    api.on("POST", "media/videos/[^/]+/preview/", lambda: (200, urls()))
    api.on("GET", "media/videos/[^/]+/access/", lambda: (200, {"results": api.rows, "next": None}))
    api.on("GET", "media/videos/[^/]+/stats/", lambda: (200, totals(**stats)))
    api.on("GET", "media/videos/[^/]+/summary/", lambda: (200, totals(**summary)))
    api.on("GET", "media/video-playback-events/", lambda: (200, {"results": [event], "next": None}))
    return video


def row(enrollment, progress, completed_at, *, access_mode="FREE_REVIEW"):
    return {
        "enrollment_id": enrollment, "student_id": enrollment, "attendance": None, "access_mode": access_mode,
        "reason": None, "override": None, "progress": progress, "last_position": 5.0,
        "watched_seconds": 300.0, "completed_at": completed_at, "proctored_completed_at": None,
    }  # fmt: skip


def cards(desk):
    return {
        card.find_element("css selector", ".row-link").text: card.text for card in desk.all(".video-card")
    }


def test_the_list_moves_with_the_encoder(desk, api):
    video = api.add_video(title=HOSTILE, **ENCODING)
    api.add_video(title="지수와 로그")
    desk.open("#/videos")
    desk.wait(lambda: "43%" in cards(desk).get(HOSTILE, ""))
    assert "4/7 인코딩" in cards(desk)[HOSTILE]
    assert "약 6분 남음" in cards(desk)[HOSTILE]
    desk.shot("75-videos")
    assert desk.nameless() == []
    api.videos[video]["progress"] = RUNNING | {"percent": 88, "step_name": "올리기", "step_index": 7}
    desk.wait(lambda: "88%" in cards(desk)[HOSTILE])
    api.videos[video] |= {"status": "READY", "playable": True, "progress": None}
    desk.wait(lambda: "재생 가능" in cards(desk)[HOSTILE])
    assert not desk.all(".encoding")


def test_filters_stay_in_the_address(desk, api):
    api.add_video(title="지수와 로그")
    api.add_video(title="잘린 파일", **BROKEN)
    desk.open("#/videos")
    desk.wait(lambda: len(cards(desk)) == 2)
    desk.pick("상태", "실패")
    desk.wait(lambda: list(cards(desk)) == ["잘린 파일"])
    assert "status=FAILED" in desk.driver.current_url
    desk.driver.refresh()
    desk.wait(lambda: list(cards(desk)) == ["잘린 파일"])
    desk.labelled_search("없는 제목")
    desk.wait_text(".listing-empty", "보여 줄 영상이 없습니다")
    desk.button("모두 지우기").click()
    desk.wait(lambda: len(cards(desk)) == 2)


def test_a_failed_one_is_tried_again_an_original_kept_and_a_video_deleted(desk, api):
    failed = api.add_video(title="잘린 파일", **BROKEN)
    ready = api.add_video(title="지수와 로그")
    desk.open("#/videos")
    desk.wait(lambda: "파일이 끝까지 저장되지 않았습니다" in cards(desk).get("잘린 파일", ""))
    desk.button("다시 시도").click()
    desk.wait(lambda: "인코딩 대기" in cards(desk)["잘린 파일"])
    assert "원본 삭제까지 12일" in cards(desk)["지수와 로그"]
    desk.button("보관").click()
    desk.wait(lambda: "원본 보관 중" in cards(desk)["지수와 로그"])
    desk.one("[aria-label='지수와 로그 삭제']").click()
    told = desk.text("dialog")
    assert "원본 파일 (1.17 GB)" in told
    assert "재생용 영상 (800.0 MB)" in told
    assert desk.driver.switch_to.active_element.text == "취소"
    desk.shot("76-delete-video")
    desk.answer("삭제")
    desk.wait(lambda: list(cards(desk)) == ["잘린 파일"])
    assert list(api.videos) == [failed]
    assert ready not in api.videos


@pytest.mark.parametrize("library", [True, False], ids=["hls.js", "native"])
def test_a_video_plays_with_pictures_of_its_moments(desk, api, lecture, library):
    if library and NO_LIBRARY:
        pytest.skip("no hls.js here: deploy/scripts/vendor")
    api.library = library
    desk.open(f"#/videos/{lecture}")
    desk.wait_text("h1", "이차함수의 그래프")
    desk.play()
    desk.wait(lambda: desk.of_video("currentTime > 1 && !video.paused"))
    hover(desk, 0.6)
    desk.wait_text(".seek-time", "0:07")
    assert "-320px" in desk.driver.execute_script(
        "return document.querySelector('.seek-picture').style.backgroundPosition"
    )
    qualities = [
        option.text for option in desk.driver.find_elements("css selector", "[aria-label='화질'] option")
    ]
    assert qualities == (["자동", "360p", "180p"] if library else [])
    assert ("내장된 재생기" in desk.text(".hint")) is not library
    desk.shot(f"77-player-{'library' if library else 'native'}")
    desk.of_video("currentTime = 11.5")
    desk.wait(lambda: desk.of_video("ended"))


def test_a_quality_whose_address_has_run_out_plays_on_where_it_was(desk, api, lecture):
    if NO_LIBRARY:
        pytest.skip("no hls.js here: deploy/scripts/vendor")
    previews = []

    def preview():
        previews.append(len(previews) + 1)
        return 200, urls() | {"play_url": f"{HLS}/master.m3u8?link={previews[-1]}"}

    api.on("POST", "media/videos/[^/]+/preview/", preview)
    desk.allowed = ("status of 403",)
    desk.open(f"#/videos/{lecture}")
    desk.wait(lambda: desk.of_video("readyState >= 3"))
    shown = desk.of_video("videoHeight")
    desk.of_video("currentTime = 4")
    desk.play()
    desk.wait(lambda: desk.of_video("currentTime > 4.5"))

    api.run_out = {"link=1"}
    other = {360: 180, 180: 360}[shown]
    desk.pick("화질", f"{other}p")

    desk.wait(lambda: previews == [1, 2])
    desk.wait(lambda: desk.of_video("videoHeight") == other)
    at = desk.of_video("currentTime")
    assert at > 4
    desk.wait(lambda: desk.of_video("currentTime") > at + 0.5)
    assert Select(desk.one("[aria-label='화질']")).first_selected_option.text == f"{other}p"
    assert not desk.all(".player-stopped")
    desk.of_video("currentTime = 11.5")
    desk.wait(lambda: desk.of_video("ended"))


def hover(desk, share):
    desk.driver.execute_script("""
        const range = document.querySelector('.seek-range'), box = range.getBoundingClientRect();
        const clientX = box.left + box.width * arguments[0];
        range.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX}));
    """, share)  # fmt: skip


def test_settings_access_and_figures(desk, api, lecture):
    puts = []
    api.on(
        "PUT",
        "media/videos/[^/]+/access/([^/]+)/",
        lambda enrollment: (puts.append(enrollment), (200, api.rows[0]))[1],
    )
    desk.open(f"#/videos/{lecture}")
    desk.wait_text("#stats-title", "시청 현황")
    desk.wait(lambda: not desk.all(".loading"))
    assert {"50%", "1 / 2명", "71%", "2시간"} <= {card.text.split("\n")[1] for card in desk.all(".figure")}
    assert HOSTILE in desk.text(".listing")
    assert "320 × 180" in desk.text(".renditions")
    assert desk.nameless() == []
    desk.shot("78-video")
    title = desk.labelled("제목")
    title.clear()
    title.send_keys("새 제목")
    desk.button("저장").click()
    desk.wait_text("h1", "새 제목")
    assert api.calls("PATCH", f"{lecture}/") == [{"title": "새 제목"}]

    desk.one("[aria-label='김하나 시청 방식 바꾸기']").click()
    desk.shot("79-access")
    Select(desk.labelled("시청 방식")).select_by_visible_text("시청 금지")
    desk.answer("저장")
    desk.wait(lambda: puts)
    assert api.calls("PUT", f"access/{UUID(int=101)}/") == [
        {"mode": "BLOCKED", "allow_skip": None, "max_speed": None, "show_watermark": None}
    ]
    desk.one(".event-log summary").click()
    desk.wait_text(".event-log", "건너뛰기 시도")
    assert "1:05" in desk.text(".event-log")


def test_on_a_phone_and_in_the_dark(desk, api, lecture):
    api.add_video(title="아주긴제목을가진영상이라서한줄에들어가지않는영상" * 2, **ENCODING)
    api.add_video(title="잘린 파일", **BROKEN)
    desk.size(PHONE)
    desk.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    for name, fragment in {
        "videos": "#/videos",
        "upload": "#/videos/upload",
        "video": f"#/videos/{lecture}",
    }.items():
        desk.open(fragment)
        desk.wait(lambda: not desk.all(".loading, [aria-busy=true]") and desk.all("h1"))
        desk.one({"video": "video"}.get(name, "h1"))
        assert desk.width() <= PHONE[0], name
        assert desk.nameless() == [], name
        desk.shot(f"80-phone-{name}")
