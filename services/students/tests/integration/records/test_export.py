"""GET /api/v1/students/export/."""

import csv
import io
import itertools

import pytest

EXPORT = "/api/v1/students/export/"
MANY = 5_000


@pytest.fixture
def export(client):
    """The exported table, headings first."""

    def read(by=client, **query):
        answer = by.get(EXPORT, query_string=query)
        assert answer.status_code == 200, answer.get_json()
        text = answer.data.decode("utf-8-sig")
        assert answer.data.startswith("\ufeff".encode())
        return list(csv.reader(io.StringIO(text, newline="")))

    return read


@pytest.fixture
def many(academy):
    academy.all(
        "INSERT INTO student (tenant_id, id, name, name_key, parent_phone)"
        " SELECT 'demo', gen_random_uuid(), '학생' || n, '학생' || n, '010' || lpad(n::text, 8, '0')"
        f" FROM generate_series(1, {MANY}) n RETURNING id"
    )
    return academy


def test_every_column_of_a_student_is_there(create, export, tag):
    create(
        name="김하나",
        login_id="hana",
        student_phone="01099990000",
        school="가나고",
        school_type="HIGH",
        grade=2,
        gender="F",
        school_class="3반",
        major="이과",
        origin_school="다라중",
        address="서울",
        memo='줄\n"바꿈", 쉼표',
        custom_fields={"차량": "3호", "비고": "=1+1"},
        tags=[tag("나"), tag("가")],
        is_managed=False,
    )
    head, cells = export()
    found = dict(zip(head, cells, strict=True))
    assert found.pop("등록 일시")
    assert found == {
        "이름": "김하나",
        "로그인 ID": "hana",
        "학생 전화번호": "010-9999-0000",
        "학부모 전화번호": "010-1234-5678",
        "학교": "가나고",
        "학교급": "고등학교",
        "학년": "2",
        "성별": "여",
        "반": "3반",
        "계열": "이과",
        "출신학교": "다라중",
        "주소": "서울",
        "태그": "가, 나",
        "메모": '줄\n"바꿈", 쉼표',
        "추가 항목": "비고: =1+1\n차량: 3호",
        "OMR 코드": "99990000",
        "관리 대상": "아니오",
        "삭제 일시": "",
    }


def test_no_cell_is_a_formula(academy, export):
    evil = ["=1+1", "+82", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")']
    academy.resolve(
        *({"name": f"{n}", "parent_phone": f"010{n:08d}", "memo": text} for n, text in enumerate(evil))
    )
    head, *rows = export()
    assert [row[head.index("메모")] for row in rows] == [f"'{text}" for text in evil]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_the_export_is_complete_in_order_and_comes_in_parts(app, issuer, many, client):
    answer = client.get(EXPORT, buffered=False)
    parts = [part.decode() for part in answer.response]
    # the headings, then 2,000 students at a time: never the whole file at once
    assert [part.count("\r\n") for part in parts] == [1, 2000, 2000, 1000]
    rows = list(csv.reader(io.StringIO("".join(parts)[1:], newline="")))[1:]
    assert [row[0] for row in rows] == sorted(f"학생{n}" for n in range(1, MANY + 1))


def test_a_reader_who_leaves_ends_the_transaction(client, many):
    answer = client.get(EXPORT, buffered=False)
    assert len(list(itertools.islice(answer.response, 2))) == 2
    answer.close()
    assert many.all(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%%'"
    ) == [(0,)]


def test_filters_and_the_trash(academy, create, export):
    create(name="가", grade=1, school_type="HIGH")
    gone = create(name="나", grade=1, school_type="HIGH")
    create(name="다", grade=2, school_type="HIGH")
    academy.delete(gone["id"])
    assert [row[0] for row in export(grade=1)[1:]] == ["가"]
    [[name, *cells]] = export(deleted="true")[1:]
    assert (name, cells[-1] != "") == ("나", True)
    assert export(search="없음")[1:] == []


def test_the_trail_says_by_what_it_was_filtered_but_not_for_whom(create, export, trail):
    export(search="김하나", grade=2, is_managed="false")
    export()
    assert trail("exported") == [
        ("user-1", "exported", {"filters": ["grade", "is_managed", "search"]}),
        ("user-1", "exported", {"filters": []}),
    ]


def test_the_file_has_a_korean_name_and_is_no_json(client):
    answer = client.get(EXPORT)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith(
        "attachment; filename=\"students.csv\"; filename*=UTF-8''%ED%95%99%EC%83%9D_20"
    )
    assert answer.content_type == "text/csv; charset=utf-8"


def test_another_academy_gets_its_own(export, many, stranger):
    assert len(export(stranger)) == 1


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"page_size": "5"}, {"sort": "name"}])
def test_an_export_has_no_pages(client, query):
    assert client.get(EXPORT, query_string=query).status_code == 422
