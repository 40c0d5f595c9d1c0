"""deleted_duplicates_check and deleted_duplicates_fix (operations guide 3.1)."""

from __future__ import annotations

from uuid import UUID

import pytest
from students.domain.duplicates import is_placeholder
from students.usecases import duplicates as usecases

CHECK, FIX = "deleted_duplicates_check/", "deleted_duplicates_fix/"
PHONE = "01023456780"


@pytest.fixture
def check(office):
    def ask():
        status, answer = office.ask("GET", CHECK, role="staff")
        assert status == 200, answer
        return answer

    return ask


def test_an_academy_without_duplicates(office, check, deleted, enrolled):
    deleted("김하나", PHONE, 1)
    deleted("김두리", PHONE, 1)
    enrolled(2)
    plan = check()
    assert (plan["duplicate_groups"], plan["records_to_remove"], plan["refused_groups"]) == (0, 0, 0)
    assert (plan["groups"], plan["services"]) == ([], {"enrollment": "ok"})
    done = office.done(FIX, digest=plan["digest"])
    assert done == {"removed": 0, "groups": 0, "refused_groups": 0, "skipped": [], "erasure_ids": []}


def test_the_plan_tells_who_stays_who_goes_and_what_goes_with_them(academy, check, deleted):
    newest, oldest, middle = deleted("김하나", PHONE, 3, 20, 10)
    for statement in (
        "INSERT INTO tag (tenant_id, id, name, color) SELECT 'demo', gen_random_uuid(), t, '' "
        " FROM unnest(ARRAY['가', '나']) AS t",
        f"INSERT INTO student_tag SELECT 'demo', '{middle}', id FROM tag",
        f"UPDATE student SET photo_type = 'image/png' WHERE id = '{middle}'",
        "INSERT INTO account (tenant_id, id, login_id, kind, student_id, must_change)"
        f" VALUES ('demo', gen_random_uuid(), 'hana1', 'student', '{middle}', true)",
    ):
        academy.db.admin.execute(statement.encode())
    plan = check()
    assert (plan["duplicate_groups"], plan["records_to_remove"], plan["refused_groups"]) == (1, 2, 0)
    [group] = plan["groups"]
    assert (group["name"], group["parent_phone"], group["refused"]) == ("김하나", PHONE, None)
    assert (group["keep"]["id"], group["keep"]["holdings"]) == (oldest, {})
    assert [(one["id"], one["login_id"], one["holdings"]) for one in group["remove"]] == [
        (middle, "hana1", {"tags": 2, "photo": 1, "account": 1}),
        (newest, None, {}),
    ]
    assert [one["days_left"] for one in group["remove"]] == [20, 27]
    assert plan["services"] == {"enrollment": "unknown"}


def test_the_plan_adds_what_other_services_hold(academy, working, deleted):
    old, new = map(UUID, deleted("김하나", PHONE, 2, 1))
    asked = []

    def ask(tenant, ids):
        asked.append((tenant, set(ids)))
        return {"enrollment": {new: {"enrollments": 2, "account": 1}}, "media": {}, "messaging": None}

    with working() as uow:
        plan = usecases.plan(uow)
    plan = usecases.ask_others(plan, "demo", ask)
    assert asked == [("demo", {old, new})]
    assert plan.services == {"enrollment": "ok", "media": "ok", "messaging": "unknown"}
    assert [dict(member.holdings) for member in plan.shown[0].members] == [
        {},
        {"enrollments": 2, "account": 1},
    ]


def test_a_large_plan_shows_its_first_groups_and_counts_all(working, deleted, check, academy):
    for n in range(130):
        deleted(f"학생{n:03}", PHONE, 1, 2)
    plan = check()
    assert (plan["duplicate_groups"], plan["records_to_remove"], len(plan["groups"])) == (130, 130, 100)
    assert plan["groups"][0]["name"] == "학생000"
    deleted("가", PHONE, *range(1, 450))
    deleted("나", PHONE, *range(1, 80))
    shown = check()["groups"]
    assert [len(group["remove"]) for group in shown] == [448]


def test_the_fix_keeps_who_was_deleted_first_and_of_equals_the_lowest_id(
    academy, office, check, deleted, model, left, trail, pseudonym
):
    groups = [
        deleted(f"학생{n}", PHONE, *days) for n, days in enumerate([(1, 5, 3), (4, 4, 4, 4), (9, 9, 2)])
    ]
    single, other = deleted("외동", PHONE, 8), deleted("학생1", "01023456781", 8)
    academy.resolve({"name": "학생0", "parent_phone": PHONE})  # an active twin is nobody's business here
    foreign = deleted("학생1", PHONE, 1, 2, tenant="other")
    expected, plan = model(), check()
    assert plan["digest"] == expected.digest
    done = office.done(FIX, digest=plan["digest"])
    assert (done["removed"], done["groups"], done["refused_groups"], done["skipped"]) == (7, 3, 0, [])
    assert left() == expected.survivors
    assert left("other") == set(foreign)
    assert {groups[0][1], min(groups[1]), min(groups[2][:2]), *single, *other} <= left()
    assert check()["duplicate_groups"] == 0
    purged = trail("purged")
    assert {(row[1], row[3]["reason"]) for row in purged} == {
        (pseudonym(student), "duplicate") for student in expected.removed
    }
    assert academy.all("SELECT reason, requested_by, id::text FROM erasure") == [
        ("duplicate", "owner-1", done["erasure_ids"][0])
    ]


def test_a_merged_record_is_no_duplicate(academy, check, deleted, enrolled):
    [winner] = enrolled(1)
    _, merged = deleted("김하나", PHONE, 2, 1)
    academy.db.admin.execute("UPDATE student SET merged_into = %s WHERE id = %s", (winner, merged))
    assert check()["duplicate_groups"] == 0


@pytest.mark.parametrize("phone", ["01000000000", "01011111111", "01099999999", "01012345678"])
def test_a_group_with_a_placeholder_phone_is_shown_and_refused(office, check, deleted, left, phone):
    """Families without a number share it: two 김하나 may be two children."""
    refused, cleaned = deleted("김하나", phone, 1, 2, 3), deleted("김하나", PHONE, 1, 2)
    plan = check()
    assert (plan["duplicate_groups"], plan["records_to_remove"], plan["refused_groups"]) == (2, 1, 1)
    assert {group["parent_phone"]: group["refused"] for group in plan["groups"]} == {
        phone: "placeholder_phone",
        PHONE: None,
    }
    done = office.done(FIX, digest=plan["digest"])
    assert (done["removed"], done["groups"], done["refused_groups"]) == (1, 1, 1)
    assert left() == {*refused, cleaned[1]}


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("", True),
        ("   ", True),
        (None, True),
        ("01000000000", True),
        ("01044444444", True),
        ("01012345678", True),
        ("01098765432", True),
        ("01012345679", False),
        ("01011112222", False),
        ("01000000001", False),
    ],
)
def test_what_a_placeholder_is(phone, expected):
    assert is_placeholder(phone) is expected


def test_a_held_record_stays_and_is_named(academy, office, check, deleted, left, trail, model):
    first, held, third = deleted("김하나", PHONE, 3, 2, 1)
    office.post(f"{held}/hold/", {"reason": "소송"})
    expected = model()
    done = office.done(FIX, digest=check()["digest"])
    assert [(one["id"], one["code"]) for one in done["skipped"]] == [(held, "legal_hold")]
    assert done["skipped"][0]["reason"]
    assert left() == expected.survivors == {first, held}
    assert done["removed"] == 1
    assert [row[3] for row in trail("purge_refused")] == [{"reason": "duplicate", "code": "legal_hold"}]
    assert third not in left()


@pytest.mark.parametrize(
    "change",
    [
        lambda ids, office, deleted: deleted("김하나", PHONE, 0),
        lambda ids, office, deleted: office.done("bulk_restore/", ids=[ids[1]]),
        lambda ids, office, deleted: office.done("bulk_permanent_delete/", ids=[ids[2]]),
        lambda ids, office, deleted: deleted("이두리", PHONE, 1, 2),
    ],
)
def test_a_plan_that_is_no_longer_true_is_not_carried_out(academy, office, check, deleted, left, change):
    """The digest is the confirmation: nobody loses days of the trash whom the plan did not name."""
    ids = deleted("김하나", PHONE, 4, 3, 2)
    digest = check()["digest"]
    change(ids, office, deleted)
    before = left()
    status, answer = office.post(FIX, {"digest": digest})
    assert (status, answer["code"]) == (409, "plan_changed")
    assert left() == before
    assert office.done(FIX, digest=check()["digest"])["removed"] >= 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        {"digest": None},
        {"digest": ""},
        {"digest": 1},
        {"digest": "x" * 64},
        {"digest": "a" * 63},
        {"digest": "a" * 65},
        {"digest": "A" * 64},
        {"digest": "' OR 1=1"},
        {"digest": "a" * 64, "tenant_id": "other"},
    ],
)
def test_hostile_confirmations_are_refused(office, deleted, left, body):
    ids = deleted("김하나", PHONE, 4, 3)
    status, answer = office.post(FIX, body)
    assert (status, answer["code"]) == (422, "invalid_request")
    assert left() == set(ids)


def test_another_academy_s_digest_confirms_nothing(office, other_office, check, deleted, left):
    deleted("김하나", PHONE, 4, 3)
    foreign = deleted("김하나", PHONE, 4, 3, tenant="other")
    status, answer = other_office.post(FIX, {"digest": check()["digest"]})
    assert (status, answer["code"]) == (409, "plan_changed")
    assert left("other") == set(foreign)


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("GET", CHECK, ["student", "parent"]),
        ("POST", FIX, ["student", "parent", "staff", "teacher"]),
    ],
)
def test_the_wrong_roles_are_refused(office, method, path, refused):
    for role in refused:
        assert office.ask(method, path, {"digest": "a" * 64}, role)[0] == 403


def test_the_same_key_cleans_up_once(office, app, issuer, check, deleted, left):
    deleted("김하나", PHONE, 4, 3)
    digest = check()["digest"]
    headers = {"Idempotency-Key": "fix-1", **issuer.headers("demo", ["owner"])}
    client = app.test_client()
    answers = [
        client.post(f"/api/v1/students/{FIX}", json={"digest": digest}, headers=headers).get_json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["removed"] == 1
