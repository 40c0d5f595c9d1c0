"""on_roster_withdrawn: an import's students are as before, but for those whom somebody has touched."""

from uuid import uuid4

from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from students import handlers

# what a person did to a student since → SQL of it
TOUCHES = {
    "changed": "UPDATE student SET memo = '상담', version = version + 1 WHERE id = %s",
    "tagged": "WITH made AS (INSERT INTO tag (tenant_id, id, name, color)"
    " VALUES ('demo', gen_random_uuid(), '주말반', '#3366FF') RETURNING id)"
    " INSERT INTO student_tag (tenant_id, student_id, tag_id) SELECT 'demo', %s, id FROM made",
    "held": "INSERT INTO legal_hold (tenant_id, student_id, reason, created_by)"
    " VALUES ('demo', %s, '소송', 'x')",
    "own password": "UPDATE account SET must_change = false WHERE student_id = %s",
    "signed in": "INSERT INTO account_session (tenant_id, id, account_id, refresh_hash, expires_at)"
    " SELECT 'demo', gen_random_uuid(), id, 'x', now() + interval '1 day' FROM account WHERE student_id = %s",
}


def withdraw(academy, make_event, pseudonyms, job, answers):
    """The answer: row → outcome and code."""
    columns = {"row": [one["row"] for one in answers], "student_id": [one["student_id"] for one in answers]}
    data = {"job_id": str(job), "chunk": 0, "rows": columns}
    event = make_event("enrollment.roster.withdrawn", "demo", data, correlation=str(job))
    with unit_of_work(academy.db.database, "demo", Cause.of(event), source="students") as uow:
        handlers.on_roster_withdrawn(uow, [event], pseudonyms=pseudonyms)
    rows = academy.published("students.roster.withdrawn")[-1].data["rows"]
    return {row: end for row, *end in zip(rows["row"], rows["outcome"], rows["code"], strict=True)}


def test_whoever_was_touched_stays_and_the_others_are_as_before(academy, person, make_event, pseudonyms):
    job = uuid4()
    people = [person(n, student_phone=f"0109999{n:04d}") for n in range(len(TOUCHES) + 3)]
    [_, *trashed] = academy.resolve(people[0], *people[-2:])
    academy.delete(*(one["student_id"] for one in trashed))
    before = academy.contents()
    answers = academy.resolve(*people, job=job)
    assert [one["outcome"] for one in answers] == ["matched", *["created"] * len(TOUCHES), *["restored"] * 2]
    _, *created, back, held = answers
    for one, touch in zip(created, TOUCHES.values(), strict=True):
        academy.db.admin.execute(touch.encode(), (one["student_id"],))
    academy.db.admin.execute(TOUCHES["held"].encode(), (held["student_id"],))
    told = withdraw(academy, make_event, pseudonyms, job, [*created, back, held])
    assert told == {one["row"]: ["kept", "student_changed"] for one in (*created, held)} | {
        back["row"]: ["undone", None]
    }
    assert academy.all("SELECT count(*) FROM student WHERE deleted_at IS NULL") == [(len(TOUCHES) + 2,)]
    # what stood in the way is gone
    academy.db.admin.execute("DELETE FROM student_tag; DELETE FROM legal_hold; DELETE FROM account_session")
    academy.db.admin.execute("UPDATE account SET must_change = true")
    academy.db.admin.execute(
        "UPDATE import_effect e SET version = s.version FROM student s WHERE s.id = e.student_id"
    )
    told = withdraw(academy, make_event, pseudonyms, job, [*created, held])
    assert {end for end, _ in told.values()} == {"undone"}
    # done again, who has gone is gone
    told = withdraw(academy, make_event, pseudonyms, job, created)
    assert {end for end, _ in told.values()} == {"undone"}
    after = academy.contents()
    for table in ("parent", "account", "initial_credential"):
        assert after[table] == before[table], table
    assert academy.all("SELECT count(*), count(deleted_at) FROM student") == [(3, 2)]
