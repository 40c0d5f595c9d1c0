"""재처리: chosen, tried without effect, applied, held, stopped, approved; and looked up afterwards."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from eventkit.ids import new_id
from selenium.webdriver.common.keys import Keys
from testkit.console import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.stack]

REFUSED = "the server responded with a status of 4"
CHANGED = "students.student.changed"
STATES = "SELECT state, count(*) FROM messaging.dead_letter WHERE tenant_id = :tenant GROUP BY 1 ORDER BY 1"


@pytest.fixture
def cause(operations, changed):
    """Letters of one cause that this build handles; the cause's reason."""
    reason = f"r-{operations.tenant}"
    operations.bury("messaging", changed(), changed(), changed(), type=CHANGED, reason=reason)
    return reason


@pytest.fixture
def made(operations):
    """`made(state, forecast=…)`: a replay of every letter of the tenant, as the worker would have left it."""

    def make(state, author="park", forecast="would_change", **values):
        replay = new_id()
        operations.query(
            "INSERT INTO messaging.replay (id, filter, total, state, created_by, stop_reason)"
            " SELECT :id, jsonb_build_object('tenant_id', CAST(:tenant AS text)), count(*), :state, :author,"
            " :stop FROM messaging.dead_letter WHERE tenant_id = :tenant",
            id=replay, state=state, author=author, stop=values.get("stop"),
        )  # fmt: skip
        operations.query(
            "INSERT INTO messaging.replay_item (replay_id, position, dead_letter_id, forecast, changes)"
            " SELECT :id, row_number() OVER (ORDER BY id), id, :forecast, '{\"recipient\": 1}'"
            " FROM messaging.dead_letter WHERE tenant_id = :tenant",
            id=replay, forecast=forecast,
        )  # fmt: skip
        return f"#/operations/replays/messaging/{replay}"

    return make


@contextmanager
def replayer_held(stack):
    """No worker of messaging goes on with a replay: somebody else has its lock."""
    with psycopg.connect(stack.admin_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(hashtextextended('replay:messaging', 0))")
        yield


def test_a_cause_is_tried_and_then_applied(operator, operations, cause):
    operator.open(f"#/operations/letters?tenant_id={operations.tenant}")
    operator.wait_text("tbody", cause)
    operator.one("tbody .row-link").click()
    operator.button("3건 시험 실행").click()
    operator.wait_text("h1", "재처리 한 건")
    operator.wait_text(".notice-info", "3건을 적용할 수 있습니다", 60)
    assert operator.figures()["해결됨"] == 3
    assert operations.query(STATES) == [("open", 3)]
    operator.wait_text("tbody .col-changes", "recipient")
    assert [row[0] for row in operator.rows()[1:]] == ["1번째", "2번째", "3번째"]
    assert operator.nameless() == []
    operator.shot("75-rehearsed")

    operator.button("적용").click()
    operator.shot("76-apply")
    operator.answer("적용")
    operator.wait_text(".notice-good", "재처리가 끝났습니다", 60)
    assert operations.query(STATES) == [("replayed", 3)]
    assert operator.figures()["처리"] == 3
    operator.wait(lambda: operator.text(".card:last-child tbody").count("처리") >= 3)
    assert operator.one("[aria-current=step]").text.endswith("끝")
    assert "취소" not in [button.text for button in operator.all("button")]
    operator.shot("77-done")
    operator.open("#/operations/replays")
    operator.wait_text("tbody", "처리 3")
    operator.shot("78-replays")


def test_what_still_fails_is_told_and_cannot_be_applied(operator, operations, changed):
    body = json.loads(changed())
    del body["data"]["students"]
    operations.bury("messaging", json.dumps(body), "no event", type=CHANGED, reason=f"r-{operations.tenant}")
    operator.open(f"#/operations/letters?type={CHANGED}")
    operator.button("이 조건으로 재처리").click()
    operator.wait_text("h1", "새 재처리")
    assert operator.labelled("이벤트").get_attribute("value") == CHANGED
    operator.open("#/operations/replays/new")
    operator.wait(lambda: operator.labelled("이벤트").get_attribute("value") == "")
    start = operator.one("button[type=submit]")
    assert not start.is_enabled()
    operator.pick("서비스", "messaging")
    operator.labelled("지문").send_keys("short")
    operator.allowed = (REFUSED,)
    operator.wait_text(".field-error", "12자")
    operator.labelled("지문").clear()
    operator.labelled("학원").send_keys(operations.tenant)
    operator.wait_text(".found", "맞는 메시지 2건")
    choose_moment(operator, "부터", hours=-1)
    choose_moment(operator, "까지", hours=-0.5)
    operator.wait_text(".found", "맞는 메시지가 없습니다")
    assert not start.is_enabled()
    choose_moment(operator, "까지", hours=0.5)
    operator.wait_text(".found", "맞는 메시지 2건")
    operator.shot("79-choose")
    start.send_keys(Keys.ENTER)
    operator.wait_text(".notice-warn", "적용할 수 있는 메시지가 없습니다", 60)
    assert operator.figures()["읽을 수 없음"] == 2
    assert [button.text for button in operator.all("main .card .actions button")] == ["취소"]
    operator.shot("80-unreadable")
    operator.button("취소").click()
    operator.answer("재처리 취소")
    operator.wait_text(".notice-info", "취소했습니다")
    assert operations.query(STATES) == [("open", 2)]


def test_applying_is_held_and_goes_on(operator, operations, stack, cause, made):
    replay = made("rehearsed")
    with replayer_held(stack):
        operator.open(replay)
        operator.button("적용").click()
        operator.answer("적용")
        operator.wait_text(".progress-label", "적용하는 중")
        assert "0 / 3건" in operator.text(".progress-foot")
        assert "1단계: 한 번에 1건" in operator.text(".progress-foot")
        operator.shot("81-applying")
        operator.button("일시 정지").click()
        operator.wait_text(".facts", "일시 정지")
    assert operations.query(STATES) == [("open", 3)]
    operator.driver.refresh()
    operator.button("계속").click()
    operator.wait_text(".notice-good", "재처리가 끝났습니다", 60)
    assert operations.query(STATES) == [("replayed", 3)]


def test_a_stop_says_why_and_what_remains(operator, operations, cause, made):
    [(fingerprint,)] = operations.query(
        "SELECT DISTINCT fingerprint FROM messaging.dead_letter WHERE tenant_id = :tenant"
    )
    operator.open(made("stopped", stop=f"repeated:{fingerprint}:IntegrityError:23505"))
    operator.wait_text(".notice-bad", "같은 원인으로 다시 실패했습니다")
    assert "IntegrityError:23505" in operator.text(".notice-bad")
    assert "3건이 남았습니다" in operator.text(".notice-bad")
    operator.shot("82-stopped")
    operator.button("이어서 적용").click()
    operator.answer("적용")
    operator.wait_text(".notice-good", "재처리가 끝났습니다", 60)


@pytest.fixture
def large(operations, made):
    """A tried replay of 1,001 letters by park."""
    operations.bury("messaging", *("no event",) * 1001, type=CHANGED, reason=f"r-{operations.tenant}")
    return made("rehearsed")


def test_a_large_one_waits_for_another_person(console, operations, large):
    console.allowed = (REFUSED,)
    sign_in(console, operations.token("lim", "operator"))
    console.open(large)
    console.wait_text(".notice-warn", "1,001건을 적용하려면 승인이 필요합니다")
    assert "만든 사람(park)이 아닌 승인자" in console.text(".notice-warn")
    assert buttons(console) == ["취소"]
    console.shot("83-approval")
    console.button("더 보기").click()
    console.wait(lambda: "100번째" in console.text("tbody"))

    sign_in(console, operations.token("park", "approver"))
    console.open(large)
    console.wait_text(".notice-warn", "자신이 만든 재처리는 승인할 수 없습니다")
    assert buttons(console) == ["취소"]

    sign_in(console, operations.token("choi", "approver"))
    console.open(large)
    console.button("승인").click()
    console.wait_text(".facts", "승인 choi")
    console.wait(lambda: buttons(console) == ["적용", "취소"])
    console.shot("84-approved")
    console.open("#/operations/audit")
    console.wait_text("tbody", "재처리 승인")


def test_the_server_asks_for_the_approval_too(operator, operations, large):
    """The page thought that it was approved; the server knows better."""
    operator.allowed = (REFUSED,)
    replay = UUID(large.rpartition("/")[2])
    approve = "UPDATE messaging.replay SET approved_by = :who WHERE id = :id"
    operations.query(approve, who="choi", id=replay)
    operator.open(large)
    operator.button("적용").click()
    operations.query(approve, who=None, id=replay)
    operator.one("dialog .button-main").click()
    operator.wait_text("dialog .notice-bad", "만든 사람이 아닌 승인자의 승인이 필요합니다")


def test_whoever_comes_too_late_sees_what_became_of_it(operator, operations, cause, made):
    operator.allowed = (REFUSED,)
    replay = made("rehearsed")
    operator.open(replay)
    operator.button("적용").click()
    operations.query(
        "UPDATE messaging.replay SET state = 'cancelled' WHERE id = :id", id=UUID(replay.rpartition("/")[2])
    )
    operator.one("dialog .button-main").click()
    operator.wait_text("dialog .notice-bad", "지금 상태에서는 할 수 없는 작업입니다.")
    operator.one("dialog .button:not(.button-main)").click()
    operator.wait_text(".facts", "취소됨")


def test_a_viewer_watches(viewer, cause, made):
    viewer.open(made("rehearsed"))
    viewer.wait_text(".notice-info", "3건을 적용할 수 있습니다")
    assert buttons(viewer) == []
    viewer.open("#/operations/replays")
    viewer.wait_text("tbody", "해결됨 3")
    assert "새 재처리" not in viewer.text("main")


def test_on_a_phone_nothing_is_cut_off(operator, cause, made):
    operator.size(PHONE)
    replay = made("rehearsed")
    for fragment, words, shot in (
        (replay, "recipient 1", "85-phone-replay"),
        ("#/operations/replays", "해결됨 3", "86-phone-replays"),
        ("#/operations/replays/new", "시험은 아무것도", "87-phone-choose"),
    ):
        operator.open(fragment)
        operator.wait_text("main", words)
        width = operator.width()
        operator.shot(shot)
        assert width <= PHONE[0], fragment


def choose_moment(console, label, hours):
    """As a date picker does it; the clock on the wall is Seoul's, whatever the browser's is."""
    wall = datetime.now(ZoneInfo("Asia/Seoul")) + timedelta(hours=hours)
    console.driver.execute_script(
        "arguments[0].value = arguments[1];arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        console.labelled(label),
        f"{wall:%Y-%m-%dT%H:%M}",
    )


def sign_in(console, token):
    console.open(f"#token={token}")
    console.wait_text("h1", "운영 현황")


def buttons(console):
    """What can be done with the replay."""
    return [button.text for button in console.all("main .card:first-child > .actions button")]
