"""내 강의 영상: a student watches, by the rules of a class."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from testkit.console import PHONE

pytestmark = pytest.mark.browser

HLS = "/api/v1/media/hls"
LECTURE, SESSION, ENROLLMENT, VIDEO = (str(UUID(int=number)) for number in (1, 11, 101, 201))
WATCH = f"#/watch/{VIDEO}?enrollment={ENROLLMENT}&session={SESSION}"
CLASS = {
    "seek": {"mode": "bounded_forward", "limit": 2.0, "grace_seconds": 3},
    "max_speed": 1.0,
    "watermark": True,
}
REVIEW = {"seek": {"mode": "free"}, "max_speed": 1.5, "watermark": False}


def listed(**values):
    return {
        "id": VIDEO, "lecture_id": LECTURE, "lecture_title": "수학 특강", "session_id": SESSION,
        "session_title": "1차시", "title": "이차함수의 그래프", "position": 1, "status": "READY",
        "duration": 12.0,
        "enrollment_id": ENROLLMENT, "student_id": ENROLLMENT, "can_play": True,
        "access_mode": "PROCTORED_CLASS",
        "reason": None, "progress": 0.42, "last_position": 0.0, "completed": False, **values,
    }  # fmt: skip


def playback(policy, *, seconds=600, token="t1"):
    watched = policy["watermark"]
    return {
        "token": token, "title": "이차함수의 그래프",
        "session_id": SESSION if watched else None, "heartbeat_seconds": 1, "policy": policy,
        "expires_at": (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(), "duration": 12.0,
        "access_mode": "PROCTORED_CLASS" if watched else "FREE_REVIEW", "monitoring_enabled": watched,
        "last_position": 0.0, "play_url": f"{HLS}/master.m3u8", "poster_url": None, "storyboard_url": None,
        "watermark": {"user_id": ENROLLMENT} if watched else None,
    }  # fmt: skip


@pytest.fixture
def served(api):
    """A class of one video; a test may change what is said to each call."""
    said = {
        "start": (201, playback(CLASS)), "refresh": (200, playback(CLASS, token="t2")), "end": (204, None),
        "heartbeat": (200, beat()), "events": (200, {"stored": 1, "session_state": "ACTIVE"}),
    }  # fmt: skip
    api.on("POST", "media/playback/([a-z]+)/", lambda name: said[name])
    rows = [listed(), listed(id=str(UUID(int=202)), title="아직", can_play=False, reason="video_not_ready")]
    api.on("GET", "media/videos/student/", lambda: (200, {"results": rows, "next": None}))
    return said


def beat(**values):
    return {
        "position": 1.0, "max_watched": 1.0, "progress": 0.5, "completed": False, "violated": False,
        "session_state": "ACTIVE", **values,
    }  # fmt: skip


def watch(pupil, fragment=WATCH):
    pupil.open(fragment)
    pupil.wait(lambda: pupil.of_video("readyState >= 1"))


def at(pupil):
    return pupil.of_video("currentTime")


def test_the_list_says_what_can_be_watched_and_why_not(pupil, api, served):
    pupil.wait_text(".listing-empty", "볼 수 있는 영상이 아직 없습니다")
    pupil.driver.refresh()
    pupil.wait(lambda: len(pupil.all(".watch-entry")) == 2)
    assert "42% 봄" in pupil.text(".watch-entry")
    assert "아직 준비 중인 영상입니다" in pupil.text(".watch-entry")
    assert [link.text for link in pupil.all(".watch-title a")] == ["이차함수의 그래프"]
    assert [link.text for link in pupil.all(".menu a")] == ["내 강의 영상"]
    assert pupil.text(".watch-place") == "수학 특강 · 1차시"
    pupil.shot("81-watch-list")


def test_the_list_goes_on_page_by_page_below_its_headings(pupil, api):
    second = str(UUID(int=12))
    pages = [
        ([listed(title="2강"), listed(title="3강", session_id=second, session_title="2차시")], "more"),
        ([listed(title="4강", session_id=second, session_title="2차시")], None),
    ]
    answers = iter([(200, {"results": rows, "next": following}) for rows, following in pages])
    api.on("GET", "media/videos/student/", lambda: next(answers))
    pupil.driver.refresh()
    pupil.button("더 보기").click()
    pupil.wait(lambda: len(pupil.all(".watch-entry")) == 3)
    assert [place.text for place in pupil.all(".watch-place")] == ["수학 특강 · 1차시", "수학 특강 · 2차시"]
    assert [link.text for link in pupil.all(".watch-title")] == ["2강", "3강", "4강"]


def test_a_class_is_watched_by_its_rules_and_told_of(pupil, api, served):
    watch(pupil)
    pupil.wait_text(".watch-name", "이차함수의 그래프")
    assert pupil.text(".watermark") == "000000000065"
    speeds = pupil.driver.find_elements("css selector", "[aria-label='배속'] option")
    assert [option.text for option in speeds] == ["0.5x", "0.75x", "1x"]
    pupil.play()
    pupil.wait(lambda: at(pupil) > 0.5)
    pupil.of_video("currentTime = 10")
    pupil.wait(lambda: at(pupil) < 6)
    pupil.of_video("playbackRate = 2")
    pupil.wait(lambda: pupil.of_video("playbackRate") == 1)
    pupil.driver.execute_script("dispatchEvent(new Event('blur'))")
    pupil.wait(lambda: api.calls("POST", "playback/heartbeat/"))
    pupil.wait_text("[role=status]", "50% 보았습니다")
    pupil.shot("82-class")
    pupil.wait(lambda: "FOCUS_LOST" in [event["type"] for event in events(api)])
    told = {event["type"]: event["violated"] for event in events(api)}
    assert told == {"SEEK_ATTEMPT": True, "SPEED_CHANGE_ATTEMPT": True, "FOCUS_LOST": False}
    numbers = [event["client_id"] for event in events(api)]
    assert len(numbers) == len(set(numbers))
    pupil.open(f"#/watch?session={SESSION}")
    pupil.wait(lambda: api.calls("POST", "playback/end/"))


def events(api):
    return [event for call in api.calls("POST", "playback/events/") for event in call["events"]]


def test_a_review_is_free_and_leaves_no_events(pupil, api, served):
    served["start"] = (201, playback(REVIEW))
    watch(pupil)
    assert not pupil.all(".watermark")
    pupil.of_video("currentTime = 9")
    pupil.of_video("playbackRate = 1.5")
    pupil.play()
    pupil.wait(lambda: at(pupil) > 9.3)
    pupil.wait(lambda: api.calls("POST", "playback/heartbeat/"))
    assert api.calls("POST", "playback/heartbeat/")[-1]["position"] > 9
    assert events(api) == []


def test_the_token_is_renewed_before_it_ends(pupil, api, served):
    served["start"] = (201, playback(CLASS, seconds=9))
    began = time.monotonic()
    watch(pupil)
    pupil.play()
    pupil.wait(lambda: api.calls("POST", "playback/refresh/") == [{"token": "t1"}])
    assert time.monotonic() - began < 9
    pupil.wait(lambda: {"t2"} & {call["token"] for call in api.calls("POST", "playback/heartbeat/")})


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (
            (409, {"code": "session_inactive", "detail": "종료된 시청입니다."}),
            "status of 409",
            "종료된 시청입니다.",
        ),
        (
            (403, {"code": "policy_changed", "detail": "시청 조건이 바뀌었습니다."}),
            "status of 403",
            "시청 조건이",
        ),
        ((200, beat(session_state="REVOKED")), "none", "여러 번 어겨"),
    ],
)
def test_what_ends_it_is_said_and_it_can_be_opened_again(pupil, api, served, answer, status, told):
    pupil.allowed = (status,)
    served["heartbeat"] = answer
    watch(pupil)
    pupil.play()
    pupil.wait_text(".player-trouble", told)
    pupil.shot("83-ended")
    served["heartbeat"] = (200, beat())
    pupil.button("다시 열기").click()
    pupil.wait(lambda: len(api.calls("POST", "playback/start/")) == 2)
    pupil.wait(lambda: not pupil.all(".player-stopped") and pupil.all("video"))


def test_a_place_that_the_server_does_not_believe_is_taken_back(pupil, api, served):
    served["heartbeat"] = (200, beat(violated=True, position=0.0))
    watch(pupil)
    pupil.play()
    pupil.wait(lambda: api.calls("POST", "playback/heartbeat/"))
    pupil.wait(lambda: at(pupil) < 0.9)


def test_who_may_not_watch_is_told_why(pupil, api, served):
    pupil.allowed = ("status of 403",)
    served["start"] = (
        403,
        {"code": "blocked", "detail": "이 영상의 시청이 제한되었습니다. 학원에 문의해 주세요."},
    )
    pupil.open(WATCH)
    pupil.wait_text(".notice", "시청이 제한되었습니다")
    pupil.size(PHONE)
    assert pupil.width() <= PHONE[0]
