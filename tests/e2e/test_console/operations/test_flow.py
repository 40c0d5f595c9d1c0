"""흐름: what a job or a request did in every service, what is missing, and what repeated itself."""

from __future__ import annotations

from uuid import uuid4

import pytest
from selenium.webdriver.common.keys import Keys
from testkit.academy import Academy
from testkit.console import PHONE
from testkit.workbooks import roster_workbook

pytestmark = [pytest.mark.browser, pytest.mark.stack]

PARSED, RESOLVED = "enrollment.roster.parsed", "students.roster.resolved"


def test_an_import_from_its_job_to_its_last_effect(viewer, operations, stack, tmp_path):
    academy = Academy(stack, operations.tenant)
    job = academy.upload(academy.lecture("흐름 반"), roster_workbook(tmp_path / "roster.xlsx", 20))
    academy.finish(job)
    academy.settle()
    viewer.open("#/operations/flow")
    viewer.wait_text(".listing-empty", "번호를 넣으면")
    viewer.one("input[type=search]").send_keys(job, Keys.ENTER)
    viewer.wait_text(".lead", "모두 처리되었습니다")
    tree = viewer.text(".flow")
    for edge in (
        "enrollment.import.accepted → enrollment", f"{PARSED} → students", f"{RESOLVED} → enrollment",
        "enrollment.enrollment.changed → media", "students.student.changed → messaging",
    ):  # fmt: skip
        assert edge in tree
    below = [each.text for each in viewer.all(".flow-list .flow-list .flow-list .flow-name")]
    assert f"{RESOLVED} → enrollment" in below  # by cause: accepted, parsed, resolved
    assert viewer.text(".card-title").startswith("이벤트 ")
    assert job in viewer.driver.current_url  # to be shared
    assert viewer.nameless() == []
    viewer.shot("88-flow")
    viewer.size(PHONE)
    assert viewer.width() <= PHONE[0]
    viewer.shot("89-phone-flow")


def test_what_is_missing_is_named_and_many_alike_are_one_line(operator, operations):
    first = operations.sent("enrollment", "enrollment", "enrollment.import.accepted")
    operations.handled("enrollment", "enrollment.import.accepted", first, receives=3)
    for number in range(8):
        chunk = operations.sent("enrollment", "students", PARSED, cause=first)
        if number != 5:
            operations.handled("students", PARSED, chunk, duplicates=2 * (number == 1))
            answer = operations.sent("students", "enrollment", RESOLVED, cause=chunk)
            operations.handled("enrollment", RESOLVED, answer)
    operator.open(f"#/operations/flow?of={operations.tenant}")
    operator.wait_text(".notice-bad", "아직 답이 없는 곳 1")
    assert f"{PARSED} #6: students 응답 없음 (4분째)" in operator.text(".notice-bad")
    assert operator.text(".card-title").endswith("중복 2, 재시도 2")
    assert "3번째 수신" in operator.text(".flow-line:first-child")
    lines = [line.text.replace("\n", " ") for line in operator.all(".flow-line")]
    assert f"{PARSED} ×8 → students 처리 7" in lines
    assert f"{RESOLVED} ×7 → enrollment 처리 7" in lines
    odd = [line.text for line in operator.all(".flow-odd .flow-name")]
    assert odd == ["#2", "#6"]
    operator.shot("90-missing")

    chunk = operations.query(
        "SELECT id FROM enrollment.outbox o WHERE tenant_id = :tenant AND destination = 'students'"
        " AND NOT EXISTS (SELECT FROM students.inbox WHERE event_id = o.id)"
    )[0][0]
    operations.handled("students", PARSED, chunk)
    operator.wait(lambda: not operator.all(".notice-bad"))  # it asks again by itself
    operator.wait_text(".lead", "모두 처리되었습니다")


def test_a_dead_edge_leads_to_its_letters(operator, operations, changed):
    event = operations.sent("students", "messaging", "students.student.changed")
    operations.bury(
        "messaging",
        changed(),
        type="students.student.changed",
        reason="IntegrityError:23514",
        event_id=event,
        correlation_id=operations.tenant,
    )
    operator.open(f"#/operations/flow?of={operations.tenant}")
    operator.wait_text(".flow-bad", "실패함에 있음: IntegrityError:23514 (usecases.py:42 restore)")
    operator.shot("91-dead-edge")
    operator.button("메시지 보기").click()
    operator.wait_text("h1", "messaging의 실패한 메시지")
    operator.wait(lambda: len(operator.all(".listing tbody tr")) == 1)


def test_a_number_that_nobody_knows(viewer):
    viewer.allowed = ("the server responded with a status of 404",)
    for reference in (str(uuid4()), "../tasks", "한글 %2F?a=1&b", "x" * 200):
        viewer.open("#/operations/tasks")
        viewer.wait_text("h1", "정기 작업")
        viewer.open("#/operations/flow")
        viewer.one("input[type=search]").send_keys(reference, Keys.ENTER)
        viewer.wait_text(".notice-warn", "어느 서비스도 이 번호를 모릅니다")
