"""The one purge: what goes, what stays, what is told, and who is refused."""

from __future__ import annotations

import pytest
from contracts import SERVICES
from students.usecases.purge import purge
from testkit.at_once import at_once

UNKNOWN = "0197f1d0-0000-7000-8000-00000000000a"
PHONE = "01012340000"


@pytest.fixture
def family(academy, office):
    """Ids of two siblings, the first deleted, with everything that can hang on a student."""
    made = academy.resolve(
        {"name": "김하나", "parent_phone": PHONE, "student_phone": "01055556666"},
        {"name": "김두리", "parent_phone": PHONE},
    )
    hana, duri = (row["student_id"] for row in made)
    for statement in (
        "INSERT INTO tag (tenant_id, id, name, color) VALUES ('demo', gen_random_uuid(), '관리', '#112233')",
        "INSERT INTO student_tag SELECT 'demo', s.id, t.id FROM student s, tag t",
        "INSERT INTO account_session (tenant_id, id, account_id, refresh_hash, expires_at)"
        " SELECT 'demo', gen_random_uuid(), id, id::text, now() + interval '1 day' FROM account",
        "INSERT INTO registration_request (tenant_id, id, status, name, name_key, parent_phone, decided_at,"
        " student_id) SELECT 'demo', gen_random_uuid(), 'approved', name, name_key, parent_phone, now(), id"
        " FROM student",
        "INSERT INTO distinct_pair (tenant_id, left_id, right_id, decided_by)"
        " SELECT 'demo', min(id::text)::uuid, max(id::text)::uuid, 'user-1' FROM student",
        f"INSERT INTO legal_hold (tenant_id, student_id, reason, until, created_by)"
        f" VALUES ('demo', '{hana}', '지난 분쟁', now() - interval '1 day', 'user-1')",
    ):
        academy.db.admin.execute(statement.encode())
    office.delete(f"{hana}/")
    return hana, duri


def everything_of(academy, student_id):
    """Tables in which the id or a value of the student stands."""
    found = {}
    for table, rows in academy.contents(but=("outbox", "inbox", "alembic_version", "idempotency")).items():
        if any(student_id in row for row in rows):
            found[table] = sum(student_id in row for row in rows)
    return found


def test_nothing_of_the_student_stays_but_the_erasure(academy, office, family, pseudonym, trail):
    hana, duri = family
    answer = office.done("bulk_permanent_delete/", ids=[hana])
    assert (answer["deleted"], answer["skipped"]) == (1, [])
    assert everything_of(academy, hana) == {"erasure_subject": 1}
    assert not any("김하나" in row for row in academy.contents(but=("outbox", "parent"))["student"])
    [subject] = academy.all(
        "SELECT s.pseudonym, e.id::text, e.reason, e.requested_by, e.completed_at, s.deleted_at IS NOT NULL"
        " FROM erasure_subject s JOIN erasure e ON e.id = s.erasure_id"
    )
    assert subject == (pseudonym(hana), answer["erasure_ids"][0], "requested", "owner-1", None, True)
    assert trail("purged") == [("purged", pseudonym(hana), "owner-1", {"reason": "requested"})]
    # the sibling keeps record, account, tag and the parent whom they share
    assert academy.all("SELECT id::text FROM student") == [(duri,)]
    assert academy.all("SELECT kind FROM account ORDER BY kind") == [("parent",), ("student",)]
    assert academy.all("SELECT count(*) FROM account_session") == [(2,)]
    assert academy.all("SELECT student_id::text FROM student_tag") == [(duri,)]
    assert academy.all("SELECT phone FROM parent") == [(PHONE,)]


def test_the_parent_goes_with_the_last_child(academy, office, family):
    hana, duri = family
    office.delete(f"{duri}/")
    office.done("bulk_permanent_delete/", ids=[hana, duri])
    for table in ("student", "parent", "account", "account_session", "distinct_pair", "registration_request"):
        assert academy.all(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_every_service_is_told_whom_to_forget(academy, office, family):
    hana, _ = family
    answer = office.done("bulk_permanent_delete/", ids=[hana])
    [event_] = academy.published("students.student.purged")
    assert event_.data == {
        "erasure_id": answer["erasure_ids"][0],
        "students": {
            "student_id": [hana],
            "name": ["김하나"],
            "parent_phone": [PHONE],
            "student_phone": ["01055556666"],
        },
    }
    told = academy.all("SELECT destination FROM outbox WHERE type = 'students.student.purged' ORDER BY 1")
    assert [to for (to,) in told] == sorted(SERVICES)


def test_only_the_trash_of_one_s_own_academy_can_be_purged(academy, office, enrolled):
    [active, held], [foreign] = enrolled(2), enrolled(1, tenant="other")
    academy.delete(foreign, held)
    office.post(f"{held}/hold/", {"reason": "소송"})
    before = academy.contents(but=("outbox", "audit"))
    answer = office.done("bulk_permanent_delete/", ids=[active, foreign, UNKNOWN, held])
    assert (answer["deleted"], answer["erasure_ids"]) == (0, [])
    assert [(one["id"], one["code"]) for one in answer["skipped"]] == [
        (active, "not_deleted"),
        (foreign, "not_found"),
        (UNKNOWN, "not_found"),
        (held, "legal_hold"),
    ]
    assert academy.contents(but=("outbox", "audit")) == before


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE account SET tenant_id = 'other' WHERE student_id = %s",
        "INSERT INTO student_tag VALUES ('other', %s, gen_random_uuid())",
        "INSERT INTO legal_hold VALUES ('other', %s, 'x', NULL, 'x', now())",
        "INSERT INTO distinct_pair VALUES ('other', '00000000-0000-0000-0000-000000000000', %s, 'x', now())",
        "INSERT INTO student_merge (tenant_id, id, winner_id, loser_id, filled, tags, merged_by)"
        " VALUES ('other', gen_random_uuid(), %s, gen_random_uuid(), '{}', '{}', 'x')",
        "INSERT INTO registration_request (tenant_id, id, status, name, name_key, parent_phone, student_id)"
        " VALUES ('other', gen_random_uuid(), 'pending', 'x', 'x', '01000000001', %s)",
    ],
)
def test_a_link_from_another_academy_refuses_the_purge(academy, office, enrolled, trail, pseudonym, broken):
    """The keys forbid such a row; a superuser's repair may have made one."""
    linked, plain = enrolled(2)
    academy.delete(linked, plain)
    academy.db.admin.execute("SET session_replication_role = replica")
    academy.db.admin.execute(broken.encode(), (linked,))
    academy.db.admin.execute("SET session_replication_role = origin")
    answer = office.done("bulk_permanent_delete/", ids=[linked, plain])
    assert answer["deleted"] == 1
    assert [(one["id"], one["code"]) for one in answer["skipped"]] == [(linked, "cross_tenant_reference")]
    assert academy.all("SELECT id::text FROM student") == [(linked,)]
    details = {"reason": "requested", "code": "cross_tenant_reference"}
    assert trail("purge_refused") == [("purge_refused", pseudonym(linked), "owner-1", details)]


def test_looking_across_academies_ends_with_the_look(enrolled, working, by, academy):
    """After the purge the transaction sees its own tenant only, as before."""
    [mine], _ = enrolled(1), enrolled(1, tenant="other")
    academy.delete(mine)
    with working() as uow:
        purge(uow, by, [mine], "requested")
        assert uow.conn.exec_driver_sql("SELECT count(*) FROM student").scalar() == 0
        assert uow.conn.exec_driver_sql("SELECT current_user").scalar() == "students_app"


def test_a_merged_record_goes_and_the_one_that_it_was_merged_into_stays(academy, working, by, enrolled):
    winner, loser, older = enrolled(3)
    academy.delete(loser, older)
    merge = (
        "INSERT INTO student_merge (tenant_id, id, winner_id, loser_id, filled, tags, merged_by)"
        " VALUES ('demo', gen_random_uuid(), %s, %s, '{}', '{}', 'user-1')"
    )
    for into, lost in ((winner, loser), (loser, older)):
        academy.db.admin.execute("UPDATE student SET merged_into = %s WHERE id = %s", (into, lost))
        academy.db.admin.execute(merge.encode(), (into, lost))
    with working() as uow:
        purge(uow, by, [loser], "expired")
    rows = academy.all("SELECT id::text, merged_into FROM student WHERE name = ANY(%s)", ["학생1", "학생3"])
    assert sorted(rows) == sorted([(winner, None), (older, None)])
    assert academy.all("SELECT count(*) FROM student_merge") == [(0,)]


def test_a_purge_is_a_constant_number_of_statements(academy, enrolled, working, by, statements):
    def cost(ids):
        with working() as uow, statements() as seen:
            purge(uow, by, ids, "requested")
            uow.flush()
        return len(seen)

    few, many = enrolled(3, start=1), enrolled(1200, start=10)
    academy.delete(*few, *many)
    assert cost(few) == cost(many) <= 25
    sizes = [len(one.data["students"]["name"]) for one in academy.published("students.student.purged")]
    assert sizes == [3, 500, 500, 200]
    assert academy.all("SELECT count(*) FROM erasure") == [(4,)]
    assert academy.all("SELECT count(*) FROM student") == [(0,)]


def test_two_purges_of_one_student_at_once_have_one_effect(academy, enrolled, working, by):
    """The second waits for the first and finds nobody."""
    students = enrolled(20)
    academy.delete(*students)

    def run():
        with working() as uow:
            return purge(uow, by, students, "requested")

    results = [one.result() for one in at_once(run, run, run)]
    assert sorted(len(result.purged) for result in results) == [0, 0, 20]
    assert len(academy.published("students.student.purged")) == 1
