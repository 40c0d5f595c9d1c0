"""PATCH /api/v1/students/<id>/."""

from functools import partial
from uuid import uuid4

import pytest
from testkit.api import signed_in
from testkit.at_once import at_once

LIST = "/api/v1/students/"


@pytest.fixture
def patch(client):
    def send(student_id, by=client, **values):
        return by.patch(f"{LIST}{student_id}/", json=values)

    return send


@pytest.fixture
def change(patch):
    """As `patch`, for a change that is accepted; the detail."""

    def send(student_id, **values):
        answer = patch(student_id, **values)
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    return send


FIELDS = {
    "student_phone": "01099990000",
    "school": "새 학교",
    "school_type": "ELEMENTARY",
    "grade": 6,
    "gender": "M",
    "school_class": "1반",
    "major": "문과",
    "origin_school": "옛 학교",
    "address": "서울",
    "memo": "메모",
    "custom_fields": {"차량": "3호"},
    "is_managed": False,
    "login_id": "new.login",
    "name": "새 이름",
}


def test_every_field_can_be_changed_and_emptied(create, change):
    made = create()
    found = change(made["id"], **FIELDS)
    assert {name: found[name] for name in FIELDS} == FIELDS
    assert (found["version"], found["omr_code"]) == (2, "99990000")
    empty = dict.fromkeys(("student_phone", "school", "school_type", "grade", "gender", "memo"))
    found = change(made["id"], **empty, address="", custom_fields={})
    assert {name: found[name] for name in empty} == empty
    assert (found["address"], found["custom_fields"], found["uses_identifier"]) == (None, {}, True)
    assert found["login_id"] == "new.login"


def test_what_is_as_given_already_is_no_change(academy, create, change):
    made = create(school="가나중", tags=[])
    before = academy.contents(but=())
    found = change(made["id"], school="가나중", name=" 김하나", parent_phone="010 1234 5678", tags=[])
    assert (found["version"], found["updated_at"]) == (1, made["updated_at"])
    assert change(made["id"]) == found
    assert academy.contents(but=()) == before


def test_a_change_is_told_and_the_trail_names_fields_only(academy, create, change, trail):
    made = create()
    change(made["id"], memo="비밀 메모", grade=2, school_type="MIDDLE")
    event = academy.published("students.student.changed")[-1]
    assert (event.data["students"]["version"], event.data["students"]["grade"]) == ([2], [2])
    assert trail("updated") == [("user-1", "updated", {"fields": ["grade", "memo", "school_type"]})]
    assert academy.all("SELECT count(*) FROM audit WHERE details::text LIKE '%%비밀%%'") == [(0,)]


def test_a_new_identity_finds_the_student_and_the_old_one_is_free(academy, create, change):
    made = create(name="김하나")
    change(made["id"], name="Ann  LEE", parent_phone="010-2222-3333")
    [known] = academy.resolve({"name": "ann lee", "parent_phone": "01022223333"})
    assert (known["outcome"], known["student_id"]) == ("matched", made["id"])
    assert create(name="김하나")["id"] != made["id"]


def test_an_identity_that_an_active_student_has_is_refused(academy, create, patch, change):
    one, two = create(name="김하나"), create(name="김두리")
    before = academy.contents(but=())
    answer = patch(two["id"], name="김 하나")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "duplicate_student")
    assert answer.get_json()["existing_student"]["id"] == one["id"]
    assert academy.contents(but=()) == before
    academy.delete(one["id"])
    assert change(two["id"], name="김하나")["name"] == "김하나"


def test_a_new_parent_phone_moves_to_that_parent(academy, create, change):
    elder, younger = create(name="김하나"), create(name="김두리")
    other = create(name="이세찌", parent_phone="01022223333")
    found = change(younger["id"], parent_phone="01022223333")
    assert found["parent"] == other["parent"]
    assert [sibling["id"] for sibling in found["siblings"]] == [other["id"]]
    found = change(elder["id"], parent_phone="01044445555")
    assert (found["parent"]["phone"], found["parent"]["login_id"]) == ("01044445555", "01044445555")
    assert (found["parent"]["name"], found["parent"]["must_change"]) == ("김하나 학부모", True)
    # the old parent has no child left and keeps its row until a purge
    assert academy.all("SELECT count(*) FROM parent") == [(3,)]
    assert academy.all(
        "SELECT count(*) FROM student s JOIN parent p ON p.id = s.parent_id AND p.phone <> s.parent_phone"
    ) == [(0,)]


def test_a_new_parent_whose_phone_is_a_login_gets_another(create, change):
    create(name="이두리", student_phone="01044445555")
    made = create()
    found = change(made["id"], parent_phone="01044445555")
    assert found["parent"]["phone"] == "01044445555"
    assert found["parent"]["login_id"] != "01044445555"


def test_login_ids_stay_unique_and_never_shadow_a_parent(create, patch, change):
    create(name="이두리", login_id="duri", parent_phone="01022223333")
    made = create(login_id="hana")
    for taken in ("duri", "Duri", "01022223333", "01012345678"):
        answer = patch(made["id"], login_id=taken)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "login_id_taken"), taken
    assert change(made["id"], login_id="HANA")["version"] == 1
    assert change(made["id"], login_id="hana2")["login_id"] == "hana2"


def test_the_password_survives_a_new_login_id(academy, create, change):
    made = create(login_id="hana")
    query = "SELECT id, password_hash, initial_credential_id FROM account WHERE kind = 'student'"
    before = academy.all(query)
    change(made["id"], login_id="hana2")
    assert academy.all(query) == before


def test_tags_are_replaced_as_a_whole(create, change, patch, stranger, tag):
    a, b = tag("가"), tag("나")
    made = create(tags=[a])
    found = change(made["id"], tags=[b])
    assert ([t["id"] for t in found["tags"]], found["version"]) == ([b], 2)
    assert [t["name"] for t in change(made["id"], tags=[b, a])["tags"]] == ["가", "나"]
    assert change(made["id"], tags=[])["tags"] == []
    answer = patch(made["id"], tags=[a, tag("남의 태그", stranger)])
    assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_tags")


def test_a_version_that_moved_is_a_conflict(create, change, patch):
    made = create()
    change(made["id"], memo="하나", version=1)
    answer = patch(made["id"], memo="둘", version=1)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "version_conflict")
    assert change(made["id"], memo="둘", version=2)["version"] == 3


def test_grade_and_type_are_checked_together_with_what_is_stored(create, change, patch):
    made = create(school_type="ELEMENTARY", grade=6)
    answer = patch(made["id"], school_type="MIDDLE")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["grade"])
    assert change(made["id"], school_type="MIDDLE", grade=1)["grade"] == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"parent_phone": None}, "parent_phone"),
        ({"parent_phone": ""}, "parent_phone"),
        ({"parent_phone": "02-123-4567"}, "parent_phone"),
        ({"login_id": None}, "login_id"),
        ({"login_id": "x"}, "login_id"),
        ({"version": 0}, "version"),
        ({"version": "1"}, "version"),
        ({"is_managed": None}, "is_managed"),
        ({"custom_fields": {"a": []}}, "custom_fields"),
        ({"tags": None}, "tags"),
        ({"initial_password": "pass1234"}, "initial_password"),
        ({"deleted_at": None}, "deleted_at"),
        ({"merged_into": None}, "merged_into"),
        ({"photo_type": "image/png"}, "photo_type"),
    ],
)
def test_broken_changes_are_refused_by_field(client, values, field):
    answer = client.patch(f"{LIST}{uuid4()}/", json=values)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_nobody_changes_who_is_deleted_unknown_or_another_academys(academy, create, patch, stranger):
    made = create()
    assert patch(uuid4(), memo="x").status_code == 404
    assert patch(made["id"], stranger, memo="x").status_code == 404
    assert patch(made["id"], stranger, name="x").status_code == 404
    academy.delete(made["id"])
    answer = patch(made["id"], memo="x")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "student_deleted")


def test_two_who_become_one_identity_at_once_stay_two(academy, app, issuer, create):
    made = [create(name="김하나"), create(name="김두리")]

    def rename(student):
        by = signed_in(app, issuer, "demo", ["staff"])
        return by.patch(f"{LIST}{student['id']}/", json={"name": "김세찌"}).status_code

    assert sorted(one.result() for one in at_once(*(partial(rename, one) for one in made))) == [200, 409]
    assert academy.all("SELECT count(*) FROM student WHERE name = '김세찌'") == [(1,)]
