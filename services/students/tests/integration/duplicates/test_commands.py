"""The operator's commands: check-deleted-student-duplicates and purge-deleted-students."""

from __future__ import annotations

import pytest
from students.__main__ import main
from testkit.api import environment

PHONE = "01023456780"
CHECK, PURGE = "check-deleted-student-duplicates", "purge-deleted-students"


@pytest.fixture
def command(academy, issuer, monkeypatch, capsys):
    """`command("check-…", "--fix")`: exit code and what was printed."""
    for name, value in environment(issuer, academy.db.url, USER="kim").items():
        monkeypatch.setenv(name, value)

    def run(*argv):
        monkeypatch.setattr("sys.argv", ["students", *argv])
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code
        return code, capsys.readouterr().out

    return run


def test_the_report_is_masked_and_changes_nothing(command, deleted, left):
    ids = [*deleted("김하나", PHONE, 1, 2, 3), *deleted("선우", PHONE, 1, 2)]
    foreign = deleted("Ann Lee", "01087650000", 1, 2, tenant="other")
    for options in ([], ["--dry-run"], ["--fix", "--dry-run"], ["--dry-run", "--fix"]):
        code, printed = command(CHECK, *options)
        assert code == 0, printed
        assert printed.splitlines()[0] == "demo: 2 groups, 3 to remove, 0 refused"
        assert "  김*나 010-23**-****: 3, keeps " + ids[2] in printed
        assert "  선* 010-23**-****: 2, keeps " + ids[4] in printed
        assert "  A*****e 010-87**-****: 2, keeps " + foreign[1] in printed
        for secret in ("김하나", "선우", "Ann", PHONE, "6780"):
            assert secret not in printed
    assert left() == set(ids)


def test_the_fix_cleans_every_academy_or_the_one_named(academy, command, deleted, left, model, trail):
    deleted("김하나", PHONE, 1, 2, 3)
    foreign = deleted("김하나", PHONE, 1, 2, tenant="other")
    expected = model()
    code, printed = command(CHECK, "--fix", "--tenant", "demo")
    assert (code, left(), left("other")) == (0, expected.survivors, set(foreign))
    assert "demo: 2 removed, 0 held back" in printed
    assert {(actor, details["reason"]) for _, _, actor, details in trail("purged")} == {
        ("operator:kim", "duplicate")
    }
    assert command(CHECK, "--fix")[0] == 0
    assert left("other") == {foreign[1]}
    assert command(CHECK) == (0, "no duplicates\n")


def test_what_was_refused_is_an_exit_code(command, deleted, left, academy):
    refused = deleted("김하나", "01000000000", 1, 2)
    assert command(CHECK)[0] == 3
    assert command(CHECK, "--fix")[0] == 3
    assert left() == set(refused)
    first, second = deleted("이두리", PHONE, 2, 1, tenant="other")
    academy.db.admin.execute(
        "INSERT INTO legal_hold VALUES ('other', %s, '소송', NULL, 'x', now())", (second,)
    )
    code, printed = command(CHECK, "--fix", "--tenant", "other")
    assert (code, left("other")) == (3, {first, second})
    assert f"  {second}: legal_hold" in printed


def test_the_purge_takes_who_is_due(academy, command, deleted, left, trail):
    old, recent = deleted("김하나", PHONE, 40, 2)
    foreign = deleted("김하나", PHONE, 40, tenant="other")
    code, printed = command(PURGE, "--dry-run")
    assert (code, printed.splitlines()) == (
        0, ["demo: 1 would be purged", "other: 1 would be purged", "2 academies"],
    )  # fmt: skip
    assert len(left()) == 2
    assert command(PURGE, "--tenant", "demo", "--days", "41") == (0, "nobody to purge\n")
    assert command(PURGE, "--tenant", "demo")[0] == 0
    assert (left(), left("other")) == ({recent}, set(foreign))
    assert command(PURGE, "--tenant", "demo", "--days", "1") == (0, "demo: 1 purged\n1 academies\n")
    assert [actor for _, _, actor, _ in trail("purged")] == ["operator:kim"] * 2
    assert old not in left()


def test_the_purge_stops_at_a_fuse_and_at_a_hold(academy, command, deleted, left):
    deleted("김하나", PHONE, *[40] * 60)
    [held] = deleted("이두리", PHONE, 40, tenant="other")
    academy.db.admin.execute("INSERT INTO legal_hold VALUES ('other', %s, '소송', NULL, 'x', now())", (held,))
    code, printed = command(PURGE)
    assert (code, len(left()), left("other")) == (3, 60, {held})
    assert "demo: fuse held: 60 of 60 students; --override-fuse if meant" in printed
    assert "other: 0 purged, 1 legal_hold" in printed
    assert command(PURGE, "--override-fuse", "--dry-run", "--tenant", "demo")[0] == 0
    assert len(left()) == 60
    assert command(PURGE, "--override-fuse", "--tenant", "demo")[0] == 0
    assert left() == set()


@pytest.mark.parametrize(
    "argv",
    [
        [CHECK, "--fixx"],
        [CHECK, "--fix", "all"],
        [CHECK, "--tenant"],
        [CHECK, "--tenant", ""],
        [CHECK, "--tenant", "Demo; DROP TABLE student"],
        [CHECK, "--tenant", "x" * 64],
        [PURGE, "--days", "0"],
        [PURGE, "--days", "-1"],
        [PURGE, "--days", "1.5"],
        [PURGE, "--days", "٣٠"],
        [PURGE, "--days", "99999"],
        [PURGE, "--days"],
        [PURGE, "--fix"],
        ["purge-everything"],
    ],
)
def test_a_wrong_command_line_does_nothing(command, deleted, left, argv):
    ids = deleted("김하나", PHONE, 40, 50)
    assert command(*argv)[0] == 2
    assert left() == set(ids)


def test_an_academy_that_does_not_exist_has_nothing_to_do(command, deleted):
    deleted("김하나", PHONE, 40, 50)
    assert command(CHECK, "--fix", "--tenant", "nobody") == (0, "no duplicates\n")
    assert command(PURGE, "--tenant", "nobody") == (0, "nobody to purge\n")
