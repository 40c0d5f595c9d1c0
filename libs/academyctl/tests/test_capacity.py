"""`academyctl capacity`: deploy/capacity as it stands, and a small one that is worked out by hand."""

from __future__ import annotations

import json
import re
import shutil
from decimal import Decimal
from math import exp, factorial
from pathlib import Path

import pytest
from academyctl.__main__ import main
from academyctl.capacity.day import load_day
from academyctl.capacity.measured import basis
from academyctl.capacity.plan import Need, Plan, plan, size_for
from academyctl.capacity.queueing import erlang_c, wait
from academyctl.commands import capacity
from academyctl.config import REPOSITORY
from academyctl.cost import bill
from academyctl.cost.report import report as cost_report
from contracts import SERVICES

DAY = load_day(capacity.FOLDER / "day.toml")
REAL = basis(capacity.FOLDER, capacity.COST)
COSTS = {"count": "1", "api": "{ }", "worker": "{ }", "database": "0", "events": "{ }"}
COSTS |= {"passing_kb": "0", "lasting_kb": "0"}


def measured(**costs: dict[str, str]) -> str:
    """A measured.toml in which nothing costs anything but these operations' requests."""
    lines = ["date = 2026-11-29", 'machine = "m"', 'commit = "c"', 'shared = "s"']
    for name in DAY.operations:
        lines += [
            f"[requests.{name}]",
            *(f"{key} = {value}" for key, value in (COSTS | costs.get(name, {})).items()),
        ]
    for service in SERVICES:
        lines += [f"[events.{service}]", "worker = 0.01", f"[connections.{service}]", "rest = 5", "peak = 6"]
        for role in ("api", "worker"):
            lines += [f'[processes."{service}-{role}"]', "idle = 0", "mb = 100"]
    lines += ['[processes."media-encoder"]', "idle = 0", "mb = 100"]
    lines += [
        "[encode.r270]",
        "cpu_minutes = 1",
        "gb_per_hour = 0.1",
    ]
    return "\n".join(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of deploy/capacity in which nothing costs anything."""
    made = Path(shutil.copytree(capacity.FOLDER, tmp_path / "capacity"))
    (made / "measured.toml").write_text(measured(), encoding="utf-8")
    return made


def of(folder: Path, dau: int, **costs: dict[str, str]) -> Plan:
    (folder / "measured.toml").write_text(measured(**costs), encoding="utf-8")
    return plan(basis(folder, capacity.COST), dau)


def need(found: Plan, name: str) -> Need:
    return next(one for one in found.needs if one.name.startswith(name))


def test_what_is_measured_covers_every_service_and_every_operation() -> None:
    """`basis` refuses a file that lacks one: here that what is there is worth something."""
    assert REAL.measured.requests.keys() == DAY.operations.keys()
    assert all(REAL.measured.events[service].worker > 0 for service in SERVICES)
    assert all(
        REAL.measured.processes[f"{one}-{role}"].mb > 0 for one in SERVICES for role in ("api", "worker")
    )
    assert all(one.api for name, one in REAL.measured.requests.items()), "each asks some API"
    assert all(one.cpu_minutes > 0 for one in REAL.measured.encode.values())
    assert all(0 < one.rest <= one.peak for one in REAL.measured.connections.values())


def test_units_are_said_in_each_file() -> None:
    for name, words in (
        ("measured", ("processor seconds", "MB resident", "GB an hour", "for one event")),
        ("limits", ("share of a core", "max_connections", "hours")),
        ("day", ("of × times / days × monday × hour × share / each",)),
    ):
        text = (capacity.FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        assert not [word for word in words if word not in text]


def test_a_line_by_hand(folder: Path) -> None:
    """home: 1,800 × 0.43 / 3 a month, × 1.3 × 0.2 / 30 in the hour, 500 users: 0.31056 visits a second."""
    found = of(folder, 500, home={"count": "3", "api": "{ students = 0.01 }", "database": "0.002"})
    rate = Decimal(500 * 1800) * Decimal("0.43") / 3 / 30 * Decimal("0.26") / 3600
    assert round(rate, 5) == Decimal("0.31056")
    students = next(role for role in found.roles if role.name == "students-api")
    assert students.busy == rate * 3 * Decimal("0.01") / Decimal("0.7")  # 0.01331 vCPU of Graviton
    assert students.tasks == students.declared == 1
    database = need(found, "DB CPU (")
    assert round(database.need, 6) == Decimal("0.002662")
    assert database.have == Decimal("1.2")  # two vCPUs at 0.6


def test_the_connections_by_hand(folder: Path) -> None:
    """Five APIs of processes × (threads + 2), five workers of 2 × threads + 5, encoders of 7; 8 spare."""
    start, growth = (need(of(folder, dau), "DB 연결") for dau in (500, 10_000))
    assert (start.need, start.have) == (5 * 6 + 5 * 7 + 2 * 7, 142)
    assert (growth.need, growth.have) == (10 * 2 * 6 + 10 * 9 + 3 * 7, 492)


@pytest.mark.parametrize("size", ["start", "growth"])
def test_what_runs_is_what_the_templates_have(size: str) -> None:
    templates = REPOSITORY / "deploy" / "aws" / "templates"
    found: dict[str, str] = {}
    for name in ("service", "encoder", "data"):
        text = (templates / f"{name}.yaml").read_text(encoding="utf-8")
        for line in re.findall(rf"^ +{size}: {{(.*)}}$", text, re.MULTILINE):
            found |= dict(pair.replace('"', "").split(": ") for pair in line.split(", "))
    tasks = REAL.limits.tasks[size]
    assert {name: int(found[name]) for name in ("Apis", "Workers", "WebWorkers", "WebThreads")} == {
        "Apis": tasks.api_tasks, "Workers": tasks.worker_tasks, "WebWorkers": tasks.web_workers,
        "WebThreads": tasks.web_threads,
    }  # fmt: skip
    assert int(found["WorkerThreads"]) == tasks.worker_threads
    assert int(found["MaxEncoders"]) == tasks.encoders
    assert int(found["MaxConnections"]) == tasks.max_connections


def test_the_encode_backlog_by_hand(folder: Path) -> None:
    """500 × 0.11 h × 1.3 × 0.2 / 30 = 0.4767 h in the hour, a minute of each vCPU for a minute, two vCPUs."""
    found = need(of(folder, 500), "media-encoder")
    assert round(found.need, 4) == Decimal("0.2383")
    assert found.have == 4  # two encoders, the hour and an hour's wait


def test_erlang_c_is_the_textbook_s() -> None:
    """Two servers, offered load 1: 1/3 wait. One server: as many as it is busy (M/M/1)."""
    assert erlang_c(1, 2) == pytest.approx(1 / 3)
    assert erlang_c(0.6, 1) == pytest.approx(0.6)
    offered, servers = 7.0, 9
    terms = [offered**n / factorial(n) for n in range(servers)]
    last = offered**servers / factorial(servers) * servers / (servers - offered)
    assert erlang_c(offered, servers) == pytest.approx(last / (sum(terms) + last))


def test_a_wait_is_the_m_m_1_queue_s_for_one_server() -> None:
    """λ = 5, s = 0.1: ρ / (μ − λ) = 0.1 s on average, and one of a hundred waits longer than p99."""
    found = wait(5, 0.1, 1)
    assert found.busy == pytest.approx(0.5)
    assert found.mean == pytest.approx(0.1)
    assert found.p99 is not None
    assert 0.5 * exp(-5 * found.p99) == pytest.approx(0.01)
    assert wait(0, 0.1, 1).mean == 0
    assert wait(20, 0.1, 2).mean is None
    assert wait(20, 0.1, 2).p99 is None


@pytest.mark.parametrize(
    ("costs", "first"),
    [
        ({"home": {"api": "{ students = 0.5 }"}}, "students-api"),
        ({"send": {"worker": "{ messaging = 1000 }"}}, "messaging-worker"),
        ({"beat": {"database": "0.2"}}, "DB CPU (db.t4g.micro)"),
        ({"edit": {"lasting_kb": "1000"}}, "DB 저장 공간"),
        ({}, "media-encoder 적체"),
        ({"segment": {"api": "{ media = 9 }"}}, "media-encoder 적체"),  # the edge answers it
    ],
)
def test_the_first_thing_that_is_full_is_the_one_that_was_made_so(
    folder: Path, costs: dict[str, dict[str, str]], first: str
) -> None:
    found = of(folder, 500, **costs)
    assert found.first.name == first
    until = found.first.lasts_until(500)
    assert until is not None
    again = of(folder, until + 1, **costs)
    if size_for(REAL, until + 1) == found.size:  # the larger size has more of it
        assert need(again, first).share > 1


def test_pools_that_do_not_fit_are_named_before_what_grows(folder: Path) -> None:
    text = (folder / "limits.toml").read_text(encoding="utf-8")
    (folder / "limits.toml").write_text(
        text.replace("web_threads = 4", "web_threads = 40", 1), encoding="utf-8"
    )
    found = of(folder, 500)
    assert found.first.name == "DB 연결"
    assert not found.holds


def test_more_users_never_need_less() -> None:
    """Within a size; the larger size has other amounts (less video for a user)."""
    smaller: Plan | None = None
    for dau in (501, 2_000, 10_000, 40_000, 100_000):
        found = plan(REAL, dau)
        if smaller:
            assert all(one.tasks >= less.tasks for one, less in zip(found.roles, smaller.roles, strict=True))
            assert all(one.need >= less.need for one, less in zip(found.needs, smaller.needs, strict=True))
            assert (found.hosts, found.usd) >= (smaller.hosts, smaller.usd)
        smaller = found


def test_where_nothing_more_is_needed_it_costs_what_cost_says() -> None:
    found, declared = plan(REAL, 500), REAL.cost
    assert (found.hosts, found.size.name) == (2, "start")
    assert found.usd == cost_report(declared, declared.sizes["start"]).usd
    assert found.usd == bill.total(bill.lines(bill.month(declared, declared.sizes["start"])))


@pytest.mark.parametrize(("dau", "size"), [(1, "start"), (500, "start"), (501, "growth"), (10**6, "growth")])
def test_the_smallest_declared_size_for_so_many_is_taken(dau: int, size: str) -> None:
    assert size_for(REAL, dau).name == size


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("measured", "[requests.home]", "[requests.house]", "measured: requests: missing: home"),
        ("measured", "[events.media]", "[events.medium]", "measured: events: missing: media"),
        ("measured", '"media-encoder"', '"media-encoders"', "measured: processes: missing: media-encoder"),
        ("measured", "database = 0", "database = -1", "database: below zero"),
        ("measured", "date = 2026-11-29\n", "", "measured: missing: date"),
        ("limits", "[tasks.growth]", "[tasks.grown]", "limits: tasks: missing: growth"),
        ("limits", "core = 0.7", "core = 0", "limits: kinds: t4g.small: zero"),
        ("limits", "utilisation = 0.6", "utilisation = 0", "limits: utilisation is zero"),
        ("limits", '"db.t4g.micro"', '"db.t4g.tiny"', "limits: kinds: no db.t4g.micro"),
        ("limits", "[kinds]", "[kinds", "limits.toml"),
        ("day", "share = 0.43", "share = 0.44", "day: the shares of requests sum to 1.01"),
        ("day", 'of = "messages"', 'of = "letters"', "day: send: usage has no letters"),
        ("day", "each = 0.75", "each = 0", "day: upload: each is zero"),
        ("day", "days = 30", "days = 0", "day: peak: days is zero"),
        ("day", "[peak]", "[top]", "day: unknown: top"),
    ],
)  # fmt: skip
def test_a_file_that_lacks_something_is_refused_by_name(
    folder: Path, file: str, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = folder / f"{file}.toml"
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(capacity, "FOLDER", folder)
    with pytest.raises(SystemExit) as caught:
        main(["capacity", "--dau", "500"])
    assert caught.value.code == 2
    assert f"deploy/capacity: {said}" in (shown := capsys.readouterr().err) or said in shown


@pytest.mark.parametrize(
    "dau",
    ["", "0", "00", "-500", "5e2", "500.0", "10,000", "５００", "500\n", "nan", "10000001", str(10**9),
     "9" * 5000, "오백"],
)  # fmt: skip
def test_what_is_no_number_of_users_is_refused_in_korean(
    dau: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["capacity", f"--dau={dau}"])
    shown = capsys.readouterr().err
    assert caught.value.code == 2
    assert "--dau: 1부터 10000000까지의 정수여야 합니다" in shown
    assert len(shown) < 400


@pytest.mark.parametrize("dau", [1, 500, 10_000, 100_000, capacity.MOST])
def test_json_and_text_say_the_same(dau: int, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = main(["capacity", "--dau", str(dau), "--json"])
    shown = json.loads(capfdbinary.readouterr().out)
    assert main(["capacity", "--dau", str(dau)]) == code
    text = capfdbinary.readouterr().out.decode()
    assert code == (0 if shown["holds"] else 1)
    assert f"가장 먼저 차는 것: {shown['first']}" in text
    assert f"월 ${Decimal(shown['usd']):,}" in text
    assert all(one["formula"] in text for one in (*shown["tasks"], *shown["resources"], *shown["figures"]))
    assert {one["role"] for one in shown["tasks"]} == {
        f"{s}-{r}" for s in SERVICES for r in ("api", "worker")
    }
    assert f"측정: {REAL.measured.date}" in text
