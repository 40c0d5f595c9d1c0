"""A student who was merged into another is reached no more, and again when that is undone."""

from uuid import UUID

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging.usecases.recipients import follow_merges, follow_students

WINNER, LOSER = (str(UUID(int=n)) for n in (1, 2))


@pytest.fixture
def database(migrated):
    return migrated("messaging")


@pytest.fixture
def hear(database, make_event):
    """`hear("merged", 2)`: handle the event in which both have this version."""

    def run(kind, version, tenant="hangang"):
        data = {
            "merge_id": str(UUID(int=9)),
            "winner_id": WINNER,
            "loser_id": LOSER,
            "students": {
                "student_id": [WINNER, LOSER],
                "version": [version, version],
                "name": ["김하나", "김하니"],
                "parent_phone": ["01012345678"] * 2,
                "student_phone": ["01099990001" if kind == "merged" else None, "01099990001"],
                "school": [None] * 2,
                "grade": [None] * 2,
                "deleted": [False, kind == "merged"],
            },
        }
        event = make_event(f"students.student.{kind}", tenant, data)
        with unit_of_work(database.database, tenant, Cause.of(event), source="messaging") as uow:
            follow_merges(uow, [event])

    return run


@pytest.fixture
def recipients(database):
    def read(tenant="hangang"):
        rows = database.admin.execute(
            "SELECT student_id::text, student_phone, deleted, version FROM recipient"
            " WHERE tenant_id = %s ORDER BY student_id",
            (tenant,),
        )
        return rows.fetchall()

    return read


def test_the_loser_is_reached_no_more_and_the_winner_at_both_numbers(hear, recipients):
    hear("merged", 2)
    assert recipients() == [(WINNER, "01099990001", False, 2), (LOSER, "01099990001", True, 2)]
    hear("unmerged", 3)
    assert recipients() == [(WINNER, None, False, 3), (LOSER, "01099990001", False, 3)]


def test_late_and_repeated_news_change_nothing(hear, recipients):
    hear("unmerged", 3)
    current = recipients()
    for kind, version in (("merged", 2), ("unmerged", 3), ("merged", 2)):
        hear(kind, version)
        assert recipients() == current


def test_a_later_change_of_the_winner_is_not_overwritten(database, hear, recipients):
    later = {
        "student_id": [WINNER],
        "version": [5],
        "name": ["김하나"],
        "parent_phone": ["01000000000"],
        "student_phone": ["01099990009"],
        "deleted": [False],
    }
    with unit_of_work(database.database, "hangang", Cause.start(), source="messaging") as uow:
        follow_students(uow, later)
    hear("merged", 2)
    assert recipients()[0] == (WINNER, "01099990009", False, 5)


def test_nothing_is_sent_and_other_tenants_are_left_alone(database, hear, recipients):
    hear("merged", 2, tenant="other")
    hear("merged", 2)
    hear("unmerged", 3)
    assert recipients("other") == [(WINNER, "01099990001", False, 2), (LOSER, "01099990001", True, 2)]
    assert database.admin.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
