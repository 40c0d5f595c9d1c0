"""Accounts that an import makes: what is shown is what signs in, and nobody shadows anybody."""

import re
from uuid import uuid4

import pytest
from psycopg.errors import CheckViolation, UniqueViolation
from students.usecases import people
from students.usecases import rosters as usecases

GENERATED = re.compile(r"[a-z][2-9]{8}")


@pytest.fixture
def logins(academy):
    """Login ids by student name, and by phone for parents."""

    def read(tenant="demo"):
        return dict(
            academy.all(
                "SELECT coalesce(s.name, p.phone), a.login_id FROM account a"
                " LEFT JOIN student s ON s.id = a.student_id LEFT JOIN parent p ON p.id = a.parent_id"
                " WHERE a.tenant_id = %s",
                tenant,
            )
        )

    return read


def test_phones_are_login_ids_where_they_are_free(academy, person, logins):
    academy.resolve(person(1, student_phone="01011112222"), person(2))
    found = logins()
    assert found["학생1"] == "01011112222"
    assert found["01000000001"] == "01000000001"
    assert GENERATED.fullmatch(found["학생2"])


def test_siblings_share_one_parent_and_one_parent_account(academy):
    phone = "01012345678"
    academy.resolve({"name": "김하나", "parent_phone": phone}, {"name": "김두리", "parent_phone": phone})
    academy.resolve({"name": "김세찌", "parent_phone": phone})
    assert academy.all("SELECT name, phone FROM parent") == [("김하나 학부모", phone)]
    assert academy.all("SELECT login_id FROM account WHERE kind = 'parent'") == [(phone,)]
    assert academy.all("SELECT count(DISTINCT parent_id), count(*) FROM student") == [(1, 3)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_student_phone_that_is_a_parents_phone_is_left_to_the_parent(academy, person, logins, order):
    rows = [
        {"name": "김하나", "parent_phone": "01012345678", "student_phone": "01012345678"},
        person(1, student_phone="01000000002"),
        person(2),
    ]
    academy.resolve(*rows[::order])
    found = logins()
    assert found["01012345678"] == "01012345678"
    assert found["01000000002"] == "01000000002"
    assert GENERATED.fullmatch(found["김하나"])
    assert GENERATED.fullmatch(found["학생1"])


def test_a_parents_phone_known_from_before_is_left_to_the_parent(academy, person, logins):
    academy.resolve(person(1))
    academy.resolve(person(2, student_phone="01000000001"))
    assert GENERATED.fullmatch(logins()["학생2"])


def test_a_student_phone_belongs_to_who_came_first(academy, person, logins):
    academy.resolve(person(1, student_phone="01099998888"), person(2, student_phone="01099998888"))
    academy.resolve(person(3, student_phone="01099998888"))
    found = logins()
    assert found["학생1"] == "01099998888"
    assert GENERATED.fullmatch(found["학생2"])
    assert GENERATED.fullmatch(found["학생3"])


def test_a_deleted_students_login_id_stays_theirs(academy, person, logins):
    [made] = academy.resolve(person(1, student_phone="01099998888"))
    academy.delete(made["student_id"])
    academy.resolve(person(2, student_phone="01099998888"))
    assert GENERATED.fullmatch(logins()["학생2"])
    academy.resolve(person(1))
    assert logins()["학생1"] == "01099998888"


def test_a_parent_whose_phone_a_student_signs_in_with_gets_a_generated_id(academy, person, logins):
    academy.resolve(person(1, student_phone="01000000002"))
    academy.resolve(person(2))
    found = logins()
    assert found["학생1"] == "01000000002"
    assert GENERATED.fullmatch(found["01000000002"])


def test_generated_ids_that_are_taken_are_passed_over(academy, person, logins, monkeypatch):
    fixed = iter([["a22222222", "a22222223", "a22222224", "b2", "b3", "b4"]] * 3)
    monkeypatch.setattr(people, "login_ids", lambda _: next(fixed))
    for number in (1, 2, 3):
        academy.resolve(person(number))
    found = logins()
    assert [found[f"학생{n}"] for n in (1, 2, 3)] == ["a22222222", "a22222223", "a22222224"]


def test_tenants_have_login_ids_of_their_own(academy, person, logins):
    for tenant in ("demo", "other"):
        academy.resolve(person(1, student_phone="01011112222"), tenant=tenant)
        assert logins(tenant) == {"학생1": "01011112222", "01000000001": "01000000001"}


def test_a_password_once_set_survives_delete_and_restore(academy, person):
    [made] = academy.resolve(person(1))
    academy.all(
        "UPDATE account SET password_hash = '$argon2id$own', must_change = false,"
        " initial_credential_id = NULL RETURNING id"
    )
    before = academy.all("SELECT * FROM account ORDER BY id")
    academy.delete(made["student_id"])
    academy.resolve(person(1, student_phone="01099998888"))
    assert academy.all("SELECT * FROM account ORDER BY id") == before


INSERT = "INSERT INTO account (tenant_id, id, login_id, kind, student_id, parent_id, must_change) VALUES "


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ("('demo', gen_random_uuid(), 'x', 'student', s.id, NULL::uuid, true)", UniqueViolation),
        ("('demo', gen_random_uuid(), 'x', 'parent', NULL::uuid, p.id, true)", UniqueViolation),
        ("('demo', gen_random_uuid(), 'x', 'student', NULL::uuid, NULL::uuid, true)", CheckViolation),
        ("('demo', gen_random_uuid(), 'x', 'student', s.id, p.id, true)", CheckViolation),
        ("('demo', gen_random_uuid(), 'x', 'teacher', s.id, NULL::uuid, true)", CheckViolation),
    ],
)
def test_an_account_has_one_owner_and_an_owner_one_account(academy, person, values, error):
    academy.resolve(person(1))
    select = (
        INSERT.replace(" VALUES", "") + f"SELECT v.* FROM student s, parent p, LATERAL (VALUES {values}) v"
    )
    with pytest.raises(error):
        academy.db.admin.execute(select.encode())


def test_no_secret_is_kept_in_clear_or_told(academy, person):
    academy.resolve(person(1), job=uuid4())
    assert academy.all("SELECT count(*) FROM outbox WHERE body LIKE '%argon2%'") == [(0,)]
    with pytest.raises(CheckViolation):
        academy.db.admin.execute("UPDATE initial_credential SET hash = 'pass1234'")
    with pytest.raises(CheckViolation):
        academy.db.admin.execute("UPDATE account SET password_hash = 'pass1234'")


def test_expired_initial_credentials_are_forgotten(academy, person):
    academy.resolve(person(1), tenant="demo")
    academy.resolve(person(1), tenant="other")
    academy.all("UPDATE initial_credential SET expires_at = now() WHERE tenant_id = 'demo' RETURNING id")
    [(now,)] = academy.all("SELECT now()")
    usecases.forget_credentials(academy.db.database, now)
    assert academy.all("SELECT tenant_id FROM initial_credential") == [("other",)]
    assert academy.all("SELECT count(*) FROM account") == [(4,)]
