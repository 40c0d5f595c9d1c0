"""Every page: who looks on finds no button, every control has a name, a phone shows all of it."""

from __future__ import annotations

import pytest
from testkit.console import PHONE

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
LONG = "exports/academy-a/" + "가나다라-abcdefgh" * 70
PAGES = {
    "usage": ("#/storage", "이번 달", ()),
    "policy": ("#/storage/policy?key=x&bucket=excel", "이유", ("판정 보기",)),
    "backtest": ("#/storage/policy/backtest?request=1", "찾을 수 없습니다", ()),
    "plans": ("#/storage/plans", "모두 1개", ("새로 고침",)),
    "plan": ("#/storage/plans/00000000-0000-0000-0000-000000000001", "export: 쓴 지", ()),
    "ledger": ("#/storage/ledger", "모두 1건", ("사슬 확인",)),
    "holds": ("#/storage/holds", "모두 1건", ("걸려 있는 것", "모두")),
    "orphans": ("#/storage/orphans", "모두 1개", ()),
    "quarantine": ("#/storage/quarantine", "모두 1가지", ()),
    "buckets": ("#/storage/buckets", "모두 1번", ()),
}


@pytest.fixture
def hostile(api, made):
    """Values as somebody may have chosen them: markup, and keys as long as a bucket takes them."""
    api.lists("list_plans", made["plan"](kind="erasure", bucket=None, subject=HOSTILE, fuses=[]))
    api.on("show_plan", made["plan"](created_by=HOSTILE))
    api.on("show_sample", {"results": [made["item"](1, HOSTILE), made["item"](2, LONG, tenant_id=HOSTILE)]})
    api.on("show_explanation", made["explained"](key=LONG, ledger=[made["entry"](1, approver=HOSTILE)]))
    api.lists("list_ledger", made["entry"](1, key=LONG, approver=HOSTILE))
    api.lists("list_holds", made["hold"](value=LONG, reason=HOSTILE))
    api.lists("list_orphans", made["finding"](LONG, tenant_id=HOSTILE))
    api.lists("list_quarantine", made["shape"](shape=HOSTILE, sample_key=LONG))
    api.on("show_lifecycle", {"results": [made["drift"]("drift", found=[{"ID": HOSTILE + LONG}])]})
    return api


@pytest.mark.parametrize("page", PAGES)
def test_a_viewer_on_a_desk_and_on_a_phone(signed_in, hostile, page):
    fragment, shown, buttons = PAGES[page]
    console = signed_in("viewer", fragment)
    console.allowed = ("status of 404",) if page == "backtest" else ()
    console.wait_text("main", shown)
    console.wait(lambda: not console.all("main [aria-busy=true], main .loading"))
    assert console.nameless() == []
    found = [button.text for button in console.all("main button") if button.text]
    assert [text for text in found if text not in (*buttons, "30일", "90일", "365일", "25곳 모두 보기")] == []
    console.size(PHONE)
    console.shot(f"s-{page}-phone")
    assert console.driver.execute_script("return document.documentElement.scrollWidth") == PHONE[0]
    assert not console.driver.find_elements("css selector", "main script, main img")
