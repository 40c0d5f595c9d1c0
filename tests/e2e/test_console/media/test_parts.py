"""The pages' small rules, and that their words and limits are the services'."""

from __future__ import annotations

import pytest
from media.domain.access import AccessMode, Denial
from media.domain.progress import RISK_WEIGHTS
from media.domain.uploads import EXTENSIONS
from media.domain.videos import VideoStatus

pytestmark = pytest.mark.browser

VTT = (
    "WEBVTT\r\n\r\n00:00:00.000 --> 00:00:10.000\r\nsprite.jpg?sig=a#xywh=0,0,160,90\r\n\r\n"
    "1\n00:10.000 --> 01:00:20.500\nsprite.jpg?sig=a#xywh=160,0,160,90\n\nNOTE nothing\n\n"
    "00:00:30.000 --> 00:00:20.000\nbackwards.jpg#xywh=0,0,1,1\n\nno time\nx.jpg#xywh=0,0,1,1\n"
)


def test_words_and_limits_are_the_services(evaluate):
    assert set(evaluate("media/upload/file-check.js", "m.EXTENSIONS")) == EXTENSIONS
    states = evaluate(
        "labels.js", "Object.fromEntries(Object.entries(m.VIDEO_STATES).map(([c, s]) => [c, s.label]))"
    )
    assert states == {status.value: status.label for status in VideoStatus}
    assert set(evaluate("labels.js", "Object.keys(m.ACCESS_MODES)")) == set(AccessMode)
    assert set(evaluate("labels.js", "Object.keys(m.WATCH_REFUSALS)")) == set(Denial)
    assert set(evaluate("labels.js", "Object.keys(m.PLAYBACK_EVENTS)")) == set(RISK_WEIGHTS)


def test_times_and_sizes_read_as_a_player_shows_them(evaluate):
    spans = "[0, 75, 3675.9, null, NaN].map(m.span)"
    assert evaluate("format.js", spans) == ["0:00", "1:15", "1:01:15", "", ""]
    assert evaluate("format.js", "[20 * 1024 ** 3, 1.234 * 1024 ** 3].map(m.size)") == ["20 GB", "1.23 GB"]


def test_a_file_is_known_again_by_name_size_and_time(evaluate):
    told = """[['a.mp4', 5], ['a.mp4', 6], ['b.mp4', 5], ['a.mp4', 5]].map(([name, lastModified]) =>
      m.fingerprint(new File(['x'], name, {lastModified})))"""
    first, other_time, other_name, same = evaluate("media/upload/file-check.js", told)
    assert first == same
    assert len({first, other_time, other_name}) == 3
    # the two ways of writing a Hangul syllable are one name
    two = """['\\uac00.mp4', '\\u1100\\u1161.mp4'].map((name) =>
      m.fingerprint(new File(['x'], name, {lastModified: 1})))"""
    assert len(set(evaluate("media/upload/file-check.js", two))) == 1
    long = "m.fingerprint(new File(['x'], '가'.repeat(250) + '.mp4')).length"
    assert evaluate("media/upload/file-check.js", long) <= 200


@pytest.mark.parametrize(
    ("rules", "wanted", "watched", "to"),
    [
        ("free", 900, 0, 900),
        ("bounded_forward", 50, 100, 50),
        ("bounded_forward", 102, 100, 102),
        ("bounded_forward", 104, 100, 100),
    ],
)
def test_a_class_is_not_skipped(evaluate, rules, wanted, watched, to):
    given = {"rules": {"seek": rules, "grace": 3, "maxSpeed": 1}, "wanted": wanted, "watched": watched}
    answer = evaluate("media/player/rules.js", "m.seekTo(v.rules, v.wanted, v.watched)", given)
    assert answer == {"to": to, "refused": to != wanted}


def test_only_what_was_played_counts_as_watched(evaluate):
    steps = "[[0, 0, 0.3, 1], [10, 9.8, 10.1, 1], [10, 50, 50.3, 1], [10, 10, 400, 1], [10, 5, 5.3, 1]]"
    watched = evaluate("media/player/rules.js", f"{steps}.map((step) => m.watchedUntil(...step))")
    assert watched == [0.3, 10.1, 10, 10, 10]


def test_a_storyboard_is_read_and_nonsense_left_out(evaluate):
    cues = evaluate("media/player/storyboard.js", "m.parseStoryboard(v, 'http://a/hls/board.vtt?sig=b')", VTT)
    assert [(cue["start"], cue["end"], cue["x"], cue["width"]) for cue in cues] == [
        (0, 10, 0, 160),
        (10, 3620.5, 160, 160),
    ]
    assert cues[0]["url"] == "http://a/hls/sprite.jpg?sig=a"
    at = "[0, 9.9, 10, 9999].map((at) => m.cueAt(v, at).x)"
    assert evaluate("media/player/storyboard.js", at, cues) == [0, 0, 160, 160]


def test_speed_is_of_the_last_seconds_and_nothing_at_first(evaluate):
    marks = """(() => {
      const meter = new m.Meter(), said = [];
      for (const [bytes, at] of v) { meter.mark(bytes, at); said.push(meter.speed); }
      meter.reset();
      return [...said, meter.speed];
    })()"""
    given = [[0, 0], [500, 500], [2000, 2000], [100_000, 100_000], [90_000, 101_000]]
    assert evaluate("media/upload/meter.js", marks, given) == [None, None, 1000, 1000, None, None]


def test_what_becomes_of_the_original(evaluate):
    video = {"raw_keep": False, "raw_deleted_at": None, "raw_expires_at": "2026-12-10T00:00:00Z"}
    lines = "v.map((video) => m.originalLine(video, Date.parse('2026-11-28T12:00:00Z')))"
    changes = [{}, {"raw_keep": True}, {"raw_deleted_at": "2026-11-01T00:00:00Z"}, {"raw_expires_at": None},
               {"raw_expires_at": "2026-11-28T11:00:00Z"}]  # fmt: skip
    given = [video | change for change in changes]
    assert evaluate("media/words.js", lines, given) == [
        "원본 삭제까지 12일", "원본 보관 중", "원본 삭제됨", "", "원본이 오늘 삭제됩니다"
    ]  # fmt: skip
