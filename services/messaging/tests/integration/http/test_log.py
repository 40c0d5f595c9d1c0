"""What people read of the ledger: why each message is where it is, and never a number or a text."""

from datetime import datetime, timedelta

import pytest
from messaging.ports import Unknown

PHONE = "01011112222"


@pytest.fixture
def ids(desk):
    return desk.students(("김하나", PHONE), ("김두리", PHONE), ("박세미", "01033334444"))


def test_an_entry_says_all_but_the_number_and_the_text(desk, ids, provider):
    template = desk.template(content="비밀 안내")["id"]
    sent = desk.send(student_ids=ids[:2], template_id=template)
    desk.academy.send()
    answer = desk.ask("GET", "log/")
    (one,) = answer.json["results"]
    assert (one["recipient"], one["state"], one["kind"], one["category"]) == (
        "0101****",
        "ACCEPTED",
        "SMS",
        "INFO",
    )
    assert (one["template_name"], one["batch_id"], one["price"], one["money"]) == (
        "안내", sent["batch_id"], "20.00", "open"
    )  # fmt: skip
    assert [student["name"] for student in one["students"]] == ["김두리", "김하나"]
    assert PHONE not in answer.text
    assert "비밀" not in answer.text
    provider.ends(provider.sent[0], "3104")
    desk.academy.pass_time(minutes=10)
    desk.academy.resolve()
    (one,) = desk.get("log/")["results"]
    assert (one["state"], one["code"], one["reason"], one["price"]) == (
        "FAILED", "3104", "카카오톡을 쓰지 않는 번호입니다.", "0.00"
    )  # fmt: skip


def test_what_never_left_has_its_reason_and_no_price(desk, ids):
    desk.academy.db.admin.execute(
        "INSERT INTO opt_out (tenant_id, fingerprint, scope, source) VALUES ('hangang', %s, 'all', 'staff')",
        [desk.fingerprint(PHONE)],
    )
    desk.send(student_ids=ids, raw_body="x")
    (one,) = desk.get("log/", state="SKIPPED")["results"]
    assert (one["code"], one["reason"], one["price"]) == ("opted_out", "수신을 거부한 번호입니다.", None)


def test_newest_first_in_pages_by_state_batch_and_time(desk, desk_of, ids):
    first = desk.send(student_ids=ids, raw_body="x")["batch_id"]
    desk.academy.send()
    second = desk.send(student_ids=ids, raw_body="y")["batch_id"]
    other = desk_of("other")
    other.academy.open("other")
    other.send(student_ids=other.students(("남", PHONE)), raw_body="x")
    page = desk.get("log/", page_size=3)
    rest = desk.get("log/", page_size=3, cursor=page["next"])
    batches = [one["batch_id"] for one in page["results"] + rest["results"]]
    assert batches == [second, second, first, first]
    assert rest["next"] is None
    assert {one["batch_id"] for one in desk.get("log/", batch=first)["results"]} == {first}
    assert {one["batch_id"] for one in desk.get("log/", state="QUEUED")["results"]} == {second}
    # the database's clock, which no test moves
    began = datetime.fromisoformat(page["results"][0]["created_at"])
    assert {one["batch_id"] for one in desk.get("log/", to=began.isoformat())["results"]} == {first}
    assert {one["batch_id"] for one in desk.get("log/", **{"from": began.isoformat()})["results"]} == {second}
    assert desk.get("log/", **{"from": (began + timedelta(days=1)).isoformat()})["results"] == []
    ever = {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}
    assert len(desk.get("log/", **ever)["results"]) == 4


def test_a_long_page_takes_as_many_statements_as_a_short_one(desk, ids, statements):
    def asked(page_size):
        with statements() as seen:
            desk.get("log/", page_size=page_size)
        return len(seen)

    for text in "abcde":
        desk.send(student_ids=ids, raw_body=text)
    assert asked(1) == asked(10)


def test_what_nobody_knows_yet_and_nothing_that_resends_it(desk, desk_of, ids, provider, app):
    provider.answer = lambda one: Unknown(one.ledger, "http_502")
    desk.send(student_ids=ids[:1], raw_body="x")
    desk.academy.send()
    desk.academy.pass_time(seconds=15)
    desk.academy.resolve()
    (one,) = desk.get("ambiguous/")["results"]
    assert (one["state"], one["code"], one["attempt"], one["asked"]) == ("AMBIGUOUS", "http_502", 1, 1)
    assert one["reason"] == "발송사의 답을 확인하지 못했습니다."
    assert datetime.fromisoformat(one["ask_at"]) > desk.academy.clock.now()
    assert one["recipient"] == "0101****"
    assert desk.refused("POST", f"messages/{one['id']}/cancel/") == (409, "not_cancellable")
    assert desk_of("other").get("ambiguous/")["results"] == []
    below = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "/messages/" in rule.rule or "ambiguous" in rule.rule
    }
    assert below == {"/api/v1/messaging/messages/<uuid:message_id>/cancel/", "/api/v1/messaging/ambiguous/"}


def test_hostile_questions(check_refusals):
    check_refusals(
        (("GET", path, None), status, code)
        for path, status, code in [
            ("log/?state=queued", 422, "invalid_request"),
            ("log/?batch=1", 422, "invalid_request"),
            ("log/?from=2026-03-02", 422, "invalid_request"),
            ("log/?from=2026-03-02T00:00:00", 422, "invalid_request"),
            ("log/?to=x", 422, "invalid_request"),
            ("log/?page=2", 422, "invalid_request"),
            ("log/?page_size=501", 422, "invalid_request"),
            ("log/?cursor=x", 400, "invalid_cursor"),
            ("log/?recipient=01011112222", 422, "invalid_request"),
            ("ambiguous/?page_size=x", 422, "invalid_request"),
            ("ambiguous/?cursor=W10", 400, "invalid_cursor"),
            ("ambiguous/?state=FAILED", 422, "invalid_request"),
        ]
    )
