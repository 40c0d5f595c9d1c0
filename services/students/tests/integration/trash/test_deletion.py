"""DELETE /<id>/ and bulk_delete: into the trash, with every value as it was."""

from __future__ import annotations

import pytest

UNKNOWN = "0197f1d0-0000-7000-8000-00000000000a"


def stored(academy, student_id):
    [(row,)] = academy.all("SELECT to_jsonb(s) FROM student s WHERE id = %s", student_id)
    return row


def test_a_deletion_changes_no_value_of_the_record(academy, office):
    [made] = academy.resolve({"name": "김하나", "parent_phone": "01012340000", "memo": "월수", "grade": 2})
    before = stored(academy, made["student_id"])
    accounts = academy.all("SELECT * FROM account ORDER BY id")
    assert office.delete(f"{made['student_id']}/") == (204, None)
    after = stored(academy, made["student_id"])
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"deleted_at", "version", "updated_at"}
    assert after["version"] == before["version"] + 1
    assert academy.all("SELECT * FROM account ORDER BY id") == accounts


def test_a_deletion_is_told_and_recorded(academy, office, enrolled, trail, pseudonym):
    [student] = enrolled(1)
    office.delete(f"{student}/")
    changed = academy.published("students.student.changed")[-1].data["students"]
    assert (changed["student_id"], changed["deleted"], changed["version"]) == ([student], [True], [2])
    [(_, who, actor, details)] = trail("deleted")
    assert (who, actor, details) == (pseudonym(student), "staff-1", {})


def test_what_was_deleted_is_not_deleted_again(office, enrolled):
    [student] = enrolled(1)
    office.delete(f"{student}/")
    status, answer = office.delete(f"{student}/")
    assert (status, answer["code"]) == (409, "already_deleted")


def test_bulk_delete_tells_what_became_of_each_id(academy, office, other_office, enrolled, trail):
    mine, [foreign] = enrolled(3), enrolled(1, tenant="other")
    office.delete(f"{mine[2]}/")
    answer = office.done("bulk_delete/", ids=[*mine, foreign, UNKNOWN])
    assert answer["deleted"] == 2
    codes = {one["id"]: one["code"] for one in answer["skipped"]}
    assert codes == {mine[2]: "already_deleted", foreign: "not_found", UNKNOWN: "not_found"}
    assert all(one["reason"] for one in answer["skipped"])
    assert academy.all("SELECT deleted_at FROM student WHERE id = %s", foreign) == [(None,)]
    assert len(trail("deleted")) == 3


def test_a_deleted_student_s_sign_ins_end_and_a_parent_s_with_the_last_child(academy, office):
    phone = "01012340000"
    made = academy.resolve(
        {"name": "김하나", "parent_phone": phone}, {"name": "김두리", "parent_phone": phone}
    )
    academy.db.admin.execute(
        "INSERT INTO account_session (tenant_id, id, account_id, refresh_hash, expires_at)"
        " SELECT tenant_id, gen_random_uuid(), id, id::text, now() + interval '1 day' FROM account"
    )
    alive = "SELECT kind FROM account_session s JOIN account a ON a.id = s.account_id ORDER BY kind"
    office.delete(f"{made[0]['student_id']}/")
    assert academy.all(alive) == [("parent",), ("student",)]
    office.delete(f"{made[1]['student_id']}/")
    assert academy.all(alive) == []


@pytest.mark.parametrize("path", ["bulk_delete/", "bulk_restore/", "bulk_permanent_delete/"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
        ([], 422, "invalid_request"),
        ({"ids": []}, 422, "invalid_request"),
        ({"ids": None}, 422, "invalid_request"),
        ({"ids": "all"}, 422, "invalid_request"),
        ({"ids": {"a": 1}}, 422, "invalid_request"),
        ({"ids": [1]}, 422, "invalid_request"),
        ({"ids": [None]}, 422, "invalid_request"),
        ({"ids": ["' OR 1=1 --"]}, 422, "invalid_request"),
        ({"ids": [UNKNOWN, UNKNOWN]}, 422, "invalid_request"),
        ({"ids": [UNKNOWN, UNKNOWN.upper()]}, 422, "invalid_request"),
        ({"ids": [UNKNOWN.replace("-", "")]}, 422, "invalid_request"),
        ({"ids": ["a" * 36] * 501}, 422, "invalid_request"),
        ({"ids": [UNKNOWN], "tenant_id": "other"}, 422, "invalid_request"),
    ],
)
def test_hostile_lists_of_ids_are_refused(office, enrolled, academy, path, body, status, code):
    [student] = enrolled(1)
    answered, answer = office.post(path, body)
    assert (answered, answer["code"]) == (status, code)
    assert academy.all("SELECT deleted_at FROM student WHERE id = %s", student) == [(None,)]


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("DELETE", "{id}/", ["student", "parent"]),
        ("POST", "bulk_delete/", ["student", "parent"]),
        ("POST", "bulk_restore/", ["student", "parent"]),
        ("POST", "bulk_resolve_conflicts/", ["student", "parent"]),
        ("POST", "bulk_permanent_delete/", ["student", "parent", "staff", "teacher"]),
        ("POST", "{id}/hold/", ["student", "parent", "staff", "teacher"]),
        ("DELETE", "{id}/hold/", ["student", "parent", "staff", "teacher"]),
    ],
)
def test_the_wrong_roles_are_refused(academy, office, enrolled, method, path, refused):
    [student] = enrolled(1)
    before = academy.contents()
    for role in refused:
        status, _ = office.ask(method, path.format(id=student), {"ids": [student]}, role)
        assert status == 403, role
    assert academy.contents() == before
