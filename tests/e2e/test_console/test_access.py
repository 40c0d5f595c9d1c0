"""Who may come in, and what the desk sees when something is wrong."""

from __future__ import annotations

import json

import pytest
from testkit.console import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.stack]

REFUSED = "the server responded with a status of 4"
CUT = ("net::ERR_INTERNET_DISCONNECTED",)


def test_the_link_signs_in_and_leaves_no_trace_in_the_address(console, stack):
    token = stack.token(console.tenant, "staff")
    console.sign_in(token)
    assert "token" not in console.driver.current_url
    assert token not in console.driver.execute_script(
        "return JSON.stringify(localStorage) + location.href + document.cookie"
    )
    assert console.tenant in console.text("header")
    console.driver.refresh()
    console.wait_text("h1", "명단 등록")

    console.button("로그아웃").click()
    console.wait_text("h1", "로그아웃했습니다")
    assert console.driver.execute_script("return sessionStorage.length") == 0


def test_without_a_link_the_page_says_how_to_get_in(console):
    console.open()
    console.wait_text("h1", "로그인 링크로 들어와 주세요")
    assert "원장님이나 관리자" in console.text("main")
    console.shot("08-sign-in")


def test_a_refused_token_leads_to_the_sign_in_page_and_the_next_link_back(console, stack):
    console.allowed = (REFUSED,)
    console.open("#token=broken.token.here")
    console.wait_text("h1", "로그인 시간이 끝났습니다")
    console.shot("09-expired")

    console.sign_in(stack.token(console.tenant, "staff"))
    console.open("#/jobs/00000000-0000-7000-8000-000000000000")
    console.wait_text(".notice", "이 작업을 찾을 수 없습니다")
    # a token that ends during work: the next request finds out, and the next link leads back to the place
    console.driver.execute_script(
        "sessionStorage.setItem('academy.token', 'ended.' + 'x'.repeat(20) + '.now')"
    )
    console.driver.refresh()
    console.wait_text("h1", "로그인 시간이 끝났습니다")
    console.driver.execute_script(
        "location.hash = 'token=' + arguments[0]", stack.token(console.tenant, "staff")
    )
    console.wait_text(".notice", "이 작업을 찾을 수 없습니다")


def test_who_is_no_staff_is_told_that_this_is_for_staff(console, stack):
    console.allowed = (REFUSED,)
    console.open(f"#token={stack.token(console.tenant, 'visitor')}")
    console.wait_text(".notice", "이 계정으로는 명단을 등록할 수 없습니다")
    assert "요청 번호" in console.text(".small-print")


def test_another_academys_job_is_not_found(desk, stack, messy_roster):
    desk.allowed = (REFUSED,)
    desk.fill("남의 반", messy_roster)
    desk.button("등록하기").click()
    desk.wait_outcome()
    job = desk.driver.current_url.split("#")[1]
    desk.driver.execute_script(
        "sessionStorage.setItem('academy.token', arguments[0])", stack.token(f"{desk.tenant}-b", "staff")
    )
    desk.driver.refresh()
    desk.wait_text(".notice", "이 작업을 찾을 수 없습니다")
    assert job in desk.driver.current_url
    assert messy_roster.name not in desk.text("main")


def test_an_empty_form_shows_each_error_at_its_field(desk):
    desk.button("등록하기").click()
    desk.wait(lambda: len(desk.all(".field-error")) == 3)
    for label, error in (
        ("강의", "강의를 골라"),
        ("명단 파일", "골라 주세요"),
        ("초기 비밀번호", "4자 이상"),
    ):
        control = desk.labelled(label)
        assert control.get_attribute("aria-invalid") == "true"
        described = desk.driver.execute_script(
            """return arguments[0].getAttribute('aria-describedby').split(' ')
                .map(id => document.getElementById(id).textContent)""",
            control,
        )
        assert error in " ".join(described)
    assert desk.driver.switch_to.active_element == desk.labelled("강의")
    desk.shot("10-errors")


def test_a_file_that_is_no_xlsx_is_refused_with_advice(desk, tmp_path):
    kinds = {
        "명단.xls": (b"\xd0\xcf\x11\xe0", "예전 형식"),
        "명단.csv": ("이름,연락처".encode("cp949"), "CSV 파일"),
        "명단.xlsx": (b"\xd0\xcf\x11\xe0 encrypted", "암호"),
        "빈 명단.xlsx": (b"", "빈 파일"),
        "글.xlsx": ("그냥 글".encode(), "엑셀 파일이 아닙니다"),
    }
    for name, (content, advice) in kinds.items():
        path = tmp_path / name
        path.write_bytes(content)
        desk.labelled("명단 파일").send_keys(str(path))
        desk.wait_text(".field-error", advice)


def test_the_servers_field_errors_land_at_the_fields(desk):
    desk.allowed = (REFUSED,)
    desk.create_lecture("하나뿐인 반")
    desk.button("새 강의 만들기").click()
    desk.labelled("새 강의 이름").send_keys("하나뿐인 반")
    desk.button("강의 만들기").click()
    desk.wait_text(".panel .field-error", "이미")
    assert desk.driver.switch_to.active_element == desk.labelled("새 강의 이름")


def test_offline_while_sending_is_one_job_after_the_retry(desk, messy_roster):
    desk.allowed = CUT
    desk.fill("끊긴 반", messy_roster)
    desk.offline(True)
    desk.button("등록하기").click()
    desk.wait_text(".notice-bad", "인터넷에 연결되어 있지 않습니다")
    assert "두 번 접수되지 않습니다" in desk.text(".notice-bad")
    desk.shot("11-offline")
    desk.offline(False)
    desk.button("다시 시도").click()
    desk.wait_outcome()
    assert desk.figures()["등록"] == 4
    desk.open("#/import")
    desk.wait(lambda: len(desk.all(".recent-link")) == 1)


def test_a_slow_upload_shows_how_far_it_is_and_can_be_cancelled(desk, lasting_roster):
    desk.fill("느린 반", lasting_roster)
    desk.slow_upload(5_000)
    desk.button("등록하기").click()
    desk.wait(lambda: desk.text(".progress-figure").rstrip("%") not in ("", "0"))
    assert "파일 올리는 중" in desk.text(".progress-label")
    assert "KB" in desk.text(".progress-foot")
    desk.shot("15-upload")
    desk.button("올리기 취소").click()
    desk.wait_text(".notice", "올리기를 취소했습니다")
    desk.slow_upload(-1)
    desk.button("등록하기").click()
    desk.wait_outcome()
    assert desk.figures()["등록"] == 1_500


def test_the_server_refuses_a_file_that_is_too_large_in_words(desk):
    desk.allowed = (REFUSED, "ERR_")
    desk.create_lecture("큰 파일 반")
    said = desk.driver.execute_async_script("""
        const done = arguments[0];
        Promise.all([import('/console/js/api.js'), import('/console/js/auth.js')]).then(([{Api}, {Auth}]) => {
          const form = new FormData();
          form.set('file', new Blob([new Uint8Array(21 << 20)]), 'large.xlsx');
          const api = new Api(new Auth());
          api.upload('enrollments/lecture_enroll_from_excel/', form, {key: 'large'})
            .then(() => done('accepted'), (e) => done(`${e.status} ${e.code} ${e.message}`));
        });
    """)
    assert said.startswith("413 ")


def test_offline_while_watching_goes_on_by_itself(desk, lasting_roster):
    desk.allowed = CUT
    desk.fill("기다리는 반", lasting_roster)
    desk.button("등록하기").click()
    desk.wait(lambda: "#/jobs/" in desk.driver.current_url)
    desk.offline(True)
    desk.wait_text(".notice-warn", "자동으로 다시 연결하고 있습니다")
    desk.offline(False)
    desk.wait_outcome()
    assert desk.figures()["등록"] == 1_500


def test_a_double_click_is_one_request(desk, messy_roster):
    desk.fill("두 번 누른 반", messy_roster)
    desk.driver.execute_script("const b = document.querySelector('[value=apply]'); b.click(); b.click()")
    desk.wait_outcome()
    sent = desk.driver.execute_script(
        """return performance.getEntriesByType('resource')
            .filter(entry => entry.name.includes('lecture_enroll_from_excel')).length"""
    )
    assert sent == 1


def test_on_a_phone_nothing_is_cut_off(console, stack, messy_roster):
    console.size(PHONE)
    console.sign_in(stack.token(console.tenant, "staff"))

    def fits():
        return console.width() <= PHONE[0]

    assert fits()
    console.fill("휴대폰 반", messy_roster)
    console.shot("12-phone-import")
    assert fits()
    console.button("등록하기").click()
    console.wait_outcome()
    console.shot("13-phone-outcome")
    assert fits()
    small = """return [...document.querySelectorAll('button, input:not([type=file]), select, .chip')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 36).map(e => e.outerHTML)"""
    assert console.driver.execute_script(small) == []


def test_everything_that_can_be_pressed_has_a_name(desk, messy_roster):
    desk.fill("이름표 반", messy_roster)
    assert desk.nameless() == []
    desk.button("등록하기").click()
    desk.wait_outcome()
    assert desk.nameless() == []
    assert [h.text for h in desk.all("h1")] == [messy_roster.name]
    assert desk.driver.find_element("css selector", "html").get_attribute("lang") == "ko"


def test_dark_scheme(console, stack, messy_roster):
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    console.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    console.sign_in(stack.token(console.tenant, "staff"))
    console.fill("어두운 반", messy_roster)
    console.button("등록하기").click()
    console.wait_outcome()
    console.shot("14-dark-outcome")
    ground = console.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert max(json.loads(ground.replace("rgb(", "[").replace(")", "]"))) < 60
