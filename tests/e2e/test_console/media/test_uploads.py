"""영상 올리기: straight to the bucket, through broken lines, pauses and reloads."""

from __future__ import annotations

import os
from threading import Event

import pytest
from selenium.webdriver.support.ui import Select

pytestmark = pytest.mark.browser

MIB = 1 << 20
BROKEN = "net::ERR_"


@pytest.fixture
def big(tmp_path):
    """Six parts, the last one short."""
    path = tmp_path / "이차함수_1강.mp4"
    path.write_bytes(os.urandom(26 * MIB))
    return path


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "짧은 영상.mov"
    path.write_bytes(os.urandom(300_000))
    return path


def choose(desk, *paths):
    desk.open("#/videos/upload")
    desk.wait_text(".hint", "남음")
    desk.labelled("영상 파일").send_keys("\n".join(str(path) for path in paths))
    desk.wait(lambda: len(desk.all(".chosen")) == len(paths))


def upload(desk, *paths):
    choose(desk, *paths)
    desk.one(".submit-row .button-main").click()


def parts_of(api):
    return sorted(number for _, number in api.bucket.puts)


def test_a_large_file_goes_in_parts_and_a_small_one_in_one_piece(desk, api, big, small):
    choose(desk, big, small)
    titles = [box.get_attribute("value") for box in desk.all(".chosen input")]
    assert titles == ["이차함수 1강", "짧은 영상"]
    Select(desk.labelled("차시")).select_by_visible_text("2차시")
    desk.box("건너뛰기 허용 꺼 두면 출석 수업에서 아직 보지 않은 곳으로 넘길 수 없습니다.").click()
    assert desk.nameless() == []
    desk.shot("70-upload")
    desk.one(".submit-row .button-main").click()
    desk.wait(lambda: len([row for row in desk.all(".upload-row") if "올림" in row.text]) == 2)
    desk.shot("71-uploaded")
    first, second = api.calls("POST", "upload/init/")
    assert (first["title"], first["session"], first["filename"]) == (
        "이차함수 1강",
        api.sessions[1],
        big.name,
    )
    assert (first["allow_skip"], first["max_speed"], first["show_watermark"]) == (True, 1, True)
    assert first["content_type"] == "video/mp4"
    assert second["content_type"] == "video/quicktime"
    assert parts_of(api) == [1, 1, 2, 3, 4, 5, 6]
    assert len(api.calls("POST", "upload/presign/")) == 1
    assert {video["status"] for video in api.videos.values()} == {"UPLOADED"}


def test_broken_lines_and_old_links_are_tried_again(desk, api, big):
    desk.allowed = (BROKEN, "status of 403", "status of 500")
    api.bucket.faults = [None, "drop", 403, None, 500, "unheard"]
    upload(desk, big)
    desk.wait_text(".upload-row", "올림", 20)
    # the part whose answer alone was lost is not sent again
    assert parts_of(api) == [1, 2, 3, 4, 5, 6]


def test_a_dropped_line_is_told_and_waited_for(desk, api, big):
    desk.allowed = (BROKEN,)
    api.bucket.hold = Hold(0)
    upload(desk, big)
    desk.wait_text(".upload-row", "올리는 중")
    desk.offline(True)
    api.bucket.hold.opened.set()
    desk.wait_text(".upload-row", "연결을 기다리는 중")
    desk.shot("72-upload-offline")
    desk.offline(False)
    desk.wait_text(".upload-row", "올림", 20)
    assert parts_of(api) == sorted(set(parts_of(api)))


def test_a_pause_keeps_what_is_there_and_goes_on(desk, api, big):
    upload_through(desk, api, big, parts=2)
    desk.button("일시 정지").click()
    desk.wait_text(".upload-row", "일시 정지")
    api.bucket.hold.opened.set()
    desk.button("계속").click()
    desk.wait_text(".upload-row", "올림", 20)
    assert parts_of(api).count(1) == 1
    assert set(parts_of(api)) == {1, 2, 3, 4, 5, 6}


class Hold:
    """Lets so many PUTs pass, the others wait until it is opened."""

    def __init__(self, passing: int) -> None:
        self.passing, self.opened = passing, Event()

    def __call__(self) -> None:
        self.passing -= 1
        if self.passing < 0:
            self.opened.wait(60)


def upload_through(desk, api, path, *, parts):
    """Begin, and hold the line when so many parts are there."""
    api.bucket.hold = Hold(parts)
    upload(desk, path)
    desk.wait(lambda: len(api.bucket.puts) == parts)


def test_after_a_reload_the_same_file_goes_on_where_it_was(desk, api, big, small):
    desk.allowed = (BROKEN,)
    upload_through(desk, api, big, parts=2)
    there = set(parts_of(api))
    leaving = "return !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert desk.driver.execute_script(leaving)  # the browser asks, as leaving would break it off
    desk.driver.refresh()
    api.bucket.hold.opened.set()
    desk.wait_text("#leftovers-title", "끝나지 않은 업로드")
    desk.shot("73-leftover")
    desk.driver.find_element("css selector", ".upload-row input[type=file]").send_keys(str(small))
    desk.wait_text(".field-error", "다른 파일이거나")
    before = len(api.bucket.puts)
    desk.driver.find_element("css selector", ".upload-row input[type=file]").send_keys(str(big))
    desk.wait_text(".upload-row", "올림", 20)
    again = {number for _, number in api.bucket.puts[before:]}
    assert not again & there
    assert {number for _, number in api.bucket.puts} == {1, 2, 3, 4, 5, 6}
    assert len(api.calls("POST", "upload/init/")) == 1


def test_a_file_that_was_begun_before_is_not_begun_anew(desk, api, big):
    desk.allowed = (BROKEN,)
    upload_through(desk, api, big, parts=2)
    desk.button("일시 정지").click()
    desk.wait_text(".upload-row", "일시 정지")
    api.bucket.hold.opened.set()
    desk.driver.refresh()
    desk.wait_text("#leftovers-title", "끝나지 않은 업로드")
    upload(desk, big)
    desk.wait_text(".upload-row", "올림", 20)
    assert len(api.calls("POST", "upload/init/")) == 1


def test_a_cancelled_upload_is_given_up_in_the_store_as_well(desk, api, big):
    upload_through(desk, api, big, parts=1)
    desk.one(".upload-row [aria-label$='취소']").click()
    desk.answer("올리기 취소")
    api.bucket.hold.opened.set()
    desk.wait(lambda: not desk.all(".upload-row"))
    assert api.uploads == {}


def test_what_cannot_be_sent_is_said_in_korean(desk, api, tmp_path, small):
    empty, pdf = tmp_path / "빈.mp4", tmp_path / "교재.pdf"
    empty.write_bytes(b"")
    pdf.write_bytes(b"%PDF")
    desk.open("#/videos/upload")
    desk.wait_text(".hint", "남음")
    desk.one(".submit-row .button-main").click()
    desk.wait_text(".field-error", "영상 파일을 골라 주세요")
    desk.labelled("영상 파일").send_keys(f"{empty}\n{pdf}")
    desk.wait_text(".field-error", "빈 파일입니다")
    assert "동영상 파일(mp4, mov, webm 등)만" in desk.text(".field-error")
    desk.allowed = ("status of 409",)
    api.on("POST", "media/videos/upload/init/", lambda: (409, refusal()))
    upload(desk, small)
    desk.wait_text(".upload-row", "저장 공간이 부족합니다")
    desk.shot("74-upload-refused")


def refusal():
    return {"code": "quota_exceeded", "detail": "저장 공간이 부족합니다. 쓰지 않는 영상을 지워 주세요."}


def test_a_file_that_is_no_video_is_told_at_the_end(desk, api, small):
    def judged(video):
        api.videos[video] |= {
            "status": "FAILED",
            "error": {"code": "not_a_video", "reason": "동영상 파일이 아닙니다."},
        }
        return 200, api.videos[video]

    api.on("POST", "media/videos/([^/]+)/upload/complete/", judged)
    upload(desk, small)
    desk.wait_text(".upload-row", "동영상 파일이 아닙니다")
    assert "다시 시도" not in desk.text(".upload-row")


def test_an_upload_goes_on_while_other_pages_are_looked_at(desk, api, big):
    upload_through(desk, api, big, parts=1)
    desk.open("#/videos")
    desk.wait_text(".upload-row", "올리는 중")
    api.bucket.hold.opened.set()
    desk.wait_text(".upload-row", "올림", 20)
    desk.wait_text(".toast", "영상을 올렸습니다")
