"""Tags of an academy, and who has them."""

from uuid import uuid4

import pytest

LIST = "/api/v1/students/"
TAGS = f"{LIST}tags/"


@pytest.fixture
def link(client):
    """`link("add_tag", student_id, tag_id)`: the answer."""

    def send(action, student_id, tag_id, by=client):
        return by.post(f"{LIST}{student_id}/{action}/", json={"tag_id": tag_id})

    return send


def test_tags_are_made_listed_changed_and_removed(client, stranger):
    made = client.post(TAGS, json={"name": " 신입생 ", "color": "#FF0000"}).get_json()
    assert made == {"id": made["id"], "name": "신입생", "color": "#FF0000"}
    client.post(TAGS, json={"name": "가"})
    listed = client.get(TAGS).get_json()
    assert ([tag["name"] for tag in listed["results"]], listed["next"]) == (["가", "신입생"], None)
    changed = client.patch(f"{TAGS}{made['id']}/", json={"color": "#00ff00"}).get_json()
    assert changed == {**made, "color": "#00ff00"}
    assert stranger.get(TAGS).get_json()["results"] == []
    assert client.delete(f"{TAGS}{made['id']}/").status_code == 204
    assert client.delete(f"{TAGS}{made['id']}/").status_code == 404
    assert [tag["name"] for tag in client.get(TAGS).get_json()["results"]] == ["가"]


def test_a_name_is_there_once_in_an_academy(client, stranger, tag):
    one, two = tag("신입"), tag("재원")
    for answer in (
        client.post(TAGS, json={"name": "신입"}),
        client.patch(f"{TAGS}{two}/", json={"name": "신입"}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "tag_exists")
    assert client.patch(f"{TAGS}{one}/", json={"name": "신입"}).status_code == 200
    assert stranger.post(TAGS, json={"name": "신입"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "가" * 31}, "name"),
        ({"name": "가\n나"}, "name"),
        ({"name": 1}, "name"),
        ({"name": "가", "color": "red"}, "color"),
        ({"name": "가", "color": "#12345"}, "color"),
        ({"name": "가", "color": "#12345g"}, "color"),
        ({"name": "가", "color": "#1234567"}, "color"),
        ({"name": "가", "color": None}, "color"),
        ({"name": "가", "tenant_id": "other"}, "tenant_id"),
    ],
)
def test_broken_tags_are_refused_by_field(client, body, field):
    answer = client.post(TAGS, json=body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_giving_and_taking_can_be_repeated(create, link, tag, trail):
    made, one, two = create(), tag("나"), tag("가")
    for _ in range(2):
        assert [t["name"] for t in link("add_tag", made["id"], one).get_json()["tags"]] == ["나"]
    assert [t["name"] for t in link("add_tag", made["id"], two).get_json()["tags"]] == ["가", "나"]
    for _ in range(2):
        assert [t["name"] for t in link("remove_tag", made["id"], one).get_json()["tags"]] == ["가"]
    assert trail("updated") == [("user-1", "updated", {"fields": ["tags"]})] * 3


def test_a_tag_that_is_deleted_leaves_its_students(academy, client, create, tag, trail):
    one, two = tag("나"), tag("가")
    made = [create(name=f"학생{n}", tags=[one, two]) for n in range(3)]
    client.delete(f"{TAGS}{one}/")
    assert [t["id"] for t in client.get(f"{LIST}{made[0]['id']}/").get_json()["tags"]] == [two]
    assert academy.all("SELECT count(*) FROM student_tag") == [(3,)]
    assert trail("setting_changed")[-1][2] == {"tag": one, "change": "removed", "students": 3}


def test_unknown_deleted_and_other_academies(academy, client, create, link, stranger, tag):
    made, mine, theirs = create(), tag("내 것"), tag("남의 것", stranger)
    for action in ("add_tag", "remove_tag"):
        assert link(action, uuid4(), mine).status_code == 404
        assert link(action, made["id"], theirs, stranger).status_code == 404
        for unknown in (theirs, str(uuid4())):
            answer = link(action, made["id"], unknown)
            assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_tag")
        assert link(action, made["id"], "x").status_code == 422
    assert client.patch(f"{TAGS}{theirs}/", json={"name": "x"}).status_code == 404
    assert client.delete(f"{TAGS}{theirs}/").status_code == 404
    academy.delete(made["id"])
    assert link("add_tag", made["id"], mine).get_json()["code"] == "student_deleted"


def test_a_student_has_at_most_twenty_tags(academy, create, link, tag):
    tags = [tag(f"태그{n}") for n in range(21)]
    made = create(tags=tags[:20])
    answer = link("add_tag", made["id"], tags[20])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_tags")
    assert academy.all("SELECT count(*) FROM student_tag") == [(20,)]
