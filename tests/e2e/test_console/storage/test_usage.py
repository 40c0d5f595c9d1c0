"""What is stored and what it costs: of all for those who run the system, of one's own for an academy."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_the_bill_the_forecast_and_where_it_goes(signed_in, api):
    console = signed_in("viewer", "#/storage")
    console.wait_text(".figures", "$0.615")
    card = console.text("section[aria-labelledby=bill-title]")
    assert "한 해 뒤 416 GB $365.00" in card
    assert "2026. 8. 3.에 확인한 R2 요금: 한 달 1 GB에 $0.015 (10 GB까지 무료)" in card
    picture = console.one(".chart-picture").get_attribute("aria-label")
    assert picture == "하루 가장 많을 때의 용량: 처음 1 GB, 마지막 23 GB, 가장 클 때 23 GB (2026. 11. 23.)"
    assert "75%" in console.text("section[aria-label=버킷별]")
    assert "알 수 없는 형태" in console.text("section[aria-label=종류별]")
    console.one(".chart summary").click()
    console.wait_text(".chart .listing", "2026. 11. 23. 23 GB")
    assert "academy-24" not in console.text("section[aria-label=학원별]")
    console.button("25곳 모두 보기").click()
    console.wait_text("section[aria-label=학원별]", "academy-24")
    console.button("365일").click()
    console.wait(lambda: api.sent("show_usage")[-1] == {"days": "365"})
    assert "days=365" in console.driver.current_url


def test_before_the_first_sweep_and_after_one_day(signed_in, api, made):
    nothing = {"days": [], "buckets": [], "classes": [], "tenants": []}
    api.on("show_usage", made["used"](**nothing))
    console = signed_in("viewer", "#/storage?days=9")
    console.wait_text(".listing-empty", "아직 훑은 버킷이 없어 사용량을 모릅니다.")
    assert api.sent("show_usage") == [{"days": "90"}]
    api.on("show_usage", made["used"](days=[{"day": "2026-11-23", "bytes": 0}]))
    console.button("30일").click()
    console.wait_text(".chart", "0 B")
    line = console.one(".chart-line").get_attribute("points")
    assert line == "0,150 600,150"


def test_an_owner_sees_the_academys_own_space(signed_in, api):
    classes = [{"bucket": "video", "class": "video-hls", "objects": 1200, "bytes": 51 * 10**9}]
    days = [{"day": "2026-11-22", "bytes": 50 * 10**9}, {"day": "2026-11-23", "bytes": 51 * 10**9}]
    api.on("show_own_usage", {"bytes": 51 * 10**9, "classes": classes, "days": days})
    console = signed_in("owner", "#/my-storage")
    console.wait_text("h2", "모두 51 GB")
    assert console.text(".menu [aria-current=page]") == "내 저장 공간"
    assert "재생용 영상 1,200 51 GB" in console.text(".listing")
    assert console.nameless() == []
    console.shot("s-own")


def test_a_new_academy_has_nothing_and_is_told_so(signed_in):
    console = signed_in("admin", "#/my-storage")
    console.wait_text(".listing-empty", "아직 저장된 것이 없거나 처음 세기 전입니다.")


@pytest.mark.parametrize(("role", "address"), [("teacher", "#/my-storage"), ("owner", "#/storage")])
def test_others_are_not_led_there_and_refused_by_address(signed_in, role, address):
    console = signed_in(role, address)
    console.allowed = ("status of 403",)
    console.wait_text(".notice", "이 작업을 할 권한이 없습니다.")
    led = [link.get_attribute("href").partition("#")[2] for link in console.all(".menu a")]
    assert address.removeprefix("#") not in led
