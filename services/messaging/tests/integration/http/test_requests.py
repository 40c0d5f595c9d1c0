"""What triggers ask for: at once, after a person has seen it, or not at all; always to be seen."""

from uuid import UUID

import pytest
from eventkit.envelope import decode
from eventkit.erasure import Person
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging.domain.recipients import Fingerprints
from messaging.handlers import on_message_requested
from messaging.usecases.erasure import erase_students

AUTOMATIC, MANUAL, SYSTEM, DISABLED = (
    "clinic_cancelled", "absent_occurred", "password_find_otp", "student_signup"
)  # fmt: skip
PRINTS = Fingerprints(b"k" * 32)
TEXT = "#{student_name} #{date} 알림"


@pytest.fixture
def happen(academy, desk, make_event):
    """An event arrives; the request that it became."""

    def run(trigger, students, tenant="hangang", **changes):
        data = {
            "trigger": trigger, "target": "parent", "occurrence": "2026-03-02",
            "variables": {"date": "3월 2일"}, "students": {"student_id": students}, **changes,
        }  # fmt: skip
        event = make_event("messaging.message.requested", tenant, data)
        with unit_of_work(academy.db.database, tenant, Cause.start(), source="messaging") as uow:
            on_message_requested(uow, [event], prints=PRINTS, clock=academy.clock)
        return next(one for one in desk.get("requests/")["results"] if one["id"] == str(event.id))

    return run


@pytest.fixture
def students(desk):
    return desk.students(("김하나", "01000000001"), ("김두리", "01000000001"), ("박세나", "01000000002"))


@pytest.fixture
def says(desk_of):
    """Give a trigger a template."""

    def run(*triggers, content=TEXT, **changes):
        manager = desk_of(role="admin")
        template = manager.template(name=f"틀 {triggers[0]}", content=content)
        for name in triggers:
            manager.patch("auto-send/", trigger=name, template_id=template["id"], **changes)

    return run


def seen(request):
    return request["state"], request["code"], request["queued"], request["skipped"]


def test_an_automatic_one_is_sent_once_per_occurrence(happen, says, students, academy, provider):
    says(AUTOMATIC)
    first = happen(AUTOMATIC, students)
    assert (seen(first), first["students"], first["decided_by"]) == (
        ("queued", None, 3, 0), 3, "task:trigger"
    )  # fmt: skip
    assert seen(happen(AUTOMATIC, students)) == ("queued", None, 0, 0)
    assert seen(happen(AUTOMATIC, students, occurrence="2026-03-03")) == ("queued", None, 3, 0)
    academy.send()
    texts = sorted(one.text for call in provider.calls for one in call)
    assert texts == sorted(2 * [f"{name} 3월 2일 알림" for name in ("김하나", "김두리", "박세나")])
    assert academy.all("SELECT DISTINCT event, batch_id FROM message") == [(AUTOMATIC, None)]


def test_a_manual_one_waits_until_a_person_confirms_it(happen, says, students, desk, academy, provider):
    says(MANUAL)
    request = happen(MANUAL, students)
    assert seen(request) == ("waiting", None, 0, 0)
    academy.send()
    assert (provider.calls, academy.states()) == ([], {})

    path = f"requests/{request['id']}"
    estimate = desk.get(f"{path}/estimate/")
    assert (estimate["counts"]["messages"], estimate["price"]) == (3, "60.00")
    assert estimate["sample"]["text"].endswith("3월 2일 알림")
    assert academy.states() == {}

    confirmed = desk.post(f"{path}/confirm/")
    assert (seen(confirmed), confirmed["decided_by"]) == (("queued", None, 3, 0), "user-1")
    academy.send()
    assert len(provider.sent) == 3
    assert desk.get(f"batches/{request['id']}/")["total"] == 3
    for verb in ("confirm", "dismiss"):
        assert desk.refused("POST", f"{path}/{verb}/") == (409, "request_decided")
    assert desk.refused("GET", f"{path}/estimate/") == (409, "request_decided")


def test_a_dismissed_one_is_not_sent(happen, says, students, desk, academy):
    says(MANUAL)
    path = f"requests/{happen(MANUAL, students)['id']}"
    assert seen(desk.post(f"{path}/dismiss/")) == ("dismissed", None, 0, 0)
    assert desk.refused("POST", f"{path}/confirm/") == (409, "request_decided")
    assert academy.states() == {}


def test_what_cannot_be_paid_is_not_confirmed(happen, says, students, desk, academy):
    says(MANUAL)
    request = happen(MANUAL, students)
    academy.db.admin.execute("UPDATE credit_account SET balance = 40 WHERE name = 'available'")
    assert desk.refused("POST", f"requests/{request['id']}/confirm/") == (409, "insufficient_balance")
    assert seen(desk.get("requests/")["results"][0]) == ("waiting", None, 0, 0)
    assert (academy.states(), desk.get("batches/")["results"]) == ({}, [])


def test_what_is_refused_is_seen_with_its_reason(happen, says, students, desk, desk_of, academy):
    assert seen(happen(AUTOMATIC, students)) == ("refused", "no_template", 0, 0)
    assert seen(happen(DISABLED, students)) == ("refused", "trigger_disabled", 0, 0)
    assert seen(happen("nobody_knows", students)) == ("refused", "unknown_trigger", 0, 0)
    says(AUTOMATIC, SYSTEM, content="#{student_name}")
    assert seen(happen(AUTOMATIC, [])) == ("refused", "no_recipients", 0, 0)
    assert seen(happen(AUTOMATIC, students, target="student")) == ("refused", "no_recipients", 0, 0)
    desk_of(role="admin").patch("auto-send/", trigger=AUTOMATIC, enabled=False)
    assert seen(happen(AUTOMATIC, students)) == ("refused", "trigger_disabled", 0, 0)
    assert academy.states() == {}
    refused = desk.get("requests/", state="refused")["results"]
    assert len(refused) == 6
    assert all(one["reason"].endswith("다.") for one in refused)
    assert seen(happen(SYSTEM, students)) == ("queued", None, 3, 0)


def test_a_missing_variable_refuses_it(happen, says, students):
    says(AUTOMATIC)
    assert seen(happen(AUTOMATIC, students, variables={})) == ("refused", "missing_variables", 0, 0)


def test_without_money_it_is_skipped_and_seen(happen, says, students, academy):
    says(AUTOMATIC)
    academy.db.admin.execute("UPDATE credit_account SET balance = 0 WHERE name = 'available'")
    assert seen(happen(AUTOMATIC, students)) == ("queued", None, 0, 3)
    assert academy.states() == {"SKIPPED:insufficient_balance": 3}


def test_deleted_and_unknown_students_get_nothing(happen, says, desk, students, nobody):
    says(AUTOMATIC)
    gone = desk.students(("퇴원생", "01000000009"), deleted=True)
    request = happen(AUTOMATIC, [*gone, nobody, students[0]])
    assert (seen(request), request["students"]) == (("queued", None, 1, 0), 1)


def test_a_purged_student_is_no_part_of_what_waits(happen, says, students, desk, academy):
    says(MANUAL)
    request = happen(MANUAL, students[:1])
    with unit_of_work(academy.db.database, "hangang", Cause.start(), source="messaging") as uow:
        counts = erase_students(uow, [Person(UUID(students[0]), "김하나", "01000000001", None)])
    assert counts[UUID(students[0]), "requests"] == 1
    assert desk.refused("POST", f"requests/{request['id']}/confirm/") == (400, "no_recipients")


def test_staff_ask_by_the_same_event(desk, students, academy):
    body = {"trigger": MANUAL, "occurrence": "수업 1", "student_ids": students, "variables": {"date": "오늘"}}
    asked = desk.post("requests/", 202, **body)
    [(sent,)] = academy.all("SELECT body FROM outbox")
    event = decode(sent)
    assert (str(event.id), event.type, event.tenantid) == (
        asked["id"], "messaging.message.requested", "hangang"
    )  # fmt: skip
    assert event.data == {
        "trigger": MANUAL, "target": "parent", "occurrence": "수업 1", "variables": {"date": "오늘"},
        "students": {"student_id": students},
    }  # fmt: skip
    assert academy.states() == {}


def test_another_academy_neither_sees_nor_decides(happen, says, students, desk_of, desk):
    says(MANUAL)
    path = f"requests/{happen(MANUAL, students)['id']}"
    other = desk_of("other")
    assert other.get("requests/")["results"] == []
    for method, verb in (("GET", "estimate"), ("POST", "confirm"), ("POST", "dismiss")):
        assert other.refused(method, f"{path}/{verb}/") == (404, "not_found")
    assert seen(desk.get("requests/")["results"][0])[0] == "waiting"


def test_what_is_not_even_asked(check_refusals, students, nobody):
    good = {"trigger": MANUAL, "occurrence": "1", "student_ids": students}
    broken = [
        {}, {**good, "trigger": "x"}, {**good, "trigger": None}, {**good, "occurrence": ""},
        {**good, "occurrence": "가" * 201}, {**good, "student_ids": []}, {**good, "student_ids": ["1"]},
        {**good, "student_ids": [nobody, nobody]}, {**good, "target": "teacher"},
        {**good, "variables": {"date": 1}}, {**good, "variables": []}, {**good, "at": "now"},
    ]  # fmt: skip
    check_refusals(
        [
            *((("POST", "requests/", body), 422, "invalid_request") for body in broken),
            (("POST", "requests/", {**good, "trigger": SYSTEM}), 409, "trigger_is_system"),
            (("POST", "requests/", {**good, "trigger": DISABLED}), 409, "trigger_is_disabled"),
            (("GET", "requests/?state=x", None), 422, "invalid_request"),
            (("GET", "requests/?cursor=x", None), 400, "invalid_cursor"),
            (("POST", f"requests/{nobody}/confirm/", None), 404, "not_found"),
            (("POST", f"requests/{nobody}/dismiss/", None), 404, "not_found"),
            (("GET", f"requests/{nobody}/estimate/", None), 404, "not_found"),
            (("POST", "requests/x/confirm/", None), 404, "not_found"),
        ]
    )
