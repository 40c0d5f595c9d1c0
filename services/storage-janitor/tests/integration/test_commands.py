"""The operator's commands, with their exit codes: 0 done, 2 usage, 3 held back."""

from datetime import timedelta
from uuid import UUID

import pytest
from eventkit import lease
from servicekit.cli import service_main
from storage_janitor.commands import COMMANDS, operator
from storage_janitor.settings import Settings
from testkit.api import environment

TENANT, VIDEO = "hangang", UUID(int=12)
HLS = f"tenants/{TENANT}/video/hls"
EXPORT = f"exports/{TENANT}/{UUID(int=7)}_출석부.xlsx"
DAY, HOURS_73 = timedelta(hours=25), timedelta(hours=73)


@pytest.fixture
def command(janitor, issuer, monkeypatch, capsys):
    """`command("policy", "check")` → (exit code, report, complaints)."""
    monkeypatch.setattr(operator, "open_buckets", lambda *_: janitor.buckets)
    monkeypatch.setattr(operator, "HttpOwners", lambda *_: janitor.owners)
    monkeypatch.setattr(operator, "SYSTEM_CLOCK", janitor.clock)
    monkeypatch.setenv("USER", "kim")
    for name, value in environment(issuer, janitor.url).items():
        monkeypatch.setenv(name, value)

    def run(*argv):
        try:
            code = service_main("storage-janitor", Settings, commands=COMMANDS, argv=argv)
        except SystemExit as error:
            code = error.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_policy_check(command, tmp_path):
    code, report, _ = command("policy", "check")
    assert code == 0
    assert "9 rules" in report
    assert "export" in report
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        'version = 1\n[[rule]]\nname = "all"\nbucket = "video"\npattern = "{rest}"\naction = "delete"\n'
    )
    code, report, _ = command("policy", "check", "--file", str(wrong))
    assert code == 3
    assert {"all: empty_prefix", "all: no_age"} <= set(report.splitlines())
    assert command("policy", "check", "--file", str(tmp_path / "none"))[0] == 2
    wrong.write_bytes("version = 1 # 보관".encode("cp949"))
    assert command("policy", "check", "--file", str(wrong))[:2] == (3, "not UTF-8: not_toml\n")


def test_policy_explain(command, janitor):
    janitor.excel.put(EXPORT, age=timedelta(hours=3))
    code, report, _ = command("policy", "explain", EXPORT)
    assert (code, "waiting" in report, "export" in report) == (0, True, True)
    assert command("policy", "explain", "strange/key")[0] == 2
    assert command("policy", "explain", "strange/key", "--bucket", "ai")[0] == 0


def test_policy_backtest(command, janitor, tmp_path):
    janitor.excel.put(EXPORT, age=timedelta(days=3))
    code, report, _ = command("policy", "backtest", "--days", "30")
    assert code == 0
    (line,) = [line for line in report.splitlines() if line.startswith("export ")]
    assert line.split()[1:3] == ["1", "objects"]
    assert command("policy", "backtest", "--days", "0")[0] == 2


def test_sweep_dry_run_writes_nothing(command, janitor):
    janitor.excel.put(EXPORT, age=DAY)
    code, report, _ = command("sweep", "--dry-run")
    assert (code, "excel    export" in report, janitor.plans("id")) == (0, True, [])
    assert janitor.admin.execute("SELECT count(*) FROM sweep").fetchone() == (0,)


def test_a_plan_from_sweep_to_ledger(command, janitor):
    janitor.objects.put(f"{HLS}/{VIDEO}/master.m3u8", age=HOURS_73)
    code, report, _ = command("sweep", "--bucket", "video")
    assert (code, "orphans plan" in report) == (0, True)
    plan = janitor.plan("orphans")
    assert command("plans", "apply", str(plan.id))[0] == 3  # nobody has approved it
    assert command("plans", "approve", str(plan.id), "0" * 64)[0] == 3
    assert command("plans", "approve", str(plan.id), plan.digest)[0] == 0
    code, report, _ = command("plans", "apply", str(plan.id))
    assert (code, "deleted 1 objects" in report) == (0, True)
    assert str(plan.id) in command("plans", "list")[1]
    assert command("plans", "show", str(UUID(int=1)))[0] == 2
    assert command("plans", "show", "x")[0] == 2
    code, report, _ = command("ledger", "verify")
    assert (code, report.startswith("1 entries")) == (0, True)
    janitor.admin.execute("UPDATE ledger SET bytes = 6")
    assert command("ledger", "verify")[0] == 3


def test_holds(command, janitor):
    hold = ("holds", "add", "video", str(VIDEO), "--tenant", TENANT, "--days", "30", "--reason", "분쟁")
    code, report, _ = command(*hold)
    assert code == 0
    assert report.strip() in command("holds", "list")[1]
    assert command("holds", "end", report.strip(), "--reason", "합의")[0] == 0
    assert command("holds", "end", report.strip(), "--reason", "합의")[0] == 2
    assert command(*hold[:3], "12", *hold[4:])[0] == 2
    assert command("holds", "add", "prefix", "exports/", *hold[4:])[0] == 2
    assert command("holds", "add", "prefix", "", "--bucket", "excel", *hold[4:])[0] == 2
    assert command("holds", "add", "tenant", "other", *hold[4:])[0] == 2
    assert command(*hold[:6], "--days", "4000000", "--reason", "분쟁")[0] == 2
    assert command(*hold[:-1], " ")[0] == 2


def test_lifecycle(command, janitor):
    assert command("lifecycle", "check")[0] == 3
    janitor.excel.away = True  # there is no such bucket yet
    assert command("lifecycle", "apply")[0] == 0
    assert command("lifecycle", "check")[0] == 0
    janitor.excel.lifecycle_rules.pop()
    assert command("lifecycle", "check")[0] == 3


def test_a_bucket_s_own_rule_gives_way_to_a_hold(command, janitor):
    command("lifecycle", "apply")
    prefix = ("holds", "add", "prefix", f"exports/{TENANT}/", "--bucket", "excel", "--tenant", TENANT)
    assert command(*prefix, "--days", "30", "--reason", "분쟁")[0] == 0
    code, report, _ = command("lifecycle", "check")
    assert (code, "excel    lifecycle  drift" in report) == (3, True)
    assert command("lifecycle", "apply")[0] == 0
    assert not [rule for rule in janitor.excel.lifecycle_rules if "Expiration" in rule]


def test_an_erasure_waits_for_somebody_else(command, janitor):
    janitor.excel.put(EXPORT)
    code, report, _ = command("erase", "--tenant", TENANT)
    assert (code, "plans approve" in report) == (3, True)
    plan = janitor.plan("erasure")
    assert command("plans", "approve", str(plan.id), plan.digest)[0] == 3  # by the same person
    assert command("erase", "--tenant", "nobody")[:2] == (0, "no objects\n")
    assert command("erase", "--tenant", "No Tenant")[0] == 2


AWAY = [
    ["sweep"],
    ["sweep", "--dry-run"],
    ["policy", "explain", EXPORT],
    ["policy", "backtest"],
    ["erase", "--tenant", TENANT],
]


@pytest.mark.parametrize("arguments", AWAY)
def test_while_a_bucket_is_away_it_is_to_be_run_again(command, janitor, arguments):
    for bucket in janitor.memory.values():
        bucket.away = True
    code, _, complaints = command(*arguments)
    assert (code, "not finished, run it again: storage" in complaints) == (1, True)


@pytest.mark.parametrize("arguments", [["ledger", "verify"], ["plans", "list"], ["holds", "list"], *AWAY[:1]])
def test_without_its_database_as_well(command, monkeypatch, arguments):
    monkeypatch.setenv("DATABASE_URL", "postgresql://storage_janitor_app:x@127.0.0.1:9/academy")
    code, _, complaints = command(*arguments)
    assert (code, "run it again" in complaints, "Traceback" in complaints) == (1, True, False)


def test_what_another_process_applies_is_left_to_it(command, janitor):
    janitor.excel.put(EXPORT, age=DAY)
    janitor.sweep("excel")
    with janitor.db.system() as conn:
        lease.claim(conn, f"apply:{janitor.plan().id}", "worker", DAY, janitor.clock)
    code, _, complaints = command("plans", "apply", str(janitor.plan().id))
    assert (code, "another process is at it" in complaints, len(janitor.excel.content)) == (1, True, 1)


# -- delete-r2-legacy


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prefix", ""],
        ["--prefix", f"{HLS}/12"],
        ["--prefix", f"/{HLS}/12/"],
        ["--wipe"],
        ["--bucket", "photos"],
    ],
)
def test_what_could_take_more_than_it_means_is_refused(command, janitor, arguments):
    janitor.objects.put("legacy/x", f"{HLS}/12/x", f"{HLS}/123/x")
    assert command("delete-r2-legacy", *arguments)[0] == 2
    assert len(janitor.objects.content) == 3


def test_everything_below_a_prefix_and_nothing_beside_it(command, janitor):
    janitor.objects.put(f"{HLS}/12/master.m3u8", f"{HLS}/12/v1/index0.ts", f"{HLS}/123/master.m3u8")
    code, report, _ = command("delete-r2-legacy", "--bucket", "video", "--prefix", f"{HLS}/12/", "--dry-run")
    assert (code, len(janitor.objects.content)) == (0, 3)
    assert f"video: {HLS}/12/master.m3u8" in report
    assert "video: 2 listed, 2 would be deleted, 0 needed and kept" in report
    code, report, _ = command("delete-r2-legacy", "--bucket", "video", "--prefix", f"{HLS}/12/")
    assert (code, janitor.objects.content.keys()) == (0, {f"{HLS}/123/master.m3u8"})
    assert report.splitlines()[-1] == "total: 2 listed, 2 deleted"
    assert len(janitor.ledgered()) == 2


def test_what_a_row_still_refers_to_stays(command, janitor):
    mine, gone = f"{HLS}/{VIDEO}/master.m3u8", f"{HLS}/{UUID(int=13)}/master.m3u8"
    janitor.objects.put(mine, gone)
    janitor.owners.needed = {mine}
    code, report, _ = command("delete-r2-legacy", "--bucket", "video", "--prefix", f"{HLS}/")
    assert (code, janitor.objects.content.keys()) == (0, {mine})
    assert "video: 2 listed, 1 deleted, 1 needed and kept" in report


def test_what_is_kept_by_policy_stays(command, janitor):
    key = f"erasures/{TENANT}/2026-03-02/{UUID(int=1)}.json"
    janitor.memory["storage"].put(key)
    assert command("delete-r2-legacy", "--bucket", "storage", "--prefix", "erasures/")[0] == 0
    assert key in janitor.memory["storage"].content


def test_a_bucket_that_refuses_does_not_keep_the_others(command, janitor):
    for bucket in janitor.memory.values():
        bucket.put("legacy/x")
    janitor.objects.away = True
    code, report, complaints = command("delete-r2-legacy")
    janitor.objects.away = False
    assert (code, "video: skipped" in complaints) == (3, True)
    assert [kind for kind, bucket in janitor.memory.items() if bucket.content] == ["video"]
    assert report.splitlines()[-1] == "total: 3 listed, 3 deleted"
    assert command("delete-r2-legacy")[0] == 0
    assert janitor.objects.content == {}


def test_what_an_academy_on_hold_has_stays_whatever_its_shape(command, janitor):
    old, other = f"{HLS}/12/master.m3u8", "tenants/other/video/hls/12/master.m3u8"
    janitor.objects.put(old, other)
    hold = ("holds", "add", "tenant", TENANT, "--tenant", TENANT, "--days", "30", "--reason", "분쟁")
    assert command(*hold)[0] == 0
    code, report, _ = command("delete-r2-legacy", "--bucket", "video", "--prefix", "tenants/")
    assert (code, janitor.objects.content.keys()) == (0, {old})
    assert "video: 2 listed, 1 deleted, 0 needed and kept, 1 held" in report


def test_a_whole_bucket_when_it_is_meant(command, janitor):
    janitor.memory["ai"].put("a", "b/c")
    janitor.objects.put("a")
    assert command("delete-r2-legacy", "--bucket", "ai", "--wipe", "--dry-run")[0] == 0
    assert command("delete-r2-legacy", "--bucket", "ai", "--wipe", "--confirm-wipe")[0] == 0
    assert (janitor.memory["ai"].content, len(janitor.objects.content)) == ({}, 1)


def test_above_the_fuse_somebody_else_approves(command, janitor, monkeypatch, other_policy):
    policy = other_policy(("objects = 50_000", "objects = 5"))
    monkeypatch.setattr(operator, "built_in", lambda: policy)
    janitor.objects.put(*(f"legacy/{n}" for n in range(6)))
    code, _, complaints = command("delete-r2-legacy", "--bucket", "video")
    assert (code, len(janitor.objects.content)) == (3, 6)
    assert "plans approve" in complaints


def test_without_configuration_it_says_what_is_missing(command, monkeypatch):
    monkeypatch.delenv("R2_ENDPOINT")
    code, _, complaints = command("delete-r2-legacy")
    assert (code, "R2_ENDPOINT is required" in complaints) == (2, True)
