"""The ledger, holds, and what sweeps find."""

from __future__ import annotations

import pytest
from selenium.webdriver.support.ui import Select

pytestmark = pytest.mark.browser

ALLOWED = ("status of 4",)


def at(console, label, text):
    """Type over what a field holds, as a hand would; fields of times take it as a value."""
    field = console.labelled(label)
    script = (
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
    )
    console.driver.execute_script(script, field, text)


def test_the_ledger_is_narrowed_by_what_the_address_says(signed_in, api, made):
    plan = made["plan"]()["id"]
    console = signed_in("viewer", f"#/storage/ledger?plan_id={plan}&bucket=excel")
    console.wait_text(".listing", "2026. 11. 24. 오전 10:00:00")
    asked = api.sent("list_ledger")[0]
    assert (asked["plan_id"], asked["bucket"]) == (plan, "excel")
    assert console.one(f"a[href='#/storage/plans/{plan}']").text == "계획 보기"
    api.lists("list_ledger")
    console.one("input[name=prefix]").send_keys("exports/없음/")
    console.wait_text(".listing-empty", "맞는 기록이 없습니다.")
    assert api.sent("list_ledger")[-1]["prefix"] == "exports/없음/"
    console.allowed = ALLOWED
    console.one("input[name=plan_id]").clear()
    console.one("input[name=plan_id]").send_keys("1")
    console.wait_text(".notice", "입력을 확인해 주세요.")
    console.button("모두 지우기").click()
    console.wait_text(".listing-empty", "아직 지운 것이 없습니다.")
    assert api.sent("list_ledger")[-1] == {"page_size": "50"}


def test_a_broken_chain_is_not_a_whole_one(signed_in, api, made):
    console = signed_in("viewer", "#/storage/ledger")
    console.button("사슬 확인").click()
    console.wait_text(".notice-good", "모든 기록이 쓴 그대로입니다.")
    assert f"{2:064x}" in console.text(".notice-good")
    api.on("verify_ledger", {"entries": 2, "head": "f" * 64, "broken_at": 1})
    console.button("사슬 확인").click()
    console.wait_text(".notice-bad", "1번 기록부터 쓴 그대로가 아닙니다.")
    console.allowed = ("status of 503",)
    api.on("verify_ledger", (503, made["problem"]("unavailable", "데이터베이스가 바쁩니다.")))
    console.button("사슬 확인").click()
    console.wait_text(".notice-bad", "데이터베이스가 바쁩니다.")
    assert "그대로" not in console.text(".notice")


@pytest.mark.parametrize(
    ("kind", "filled", "sent"),
    [
        ("학원 전체", {}, {"kind": "tenant"}),
        ("키의 앞부분", {"키의 앞부분": "exports/academy-a/"},
         {"kind": "prefix", "value": "exports/academy-a/", "bucket": "ai"}),
    ],
)  # fmt: skip
def test_a_hold_asks_only_for_what_its_kind_needs(signed_in, api, made, kind, filled, sent):
    api.on("place_hold", lambda given, **_: (201, {**made["hold"](), "in_flight": 3}))
    console = signed_in("operator", "#/storage/holds")
    console.button("보존 걸기").click()
    Select(console.labelled("무엇을")).select_by_visible_text(kind)
    for label, text in {
        "학원": "academy-a",
        "사유": "분쟁",
        "언제까지": "2099-03-01T09:30",
        **filled,
    }.items():
        at(console, label, text)
    console.answer("보존")
    (given,) = api.sent("place_hold")
    assert given == {
        "tenant_id": "academy-a", "reason": "분쟁", "expires_at": "2099-03-01T09:30:00+09:00", **sent,
    }  # fmt: skip
    console.wait_text(".notice-warn", "이미 지우고 있던 3개에는 늦었습니다.")


def test_what_is_wrong_with_a_hold_is_told_at_its_fields(signed_in, api, made):
    console = signed_in("operator", "#/storage/holds")
    console.allowed = ALLOWED
    console.button("보존 걸기").click()
    console.one("dialog .button-main").click()
    console.wait_text("dialog", "학생 ID를 적어 주세요.")
    assert "사유를 적어 주세요." in console.text("dialog")
    assert api.sent("place_hold") == []
    for label, text in {"학원": "academy-a", "사유": "분쟁", "학생 ID": "김하나"}.items():
        at(console, label, text)
    console.one("dialog .button-main").click()
    console.wait_text("dialog .field-error", "올바른 ID 형식이 아닙니다.")
    at(console, "학생 ID", "00000000-0000-0000-0000-000000000009")
    past = made["problem"]("invalid_request", "d", errors={"expires_at": ["앞으로의 시각이어야 합니다."]})
    api.on("place_hold", (422, past))
    console.one("dialog .button-main").click()
    console.wait_text("dialog .field-error", "앞으로의 시각이어야 합니다.")
    console.answer("취소")


def test_a_hold_ends_with_a_reason_unless_another_has_ended_it(signed_in, api, made):
    over = made["hold"](ended_by="lee", end_reason="정산 끝", ended_at="2026-11-24T01:00:00+00:00")
    api.on("end_hold", (409, made["problem"]("hold_ended", "이미 끝난 보존입니다.")))
    console = signed_in("operator", "#/storage/holds?state=all")
    console.allowed = ALLOWED
    console.wait_text(".listing", "2099. 1. 1. 오전 9:00:00까지")
    assert api.sent("list_holds")[0]["state"] == "all"
    console.button("끝내기").click()
    at(console, "끝내는 이유", "정산 끝")
    api.lists(
        "list_holds", over, made["hold"](id=made["plan"]()["id"], expires_at="2026-11-01T00:00:00+00:00")
    )
    console.one("dialog .button-bad").click()
    console.wait_text("dialog .notice", "이미 끝난 보존입니다.")
    assert api.sent("end_hold") == [{"reason": "정산 끝"}]
    console.answer("취소")
    console.wait_text(".listing", "lee: 정산 끝")
    assert "기한 지남" in console.text(".listing")
    assert not console.all(".listing button")


def test_orphans_and_missing_objects(signed_in, api, made):
    key = "tenants/academy-a/video/hls/9/master.m3u8"
    console = signed_in("viewer", "#/storage/orphans?kind=missing&bucket=video")
    console.wait_text(".listing", "영상 원본")
    assert api.sent("list_orphans") == [{"page_size": "50", "kind": "missing", "bucket": "video"}]
    api.lists("list_orphans", made["finding"](key, kind="missing", written_at=None, bytes=0))
    console.pick("버킷", "버킷 전체")
    console.wait_text(".listing", "누락")
    told = [picture.get_attribute("aria-label") for picture in console.all(".chart-picture")]
    assert told[0].startswith("고아 객체: 처음 3개, 마지막")
    assert told[1].startswith("누락: 처음 0개, 마지막 0개")
    api.lists("list_orphans")
    api.on("show_trend", {"results": []})
    signed_in("viewer", "#/storage/orphans")
    console.wait_text("main", "고아도 누락도 없었습니다. 언제")
    console.wait_text(".listing-empty", "마지막으로 훑었을 때")


def test_a_day_without_findings_is_a_day_with_none(evaluate):
    points = [
        {"day": "2026-11-01", "bucket": "video", "class": "a", "kind": "orphan", "objects": 3},
        {"day": "2026-11-01", "bucket": "excel", "class": "b", "kind": "orphan", "objects": 4},
        {"day": "2026-11-01", "bucket": "excel", "class": "b", "kind": "missing", "objects": 9},
        {"day": "2026-11-03", "bucket": "video", "class": "a", "kind": "orphan", "objects": 2},
    ]
    found = evaluate("storage/trend.js", "m.daily(v, 'orphan', '2026-11-04')", points)
    assert [(one["day"][-2:], one["value"]) for one in found] == [("01", 7), ("02", 0), ("03", 2), ("04", 0)]


def test_no_unknown_shapes(signed_in, api):
    api.lists("list_quarantine")
    console = signed_in("viewer", "#/storage/quarantine")
    console.wait_text(".listing-empty", "모든 키를 규칙이 알고 있습니다.")


def test_a_bucket_is_swept_and_its_plans_are_shown(signed_in, api, made):
    now = {}
    api.on("show_request", lambda _, **__: made["request"]("sweep", **now))
    console = signed_in("operator", "#/storage/buckets")
    console.wait_text(".notice-bad", "정책과 다른 버킷이 있습니다.")
    assert "없음" in console.text(".drift .code")
    console.button("지금 훑기").click()
    Select(console.labelled("버킷")).select_by_visible_text("엑셀")
    console.answer("훑기")
    assert api.sent("start_sweep") == [{"bucket": "excel"}]
    console.wait_text(".loading", "버킷을 훑는 중입니다.")
    now.update(state="DONE", result={"plans": [made["plan"]()["id"]]})
    console.wait_text(".notice-info", "계획 1개를 만들었습니다.")
    console.button("계획 1 보기").click()
    console.wait_text(".facts", "승인 대기")


def test_buckets_as_they_should_be(signed_in, api, made):
    api.on("show_lifecycle", {"results": [made["drift"]("ok"), made["drift"]("unsupported", what="cors")]})
    api.lists("list_sweeps", made["sweep"](finished_at=None, plan_id=None))
    console = signed_in("viewer", "#/storage/buckets?bucket=video")
    console.wait_text(".listing", "아직 훑는 중")
    assert api.sent("list_sweeps")[0]["bucket"] == "video"
    assert "확인할 수 없음" in console.text(".drift summary")
    assert not console.all(".drift[open], .notice-bad")
