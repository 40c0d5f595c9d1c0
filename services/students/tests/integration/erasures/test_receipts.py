"""students.student.purged in the students context itself, and the receipts of all five."""

import json
import random
from datetime import UTC
from functools import partial
from uuid import uuid4

import pytest
from contracts.erasure import CONTEXTS
from eventkit.envelope import encode
from eventkit.errors import UnavailableError
from eventkit.queue import Outgoing, Queue
from students.domain.records import photo_key
from testkit.at_once import at_once

ROSE = {"name": "장미란", "parent_phone": "01031415926", "student_phone": "01027182818"}


def make(academy, *rows, tenant="demo"):
    return [row["student_id"] for row in academy.resolve(*rows, tenant=tenant)]


def held(academy, *words):
    """Tables and rows of the schema in which one of the words still is."""
    tables = academy.all("SELECT tablename::text FROM pg_tables WHERE schemaname = 'students'")
    return [
        (table, row)
        for (table,) in tables
        for (row,) in academy.all(f"SELECT t::text FROM {table} AS t")
        if any(word in row for word in words)
    ]


def completed(academy):
    return academy.all("SELECT completed_at IS NOT NULL FROM erasure ORDER BY id")


def counts(academy):
    return {
        (service, kind): count
        for service, kind, count in academy.all("SELECT service, kind, count FROM erasure_count")
    }


def test_all_five_receipts_complete_it_and_then_no_name_is_left(academy, erasures):
    [rose] = make(academy, ROSE)
    purged = erasures.delete_and_purge(rose)
    assert purged.data["students"]["name"] == ["장미란"]
    erasures.erase(purged)
    own = erasures.own_receipt()
    assert (own.correlationid, own.data["erasure_id"]) == (
        purged.correlationid,
        purged.data["erasure_id"],
    )
    for context in CONTEXTS:
        assert completed(academy) == [(False,)]
        erasures.answer(
            own if context == "students" else erasures.receipt(context, purged, (rose, "rows", 2))
        )
    assert completed(academy) == [(True,)]
    assert counts(academy)["messaging", "rows"] == 2
    assert counts(academy)["students", "students"] == 1
    assert held(academy, *ROSE.values()) == []
    [sent] = erasures.events()
    assert sent.data == {
        "erasure_id": purged.data["erasure_id"],
        "students": {
            "student_id": [rose],
            "name": [""],
            "parent_phone": [""],
            "student_phone": [None],
        },
    }
    assert sent.id == purged.id


def test_before_the_last_receipt_the_names_are_still_on_their_way(academy, erasures):
    [rose] = make(academy, ROSE)
    purged = erasures.delete_and_purge(rose)
    erasures.erase(purged)
    erasures.answer_all(purged, but=["media"])
    assert erasures.events()[0].data == purged.data


@pytest.mark.parametrize("seed", range(4))
def test_receipts_in_any_order_any_number_of_times(academy, erasures, person, seed):
    chance = random.Random(seed)
    ids = make(academy, person(1), person(2), person(3))
    first, second = erasures.delete_and_purge(*ids[:2]), erasures.delete_and_purge(ids[2])
    wanted = [(context, event) for context in CONTEXTS for event in (first, second)]
    sent = [
        erasures.receipt(context, event, (event.data["students"]["student_id"][0], "rows", 1))
        for context, event in wanted + chance.choices(wanted, k=15)
    ]
    chance.shuffle(sent)
    for receipt in sent:
        erasures.answer(receipt)
    assert completed(academy) == [(True,), (True,)]
    assert academy.all("SELECT count(*) FROM erasure_receipt") == [(10,)]
    assert academy.all("SELECT sum(count), max(count), count(*) FROM erasure_count") == [(10, 1, 10)]
    assert academy.all("SELECT count(*) FROM audit WHERE action = 'erased'") == [(3,)]


def test_a_batch_of_one_context_may_hold_several_receipts_of_one_erasure(academy, erasures, person):
    ids = make(academy, person(1), person(2))
    first, second = erasures.delete_and_purge(ids[0]), erasures.delete_and_purge(ids[1])
    receipts = [
        erasures.receipt("media", first, (ids[0], "rows", 3)),
        erasures.receipt("media", second, (ids[1], "rows", 4), (ids[1], "rows", 5), (ids[1], "objects", 6)),
        erasures.receipt("media", first, (ids[0], "rows", 100)),
    ]
    erasures.answer(*receipts)
    found = academy.all("SELECT student_id::text, kind, count FROM erasure_count ORDER BY count")
    assert found == [(ids[0], "rows", 3), (ids[1], "objects", 6), (ids[1], "rows", 9)]


def test_two_workers_with_the_last_two_receipts_at_once_complete_it(academy, erasures, person):
    [one] = make(academy, person(1))
    purged = erasures.delete_and_purge(one)
    erasures.answer_all(purged, but=["media", "storage"])
    last = [erasures.receipt(context, purged) for context in ("media", "storage")]
    for one in at_once(*(partial(erasures.answer, receipt) for receipt in last)):
        one.result()
    assert completed(academy) == [(True,)]
    assert academy.all("SELECT count(*) FROM audit WHERE action = 'erased'") == [(1,)]


def test_what_the_audit_trail_says_in_the_end(academy, erasures):
    [rose] = make(academy, ROSE)
    purged = erasures.delete_and_purge(rose)
    erasures.answer_all(purged)
    [pseudonym] = academy.all("SELECT pseudonym FROM erasure_subject")
    found = academy.all(
        "SELECT pseudonym, action, details ->> 'erasure_id' FROM audit WHERE action IN ('purged', 'erased')"
        " ORDER BY seq"
    )
    assert found[-1] == (*pseudonym, "erased", purged.data["erasure_id"])
    assert found[0][:2] == (*pseudonym, "purged")


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_receipt_for_what_a_restored_database_does_not_know_is_kept_out(academy, erasures, person, context):
    [one] = make(academy, person(1))
    purged = erasures.delete_and_purge(one)
    stray = erasures.receipt(context, purged, (one, "rows", 1), erasure_id=str(uuid4()))
    erasures.answer(stray, erasures.receipt(context, purged, (one, "rows", 2)))
    assert academy.all("SELECT service FROM erasure_receipt") == [(context,)]
    assert counts(academy) == {(context, "rows"): 2}


def test_counts_of_somebody_else_are_not_kept(academy, erasures, person):
    ids = make(academy, person(1), person(2))
    first = erasures.delete_and_purge(ids[0])
    erasures.delete_and_purge(ids[1])
    rows = [(ids[0], "rows", 1), (ids[1], "rows", 2), (str(uuid4()), "rows", 3), ("학생", "rows", 4)]
    erasures.answer(erasures.receipt("media", first, *rows))
    assert academy.all("SELECT student_id::text, count FROM erasure_count") == [(ids[0], 1)]


def test_another_tenants_receipt_completes_nothing(academy, erasures, person):
    [one] = make(academy, person(1))
    purged = erasures.delete_and_purge(one)
    for context in CONTEXTS:
        data = {
            "erasure_id": purged.data["erasure_id"],
            "counts": {"student_id": [], "kind": [], "count": []},
        }
        erasures.answer(erasures.make_event(f"{context}.erasure.completed", "other", data))
    assert completed(academy) == [(False,)]
    assert academy.all("SELECT count(*) FROM erasure_receipt") == [(0,)]


# --- what the purge leaves to do here --------------------------------------------------------------


def request(academy, name, phone, *, status="pending", created="now()", tenant="demo"):
    decided = "NULL" if status == "pending" else "now()"
    academy.db.admin.execute(
        "INSERT INTO registration_request (tenant_id, id, status, name, name_key, parent_phone, memo,"
        f" created_at, decided_at) VALUES (%s, gen_random_uuid(), %s, %s, %s, %s, %s, {created}, {decided})",
        (tenant, status, name, name.replace(" ", "").lower(), phone, f"{name} 어머니"),
    )


def test_other_requests_of_the_person_go_and_nobody_elses(academy, erasures):
    [rose, _] = make(academy, ROSE, {"name": "장미란", "parent_phone": "01099998888"})
    request(academy, "장미란", ROSE["parent_phone"], status="rejected")
    request(academy, "장미란", ROSE["parent_phone"])
    request(academy, "장미란", "01099998888")
    request(academy, "장미래", ROSE["parent_phone"])
    request(academy, "장미란", ROSE["parent_phone"], tenant="other")
    erasures.erase(erasures.delete_and_purge(rose))
    left = academy.all("SELECT name, parent_phone, tenant_id FROM registration_request ORDER BY 3, 1, 2")
    assert left == [
        ("장미란", "01099998888", "demo"),
        ("장미래", ROSE["parent_phone"], "demo"),
        ("장미란", ROSE["parent_phone"], "other"),
    ]
    erasures.answer(erasures.own_receipt())
    assert counts(academy)["students", "registration_requests"] == 2


@pytest.mark.parametrize(("reason", "left"), [("expired", 1), ("requested", 0)])
def test_who_asks_again_while_the_old_record_expires_is_heard(academy, erasures, reason, left):
    [rose] = make(academy, ROSE)
    academy.delete(rose)
    request(academy, "장미란", ROSE["parent_phone"], status="rejected", created="now() + interval '1 s'")
    request(academy, "장미란", ROSE["parent_phone"], created="now() + interval '1 s'")
    erasures.purge(rose, reason=reason)
    erasures.erase(*erasures.events())
    assert academy.all("SELECT count(*) FROM registration_request") == [(left,)]


def test_the_requests_of_a_person_with_another_record_stay(academy, erasures):
    [old] = make(academy, ROSE)
    academy.delete(old)
    twin = uuid4()
    academy.db.admin.execute(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
        " SELECT tenant_id, %s, name, name_key, parent_phone, deleted_at FROM student",
        (twin,),
    )
    request(academy, "장미란", ROSE["parent_phone"], status="rejected")
    erasures.purge(old, reason="duplicate")
    erasures.erase(*erasures.events())
    assert academy.all("SELECT count(*) FROM registration_request") == [(1,)]
    erasures.purge(twin)
    erasures.erase(erasures.events()[-1])
    assert academy.all("SELECT count(*) FROM registration_request") == [(0,)]


def test_a_siblings_parent_is_no_longer_called_after_the_purged_child(academy, erasures):
    phone = ROSE["parent_phone"]
    [rose, _] = make(academy, ROSE, {"name": "장두리", "parent_phone": phone})
    assert academy.all("SELECT name FROM parent") == [("장미란 학부모",)]
    erasures.erase(erasures.delete_and_purge(rose))
    assert academy.all("SELECT name, phone FROM parent") == [("장두리 학부모", phone)]
    assert held(academy, "장미란", ROSE["student_phone"]) == [
        ("outbox", row) for _, row in held(academy, "장미란") if "students.student.purged" in row
    ]


def test_photos_and_dead_letters_of_the_person_go_and_nobody_elses(academy, erasures, person):
    [rose, other] = make(academy, ROSE, person(1))
    erasures.objects.content = {photo_key("demo", one): b"jpeg" for one in (rose, other)}
    erasures.objects.content[photo_key("other", rose)] = b"jpeg"
    letters = Queue.open(erasures.sqs, "academy-students-events-dlq")
    chunk = academy.chunk(ROSE, person(1))
    letters.send_batch([Outgoing(encode(chunk), {"reason": "test"})])
    erasures.erase(erasures.delete_and_purge(rose))
    assert {key for key in erasures.objects.content if key.startswith("photos/")} == {
        photo_key("demo", other),
        photo_key("other", rose),
    }
    [body] = erasures.sqs.bodies("academy-students-events-dlq")
    assert ROSE["name"] not in body
    assert ROSE["parent_phone"] not in body
    assert "학생1" in body
    erasures.answer(erasures.own_receipt())
    assert counts(academy)["students", "photos"] == 1
    assert counts(academy)["students", "dead_letters"] == 1


def test_the_ledger_is_written_before_the_receipt_and_names_nobody(academy, erasures):
    [rose] = make(academy, ROSE)
    purged = erasures.delete_and_purge(rose, reason="expired")
    erasures.erase(purged)
    day = purged.time.astimezone(UTC).date()
    key = f"erasures/demo/{day}/{purged.data['erasure_id']}.json"
    assert set(erasures.objects.content) == {key}
    [(pseudonym, deleted_at, requested_at)] = academy.all(
        "SELECT pseudonym, deleted_at, requested_at FROM erasure_subject JOIN erasure ON id = erasure_id"
    )
    entry = json.loads(erasures.objects.content[key])
    assert entry == {
        "tenant_id": "demo",
        "erasure_id": purged.data["erasure_id"],
        "reason": "expired",
        "requested_by": "user-1",
        "requested_at": requested_at.isoformat(),
        "purged_at": purged.time.isoformat(),
        "subjects": [{"student_id": rose, "pseudonym": pseudonym, "deleted_at": deleted_at.isoformat()}],
    }
    before = dict(erasures.objects.content)
    erasures.erase(purged)
    assert erasures.objects.content == before


def test_without_the_ledger_there_is_no_receipt(academy, erasures, person):
    [one] = make(academy, person(1))
    purged = erasures.delete_and_purge(one)
    erasures.objects.away = True
    with pytest.raises(UnavailableError):
        erasures.erase(purged)
    assert academy.published("students.erasure.completed") == []
    erasures.objects.away = False
    erasures.erase(purged)
    assert len(academy.published("students.erasure.completed")) == 1


def test_a_purge_that_the_restored_database_does_not_know_still_gets_into_the_ledger(
    academy, erasures, person
):
    [one] = make(academy, person(1))
    purged = erasures.delete_and_purge(one)
    academy.db.admin.execute("TRUNCATE erasure, erasure_subject CASCADE")
    erasures.erase(purged)
    [entry] = [json.loads(body) for body in erasures.objects.content.values()]
    assert (entry["reason"], entry["subjects"][0]["student_id"]) == ("unknown", one)
    assert entry["requested_at"] == entry["purged_at"]


def test_the_cost_does_not_grow_with_the_people(academy, erasures, statements):
    costs = []
    for size in (1, 40):
        rows = [{"name": f"무리{size}x{n}", "parent_phone": f"0107{size:03d}{n:04d}"} for n in range(size)]
        purged = erasures.delete_and_purge(*make(academy, *rows))
        ids = purged.data["students"]["student_id"]
        with statements() as counted:
            erasures.erase(purged)
            for context in CONTEXTS:
                erasures.answer(erasures.receipt(context, purged, *((one, "rows", 1) for one in ids)))
        costs.append(len(counted))
    assert costs[0] == costs[1]
