"""students.student.merged and .unmerged: what becomes of lectures, attendance and what others are told."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from uuid import UUID

import pytest
from enrollment.usecases.merges import merge_students, unmerge_students
from eventkit import inbox
from eventkit.trace import Cause
from eventkit.uow import unit_of_work

WINNER, LOSER, THIRD, FOURTH = (str(UUID(int=n)) for n in (1, 2, 3, 4))
MATHS, ENGLISH = (str(UUID(int=n)) for n in (101, 102))
FIRST, SECOND = (str(UUID(int=n)) for n in (201, 202))
RANKS = ("INACTIVE", "PENDING", "ACTIVE")
BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = {WINNER: "winner", LOSER: "loser", THIRD: "third", FOURTH: "fourth"}


class School:
    """Lectures, enrollments and events of one academy; "other" has the same names and its own ids."""

    def __init__(self, db, make_event):
        self.db, self._make_event, self._versions = db, make_event, Counter()
        for tenant in ("demo", "other"):
            self.sql(
                "INSERT INTO lecture (id, tenant_id, title) VALUES (%s, %s, 'maths')",
                self.of(tenant, MATHS),
                tenant,
            )
            self.sql(
                "INSERT INTO lecture (id, tenant_id, title) VALUES (%s, %s, 'english')",
                self.of(tenant, ENGLISH),
                tenant,
            )
            for n, session in enumerate((FIRST, SECOND), 1):
                self.sql(
                    'INSERT INTO session (id, tenant_id, lecture_id, "order", title)'
                    " VALUES (%s, %s, %s, %s, %s)",
                    self.of(tenant, session),
                    tenant,
                    self.of(tenant, MATHS),
                    n,
                    f"{n}차시",
                )
            for student in NAMES:
                self.sql(
                    "INSERT INTO student_ref (tenant_id, student_id, name, parent_phone, version)"
                    " VALUES (%s, %s, '김하나', '01012345678', 1)",
                    tenant,
                    student,
                )

    @staticmethod
    def of(tenant, id):
        """Ids of lectures and sessions are unique beyond a tenant."""
        return id if tenant == "demo" else str(UUID(int=UUID(id).int + 1000))

    def sql(self, query, *values):
        return self.db.admin.execute(query, values)

    def enrol(self, student, lecture=MATHS, status="ACTIVE", sessions=(), tenant="demo", day=0):
        """An enrollment that began so many days after BEGAN; present in the sessions."""
        enrollment = str(UUID(int=UUID(student).int * 10_000 + UUID(lecture).int * 10 + (tenant != "demo")))
        self.sql(
            "INSERT INTO enrollment (id, tenant_id, lecture_id, student_id, status, enrolled_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            enrollment,
            tenant,
            self.of(tenant, lecture),
            student,
            status,
            BEGAN + timedelta(days=day),
        )
        for session in sessions:
            for table in ("session_enrollment", "attendance"):
                self.sql(
                    f"INSERT INTO {table} (tenant_id, session_id, enrollment_id) VALUES (%s, %s, %s)",
                    tenant,
                    self.of(tenant, session),
                    enrollment,
                )
        return enrollment

    def event(self, kind, number, winner=WINNER, loser=LOSER, tenant="demo"):
        self._versions[winner] += 1
        self._versions[loser] += 1
        data = {
            "merge_id": str(UUID(int=9000 + number)),
            "winner_id": winner,
            "loser_id": loser,
            "students": {
                "student_id": [winner, loser],
                "version": [1 + self._versions[winner], 1 + self._versions[loser]],
                "name": ["김하나", "김하니"],
                "parent_phone": ["01012345678"] * 2,
                "student_phone": [None] * 2,
                "school": [None] * 2,
                "grade": [None] * 2,
                "deleted": [False, kind == "merged"],
            },
        }
        return self._make_event(f"students.student.{kind}", tenant, data)

    def hear(self, *events):
        """Handle a batch of one type behind the inbox, as the worker does."""
        handler = merge_students if events[0].type.endswith(".merged") else unmerge_students
        with unit_of_work(
            self.db.database, events[0].tenantid, Cause.of(events[0]), source="enrollment"
        ) as uow:
            if fresh := inbox.claim(uow.conn, handler.__name__, events):
                handler(uow, fresh)

    def state(self, tenant="demo"):
        """{(student, lecture): (status, began on day, sessions attended)}."""
        rows = self.sql(
            "SELECT e.student_id::text, l.title, e.status, e.enrolled_at,"
            " (SELECT count(*) FROM session_enrollment s JOIN attendance a"
            " USING (tenant_id, session_id, enrollment_id) WHERE s.enrollment_id = e.id)"
            " FROM enrollment e JOIN lecture l ON l.id = e.lecture_id WHERE e.tenant_id = %s",
            tenant,
        )
        return {
            (NAMES[student], lecture): (status, (began - BEGAN).days, sessions)
            for student, lecture, status, began, sessions in rows
        }

    def deleted(self):
        rows = self.sql("SELECT student_id::text, deleted FROM student_ref WHERE tenant_id = 'demo'")
        return {NAMES[student] for student, deleted in rows if deleted}

    def told(self, type):
        """What the events said last of each enrollment or seat, and of how many."""
        last, count = {}, 0
        for (body,) in self.sql(
            "SELECT min(body) AS body FROM outbox WHERE type = %s GROUP BY id ORDER BY min(seq)",
            f"enrollment.{type}.changed",
        ):
            columns = json.loads(body)["data"][f"{type}s"]
            for cells in zip(*columns.values(), strict=True):
                row = dict(zip(columns, cells, strict=True))
                key = (row["enrollment_id"], row.get("session_id"))
                assert row["version"] > last.get(key, {"version": 0})["version"]
                last[key] = row
                count += 1
        return last, count

    def check_told(self):
        """Whoever follows the events knows what is stored."""
        rows = {
            (str(id), None): (str(student), status, version)
            for id, student, status, version in self.sql(
                "SELECT id, student_id, status, version FROM enrollment"
            )
        }
        for key, row in self.told("enrollment")[0].items():
            assert (row["student_id"], row["status"], row["version"]) == rows[key]
        seats = {
            (str(enrollment), str(session)): (str(student), version)
            for enrollment, session, student, version in self.sql(
                "SELECT s.enrollment_id, s.session_id, e.student_id, s.version FROM session_enrollment s"
                " JOIN enrollment e ON e.id = s.enrollment_id"
            )
        }
        for key, row in self.told("session_enrollment")[0].items():
            assert (row["student_id"], row["version"]) == seats[key]


@pytest.fixture
def school(academy, make_event):
    return School(academy, make_event)


def test_the_winner_gets_the_losers_lectures_with_attendance(school):
    moved = school.enrol(LOSER, MATHS, sessions=(FIRST, SECOND), day=3)
    school.enrol(WINNER, ENGLISH)
    school.hear(school.event("merged", 1))
    assert school.state() == {
        ("winner", "maths"): ("ACTIVE", 3, 2),
        ("winner", "english"): ("ACTIVE", 0, 0),
    }
    assert school.deleted() == {"loser"}
    enrollments, count = school.told("enrollment")
    assert (count, enrollments[moved, None]["student_id"], enrollments[moved, None]["status"]) == (
        1,
        WINNER,
        "ACTIVE",
    )
    seats, count = school.told("session_enrollment")
    assert count == 2
    assert {row["student_id"] for row in seats.values()} == {WINNER}
    school.check_told()


# winner's, loser's → winner's, loser's after the merge; days tell whose beginning it is
BOTH = [
    ("ACTIVE", "ACTIVE", ("ACTIVE", 1), ("INACTIVE", 2)),
    ("ACTIVE", "PENDING", ("ACTIVE", 1), ("INACTIVE", 2)),
    ("ACTIVE", "INACTIVE", ("ACTIVE", 1), ("INACTIVE", 2)),
    ("PENDING", "ACTIVE", ("ACTIVE", 2), ("INACTIVE", 2)),
    ("PENDING", "PENDING", ("PENDING", 1), ("INACTIVE", 2)),
    ("PENDING", "INACTIVE", ("PENDING", 1), ("INACTIVE", 2)),
    ("INACTIVE", "ACTIVE", ("ACTIVE", 2), ("INACTIVE", 2)),
    ("INACTIVE", "PENDING", ("PENDING", 2), ("INACTIVE", 2)),
    ("INACTIVE", "INACTIVE", ("INACTIVE", 1), ("INACTIVE", 2)),
]


@pytest.mark.parametrize(("own", "losers", "after", "losers_after"), BOTH)
def test_in_one_lecture_the_better_status_stays_and_comes_apart_again(
    school, own, losers, after, losers_after
):
    school.enrol(WINNER, status=own, sessions=[FIRST], day=1)
    school.enrol(LOSER, status=losers, sessions=[SECOND], day=2)
    before = school.state()
    school.hear(school.event("merged", 1))
    assert school.state() == {("winner", "maths"): (*after, 1), ("loser", "maths"): (*losers_after, 1)}
    school.check_told()
    school.hear(school.event("unmerged", 1))
    assert school.state() == before
    assert school.deleted() == set()
    school.check_told()


@pytest.mark.parametrize("status", ["ACTIVE", "PENDING", "INACTIVE"])
def test_what_moved_comes_back_with_attendance(school, status):
    school.enrol(LOSER, status=status, sessions=[FIRST], day=2)
    before = school.state()
    school.hear(school.event("merged", 1))
    school.hear(school.event("unmerged", 1))
    assert school.state() == before
    school.check_told()


def test_what_changed_since_the_merge_stays_changed(school):
    left = school.enrol(LOSER, MATHS)
    mine = school.enrol(WINNER, ENGLISH, status="INACTIVE")
    school.enrol(LOSER, ENGLISH, day=2)
    school.hear(school.event("merged", 1))
    school.sql("UPDATE enrollment SET status = 'INACTIVE' WHERE id = %s", left)
    school.sql("UPDATE enrollment SET enrolled_at = %s WHERE id = %s", BEGAN + timedelta(days=9), mine)
    school.hear(school.event("unmerged", 1))
    assert school.state() == {
        # somebody ended it: it is the loser's again, and stays ended
        ("loser", "maths"): ("INACTIVE", 0, 0),
        # somebody began it anew
        ("winner", "english"): ("ACTIVE", 9, 0),
        ("loser", "english"): ("ACTIVE", 2, 0),
    }


def test_an_enrollment_removed_since_the_merge_is_no_obstacle(school):
    for lecture in (MATHS, ENGLISH):
        school.enrol(LOSER, lecture)
    school.hear(school.event("merged", 1))
    school.sql("DELETE FROM enrollment WHERE lecture_id = %s", MATHS)
    school.hear(school.event("unmerged", 1))
    assert school.state() == {("loser", "english"): ("ACTIVE", 0, 0)}


def test_redelivery_and_repetition_change_nothing(school):
    school.enrol(LOSER)
    merged, unmerged = school.event("merged", 1), school.event("unmerged", 1)
    school.hear(merged)
    stored, said = school.state(), school.told("enrollment")
    school.hear(merged)
    with unit_of_work(school.db.database, "demo", Cause.of(merged), source="enrollment") as uow:
        merge_students(uow, [merged])
    assert (school.state(), school.told("enrollment")) == (stored, said)
    for _ in range(2):
        with unit_of_work(school.db.database, "demo", Cause.of(merged), source="enrollment") as uow:
            unmerge_students(uow, [unmerged])
        assert school.state() == {("loser", "maths"): ("ACTIVE", 0, 0)}
    assert school.told("enrollment")[1] == 2


def test_undone_before_it_was_heard_of_a_merge_changes_nothing(school):
    school.enrol(LOSER)
    before = school.state()
    merged, unmerged = school.event("merged", 1), school.event("unmerged", 1)
    school.hear(unmerged)
    school.hear(merged)
    assert school.state() == before
    assert school.deleted() == set()
    assert school.told("enrollment")[1] == 0


def test_another_tenants_rows_stay_as_they_are(school):
    for tenant in ("demo", "other"):
        school.enrol(LOSER, sessions=[FIRST], tenant=tenant)
        school.enrol(WINNER, ENGLISH, tenant=tenant)
    before = school.state("other")
    school.hear(school.event("merged", 1))
    # the same merge id in another tenant is another merge
    school.hear(school.event("unmerged", 1, tenant="other"))
    assert school.state("other") == before
    assert ("winner", "maths") in school.state()


def test_who_was_merged_twice_keeps_the_lecture_while_one_of_the_losers_had_it(school):
    """Three spellings of one student; two were in the lecture, and one turns out to be somebody else."""
    for loser, day in ((LOSER, 1), (THIRD, 2)):
        school.enrol(loser, day=day)
    school.hear(school.event("merged", 1, loser=LOSER), school.event("merged", 2, loser=THIRD))
    assert school.state() == {("winner", "maths"): ("ACTIVE", 1, 0), ("third", "maths"): ("INACTIVE", 2, 0)}
    school.hear(school.event("unmerged", 1, loser=LOSER))
    assert school.state() == {("loser", "maths"): ("ACTIVE", 1, 0), ("winner", "maths"): ("ACTIVE", 2, 0)}
    school.check_told()
    school.hear(school.event("unmerged", 2, loser=THIRD))
    assert school.state() == {("loser", "maths"): ("ACTIVE", 1, 0), ("third", "maths"): ("ACTIVE", 2, 0)}
    school.check_told()


@pytest.mark.parametrize("arrival", permutations((1, 2)))
@pytest.mark.parametrize("undone", permutations((1, 2)))
def test_two_merges_come_apart_in_any_order(school, arrival, undone):
    """In every lecture another combination of statuses."""
    losers = {1: LOSER, 2: THIRD}
    choices = (None, *RANKS)
    for number, statuses in enumerate(product(choices, choices, choices), 300):
        lecture = str(UUID(int=number))
        title = "/".join(map(str, statuses))
        school.sql("INSERT INTO lecture (id, tenant_id, title) VALUES (%s, 'demo', %s)", lecture, title)
        for day, (student, status) in enumerate(zip((LOSER, THIRD, WINNER), statuses, strict=True)):
            if status:
                school.enrol(student, lecture, status, day=day)
    before = school.state()
    for number in arrival:
        school.hear(school.event("merged", number, loser=losers[number]))
    merged = school.state()
    for statuses in product(choices, choices, choices):
        if best := max(filter(None, statuses), key=RANKS.index, default=None):
            assert merged["winner", "/".join(map(str, statuses))][0] == best
    school.hear(school.event("unmerged", undone[0], loser=losers[undone[0]]))
    one_left = school.state()
    for statuses in product(choices, choices, choices):
        still = [statuses[undone[1] - 1], statuses[2]]
        best = max(filter(None, still), key=RANKS.index, default=None)
        found = one_left.get(("winner", "/".join(map(str, statuses))))
        assert (found and found[0]) == best
    school.hear(school.event("unmerged", undone[1], loser=losers[undone[1]]))
    assert school.state() == before
    school.check_told()


def test_an_undo_that_comes_late_follows_the_enrollment(school):
    """Merged, undone, and the winner merged into a third: the undo is heard of last."""
    school.enrol(LOSER, sessions=[FIRST])
    before = school.state()
    merged, unmerged = school.event("merged", 1), school.event("unmerged", 1)
    again = school.event("merged", 2, winner=THIRD, loser=WINNER)
    school.hear(merged)
    school.hear(again)
    school.hear(unmerged)
    assert school.state() == before
    assert school.deleted() == {"winner"}
    school.check_told()


def test_both_in_one_batch_and_the_undo_late(school):
    school.enrol(LOSER, MATHS)
    school.enrol(WINNER, ENGLISH)
    merged, unmerged = school.event("merged", 1), school.event("unmerged", 1)
    again = school.event("merged", 2, winner=THIRD, loser=WINNER)
    school.hear(merged, again)
    school.hear(unmerged)
    assert school.state() == {("loser", "maths"): ("ACTIVE", 0, 0), ("third", "english"): ("ACTIVE", 0, 0)}


def test_statements_do_not_grow_with_merges_or_lectures(school, statements):
    def cost(kind, numbers):
        events = [
            school.event(kind, n, winner=str(UUID(int=50_000 + n)), loser=str(UUID(int=60_000 + n)))
            for n in numbers
        ]
        with statements() as seen:
            school.hear(*events)
        return len(seen)

    for n in range(40):
        for lecture in (MATHS, ENGLISH):
            school.enrol(str(UUID(int=60_000 + n)), lecture, sessions=[FIRST] if lecture == MATHS else ())
    assert cost("merged", range(1)) == cost("merged", range(1, 40)) < 15
    assert cost("unmerged", range(1)) == cost("unmerged", range(1, 40)) < 20
