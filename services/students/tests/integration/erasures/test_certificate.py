"""GET erasures/, erasures/<id>/ and audit/."""

import hashlib
import json
from uuid import uuid4

import pytest
from contracts.erasure import CONTEXTS
from students.domain.audit import Action
from testkit.api import signed_in

ERASURES = "/api/v1/students/erasures/"
AUDIT = "/api/v1/students/audit/"
ROSE = {"name": "장미란", "parent_phone": "01031415926", "student_phone": "01027182818"}


@pytest.fixture
def client(app, issuer):
    return signed_in(app, issuer, "demo", ["admin"])


@pytest.fixture
def rose(academy):
    [made] = academy.resolve(ROSE)
    return made["student_id"]


def digest_of(document):
    """As an auditor without our code would compute it."""
    rest = {name: value for name, value in document.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def pages(client, path, **query):
    found, cursor = [], None
    while True:
        page = client.get(path, query_string={**query, **({"cursor": cursor} if cursor else {})}).get_json()
        found.append(page["results"])
        cursor = page["next"]
        if cursor is None:
            return found


def test_the_certificate_lists_all_five_and_who_is_waited_for(academy, erasures, client, rose):
    purged = erasures.delete_and_purge(rose)
    erasures.answer(erasures.receipt("media", purged, (rose, "video_progress", 3), (rose, "events", 1)))
    found = client.get(f"{ERASURES}{rose}/").get_json()
    [(pseudonym, deleted_at, requested_at, received_at)] = academy.all(
        "SELECT pseudonym, deleted_at, requested_at, received_at FROM erasure_subject"
        " JOIN erasure ON id = erasure_id JOIN erasure_receipt r ON r.erasure_id = id"
    )
    assert found == {
        "academy": "demo",
        "student_id": rose,
        "pseudonym": pseudonym,
        "reason": "requested",
        "requested_by": "user-1",
        "deleted_at": deleted_at.isoformat(),
        "requested_at": requested_at.isoformat(),
        "completed_at": None,
        "complete": False,
        "receipts": [
            {
                "service": "media",
                "received_at": received_at.isoformat(),
                "counts": {"events": 1, "video_progress": 3},
            }
            if context == "media"
            else {"service": context, "received_at": None, "counts": {}}
            for context in CONTEXTS
        ],
        "digest": digest_of(found),
    }
    [line] = client.get(ERASURES).get_json()["results"]
    assert line["waiting"] == [context for context in CONTEXTS if context != "media"]


def test_a_complete_certificate_can_be_verified_and_never_changes(academy, erasures, client, rose):
    purged = erasures.delete_and_purge(rose)
    erasures.erase(purged)
    erasures.answer(erasures.own_receipt())
    incomplete = client.get(f"{ERASURES}{rose}/").get_json()
    erasures.answer_all(purged)
    found = client.get(f"{ERASURES}{rose}/").get_json()
    assert found["complete"]
    assert found["completed_at"]
    assert {receipt["service"] for receipt in found["receipts"] if receipt["received_at"]} == set(CONTEXTS)
    assert found["digest"] == digest_of(found) != incomplete["digest"]
    assert digest_of({**found, "reason": "expired"}) != found["digest"]
    for context in CONTEXTS:
        erasures.answer(erasures.receipt(context, purged, (rose, "rows", 9)))
    assert client.get(f"{ERASURES}{rose}/").get_json() == found


def test_no_answer_holds_a_name_or_a_phone(erasures, client, rose):
    erasures.erase(erasures.delete_and_purge(rose))
    for path in (ERASURES, f"{ERASURES}{rose}/", AUDIT):
        text = client.get(path).text
        assert [secret for secret in ROSE.values() if secret in text] == []


def test_purged_people_come_newest_first_each_once(academy, erasures, client, person):
    ids = [row["student_id"] for row in academy.resolve(*map(person, range(7)))]
    erasures.delete_and_purge(*ids[:3])
    erasures.delete_and_purge(*ids[3:])
    found = pages(client, ERASURES, page_size=2)
    assert [len(page) for page in found] == [2, 2, 2, 1]
    listed = [line["student_id"] for page in found for line in page]
    assert set(listed[:4]) == set(ids[3:])
    assert sorted(listed) == sorted(ids)
    assert set(found[0][0]) == {
        "student_id",
        "pseudonym",
        "reason",
        "requested_by",
        "deleted_at",
        "requested_at",
        "completed_at",
        "waiting",
    }


def test_another_academys_erasures_and_acts_are_not_there(erasures, app, issuer, rose):
    erasures.delete_and_purge(rose)
    other = signed_in(app, issuer, "other", ["owner"])
    assert other.get(f"{ERASURES}{rose}/").status_code == 404
    assert other.get(ERASURES).get_json()["results"] == []
    assert other.get(AUDIT).get_json()["results"] == []
    assert other.get(AUDIT, query_string={"student_id": rose}).get_json()["results"] == []


def test_only_managers_see_them(app, issuer):
    for role in ("teacher", "staff", "student", "parent"):
        client = signed_in(app, issuer, "demo", [role])
        for path in (ERASURES, f"{ERASURES}{uuid4()}/", AUDIT):
            assert client.get(path).status_code == 403


def test_a_students_trail_by_id_and_by_pseudonym_survives_the_purge(erasures, client, rose, academy):
    erasures.answer_all(erasures.delete_and_purge(rose))
    [other] = academy.resolve({"name": "강하늘", "parent_phone": "01011112222"})
    by_id = client.get(AUDIT, query_string={"student_id": rose}).get_json()["results"]
    assert [line["action"] for line in by_id[:2]] == ["erased", "purged"]
    [pseudonym] = {line["pseudonym"] for line in by_id}
    assert client.get(AUDIT, query_string={"pseudonym": pseudonym}).get_json()["results"] == by_id
    assert client.get(f"{ERASURES}{rose}/").get_json()["pseudonym"] == pseudonym
    assert set(by_id[0]) == {"seq", "at", "actor", "action", "pseudonym", "details"}
    purged = client.get(AUDIT, query_string={"action": "purged"}).get_json()["results"]
    assert purged == [line for line in by_id if line["action"] == "purged"]
    assert purged[0]["actor"] == "user-1"
    assert rose not in {
        line["pseudonym"]
        for line in client.get(AUDIT, query_string={"student_id": other["student_id"]}).json["results"]
    }


def test_the_trail_comes_newest_first_in_pages(academy, erasures, client, person):
    ids = [row["student_id"] for row in academy.resolve(*map(person, range(5)))]
    erasures.delete_and_purge(*ids)
    found = [line["seq"] for page in pages(client, AUDIT, page_size=3, action="purged") for line in page]
    assert len(found) == 5
    assert found == sorted(found, reverse=True)


HOSTILE = [
    (ERASURES, {"cursor": "x"}, 400, "invalid_cursor"),
    (ERASURES, {"cursor": "WzEsMl0"}, 400, "invalid_cursor"),
    (ERASURES, {"page_size": "0"}, 422, "invalid_request"),
    (ERASURES, {"page_size": "501"}, 422, "invalid_request"),
    (ERASURES, {"tenant": "other"}, 422, "invalid_request"),
    (AUDIT, {"cursor": "WyJhIl0"}, 400, "invalid_cursor"),
    (AUDIT, {"student_id": "1"}, 422, "invalid_request"),
    (AUDIT, {"pseudonym": "x" * 33}, 422, "invalid_request"),
    (AUDIT, {"pseudonym": "' OR 1=1 --"}, 200, None),
    (AUDIT, {"pseudonym": "a\0b"}, 400, "invalid_characters"),
    (AUDIT, {"pseudonym": ""}, 422, "invalid_request"),
    (AUDIT, {"action": "DROP"}, 422, "invalid_request"),
    (AUDIT, {"action": "purged", "actor": "x"}, 422, "invalid_request"),
    (AUDIT, {"student_id": str(uuid4()), "pseudonym": "ab"}, 422, "invalid_request"),
    (f"{ERASURES}{uuid4()}/", {}, 404, "not_found"),
    (f"{ERASURES}1/", {}, 404, "not_found"),
]


def test_hostile_queries_are_refused_with_a_code(erasures, client, rose):
    erasures.delete_and_purge(rose)
    answers = {}
    for path, query, status, code in HOSTILE:
        answer = client.get(path, query_string=query)
        got = (answer.status_code, answer.get_json().get("code"), answer.get_json().get("results", []))
        answers[path, repr(query)] = (got, (status, code, []))
    assert {case: both for case, both in answers.items() if both[0] != both[1]} == {}


def test_every_action_can_be_asked_for(client):
    for action in Action:
        assert client.get(AUDIT, query_string={"action": action.value}).status_code == 200
