"""The console on the whole stack: messages to parents are written, followed, called off and held back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from academyctl.client import ApiClient
from academyctl.config import Directories
from academyctl.issuer import DevelopmentIssuer
from selenium.webdriver.common.keys import Keys
from testkit.academy import Academy
from testkit.solapi import Simulator
from testkit.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

MESSAGING = "/api/v1/messaging"
SENDER = "025550000"
OF_OTHERS = "0212345678"  # other tests of the same stack send from it
FAMILY, OTHER = "01070000001", "01070000002"
EVERYBODY = "내일 수업은 9시에 시작합니다."
OF_ONE = "#{student_name} 학생이 학원에 도착했습니다."


@pytest.fixture(scope="module")
def provider(stack):
    """The stack's own simulator, where one number may send."""
    simulator = Simulator(stack.url("solapi"), stack.secret("solapi_key"), stack.secret("solapi_secret"))
    simulator.settings(senders=[SENDER, OF_OTHERS])
    return simulator


@pytest.fixture
def opened(stack, provider):
    """`opened(tenant)`: an academy that has paid 1,000 won, with two sisters and another student."""

    def make(tenant):
        academy = Academy(stack, tenant)
        for name, phone in (("김하나", FAMILY), ("김두리", FAMILY), ("박세찌", OTHER)):
            student = {"name": name, "parent_phone": phone, "initial_password": "d-2026"}
            academy.api.post("/api/v1/students/", student)
        academy.settle()
        issuer = DevelopmentIssuer(Directories(stack.data).secrets)
        approver = issuer.token("operations", ["approver"], "lee", timedelta(hours=1))
        paid = {"tenant_id": tenant, "amount": 1000, "reference": f"입금 {tenant}"}
        ApiClient(stack.base_url, approver).post("/api/v1/operations/messaging/credits/charge/", paid)
        return academy

    return make


@pytest.fixture
def academy(console, opened):
    return opened(console.tenant)


@pytest.fixture
def manager(console, academy, stack):
    """Signed in as its owner, who has given the number that its messages come from."""
    console.sign_in(stack.token(academy.tenant, "owner"))
    console.open("#/messages/settings")
    console.labelled("발신번호").send_keys(SENDER)
    console.button("번호 확인").click()
    console.wait_text(".notice-good", "발송사에 등록된 번호입니다")
    console.button("저장").click()
    console.wait_text(".toast", "메시지 설정을 저장했습니다")
    return console


def write(console, text, *names):
    """To these students' parents, until what it costs is known."""
    console.open("#/messages")
    console.wait_text("h1", "메시지 보내기")
    for name in names:
        field = console.labelled("학생 한 명씩")
        field.send_keys(name)
        console.wait_text(".option", name)
        field.send_keys(Keys.ENTER)
        console.wait_text(".audience-list", name)
    console.labelled("내용").send_keys(text)
    console.wait_text(".bill", "보낸 뒤 잔액")


def send(console, answer):
    """Leads to the page of the batch."""
    console.button("확인하고 보내기").click()
    console.wait_text("dialog", answer)
    console.button(answer).click()
    console.wait_text("h1", "발송 묶음")
    console.wait(lambda: console.all(".figure"))


def arrived(console, count):
    console.wait(lambda: console.figures().get("도착") == count, 60)


def sent(provider, academy):
    """What the provider has of an academy: (to whom, what)."""
    ids = {
        str(id) for (id,) in academy.query("SELECT id FROM messaging.message WHERE tenant_id = %(tenant)s")
    }
    return sorted((each["recipient"], each["text"]) for each in provider.record if each["ledger"] in ids)


def test_parents_are_written_to_and_it_is_followed_until_it_arrives(manager, academy, provider):
    write(manager, EVERYBODY, "김하나", "김두리", "박세찌")
    manager.wait_text(".bubble", EVERYBODY)
    assert f"{len(EVERYBODY.encode('cp949'))} / 90바이트" in manager.text(".meter")
    assert manager.text(".estimate-count").split() == ["2건", "고른", "학생", "3명"]
    assert "형제자매 1명은 한 번만" in manager.text(".estimate-notes")
    bill = manager.text(".bill")
    assert [part in bill for part in ("단문 2건 × 20원", "40원", "1,000원", "960원")] == [True] * 4
    manager.looked_at("100-compose")
    send(manager, "2건 보내기")
    arrived(manager, 2)
    manager.wait_text(".card", "쓴 금액 40원")
    manager.looked_at("101-batch")
    assert sent(provider, academy) == [(FAMILY, EVERYBODY), (OTHER, EVERYBODY)]

    manager.open("#/messages/log")
    manager.wait(lambda: [row[2] for row in manager.rows()] == ["도착", "도착"])
    said = [set(row[0].split("\n")[0].split(", ")) for row in manager.rows()]
    assert {"김하나", "김두리"} in said
    assert {"박세찌"} in said
    assert FAMILY not in manager.text("main")
    manager.looked_at("102-log")

    write(manager, OF_ONE, "박세찌")
    manager.box("예약해서 보내기").click()
    manager.wait_text(".estimate-count", "1건")
    send(manager, "1건 예약")
    manager.wait_text(".progress-label", "예약됨")
    manager.open("#/messages/batches")
    manager.wait_text(".states", "대기 1")
    manager.looked_at("103-scheduled")
    manager.one("tbody .row-link").click()
    manager.button("남은 발송 취소").click()
    manager.answer("1건 취소")
    manager.wait(lambda: manager.figures()["취소"] == 1)
    manager.open("#/messages/settings")
    manager.wait_text(".figures-money", "960원")
    assert "0원" in manager.text(".figures-money")
    assert len(sent(provider, academy)) == 2


def test_while_it_is_held_nothing_goes(manager, academy, provider, opened):
    manager.open("#/messages/settings")
    manager.button("모든 발송 멈추기").click()
    manager.labelled("사유").send_keys("문구를 다시 봅니다")
    manager.answer("모두 멈추기")
    manager.wait_text(".hold-card", "모든 발송을 멈춘 상태입니다")
    manager.looked_at("104-held")
    write(manager, OF_ONE, "박세찌")
    assert "발송이 일시 중지되어 있습니다" in manager.text(".notice")
    send(manager, "1건 보내기")
    batch = manager.driver.current_url
    another_academy_sends(opened(f"{academy.tenant}-b"))
    assert manager.figures()["대기"] == 1
    assert "모든 발송을 멈춘 상태입니다" in manager.text(".notice")
    manager.looked_at("105-held-batch")
    assert sent(provider, academy) == []

    manager.open("#/messages/settings")
    manager.button("발송 다시 시작").click()
    manager.answer("다시 시작")
    manager.wait_text(".hold-card", "발송하고 있습니다")
    manager.driver.get(batch)
    arrived(manager, 1)
    assert sent(provider, academy) == [(OTHER, "박세찌 학생이 학원에 도착했습니다.")]


def another_academy_sends(other):
    """Until it has arrived: the worker has come by, and left the held academy's message where it was."""
    other.api.post(f"{MESSAGING}/verify-sender/", {"phone": SENDER})
    other.api.patch(f"{MESSAGING}/info/", {"sender": SENDER})
    [student] = other.api.get("/api/v1/students/", search="박세찌")["results"]
    ask = {
        "student_ids": [student["id"]], "send_to": "parent", "message_mode": "sms", "category": "info",
        "raw_body": "안내", "raw_subject": "", "variables": {}, "at": None, "not_after": None,
    }  # fmt: skip
    confirm = other.api.post(f"{MESSAGING}/estimate/", ask)["confirm"]
    batch = other.api.post(f"{MESSAGING}/send/", {**ask, "confirm": confirm})["batch_id"]
    path = f"{MESSAGING}/batches/{batch}/"
    wait_until(lambda: other.api.get(path)["states"].get("DELIVERED") == 1, 60, interval=0.2)
