"""Who may be the same person: the database finds what comparing everybody with everybody finds."""

import random
import re
from itertools import combinations, pairwise
from uuid import UUID

import pytest
from contracts.identity import name_key
from students.domain.merges import reasons
from students.store import merges as store
from students.store.tables import student

FIRST = (UUID(int=0), UUID(int=0))


@pytest.fixture
def fill(academy):
    """`fill((name, parent_phone, student_phone), ...)`: active students; their ids, in order."""

    def insert(*people, tenant="demo"):
        made = academy.all(
            "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, student_phone)"
            " SELECT %s, gen_random_uuid(), p.name, p.key, p.parent_phone, p.student_phone"
            " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])"
            " AS p (name, key, parent_phone, student_phone) RETURNING id",
            tenant,
            [name for name, _, _ in people],
            [name_key(name) for name, _, _ in people],
            [phone for _, phone, _ in people],
            [own for _, _, own in people],
        )
        return [student_id for (student_id,) in made]

    return insert


@pytest.fixture
def pages(academy):
    """`pages(3)`: all pairs, read in pages of three."""

    def read(page_size, tenant="demo"):
        found, after = [], FIRST
        while True:
            with academy.db.database.tenant(tenant) as conn:
                page = [tuple(row) for row in store.pairs(conn, tenant, after, page_size)]
            found += page
            if len(page) < page_size:
                return found
            after = page[-1]

    return read


def brute_force(academy, tenant="demo", apart=()):
    with academy.db.database.tenant(tenant) as conn:
        rows = conn.execute(
            student.select().where(student.c.tenant_id == tenant, student.c.deleted_at.is_(None))
        )
        people = sorted(rows.mappings(), key=lambda row: row["id"])
    found = []
    for left, right in combinations(people, 2):
        why = set(reasons(left, right))
        if ("same_student_phone" in why or why >= {"same_phone", "similar_name"}) and (
            left["id"],
            right["id"],
        ) not in apart:
            found.append((left["id"], right["id"]))
    return found


NAMES = (
    "김하나",
    "김하니",
    "김 하나",
    "김하",
    "하나",
    "김하나나",
    "Ann Lee",
    "annlee",
    "An Lee",
    "이두리",
    "김",
)


def crowd(rng, size):
    """People of few names and phones, no two of one identity."""
    found = {}
    while len(found) < size:
        name, phone = rng.choice(NAMES) + rng.choice(("", "", "A", "B")), f"0100000000{rng.randrange(4)}"
        own = rng.choice((None, None, f"0109999999{rng.randrange(4)}"))
        found[name_key(name), phone] = (name, phone, own)
    return list(found.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("page_size", [1, 7, 500])
def test_pairs_equal_a_comparison_of_everybody_with_everybody(academy, fill, pages, seed, page_size):
    rng = random.Random(seed)
    made = fill(*crowd(rng, 60))
    fill(*crowd(rng, 60), tenant="other")
    academy.delete(*map(str, rng.sample(made, 10)))
    expected = brute_force(academy)
    assert len(expected) > 50
    found = pages(page_size)
    assert found == expected
    assert all(one < other for one, other in pairwise(found))


def test_pairs_decided_to_be_two_are_left_out_and_nothing_else(academy, fill, pages):
    fill(*crowd(random.Random(4), 60))
    everything = brute_force(academy)
    apart = everything[::3]
    for left, right in apart:
        academy.db.admin.execute(
            "INSERT INTO distinct_pair (tenant_id, left_id, right_id, decided_by)"
            " VALUES ('demo', %s, %s, 'u')",
            (left, right),
        )
    assert pages(4) == pages(500) == [pair for pair in everything if pair not in apart]


SYLLABLES = [chr(0xAC00 + 28 * n) for n in range(300)]


@pytest.mark.parametrize("shared", ["parent_phone", "student_phone"])
@pytest.mark.parametrize("analyzed", [False, True])
def test_a_phone_that_thousands_share_does_not_explode(academy, fill, shared, analyzed):
    rng = random.Random(5)
    names = {rng.choice(SYLLABLES[:20]) + rng.choice(SYLLABLES) + rng.choice(SYLLABLES) for _ in range(3000)}
    if shared == "parent_phone":
        people = [(name, "01000000000", None) for name in sorted(names)]
    else:
        people = [(name, f"010{n:08d}", "01000000000") for n, name in enumerate(sorted(names))]
    fill(*people)
    if analyzed:
        academy.db.admin.execute("ANALYZE student")
    assert most_rows(plan_of(academy, page=51)) < 60 * len(people)
    with academy.db.database.tenant("demo") as conn:
        assert len(store.pairs(conn, "demo", FIRST, 51)) == 51


def test_a_hundred_thousand_students_are_gone_through_once(academy):
    academy.all(
        "WITH made AS (INSERT INTO student (tenant_id, id, name, name_key, parent_phone, student_phone)"
        " SELECT 'demo', gen_random_uuid(), k.name, k.name, k.phone,"
        "   CASE WHEN n %% 3 = 0 THEN '0109' || to_char(n, 'FM0000000') END"
        " FROM generate_series(1, 100000) AS n CROSS JOIN LATERAL (SELECT"
        "   chr(44032 + n * 79 %% 40) || chr(44032 + n * 101 %% 400) || chr(44032 + n * 31 %% 300) AS name,"
        "   '010' || to_char(n / 2, 'FM00000000') AS phone) AS k RETURNING 1)"
        " SELECT count(*) FROM made WHERE %s",
        True,
    )
    academy.db.admin.execute("ANALYZE student")
    plan = plan_of(academy, page=51)
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "student"]
    assert sum(node["Actual Loops"] for node in scans) < 10
    assert most_rows(plan) < 5 * 100_000


def plan_of(academy, page):
    """What EXPLAIN ANALYZE says of the first page."""
    statement = re.sub(r":(\w+)", r"%(\1)s", store._PAIRS.text)
    values = {"tenant": "demo", "left": FIRST[0], "right": FIRST[1], "limit": page}
    academy.db.admin.execute("SET jit = off")
    found = academy.db.admin.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
    return found.fetchone()[0][0]["Plan"]


def nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def most_rows(plan):
    """The most rows that any step of the plan made or threw away."""
    seen = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    return max(sum(node.get(what, 0) for what in seen) * node["Actual Loops"] for node in nodes(plan))
