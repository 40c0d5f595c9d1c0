"""A plan from its making to its end, as each role meets it, and when others are faster."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

AT = "#/storage/plans/00000000-0000-0000-0000-000000000001"
ALLOWED = ("status of 4", "status of 503")


def buttons(console):
    return [button.text for button in console.all(".card > .actions button")]


@pytest.mark.parametrize(
    ("role", "values", "offered"),
    [
        ("viewer", {}, []),
        ("operator", {}, ["거절"]),
        ("approver", {}, ["승인", "거절"]),
        ("approver", {"created_by": "user-1"}, ["거절"]),
        ("operator", {"state": "approved", "approved_by": "lee"}, ["지금 실행", "거절"]),
        ("operator", {"state": "stopped", "approved_by": "lee", "stop_reason": "x"}, ["이어서 실행", "거절"]),
        ("operator", {"state": "stopped", "stop_reason": "x"}, ["거절"]),
        ("operator", {"state": "applying", "approved_by": "lee"}, ["멈추고 거절"]),
        ("approver", {"state": "superseded"}, []),
    ],
)
def test_who_may_do_what(signed_in, api, made, role, values, offered):
    api.on("show_plan", made["plan"](**values))
    console = signed_in(role, AT)
    console.wait_text("main", "보관 기간이 끝난 것")
    assert buttons(console) == offered
    assert ("다른 승인자에게" in console.text("main")) == (values.get("created_by") == "user-1")


def test_an_approval_takes_the_digest_and_the_work_is_followed_to_its_end(signed_in, api, made):
    now = {"created_by": "worker"}
    api.on("show_plan", lambda _, **__: made["plan"](**now))

    def approve(given, **_):
        now.update(state="applying", approved_by="user-1", applied_to=20_000, deleted=19_990)
        return made["plan"](**now)

    api.on("approve_plan", approve)
    console = signed_in("approver", AT)
    console.wait_text(".notice", "개수 60,000개 (50,000개까지 저절로)")
    console.button("승인").click()
    dialog = console.one("dialog[open]")
    assert "51 GB" in dialog.text
    assert not dialog.find_element("css selector", "button[type=submit]").is_enabled()
    console.shot("s-approve")
    console.answer("승인", typed="ab12cd34ef56")
    assert api.sent("approve_plan") == [{"digest": made["plan"]()["digest"]}]
    console.wait_text(".progress-foot", "20,000 / 60,000개 확인")
    assert "지움 19,990개" in console.text(".progress-foot")
    now.update(state="done", applied_to=60_000, deleted=59_000, kept={"held": 990, "needed": 10}, sampled=20)
    now.update(ledger_from=1, ledger_to=59_000, finished_at="2026-11-24T01:00:00+00:00")
    console.wait_text(".fact-list", "보존 중 990개, 사용 중 10개")
    assert not buttons(console)
    console.button("1번 – 59,000번").click()
    console.wait(lambda: api.sent("list_ledger"))
    assert api.sent("list_ledger")[0]["plan_id"] == made["plan"]()["id"]


def test_another_plan_than_the_one_that_was_looked_at_is_not_approved(signed_in, api, made):
    detail = "확인한 계획과 다릅니다. 계획을 다시 열어 확인해 주세요."
    api.on("approve_plan", (409, made["problem"]("digest_mismatch", detail)))
    console = signed_in("approver", AT)
    console.allowed = ALLOWED
    console.button("승인").click()
    dialog = console.one("dialog[open]")
    dialog.find_element("css selector", ".typed input").send_keys("ab12cd34ef56")
    dialog.find_element("css selector", "button[type=submit]").click()
    console.wait_text("dialog .notice", detail)
    assert "digest_mismatch" in console.text("dialog .small-print")


def test_who_is_slower_sees_what_it_has_become(signed_in, api, made):
    now = {}
    api.on("show_plan", lambda _, **__: made["plan"](**now))

    def reject(_, **__):
        now.update(state="rejected")
        return 409, made["problem"]("plan_state", "지금 상태의 계획으로는 할 수 없습니다.")

    api.on("reject_plan", reject)
    console = signed_in("operator", AT)
    console.allowed = ALLOWED
    console.button("거절").click()
    console.one("dialog[open] .button-bad").click()
    console.wait_text("dialog .notice", "지금 상태의 계획으로는")
    console.answer("취소")
    console.wait_text(".facts", "거절됨")
    assert buttons(console) == []


def test_what_stopped_goes_on_and_what_survived_is_not_kept_quiet(signed_in, api, made):
    now = {"state": "stopped", "approved_by": "lee", "stop_reason": "digest_mismatch", "applied_to": 0}
    api.on("show_plan", lambda _, **__: made["plan"](**now))

    def apply(_, **__):
        now.update(state="done", sampled=20, survivors=3, stop_reason=None)
        return made["plan"](**now)

    api.on("apply_plan", apply)
    console = signed_in("operator", AT)
    console.wait_text(".notice-bad", "계획의 내용이 지문과 달라")
    console.button("이어서 실행").click()
    console.answer("실행")
    console.wait_text(".notice-bad", "지웠다고 한 객체가 아직 있습니다.")
    assert "20개 가운데 3개" in console.text(".fact-list")


def test_a_lost_service_is_told_and_the_plan_comes_back(signed_in, api, made):
    down = [(503, made["problem"]("unavailable", "저장소에 연결할 수 없습니다."))]
    api.on("show_plan", lambda _, **__: down[0] if down else made["plan"](state="done"))
    console = signed_in("viewer", AT)
    console.allowed = ALLOWED
    console.wait_text(".notice-warn", "저장소에 연결할 수 없습니다.")
    down.clear()
    console.wait_text(".facts", "끝")
    assert not console.all(".notice-warn")


def test_the_list_asks_as_its_filters_and_address_say(signed_in, api, made):
    console = signed_in("viewer", "#/storage/plans?state=planned&kind=nonsense")
    console.wait_text(".listing", "1개 걸림")
    assert api.sent("list_plans") == [{"page_size": "50", "state": "planned"}]
    api.lists("list_plans")
    console.pick("종류", "고아 객체")
    console.wait_text(".listing-empty", "맞는 계획이 없습니다.")
    assert api.sent("list_plans")[-1]["kind"] == "orphans"
    assert "state=planned&kind=orphans" in console.driver.current_url
    console.allowed = ALLOWED
    api.on("list_plans", (503, made["problem"]("unavailable", "잠시 뒤 다시 시도해 주세요.")))
    console.button("새로 고침").click()
    console.wait_text(".notice", "잠시 뒤 다시 시도해 주세요.")
    api.lists("list_plans", made["plan"](kind="erasure", bucket=None, subject="academy-a", state="expired"))
    console.button("다시 불러오기").click()
    console.wait_text(".listing", "파기 · academy-a")


def test_no_such_plan(signed_in, api, made):
    api.on("show_plan", (404, made["problem"]("not_found", "찾을 수 없습니다.")))
    api.on("show_sample", (404, made["problem"]("not_found", "찾을 수 없습니다.")))
    console = signed_in("viewer", AT)
    console.allowed = ALLOWED
    console.wait_text(".notice", "찾을 수 없습니다.")
    console.button("삭제 계획 목록으로").click()
    console.wait_text(".listing", "보관 기간이 끝난 것")
