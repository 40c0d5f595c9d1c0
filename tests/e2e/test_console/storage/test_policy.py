"""What the policy says of a key, and what another policy would have done."""

from __future__ import annotations

import dataclasses

import pytest
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.domain.policies import parse

pytestmark = pytest.mark.browser

ALLOWED = ("status of 4", "status of 503")
ODD = "exports/academy-a/1_a&b=c#d?e%2F+ f.xlsx"


def result(**values):
    return {
        "days": 30,
        "rules": [{"rule": "export", "objects": 70_000, "bytes": 9 * 10**9, "saving_usd": "0.1350",
                   "first_day": "2026-11-01", "last_day": "2026-11-23", "more_than_now": 12,
                   "less_than_now": 0, "sample": ["<script>alert(1)</script>"]}],
        "due": [{"bucket": "excel", "rule": "export", "objects": 60_000, "bytes": 8 * 10**9}],
        "fuses": [{"bucket": "excel", "rule": "export", "limit": "percent", "planned": 60, "allowed": 50}],
        **values,
    }  # fmt: skip


def test_the_rules_in_words(signed_in):
    console = signed_in("operator", "#/storage/policy")
    console.wait_text(".listing", "쓴 때부터 1일 뒤")
    shown = console.text(".listing")
    assert "영상이 삭제된 때부터 2일 뒤 · 계획하고 1시간 기다림" in shown
    assert "50,000개 · 500 GB · 버킷의 50% (2,000개를 넘을 때)" in shown
    assert shown.count("계속 보관") == 5
    assert "파기할 때도 남깁니다" in shown
    console.button("지난 기간에 시험").click()
    console.wait_text("h1", "정책 시험")


def test_a_key_is_asked_for_as_it_is_typed_and_stays_in_the_address(signed_in, api, made):
    hold = {"id": made["hold"]()["id"], "kind": "tenant", "expires_at": "2099-01-01T00:00:00+00:00"}
    said = made["explained"](
        verdict="due",
        detail="보관 기간이 끝나 다음 계획에서 지웁니다.",
        released=False,
        holds=[hold],
        key=ODD,
    )
    api.on("show_explanation", said)
    console = signed_in("viewer", "#/storage/policy")
    console.button("판정 보기").click()
    console.wait_text(".field-error", "키를 적어 주세요.")
    console.labelled("키").send_keys(ODD)
    console.button("판정 보기").click()
    console.wait_text(".explain-detail", "다음 계획에서 지웁니다.")
    assert api.sent("show_explanation") == [{"key": ODD}]
    facts = console.text(".fact-list")
    assert "2026. 11. 24. 오전 10:00:00" in facts  # in Seoul
    assert "학원 전체 보존 (2099. 1. 1. 오전 9:00:00까지)" in facts
    assert "필요하다고 하거나 모름" in facts
    signed_in("operator", console.driver.current_url.partition("/console/")[2])
    console.wait_text(".explain-detail", "다음 계획에서 지웁니다.")
    assert api.sent("show_explanation") == [{"key": ODD}] * 2


def test_a_key_of_a_list_leads_to_what_the_policy_says_of_it(signed_in, api, made):
    api.lists("list_ledger", made["entry"](1, key=ODD))
    console = signed_in("viewer", "#/storage/ledger")
    console.button(ODD).click()
    console.wait_text(".explain-detail", "보관 기간이 아직")
    assert api.sent("show_explanation") == [{"key": ODD, "bucket": "excel"}]


@pytest.mark.parametrize(
    ("answer", "where", "shown"),
    [
        (
            (422, {"code": "unknown_bucket", "detail": "d", "errors": {"bucket": ["버킷을 지정해 주세요."]}}),
            ".field-error",
            "버킷을 지정해 주세요.",
        ),
        (
            (503, {"code": "unavailable", "detail": "저장소가 응답하지 않습니다."}),
            ".notice",
            "응답하지 않습니다.",
        ),
    ],
)
def test_a_refused_question_is_told_where_it_belongs(signed_in, api, answer, where, shown):
    api.on("show_explanation", answer)
    console = signed_in("viewer", "#/storage/policy?key=a")
    console.allowed = ALLOWED
    console.wait_text(where, shown)
    console.wait_text(".listing", "쓴 때부터 1일 뒤")  # the rules are there all the same


def test_an_edited_policy_is_tried_and_its_result_can_be_shared(signed_in, api, made):
    now = {"parameters": {"days": 7, "policy": "x"}}
    api.on("show_request", lambda _, **__: made["request"]("backtest", **now))
    console = signed_in("operator", "#/storage/policy/backtest")
    console.labelled("며칠").clear()
    console.labelled("며칠").send_keys("91")
    console.button("시험").click()
    console.wait_text(".field-error", "1일부터 90일까지")
    console.labelled("며칠").clear()
    console.labelled("며칠").send_keys("7")
    console.button("지금 정책 불러오기").click()
    text = console.labelled("시험할 정책")
    console.wait(lambda: "[[rule]]" in text.get_attribute("value"))
    console.button("시험").click()
    console.wait_text(".loading", "시험하는 중입니다.")
    (sent,) = api.sent("start_backtest")
    assert (sent["days"], sent["policy"]) == (7, text.get_attribute("value"))
    now.update(state="DONE", result=result())
    console.wait_text(".notice-warn", "버킷에서 차지하는 비율 60% (50%까지 저절로)")
    table = console.text(".listing")
    assert "70,000" in table
    assert "<script>alert(1)</script>" in table
    console.shot("s-backtest-done")
    signed_in("viewer", console.driver.current_url.partition("/console/")[2])
    console.wait_text(".listing", "60,000")
    assert not console.all("main form")


def test_without_a_text_the_policy_in_force_is_tried(signed_in, api, made):
    done = made["request"]("backtest", state="DONE", result=result(fuses=[], due=[], rules=[]))
    api.on("show_request", done)
    console = signed_in("operator", "#/storage/policy/backtest")
    console.button("시험").click()
    console.wait_text(".notice-good", "안전장치에 걸리는 것이 없습니다.")
    assert api.sent("start_backtest") == [{"days": 30}]
    assert "지금 지울 것이 없습니다." in console.text(".listing-empty")


def test_every_problem_of_a_policy_is_told_in_words(signed_in, api, made):
    problems = ["video-raw: bad_age", "a, b: overlap", "Invalid value (at line 1): not_toml", "x: a_new_code"]
    refused = made["problem"](
        "invalid_policy", "정책 파일에 잘못된 곳이 있습니다.", errors={"policy": problems}
    )
    api.on("start_backtest", (422, refused))
    console = signed_in("operator", "#/storage/policy/backtest")
    console.allowed = ALLOWED
    console.labelled("시험할 정책").send_keys("version = 1")
    console.button("시험").click()
    console.wait_text(".field-error", "정책 파일에 잘못된 곳이 있습니다.")
    told = console.text(".notice .reasons").split("\n")
    assert told[0].startswith("video-raw – 기간은 10분 이상")
    assert told[1] == "a, b – 같은 키에 맞는 규칙이 둘입니다"
    assert told[2:] == ["Invalid value (at line 1) – TOML 형식이 아닙니다", "x: a_new_code"]


def test_a_request_that_a_worker_could_not_do(signed_in, api, made):
    api.on("show_request", made["request"]("backtest", state="FAILED", error="LeaseBusyError"))
    console = signed_in("viewer", f"#/storage/policy/backtest?request={made['request']('sweep')['id']}")
    console.wait_text(".notice-bad", "다른 작업이 그 버킷을 다루고 있습니다.")


def test_the_text_that_can_be_edited_says_what_the_policy_says(evaluate, made):
    text = evaluate("storage/toml.js", "m.policyText(v)", made["policy"]())
    there, here = parse(text), built_in()
    assert [_plain(rule) for rule in there.rules] == [_plain(rule) for rule in here.rules]
    assert (there.version, there.objects_per_second, there.sample) == (
        here.version, here.objects_per_second, here.sample,
    )  # fmt: skip


def _plain(rule):
    return {**dataclasses.asdict(dataclasses.replace(rule, pattern=None)), "pattern": rule.pattern.text}
