"""A bulk send by hand: what the estimate shows is what is sent, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from messaging.domain.quiet import SEOUL

MOTHER, FATHER, OWN = "01011110000", "01022220000", "01033330000"
PEOPLE = (("김하나", MOTHER, OWN), ("김두리", MOTHER), ("박세미", FATHER))


@pytest.fixture
def ids(desk):
    return desk.students(*PEOPLE)


@pytest.fixture
def ad(desk):
    """The academy may advertise; `ad(phone, "ad", "night")`: who agreed to what."""
    desk.academy.set(display_name="한강학원", opt_out_number="0808701234")

    def agree(phone, *kinds):
        for kind in kinds:
            desk.academy.db.admin.execute(
                "INSERT INTO consent (tenant_id, fingerprint, kind, given, changed_at, confirmed_at)"
                " VALUES ('hangang', %s, %s, true, %s, %s)",
                [desk.fingerprint(phone), kind, *[desk.academy.clock.now() - timedelta(days=30)] * 2],
            )

    return agree


def test_siblings_shared_phone_is_counted_paid_and_reached_once(desk, ids, provider):
    told = desk.post("estimate/", student_ids=ids, raw_body="내일은 쉽니다.")
    assert told["counts"] == {"students": 3, "messages": 2, "shared": 1, "skipped": [], "deferred": []}
    assert told["kinds"] == [
        {"kind": "SMS", "count": 2, "price": "20.00", "fallback_price": None, "amount": "40.00",
         "amount_at_most": "40.00"}
    ]  # fmt: skip
    assert (told["price"], told["balance"], told["balance_after"]) == ("40.00", "1000000.00", "999960.00")
    assert told["sample"] == {"text": "내일은 쉽니다.", "subject": None}
    sent = desk.post("send/", 202, student_ids=ids, raw_body="내일은 쉽니다.", confirm=told["confirm"])
    assert sent["counts"] == told["counts"]
    desk.academy.send()
    assert sorted(one.phone for one in provider.calls[0]) == [MOTHER, FATHER]
    assert desk.academy.money() == {"available": 999_960, "held": 40, "spent": 0}
    about = desk.academy.all("SELECT count(*) FROM message_subject")
    assert about == [(3,)]


def test_an_estimate_writes_nothing(desk, ids):
    before = desk.state()
    desk.post("estimate/", student_ids=ids, raw_body="x")
    assert desk.state() == before


def test_what_names_the_child_goes_for_each_child(desk, ids, provider):
    sent = desk.send(student_ids=ids, raw_body="#{student_name} 결석")
    assert (sent["counts"]["messages"], sent["counts"]["shared"]) == (3, 0)
    desk.academy.send()
    assert {(one.phone, one.text) for one in provider.calls[0]} == {
        (MOTHER, "김하나 결석"), (MOTHER, "김두리 결석"), (FATHER, "박세미 결석")
    }  # fmt: skip


def test_students_themselves_and_who_has_no_number(desk, ids, provider):
    sent = desk.send(student_ids=ids, raw_body="x", send_to="student")
    (skipped,) = sent["counts"]["skipped"]
    assert (skipped["code"], skipped["count"], sorted(skipped["students"])) == (
        "no_phone", 2, sorted(ids[1:])
    )  # fmt: skip
    desk.academy.send()
    assert [one.phone for one in provider.calls[0]] == [OWN]


def test_who_refused_is_left_out_with_the_reason_and_costs_nothing(desk, ids):
    desk.academy.db.admin.execute(
        "INSERT INTO denylist (tenant_id, fingerprint, reason, created_by) VALUES ('hangang', %s, 'x', 'u')",
        [desk.fingerprint(MOTHER)],
    )
    sent = desk.send(student_ids=ids, raw_body="x")
    (skipped,) = sent["counts"]["skipped"]
    assert (skipped["code"], skipped["reason"], skipped["count"], len(skipped["students"])) == (
        "denylisted", "발송 금지 번호입니다.", 1, 2
    )  # fmt: skip
    assert (sent["counts"]["messages"], sent["price"]) == (1, "20.00")
    assert desk.academy.states() == {"SKIPPED:denylisted": 1, "QUEUED": 1}


def test_a_name_that_no_phone_shows_leaves_that_one_out(desk):
    ids = desk.students(("José", MOTHER), ("김하나", FATHER))
    sent = desk.send(student_ids=ids, raw_body="#{student_name} 결석")
    assert [(one["code"], one["students"]) for one in sent["counts"]["skipped"]] == [("unsendable", ids[:1])]


def test_alimtalk_with_the_price_where_it_fails_over(desk, ids, provider):
    template = desk.template(content="#{student_name} #{what}")["id"]
    body = {"student_ids": ids[:1], "template_id": template, "message_mode": "both",
            "variables": {"what": "가" * 60}}  # fmt: skip
    assert desk.refused("POST", "estimate/", body) == (400, "template_not_approved")
    desk.approve(template)
    assert desk.refused("POST", "estimate/", body) == (400, "no_channel")
    desk.academy.set(kakao_pfid="PF")
    sent = desk.send(**body)
    assert sent["kinds"] == [
        {"kind": "ATA", "count": 1, "price": "15.00", "fallback_price": "50.00", "amount": "15.00",
         "amount_at_most": "50.00"}
    ]  # fmt: skip
    assert (sent["price"], sent["price_at_most"]) == ("15.00", "50.00")
    desk.academy.send()
    (one,) = provider.calls[0]
    assert (one.alimtalk.template, one.alimtalk.fallback) == ("T1", True)
    assert one.alimtalk.variables == {"student_name": "김하나", "what": "가" * 60}


def test_alimtalk_alone_becomes_no_text_message(desk, ids, provider):
    template = desk.template(content="😀 안내")["id"]
    desk.approve(template)
    desk.academy.set(kakao_pfid="PF")
    body = {"student_ids": ids[:1], "template_id": template}
    assert desk.refused("POST", "estimate/", body) == (400, "unsendable_characters")
    sent = desk.send(**body, message_mode="alimtalk")
    assert (sent["kinds"][0]["kind"], sent["kinds"][0]["fallback_price"]) == ("ATA", None)
    desk.academy.send()
    assert provider.calls[0][0].alimtalk.fallback is False


def test_an_advertisement_waits_for_the_morning_visibly(desk, ids, ad, provider):
    ad(MOTHER, "ad")
    ad(FATHER, "ad", "night")
    evening = datetime(2026, 3, 2, 21, 0, tzinfo=SEOUL)
    morning = datetime(2026, 3, 3, 8, 0, tzinfo=SEOUL)
    desk.academy.clock.advance((evening - desk.academy.clock.now()).total_seconds())
    sent = desk.send(student_ids=ids, raw_body="특강", category="ad")
    (put_off,) = sent["counts"]["deferred"]
    assert (put_off["code"], put_off["count"]) == ("night", 1)
    assert put_off["reason"] == "야간 광고 수신 동의가 없어 오전 8시까지 기다립니다."
    assert datetime.fromisoformat(put_off["until"]) == morning
    desk.academy.send()
    assert [one.phone for one in provider.calls[0]] == [FATHER]
    assert provider.calls[0][0].text == "(광고) 한강학원\n특강\n무료수신거부 0808701234"
    waiting = desk.get(f"batches/{sent['batch_id']}/")
    assert datetime.fromisoformat(waiting["next_due_at"]) == morning
    assert {(one["state"], one["code"]) for one in waiting["reasons"]} == {("QUEUED", "night")}


def test_an_advertisement_scheduled_for_the_night_waits_too(desk, ids, ad):
    ad(MOTHER, "ad")
    at = datetime(2026, 3, 3, 7, 59, 59, tzinfo=SEOUL)
    told = desk.post("estimate/", student_ids=ids[:1], raw_body="특강", category="ad", at=at.isoformat())
    assert told["counts"]["deferred"][0]["until"] == "2026-03-02T23:00:00+00:00"


def test_information_of_an_advertising_template_stays_advertising(desk, ids, ad):
    template = desk.template(purpose="AD")["id"]
    told = desk.post("estimate/", student_ids=ids, template_id=template, category="info")
    assert {one["code"] for one in told["counts"]["skipped"]} == {"no_consent"}


def test_a_hold_is_told_and_what_is_queued_waits(desk, ids, provider):
    desk.academy.set(hold=True)
    sent = desk.send(student_ids=ids, raw_body="x")
    assert sent["paused"] == {"code": "held", "reason": "발송이 일시 중지되어 있습니다."}
    desk.academy.send()
    assert provider.calls == []


def test_later(desk, ids, provider):
    at = desk.academy.clock.now() + timedelta(hours=2)
    desk.send(
        student_ids=ids, raw_body="x", at=at.isoformat(), not_after=(at + timedelta(hours=1)).isoformat()
    )
    desk.academy.send()
    assert provider.calls == []
    desk.academy.pass_time(hours=2)
    desk.academy.send()
    assert len(provider.sent) == 2


def test_the_same_estimate_sends_once(desk, ids, provider):
    body = {"student_ids": ids, "raw_body": "x"}
    confirm = desk.post("estimate/", **body)["confirm"]
    sent = desk.post("send/", 202, **body, confirm=confirm)
    again = desk.problem("send/", **body, confirm=confirm)
    assert (again["status"], again["code"], again["batch_id"]) == (409, "already_sent", sent["batch_id"])
    desk.academy.send()
    assert len(provider.sent) == 2


def test_two_who_send_the_same_estimate_at_once_send_it_once(desk, desk_of, ids, provider):
    body = {"student_ids": ids, "raw_body": "x"}
    body["confirm"] = desk.post("estimate/", **body)["confirm"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.ask("POST", "send/", body), [desk_of(), desk_of()]))
    assert sorted(one.status_code for one in answers) == [202, 409]
    desk.academy.send()
    assert len(provider.sent) == 2


def test_an_academy_s_name_that_no_phone_shows_is_what_is_wrong(desk, ids, ad):
    ad(MOTHER, "ad")
    desk.academy.set(display_name="한강😀")
    told = desk.problem("estimate/", student_ids=ids, raw_body="x", category="ad")
    assert told["unsendable"] == [{"field": "academy", "position": 2, "character": "😀"}]
    assert desk.post("estimate/", student_ids=ids, raw_body="x")["counts"]["messages"] == 2


def test_an_idempotency_key_repeats_the_answer(desk, ids):
    body = {"student_ids": ids, "raw_body": "x"}
    body["confirm"] = desk.post("estimate/", **body)["confirm"]
    first, second = (desk.ask("POST", "send/", body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert desk.academy.all("SELECT count(*) FROM batch") == [(1,)]


def test_the_same_words_on_purpose_twice_are_sent_twice(desk, ids, provider):
    for _ in range(2):
        desk.send(student_ids=ids[:1], raw_body="x")
    desk.academy.send()
    assert len(provider.sent) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"raw_body": "y"},
        {"raw_subject": "제목"},
        {"category": "ad"},
        {"send_to": "student"},
        {"not_after": "2026-03-02T15:00:00+09:00"},
        {"at": "2026-03-02T15:00:00+09:00"},
    ],
)
def test_something_else_than_what_was_estimated_is_not_sent(desk, ids, ad, check_refusals, change):
    body = {"student_ids": ids, "raw_body": "x"}
    confirm = desk.post("estimate/", **body)["confirm"]
    check_refusals([(("POST", "send/", {**body, **change, "confirm": confirm}), 409, "estimate_changed")])


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE recipient SET parent_phone = '01099990000'",
        "UPDATE tenant_setting SET sms_price = 30",
        "INSERT INTO opt_out (tenant_id, fingerprint, scope, source)"
        " VALUES ('hangang', '{}', 'all', 'staff')",
    ],
)
def test_what_changed_since_the_estimate_is_shown_first(desk, ids, query, check_refusals):
    body = {"student_ids": ids, "raw_body": "x"}
    body["confirm"] = desk.post("estimate/", **body)["confirm"]
    desk.academy.db.admin.execute(query.format(desk.fingerprint(FATHER)).encode())
    check_refusals([(("POST", "send/", body), 409, "estimate_changed")])


def test_what_cannot_be_paid_is_told_and_not_sent(desk_of, check_refusals):
    poor = desk_of("poor")
    poor.academy.open("poor", won=30)
    body = {"student_ids": poor.students(*PEOPLE), "raw_body": "x"}
    told = poor.post("estimate/", **body)
    assert (told["sufficient"], told["balance_after"]) == (False, "-10.00")
    before = poor.state()
    answer = poor.problem("send/", **body, confirm=told["confirm"])
    assert (answer["status"], answer["code"], answer["needed"]) == (409, "insufficient_balance", "40.00")
    assert poor.state() == before


def test_who_may_not_send_at_all(desk_of, desk, ids):
    stranger = desk_of("nosender")
    mine = {"student_ids": stranger.students(*PEOPLE), "raw_body": "x"}
    assert stranger.refused("POST", "estimate/", mine) == (400, "no_sender")
    assert stranger.refused("POST", "send/", {**mine, "confirm": "0" * 96}) == (400, "no_sender")


def test_hostile_asks(desk, desk_of, ids, check_refusals, nobody):
    other = desk_of("other")
    other.academy.open("other")
    foreign = other.template()["id"]
    strangers, gone = other.students(("남", FATHER)), desk.students(("옛", FATHER), deleted=True)
    template = desk.template(content="#{student_name} #{what}")["id"]
    text, templated = {"student_ids": ids, "raw_body": "x"}, {"student_ids": ids, "template_id": template}
    bodies = [
        ([], 422, "invalid_request"),
        ({}, 422, "invalid_request"),
        ({**text, "student_ids": []}, 422, "invalid_request"),
        ({**text, "student_ids": "all"}, 422, "invalid_request"),
        ({**text, "student_ids": ids + ids}, 422, "invalid_request"),
        ({**text, "student_ids": [*ids, "x"]}, 422, "invalid_request"),
        ({**text, "student_ids": [str(uuid4()) for _ in range(10_001)]}, 422, "invalid_request"),
        ({**text, "student_ids": [*ids, nobody]}, 400, "unknown_students"),
        ({**text, "student_ids": [*ids, *strangers]}, 400, "unknown_students"),
        ({**text, "student_ids": [*ids, *gone]}, 400, "unknown_students"),
        ({**text, "student_ids": ids[1:], "send_to": "student"}, 400, "no_recipients"),
        ({**text, "send_to": "teacher"}, 422, "invalid_request"),
        ({**text, "message_mode": "SMS"}, 422, "invalid_request"),
        ({**text, "message_mode": "alimtalk"}, 400, "template_not_approved"),
        ({**text, "category": "INFO"}, 422, "invalid_request"),
        ({**text, "category": "ad"}, 400, "ad_not_ready"),
        ({**text, "raw_body": ""}, 400, "empty_body"),
        ({**text, "raw_body": " \n "}, 400, "empty_body"),
        ({**text, "raw_body": None}, 422, "invalid_request"),
        ({**text, "raw_body": "가" * 1001}, 400, "too_long"),
        ({**text, "raw_body": "가" * 2001}, 422, "invalid_request"),
        ({**text, "raw_body": "😀"}, 400, "unsendable_characters"),
        ({**text, "raw_body": "#{student_name"}, 400, "unbalanced_variable"),
        ({**text, "raw_body": "#{what}"}, 400, "missing_variables"),
        ({**text, "raw_body": "#{what}", "variables": {"what": ""}}, 400, "missing_variables"),
        ({**text, "raw_body": "#{what}", "variables": {"what": "😀"}}, 400, "unsendable_characters"),
        ({**text, "raw_subject": "가" * 21}, 400, "too_long"),
        ({**text, "raw_subject": "가\n나"}, 422, "invalid_request"),
        ({**text, "template_id": template}, 422, "invalid_request"),
        ({**templated, "template_id": nobody}, 404, "not_found"),
        ({**templated, "template_id": foreign}, 404, "not_found"),
        ({**templated}, 400, "missing_variables"),
        ({**templated, "message_mode": "both"}, 400, "template_not_approved"),
        ({**text, "at": "2026-03-02T11:59:59+09:00"}, 422, "invalid_request"),
        ({**text, "at": "2026-03-02T15:00:00"}, 422, "invalid_request"),
        ({**text, "at": "tomorrow"}, 422, "invalid_request"),
        ({**text, "not_after": "2026-03-02T12:00:00+09:00"}, 422, "invalid_request"),
        ({**text, "sender": "01012345678"}, 422, "invalid_request"),
        ({**text, "tenant_id": "other"}, 422, "invalid_request"),
    ]
    table = [(("POST", "estimate/", body), *answer) for body, *answer in bodies]
    table += [
        (("POST", "send/", body if body in ([], {}) else {**body, "confirm": "0" * 96}), *answer)
        for body, *answer in bodies
    ]
    table += [
        (("POST", "send/", {**text, "confirm": confirm}), *answer)
        for confirm, *answer in [
            ("0" * 96, 409, "estimate_changed"),
            ("0" * 95, 422, "invalid_request"),
            ("z" * 96, 422, "invalid_request"),
            (None, 422, "invalid_request"),
        ]
    ]
    table += [
        (("POST", "send/", text), 422, "invalid_request"),
        (("GET", "send/", None), 405, "method_not_allowed"),
    ]
    check_refusals(table)


def test_a_refusal_names_what_is_wrong(desk, ids, nobody):
    told = desk.problem("estimate/", student_ids=[*ids, nobody], raw_body="x")
    assert told["students"] == [nobody]
    told = desk.problem("estimate/", student_ids=ids, raw_body="안녕😀")
    assert told["unsendable"] == [{"field": "body", "position": 2, "character": "😀"}]
    told = desk.problem("estimate/", student_ids=ids, raw_body="가" * 1001)
    assert (told["length"], told["limit"]) == (2002, 2000)
    told = desk.problem("estimate/", student_ids=ids, raw_body="#{a} #{b}", variables={"a": "1"})
    assert told["missing_variables"] == ["b"]


def test_ten_thousand_students_in_as_many_statements_as_ten(desk, statements):
    def sent_to(number, first):
        made = desk.academy.db.admin.execute(
            "INSERT INTO recipient (tenant_id, student_id, name, parent_phone, version, deleted)"
            " SELECT 'hangang', gen_random_uuid(), '학생' || n, '010' || to_char(n, 'FM00000000'), 1, false"
            " FROM generate_series(%s::int, %s::int) n RETURNING student_id",
            [first, first + number - 1],
        )
        ids = [str(one) for (one,) in made.fetchall()]
        with statements() as seen:
            sent = desk.send(student_ids=ids, raw_body="#{student_name} 학생, 내일은 쉽니다.")
        assert sent["counts"]["messages"] == number
        return len(seen)

    assert sent_to(10_000, 1000) == sent_to(10, 1)
    assert desk.academy.states() == {"QUEUED": 10_010}
    assert desk.academy.money()["held"] == 200_200
