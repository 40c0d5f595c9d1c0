"""GET /api/v1/students/ and /api/v1/students/<id>/."""

import pytest
from servicekit.app import routes
from servicekit.auth import ACCOUNT_ROLES, PUBLIC
from testkit.api import signed_in

LIST = "/api/v1/students/"


@pytest.fixture
def client(app, issuer):
    return signed_in(app, issuer, "demo", ["staff"])


@pytest.fixture
def names(client):
    """Names that a query finds, in order."""

    def find(**query):
        answer = client.get(LIST, query_string=query)
        assert answer.status_code == 200, answer.get_json()
        return [student["name"] for student in answer.get_json()["results"]]

    return find


def test_the_list_shows_active_students_in_korean_order_with_login_ids(academy, client):
    academy.resolve(
        {"name": "하늘", "parent_phone": "01000000001", "student_phone": "01011112222", "grade": 3},
        {"name": "가람", "parent_phone": "01000000002", "school": "가나중", "school_type": "MIDDLE"},
    )
    page = client.get(LIST).get_json()
    assert [s["name"] for s in page["results"]] == ["가람", "하늘"]
    assert page["next"] is None
    found = page["results"][1]
    assert {
        name: found[name] for name in ("login_id", "student_phone", "parent_phone", "grade", "school")
    } == {
        "login_id": "01011112222",
        "student_phone": "01011112222",
        "parent_phone": "01000000001",
        "grade": 3,
        "school": None,
    }
    assert found["deleted_at"] is None
    assert found["created_at"].endswith("+00:00")


def test_the_trash_is_a_list_of_its_own(academy, names, person):
    made = academy.resolve(person(1), person(2))
    academy.delete(made[0]["student_id"])
    assert names() == ["학생2"]
    assert names(deleted="false") == ["학생2"]
    assert names(deleted="true") == ["학생1"]


def test_search_finds_parts_of_name_login_id_phones_and_school(academy, names):
    academy.resolve(
        {"name": "홍 길동", "parent_phone": "01012345678", "student_phone": "01099998888"},
        {"name": "Ann Lee", "parent_phone": "01011110000", "school": "Seoul Foreign 고등학교"},
        {"name": "김하나", "parent_phone": "01022220000", "school": "가람중학교"},
    )
    generated = dict(
        academy.all("SELECT name, login_id FROM account JOIN student ON student_id = student.id")
    )
    assert names(search="홍길동") == names(search="홍 길") == names(search=" 길동 ") == ["홍 길동"]
    assert names(search="LEE") == ["Ann Lee"]
    assert (
        names(search="5678")
        == names(search="010-1234-5678")
        == names(search="+82 10 1234 5678")
        == ["홍 길동"]
    )
    assert names(search="9999-8888") == ["홍 길동"]
    assert names(search="seoul") == names(search="고등") == ["Ann Lee"]
    assert names(search="가람") == ["김하나"]
    assert names(search=generated["김하나"].upper()) == ["김하나"]
    assert len(names(search="")) == len(names(search="  ")) == len(names(search="010")) == 3
    assert names(search="없는 이름") == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "a%b", "* or 1=1", "()", "-"])
def test_search_takes_every_character_for_itself(academy, names, text):
    academy.resolve({"name": "김하나", "parent_phone": "01000000001", "school": "가나중"})
    assert names(search=text) == []
    academy.resolve({"name": f"김{text}둘", "parent_phone": "01000000002"})
    assert names(search=text) == [f"김{text}둘"]


def test_pages_show_every_student_once_also_while_others_arrive(academy, client):
    academy.resolve(
        *({"name": f"학생{n % 4}", "parent_phone": f"010{n:08d}"} for n in range(23)),
    )
    seen, cursor = [], None
    while True:
        query = {"page_size": 5, **({"cursor": cursor} if cursor else {})}
        page = client.get(LIST, query_string=query).get_json()
        seen += [student["id"] for student in page["results"]]
        academy.resolve({"name": "가장 앞", "parent_phone": f"0109{len(seen):07d}"})
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 23


def test_the_detail_shows_account_and_parent_and_no_hash(academy, client):
    phone = "01012345678"
    [made, _] = academy.resolve(
        {"name": "김하나", "parent_phone": phone, "memo": "월수금", "gender": "F"},
        {"name": "김두리", "parent_phone": phone},
    )
    answer = client.get(f"{LIST}{made['student_id']}/")
    found = answer.get_json()
    [(parent_id,)] = academy.all("SELECT id::text FROM parent")
    assert found["parent"] == {
        "id": parent_id, "name": "김하나 학부모", "phone": phone, "login_id": phone, "must_change": True
    }  # fmt: skip
    assert (found["memo"], found["gender"], found["must_change"], found["version"]) == (
        "월수금",
        "F",
        True,
        1,
    )
    assert (
        found["login_id"]
        == academy.all(
            "SELECT login_id FROM account WHERE kind = 'student' AND student_id = %s", made["student_id"]
        )[0][0]
    )
    for body in (answer.text, client.get(LIST).text):
        assert "argon2" not in body
        assert "hash" not in body
        assert "credential" not in body


def test_the_detail_of_a_deleted_student_says_so(academy, client, person):
    [made] = academy.resolve(person(1))
    academy.delete(made["student_id"])
    assert client.get(f"{LIST}{made['student_id']}/").get_json()["deleted_at"] is not None


def test_a_student_without_account_and_parent_is_shown(academy, client):
    academy.all(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone) VALUES"
        " ('demo', '0197f1d0-0000-7000-8000-000000000001', '김하나', '김하나', '01012345678') RETURNING id"
    )
    found = client.get(f"{LIST}0197f1d0-0000-7000-8000-000000000001/").get_json()
    assert (found["login_id"], found["must_change"], found["parent"]) == (None, None, None)


def test_another_tenants_students_do_not_exist(academy, app, issuer, person):
    [made] = academy.resolve(person(1), tenant="demo")
    other = signed_in(app, issuer, "other", ["owner"])
    answer = other.get(f"{LIST}{made['student_id']}/")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    for query in ({}, {"search": "학생"}, {"deleted": "true"}):
        assert other.get(LIST, query_string=query).get_json()["results"] == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"cursor": "x"}, 400, "invalid_cursor"),
        ({"cursor": "bm90IGpzb24"}, 400, "invalid_cursor"),
        ({"cursor": "W10"}, 400, "invalid_cursor"),
        ({"cursor": "W10="}, 400, "invalid_cursor"),
        ({"cursor": "WyJhIiwiYiJd"}, 400, "invalid_cursor"),  # ["a","b"]
        ({"cursor": "WzEsMl0"}, 400, "invalid_cursor"),  # [1,2]
        ({"cursor": "x" * 3000}, 422, "invalid_request"),
        ({"page_size": "0"}, 422, "invalid_request"),
        ({"page_size": "501"}, 422, "invalid_request"),
        ({"page_size": "many"}, 422, "invalid_request"),
        ({"page_size": "1e3"}, 422, "invalid_request"),
        ({"deleted": "1"}, 422, "invalid_request"),
        ({"deleted": "yes"}, 422, "invalid_request"),
        ({"search": "가" * 10_000}, 422, "invalid_request"),
        ({"search": "가\0나"}, 400, "invalid_characters"),
        ({"sort": "name"}, 422, "invalid_request"),
    ],
)
def test_hostile_queries_are_refused_with_a_code(academy, client, person, query, status, code):
    academy.resolve(person(1))
    answer = client.get(LIST, query_string=query)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "student_id",
    [
        "0197f1d0-0000-7000-8000-00000000000a",
        "1",
        "x" * 36,
        "%00",
        "..",
        "0197f1d0-0000-7000-8000-00000000000g",
        "학생",
    ],
)
def test_an_id_that_nobody_has_is_not_found(client, student_id):
    answer = client.get(f"{LIST}{student_id}/")
    assert answer.status_code in (400, 404)
    assert answer.get_json()["code"] in ("not_found", "invalid_characters")


def test_only_these_routes_admit_strangers_students_and_parents(app):
    found = {(route.method, route.rule): route.roles for route in routes(app)}
    base = "/api/v1/students"
    assert {key for key, roles in found.items() if roles == PUBLIC and key[1].startswith(base)} == {
        ("POST", f"{base}/registration_requests/"),
        ("POST", f"{base}/token/"),
        ("POST", f"{base}/token/password/"),
        ("POST", f"{base}/token/refresh/"),
        ("POST", f"{base}/token/revoke/"),
        ("GET", f"{base}/token/keys/"),
    }
    assert {key for key, roles in found.items() if roles & ACCOUNT_ROLES} == {
        ("GET", f"{base}/me/"),
        ("PATCH", f"{base}/me/"),
    }


@pytest.mark.parametrize("role", ["student", "parent", "nobody"])
def test_students_and_parents_do_not_see_the_lists(app, issuer, role):
    assert signed_in(app, issuer, "demo", [role]).get(LIST).status_code == 403
    assert app.test_client().get(LIST).status_code == 401


def test_the_routes_are_documented(app, client):
    paths = client.get("/openapi/students.json").get_json()["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    rules = {(route.method, route.rule) for route in routes(app) if route.rule.startswith("/api/")}
    public = {(method, path) for method, path in documented if path.startswith("/api/")}
    assert len({key for key in public if key[0] != "PARAMETERS"}) == len(rules)
