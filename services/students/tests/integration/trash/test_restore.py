"""bulk_restore and bulk_resolve_conflicts: everything comes back through the one restore operation."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest
from servicekit.passwords import verify_password
from students.usecases.trash import delete_students, restore_students
from testkit.at_once import at_once

UNKNOWN = "0197f1d0-0000-7000-8000-00000000000a"
HANA = {"name": "김하나", "parent_phone": "01012340000"}


@pytest.fixture
def deleted(academy, office, person):
    """`deleted({...}, ...)`: ids of students who were imported and deleted, in the order of deletion."""

    def make(*rows, tenant="demo"):
        ids = [row["student_id"] for row in academy.resolve(*rows, tenant=tenant)]
        for student in ids:
            academy.delete(student)
        return ids

    return make


@pytest.fixture
def twins(academy):
    """`twins(3)`: ids of so many deleted records of HANA, deleted a day after each other, oldest first."""

    def make(count, **values):
        row = {**HANA, **values}
        rows = academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
            " SELECT 'demo', gen_random_uuid(), %s, %s, %s, now() - interval '20 days' + n * interval '1 day'"
            " FROM generate_series(1, %s) AS n RETURNING id::text, deleted_at",
            row["name"], row["name"], row["parent_phone"], count,
        )  # fmt: skip
        return [student for student, _ in sorted(rows, key=lambda row: row[1])]

    return make


def resolution(student_id, action, row=2, **data):
    return {"row": row, "student_id": student_id, "action": action, "student_data": {**HANA, **data}}


def test_a_restore_brings_back_the_record_as_it_was(academy, office, enrolled, trail):
    [student] = enrolled(1)
    query = "SELECT name, parent_phone, parent_id, student_phone, memo, created_at, deleted_at FROM student"
    before, accounts = academy.all(query), academy.all("SELECT * FROM account ORDER BY id")
    office.delete(f"{student}/")
    assert office.done("bulk_restore/", ids=[student]) == {"restored": 1, "skipped": []}
    assert academy.all(query) == before
    assert academy.all("SELECT * FROM account ORDER BY id") == accounts
    changed = academy.published("students.student.changed")[-1].data["students"]
    assert (changed["student_id"], changed["deleted"], changed["version"]) == ([student], [False], [3])
    assert [row[0] for row in trail()][-2:] == ["deleted", "restored"]


def test_a_restore_tells_of_each_conflict(academy, office, enrolled, deleted, person):
    [active] = enrolled(1, start=90)
    [gone] = deleted(person(1))
    [taken] = deleted(person(2))
    [now_active] = (row["student_id"] for row in academy.resolve(person(3)))
    academy.db.admin.execute(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone)"
        " SELECT 'demo', gen_random_uuid(), name, name_key, parent_phone FROM student WHERE id = %s",
        (taken,),
    )
    [foreign] = deleted(person(1), tenant="other")
    [(twin,)] = academy.all("SELECT id::text FROM student WHERE name = '학생2' AND deleted_at IS NULL")
    academy.db.admin.execute(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at, merged_into)"
        " VALUES ('demo', %s, '합친', '합친', '01099990000', now(), %s)",
        (UNKNOWN, active),
    )
    answer = office.done("bulk_restore/", ids=[gone, taken, now_active, foreign, UNKNOWN])
    assert answer["restored"] == 1
    assert [(one["id"], one["code"], one["conflict_student_id"]) for one in answer["skipped"]] == [
        (taken, "active_student_exists", twin),
        (now_active, "not_deleted", None),
        (foreign, "not_found", None),
        (UNKNOWN, "merged", active),
    ]
    assert academy.all("SELECT count(*) FROM student WHERE id = %s AND deleted_at IS NULL", foreign) == [(0,)]


def test_of_two_records_of_one_identity_the_one_deleted_first_comes_back(academy, office, twins):
    first, second, third = twins(3)
    answer = office.done("bulk_restore/", ids=[third, second])
    assert answer["restored"] == 1
    [skipped] = answer["skipped"]
    assert (skipped["id"], skipped["code"]) == (third, "same_identity_in_request")
    assert skipped["conflict_student_id"] == second
    answer = office.done("bulk_restore/", ids=[first, third])
    assert {one["code"] for one in answer["skipped"]} == {"active_student_exists"}
    assert academy.all("SELECT id::text FROM student WHERE deleted_at IS NULL") == [(second,)]


def test_restores_of_two_twins_at_once_bring_one_back(academy, twins, working, by):
    def run(student):
        with working() as uow:
            return restore_students(uow, by, [UUID(student)])

    results = [one.result() for one in at_once(*(partial(run, student) for student in twins(2)))]
    assert sorted(len(rows) for rows, _ in results) == [0, 1]
    assert [one.code for _, skipped in results for one in skipped] == ["active_student_exists"]
    assert academy.all("SELECT count(*) FROM student WHERE deleted_at IS NULL") == [(1,)]


def test_a_restore_is_a_constant_number_of_statements(enrolled, working, by, statements):
    def cost(ids):
        with working() as uow, statements() as seen:
            delete_students(uow, by, ids)
            rows, _ = restore_students(uow, by, ids)
            assert len(rows) == len(ids)
            uow.flush()
        return len(seen)

    students = [UUID(one) for one in enrolled(300)]
    assert cost(students[:2]) == cost(students) <= 12


def test_conflicts_are_resolved_row_by_row(academy, office, deleted, person):
    """Restored with the row's profile, or purged and created anew with the given password."""
    kept, replaced = deleted({**HANA, "memo": "옛 메모", "grade": 1}, person(7))
    answer = office.done(
        "bulk_resolve_conflicts/",
        initial_password="처음-1234",
        resolutions=[
            resolution(kept, "restore", row=4, grade=3, school="", address="서울"),
            {
                "row": 9,
                "student_id": replaced,
                "action": "delete",
                "student_data": {**person(7), "login_id": "Hana.07"},
            },
        ],
    )
    assert (answer["created"], answer["restored"], answer["failed"]) == (1, 1, [])
    first, second = answer["results"]
    assert (first["row"], first["outcome"], first["student_id"]) == (4, "restored", kept)
    assert (second["row"], second["outcome"], second["name"]) == (9, "created", "학생7")
    assert second["student_id"] != replaced
    rows = academy.all("SELECT id::text, grade, memo, address, deleted_at FROM student ORDER BY name")
    assert rows == [(kept, 3, "옛 메모", "서울", None), (second["student_id"], None, None, None, None)]
    [(hashed,)] = academy.all(
        "SELECT c.hash FROM account a JOIN initial_credential c ON c.id = a.initial_credential_id"
        " WHERE a.student_id = %s AND login_id = 'hana.07'", second["student_id"],
    )  # fmt: skip
    assert verify_password(hashed, "처음-1234")
    [event] = academy.published("students.student.purged")
    assert event.data["students"]["student_id"] == [replaced]


def test_only_managers_may_remove_for_good_while_resolving(academy, office, deleted, person):
    one, other = deleted(person(1), person(2))
    rows = [
        {"row": 1, "student_id": one, "action": "restore", "student_data": person(1)},
        {"row": 2, "student_id": other, "action": "delete", "student_data": person(2)},
    ]
    body = {"initial_password": "처음-1234", "resolutions": rows}
    before = academy.contents()
    status, answer = office.post("bulk_resolve_conflicts/", body, "staff")
    assert (status, answer["code"]) == (403, "forbidden")
    assert academy.contents() == before
    status, answer = office.post("bulk_resolve_conflicts/", {**body, "resolutions": rows[:1]}, "staff")
    assert (status, answer["restored"]) == (200, 1)


def test_a_row_that_cannot_be_resolved_changes_nothing(academy, office, deleted, twins, person):
    one, other = deleted(person(1), person(2))
    [held] = deleted(person(3))
    [active] = (row["student_id"] for row in academy.resolve(person(4)))
    newest = twins(2)[1]
    office.post(f"{held}/hold/", {"reason": "분쟁"})
    rows = [
        (one, "delete", person(2), "identity_mismatch"),
        (one, "delete", person(1), "duplicate_in_request"),
        (other, "delete", {**person(2), "login_id": "taken1"}, "login_id_taken"),
        (held, "delete", person(3), "legal_hold"),
        (active, "delete", person(4), "not_deleted"),
        (newest, "delete", HANA, "deleted_student_exists"),
        (one, "restore", {**person(1), "parent_phone": "010"}, "invalid_parent_phone"),
        (one, "delete", {**person(1), "name": "김\x00"}, "invalid_name"),
        (one, "delete", {**person(1), "tenant_id": "other"}, "invalid_request"),
        (one, "delete", {}, "invalid_name"),
        (one, "delete", ["x"], "invalid_request"),
        (UNKNOWN, "restore", person(5), "not_found"),
        (UNKNOWN.replace("a", "b"), "delete", person(6), "not_found"),
    ]
    academy.db.admin.execute("UPDATE account SET login_id = 'taken1' WHERE student_id = %s", (active,))
    before = academy.contents(but=("outbox", "audit", "idempotency"))
    answer = office.done(
        "bulk_resolve_conflicts/",
        initial_password="1234",
        resolutions=[
            {"row": n, "student_id": student, "action": action, "student_data": data}
            for n, (student, action, data, _) in enumerate(rows, start=2)
        ],
    )
    assert [(result["row"], result["code"]) for result in answer["results"]] == [
        (n, code) for n, (*_, code) in enumerate(rows, start=2)
    ]
    assert len(answer["failed"]) == len(rows)
    assert all(failed["error"] for failed in answer["failed"])
    assert academy.contents(but=("outbox", "audit", "idempotency")) == before
    assert academy.published("students.student.purged") == []


def test_one_row_that_fails_late_does_not_take_the_others_with_it(academy, office, deleted, person):
    """A login id is found to be taken only after the purge: that one row is as it was before."""
    good, bad = deleted(person(1), person(2))
    academy.resolve({**person(8), "student_phone": "01088887777"})
    answer = office.done(
        "bulk_resolve_conflicts/",
        initial_password="1234",
        resolutions=[
            {"row": 2, "student_id": good, "action": "delete", "student_data": person(1)},
            {
                "row": 3,
                "student_id": bad,
                "action": "delete",
                "student_data": {**person(2), "login_id": "01088887777"},
            },
        ],
    )
    assert [result["outcome"] for result in answer["results"]] == ["created", "failed"]
    assert academy.all("SELECT id::text FROM student WHERE deleted_at IS NOT NULL") == [(bad,)]
    [event] = academy.published("students.student.purged")
    assert event.data["students"]["student_id"] == [good]
    assert academy.all("SELECT count(*) FROM erasure_subject") == [(1,)]


@pytest.mark.parametrize(
    "change",
    [
        {"initial_password": "123"},
        {"initial_password": None},
        {"resolutions": []},
        {"resolutions": "x"},
        {"resolutions": [None]},
        {"resolutions": [{}]},
        {"resolutions": [resolution(UNKNOWN, "purge")]},
        {"resolutions": [resolution("1", "delete")]},
        {"resolutions": [resolution(UNKNOWN, "delete", row=0)]},
        {"resolutions": [resolution(UNKNOWN, "delete", row="2행")]},
        {"resolutions": [{**resolution(UNKNOWN, "delete"), "student_data": None}]},
        {"resolutions": [resolution(UNKNOWN, "delete")] * 501},
        {"unknown": 1},
    ],
)
def test_hostile_resolutions_are_refused(office, change):
    body = {"initial_password": "1234", "resolutions": [resolution(UNKNOWN, "delete")], **change}
    status, answer = office.post("bulk_resolve_conflicts/", body)
    assert (status, answer["code"]) == (422, "invalid_request")


def test_another_academy_s_trash_cannot_be_resolved(academy, office, deleted):
    [foreign] = deleted(HANA, tenant="other")
    before = academy.contents(but=("outbox", "audit"))
    for action in ("restore", "delete"):
        answer = office.done(
            "bulk_resolve_conflicts/",
            initial_password="1234",
            resolutions=[resolution(foreign, action)],
        )
        assert [row["code"] for row in answer["failed"]] == ["not_found"]
    assert academy.contents(but=("outbox", "audit")) == before
