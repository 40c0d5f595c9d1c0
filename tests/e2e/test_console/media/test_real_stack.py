"""The console on the whole stack: a teacher uploads and looks, a student watches a class to its end."""

from __future__ import annotations

import pytest
from testkit.cinema import Cinema
from testkit.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

STUDENTS = "/api/v1/students"
ATTENDANCE = "/api/v1/lectures/attendance"


@pytest.fixture
def cinema(stack, console):
    """The academy of whoever is at this browser: one lecture of one session, and all services know it."""
    cinema = Cinema(stack, console.tenant)
    cinema.settle()
    return cinema


@pytest.fixture
def desk(console, cinema, stack):
    """Signed in as that academy's staff."""
    console.sign_in(stack.token(cinema.tenant, "staff"))
    return console


@pytest.fixture
def pupil(console, cinema):
    """A student of the session who attends from home, signed in with a password of their own."""
    made = cinema.api.post(
        f"{STUDENTS}/",
        {"name": "김하나", "login_id": "hana", "parent_phone": "010-7000-0001", "initial_password": "d-2026"},
    )
    cinema.settle()
    members = {"session": cinema.session_id, "students": [made["id"]]}
    [mark] = cinema.api.post(f"{ATTENDANCE}/bulk_create/", members)["results"]
    cinema.api.patch(f"{ATTENDANCE}/{mark['id']}/", {"status": "ONLINE"})
    cinema.settle()
    who = {
        "academy": cinema.tenant,
        "login_id": "hana",
        "password": "d-2026",
        "new_password": "산책하는-고래-2026",
    }
    token = cinema.api.post(f"{STUDENTS}/token/password/", who)["access_token"]

    def enter():
        console.open(f"#token={token}")
        console.wait_text("h1", "내 강의 영상")
        return console

    return enter


def cards(desk):
    return {card.find_element("css selector", ".row-link").text: card for card in desk.all(".video-card")}


def test_files_are_uploaded_encoded_played_and_deleted(desk, cinema, videos):
    desk.open(f"#/videos/upload?lecture={cinema.lecture_id}&session={cinema.session_id}")
    desk.wait_text(".hint", "남음")
    desk.wait(lambda: desk.labelled("차시").get_attribute("value") == cinema.session_id)
    chosen = desk.labelled("영상 파일")
    chosen.send_keys("\n".join(str(videos.path(kind)) for kind in ("h264", "empty", "pdf")))
    desk.wait_text(".field-error", "빈 파일입니다")
    assert [box.get_attribute("value") for box in desk.all(".chosen input")] == ["h264", "pdf"]
    desk.looked_at("90-upload")
    desk.one(".submit-row .button-main").click()
    desk.wait(lambda: len([row for row in desk.all(".upload-row") if "올림" in row.text]) == 1)
    desk.wait_text(".upload-card", "동영상 파일이 아닙니다")
    desk.looked_at("91-uploaded")

    desk.open("#/videos")
    desk.wait(lambda: set(cards(desk)) == {"h264", "pdf"})
    desk.wait(lambda: "재생 가능" in cards(desk)["h264"].text, 120)
    picture = "return document.querySelector('.video-card img.poster')?.naturalWidth > 0"
    desk.wait(lambda: desk.driver.execute_script(picture))
    assert "동영상 파일이 아닙니다" in cards(desk)["pdf"].text
    desk.looked_at("92-videos")

    cards(desk)["h264"].find_element("css selector", ".row-link").click()
    desk.wait_text("h1", "h264")
    desk.play()
    desk.wait(lambda: desk.of_video("ended"), 120)
    video = desk.driver.current_url.rpartition("/")[2]
    assert cinema.objects(video)
    desk.wait(lambda: not desk.all(".loading"))
    desk.looked_at("93-video")
    desk.one(".page-actions .button-bad-quiet").click()
    desk.answer("삭제")
    desk.wait(lambda: set(cards(desk)) == {"pdf"})
    wait_until(lambda: cinema.objects(video) == {}, 90)


def test_a_student_watches_a_class_to_its_end(pupil, cinema, videos):
    video = cinema.send(videos.path("long"))
    assert cinema.encoded(video)["status"] == "READY"
    console = pupil()
    console.wait(lambda: [link.text for link in console.all(".watch-title a")] == ["long"])
    assert console.text(".watch-place").startswith("영상 강의 · ")
    assert "출석 수업" in console.text(".watch-entry")
    console.looked_at("94-watch")

    console.one(".watch-title a").click()
    console.wait_text(".watch-name", "long")
    console.play()
    console.wait_text("main [role=status]", "% 보았습니다", 60)
    console.looked_at("95-class")
    console.wait(lambda: console.of_video("ended"), 120)
    console.wait_text("main [role=status]", "다 보았습니다")
    console.looked_at("96-completed")

    console.one(".crumb a").click()
    console.wait(lambda: "다 봄" in console.text(".watch-entry"))
    [student] = cinema.api.get(f"/api/v1/media/videos/{video}/stats/")["students"]
    assert (student["progress"] >= 0.9, student["proctored_completed_at"] is not None) == (True, True)
