"""GET /api/v1/students/: filters, tags, and the trash."""

from uuid import uuid4

import pytest

LIST = "/api/v1/students/"


@pytest.fixture
def names(client):
    def find(by=client, **query):
        answer = by.get(LIST, query_string=query)
        assert answer.status_code == 200, answer.get_json()
        return [student["name"] for student in answer.get_json()["results"]]

    return find


@pytest.fixture
def bury(academy):
    """Put a student into the trash so many days ago."""

    def delete(student_id, days):
        academy.all(
            "UPDATE student SET deleted_at = now() - %s * interval '1 day' WHERE id = %s RETURNING id",
            days,
            student_id,
        )

    return delete


def test_filters_narrow_and_combine(create, names, tag):
    new = tag("신입")
    create(name="가", school="가나중", school_type="MIDDLE", grade=1, gender="F", tags=[new])
    create(name="나", school="가나중", school_type="MIDDLE", grade=2, gender="M", is_managed=False)
    create(name="다", school="가나고", school_type="HIGH", grade=1, tags=[new], login_id="da.login")
    assert names(grade=1) == ["가", "다"]
    assert names(school_type="MIDDLE") == ["가", "나"]
    assert names(gender="M") == ["나"]
    assert names(school="가나고") == ["다"]
    assert names(school="가나") == []
    assert names(tag=new) == ["가", "다"]
    assert names(tag=new, school_type="HIGH", search="가나") == ["다"]
    assert names(is_managed="false") == ["나"]
    assert names(is_managed="true") == ["가", "다"]
    assert names(search="a.log") == ["다"]
    assert names(tag=uuid4()) == []


def test_another_academy_s_tag_finds_nobody(create, names, stranger, tag):
    new = tag("신입")
    create(tags=[new])
    assert names(stranger, tag=new) == []


def test_rows_have_their_tags_by_name_in_a_constant_number_of_statements(client, create, statements, tag):
    tags = [tag(name) for name in ("나", "가")]

    def cost():
        with statements() as seen:
            page = client.get(LIST).get_json()["results"]
        return page, len(seen)

    create(name="김하나", tags=tags)
    [one], few = cost()
    assert [t["name"] for t in one["tags"]] == ["가", "나"]
    for number in range(10):
        create(name=f"학생{number}", tags=tags[: number % 3])
    page, many = cost()
    assert len(page) == 11
    assert many == few


def test_the_trash_shows_the_newest_first_with_days_left_and_no_merged_ones(
    academy, bury, client, create, names
):
    made = {name: create(name=name) for name in ("가", "나", "다", "라")}
    bury(made["가"]["id"], 3)
    bury(made["나"]["id"], 40)
    bury(made["다"]["id"], 0)
    academy.all(
        "UPDATE student SET merged_into = %s, deleted_at = now() WHERE id = %s RETURNING id",
        made["다"]["id"],
        made["라"]["id"],
    )
    assert names(deleted="true") == ["다", "가", "나"]
    page = client.get(LIST, query_string={"deleted": "true"}).get_json()["results"]
    assert [student["deleted_days_left"] for student in page] == [30, 27, 0]
    assert names() == []


def test_the_trash_is_paged_without_gaps_also_within_one_instant(academy, client, person):
    academy.resolve(*(person(n) for n in range(23)))
    academy.all("UPDATE student SET deleted_at = '2026-03-01' RETURNING id")
    academy.all("UPDATE student SET deleted_at = '2026-03-02' WHERE name LIKE '%%3' RETURNING id")
    seen, cursor = [], None
    while True:
        query = {"deleted": "true", "page_size": 5, **({"cursor": cursor} if cursor else {})}
        page = client.get(LIST, query_string=query).get_json()
        seen += [student["name"] for student in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 23
    assert set(seen[:2]) == {"학생3", "학생13"}


def test_a_cursor_of_the_list_is_not_one_of_the_trash(academy, client, person):
    academy.resolve(*(person(n) for n in range(4)))
    cursor = client.get(LIST, query_string={"page_size": 2}).get_json()["next"]
    answer = client.get(LIST, query_string={"deleted": "true", "cursor": cursor})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    [
        {"grade": "0"},
        {"grade": "x"},
        {"grade": "1; DROP"},
        {"school_type": "middle"},
        {"gender": "여"},
        {"tag": "x"},
        {"is_managed": "1"},
        {"school": "가" * 101},
        {"school": ""},
    ],
)
def test_broken_filters_are_refused(client, query):
    for path in (LIST, f"{LIST}export/"):
        answer = client.get(path, query_string=query)
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, list(query))


def test_the_detail_shows_the_hold(academy, client, create):
    made = create()
    academy.all(
        "INSERT INTO legal_hold (tenant_id, student_id, reason, created_by)"
        " VALUES ('demo', %s, '분쟁', 'user-2') RETURNING student_id",
        made["id"],
    )
    hold = client.get(f"{LIST}{made['id']}/").get_json()["hold"]
    assert (hold["reason"], hold["until"], hold["created_by"]) == ("분쟁", None, "user-2")
