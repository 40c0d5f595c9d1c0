"""`students replay-erasures`: a database restored from a backup is purged again by the ledger."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from contracts.erasure import CONTEXTS
from psycopg.types.json import Jsonb
from servicekit.settings import load
from students.commands import replay as command
from students.commands.operator import HELD_BACK
from students.commands.replay import replay
from students.domain.audit import Actor
from students.settings import Settings
from testkit.api import environment, signed_in

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TABLES = ("parent", "student", "account", "student_merge", "legal_hold", "erasure", "erasure_subject",
          "erasure_receipt", "erasure_count")  # fmt: skip


class Backup:
    """The people and erasures of the database as they were."""

    def __init__(self, academy):
        self._admin = academy.db.admin
        self._rows = {
            table: [row for (row,) in academy.all(f"SELECT to_jsonb(t) FROM {table} AS t")]
            for table in TABLES
        }

    def restore(self):
        self._admin.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        for table, rows in self._rows.items():
            names = ", ".join(column for column in (rows[0] if rows else ()) if column != "omr_code")
            for row in rows:
                source = f"jsonb_populate_record(NULL::{table}, %s)"
                self._admin.execute(
                    f"INSERT INTO {table} ({names}) SELECT {names} FROM {source}", [Jsonb(row)]
                )


@pytest.fixture
def run(academy, erasures, capsys):
    """`run(**options)`: exit code and what was printed."""

    def call(since=LONG_AGO, **options):
        by = Actor("operator:kim", erasures.pseudonyms)
        code = replay(academy.db.database, erasures.objects, by, since, **options)
        return code, capsys.readouterr()

    return call


def people(academy, tenant="demo"):
    return {str(one) for (one,) in academy.all("SELECT id FROM student WHERE tenant_id = %s", tenant)}


def made(academy, *rows, tenant="demo"):
    return [row["student_id"] for row in academy.resolve(*rows, tenant=tenant)]


def settle(erasures, *events):
    """Every service answers each purge."""
    for event in events:
        erasures.erase(event)
        erasures.answer_all(event)


def test_who_is_back_after_a_restore_is_purged_again(academy, erasures, person, run, app, issuer):
    active, trashed, loser, stays = made(academy, *map(person, range(4)))
    academy.delete(trashed, loser)
    academy.db.admin.execute("UPDATE student SET merged_into = %s WHERE id = %s", (stays, loser))
    backup = Backup(academy)
    settle(erasures, erasures.delete_and_purge(active, trashed, loser))
    backup.restore()
    assert people(academy) == {active, trashed, loser, stays}
    code, printed = run()
    assert (code, printed.out) == (0, "demo: 3 were back and are purged, 0 sent again, 0 refused\n")
    assert people(academy) == {stays}
    again = erasures.events()[-1]
    assert set(again.data["students"]["student_id"]) == {active, trashed, loser}
    assert all(again.data["students"]["name"])
    settle(erasures, again)
    client = signed_in(app, issuer, "demo", ["owner"])
    for one in (active, trashed, loser):
        found = client.get(f"/api/v1/students/erasures/{one}/").get_json()
        assert (found["reason"], found["complete"], found["requested_by"]) == (
            "replayed",
            True,
            "operator:kim",
        )


def test_who_is_not_back_is_sent_again_under_the_ledgers_erasure(academy, erasures, person, run):
    """The backup is of before they came: only other services may have them back."""
    backup = Backup(academy)
    ids = made(academy, person(1), person(2))
    purged = erasures.delete_and_purge(*ids, reason="expired")
    [before] = academy.all("SELECT id, reason, requested_by, requested_at FROM erasure")
    subjects = academy.all("SELECT * FROM erasure_subject ORDER BY student_id")
    settle(erasures, purged)
    backup.restore()
    code, printed = run()
    assert (code, printed.out) == (0, "demo: 0 were back and are purged, 2 sent again, 0 refused\n")
    again = erasures.events()[-1]
    assert again.id != purged.id
    assert again.data == {
        "erasure_id": purged.data["erasure_id"],
        "students": {
            "student_id": sorted(ids),
            "name": ["", ""],
            "parent_phone": ["", ""],
            "student_phone": [None, None],
        },
    }
    assert academy.all("SELECT id, reason, requested_by, requested_at FROM erasure") == [before]
    assert academy.all("SELECT * FROM erasure_subject ORDER BY student_id") == subjects
    ledger = dict(erasures.objects.content)
    settle(erasures, again)
    assert academy.all("SELECT completed_at IS NOT NULL FROM erasure") == [(True,)]
    assert erasures.objects.content == ledger


def test_a_certificate_that_is_complete_stays_as_it_is(academy, erasures, person, run, app, issuer):
    [one] = made(academy, person(1))
    settle(erasures, erasures.delete_and_purge(one))
    client = signed_in(app, issuer, "demo", ["owner"])
    before = client.get(f"/api/v1/students/erasures/{one}/").get_json()
    assert run()[0] == 0
    settle(erasures, erasures.events()[-1])
    assert client.get(f"/api/v1/students/erasures/{one}/").get_json() == before
    assert before["complete"]


def test_a_receipt_that_the_backup_lacks_comes_after_all(academy, erasures, person, run):
    [one] = made(academy, person(1))
    purged = erasures.delete_and_purge(one)
    erasures.erase(purged)
    erasures.answer_all(purged, but=["media", "storage"])
    backup = Backup(academy)
    erasures.answer_all(purged)
    backup.restore()
    run()
    erasures.answer_all(erasures.events()[-1])
    assert academy.all("SELECT completed_at IS NOT NULL FROM erasure") == [(True,)]
    assert academy.all("SELECT count(*) FROM erasure_receipt") == [(len(CONTEXTS),)]


def test_it_can_be_run_again_and_again_and_after_a_stop(academy, erasures, person, run, monkeypatch):
    ids = made(academy, *map(person, range(6)))
    backup = Backup(academy)
    for start in range(0, 6, 2):
        settle(erasures, erasures.delete_and_purge(*ids[start : start + 2]))
    backup.restore()

    class Stopped(BaseException):
        pass

    original, calls = command.replay_entry, []

    def dying(uow, by, entry):
        calls.append(entry)
        if len(calls) == 3:
            raise Stopped
        return original(uow, by, entry)

    monkeypatch.setattr(command, "replay_entry", dying)
    with pytest.raises(Stopped):
        run()
    monkeypatch.undo()
    assert len(people(academy)) == 2
    settle(erasures, *erasures.events()[-2:])
    assert run()[1].out.startswith("demo: 2 were back and are purged, 4 sent again")
    assert people(academy) == set()
    entries = set(erasures.objects.content)
    for _ in range(2):
        settle(erasures, *erasures.events()[-5:])
        entries = entries or set(erasures.objects.content)
        assert run()[1].out.startswith("demo: 0 were back and are purged, 6 sent again")
    assert academy.all("SELECT count(*), count(DISTINCT student_id) FROM erasure_subject") == [(6, 6)]
    settle(erasures, *erasures.events())
    assert academy.all("SELECT bool_and(completed_at IS NOT NULL) FROM erasure") == [(True,)]


def test_a_dry_run_says_the_same_and_changes_nothing(academy, erasures, person, run):
    ids = made(academy, person(1), person(2))
    backup = Backup(academy)
    settle(erasures, erasures.delete_and_purge(*ids))
    backup.restore()
    before = academy.contents(but=())
    code, printed = run(dry_run=True)
    assert code == 0
    assert printed.out == (
        "demo: 2 were back and are purged, 0 sent again, 0 refused (dry run, nothing was changed)\n"
    )
    assert academy.contents(but=()) == before


def test_only_erasures_since_then_and_only_the_tenant(academy, erasures, person, run):
    tenants = ("demo", "demo2", "other")
    ids = {tenant: made(academy, person(1), tenant=tenant)[0] for tenant in tenants}
    backup = Backup(academy)
    for tenant, one in ids.items():
        settle(erasures, erasures.delete_and_purge(one, tenant=tenant))
    backup.restore()
    assert run(since=datetime.now(UTC) + timedelta(minutes=1))[1].out == ""
    run(tenant="demo")
    assert [people(academy, tenant) for tenant in tenants] == [set(), {ids["demo2"]}, {ids["other"]}]
    assert run(since=erasures.events()[0].time)[1].out.count("\n") == 3
    assert [people(academy, tenant) for tenant in tenants] == [set(), set(), set()]


def test_the_moment_itself_counts(academy, erasures, person, run):
    backup_rows = made(academy, person(1))
    backup = Backup(academy)
    purged = erasures.delete_and_purge(*backup_rows)
    settle(erasures, purged)
    backup.restore()
    assert run(since=purged.time + timedelta(microseconds=1))[1].out == ""
    assert run(since=purged.time)[1].out.startswith("demo: 1 were back")


def test_who_is_under_a_hold_again_waits_in_the_trash_and_the_operator_hears_of_it(
    academy, erasures, person, run
):
    one, two = made(academy, person(1), person(2))
    academy.db.admin.execute(
        "INSERT INTO legal_hold (tenant_id, student_id, reason, created_by) VALUES ('demo', %s, '소송', 'x')",
        (one,),
    )
    backup = Backup(academy)
    academy.db.admin.execute("DELETE FROM legal_hold")
    settle(erasures, erasures.delete_and_purge(one, two))
    backup.restore()
    code, printed = run()
    assert code == HELD_BACK
    assert printed.out == "demo: 1 were back and are purged, 0 sent again, 1 refused (legal_hold 1)\n"
    assert academy.all("SELECT id::text, deleted_at IS NOT NULL FROM student") == [(one, True)]
    assert academy.all("SELECT count(*) FROM erasure_subject WHERE student_id = %s", one) == [(0,)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"tenant_id": "demo"}',
        b"\xff\xfe",
        b"x" * 100_000,
        json.dumps(
            {
                "tenant_id": "other",
                "erasure_id": str(uuid4()),
                "reason": "expired",
                "requested_by": "x",
                "requested_at": "2026-01-01T00:00:00+00:00",
                "purged_at": "2026-01-01T00:00:00+00:00",
                "subjects": [],
            }
        ).encode(),
        json.dumps(
            {
                "tenant_id": "demo",
                "erasure_id": str(uuid4()),
                "reason": "expired",
                "requested_by": "x",
                "requested_at": "2026-01-01T00:00:00",
                "purged_at": "2026-01-01T00:00:00",
                "subjects": [],
            }
        ).encode(),
    ],
)
def test_an_entry_that_cannot_be_read_is_named_and_stops_nobody_else(academy, erasures, person, run, body):
    ids = made(academy, person(1))
    backup = Backup(academy)
    settle(erasures, erasures.delete_and_purge(*ids))
    backup.restore()
    key = f"erasures/demo/2026-01-01/{uuid4()}.json"
    erasures.objects.content[key] = body
    code, printed = run()
    assert (code, printed.err) == (HELD_BACK, f"unreadable: {key}\n")
    assert people(academy) == set()


def test_an_entry_of_another_tenants_student_purges_nobody(academy, erasures, person, run):
    [mine] = made(academy, person(1))
    settle(erasures, erasures.delete_and_purge(mine))
    [theirs] = made(academy, person(1), tenant="other")
    [(key, body)] = erasures.objects.content.items()
    erasures.objects.content[key] = body.replace(mine.encode(), theirs.encode())
    run()
    assert people(academy, "other") == {theirs}
    assert UUID(theirs) not in {
        one for (one,) in academy.all("SELECT student_id FROM erasure_subject WHERE tenant_id = 'other'")
    }


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--since", "yesterday"],
        ["--since", "2026-13-01"],
        ["--since", ""],
        ["--since", "2026-11-01", "--tenant", "../x"],
        ["--since", "2026-11-01", "--force"],
    ],
)
def test_wrong_arguments_are_refused(argv, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.replay_erasures(None, argv)
    assert stopped.value.code == 2
    assert "usage: students replay-erasures" in capsys.readouterr().err


def test_a_time_without_zone_is_seouls():
    assert command._moment("2026-11-01").astimezone(UTC) == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert command._moment("2026-11-01T03:00+00:00") == datetime(2026, 11, 1, 3, tzinfo=UTC)


def test_the_command_with_the_store_away_says_so(academy, issuer, capsys):
    settings = load(Settings, environment(issuer, academy.db.url))
    assert command.replay_erasures(settings, ["--since", "2026-11-01"]) == 1
    assert capsys.readouterr().err.startswith("stopped: UnavailableError")
