"""`academyctl cost`: deploy/cost as it stands, and as it must not be."""

from __future__ import annotations

import json
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from academyctl.__main__ import main
from academyctl.commands import cost
from academyctl.cost import bill
from academyctl.cost.bill import NOT_IN_GUIDE, Line
from academyctl.cost.declared import DeclarationError, Declared, load
from academyctl.cost.report import Report, document, report, text
from eventkit import consumer, watch

DECLARED = load(cost.FOLDER)
# section 5 of the guide names them in one cell: "Compute·ALB·RDS·R2·SQS·CloudWatch 등"
NAMES = (
    tomllib.loads((cost.FOLDER / "guide.toml").read_text(encoding="utf-8"))["names"]
    .removesuffix(" 등")
    .split("·")
)
SIZES = ("start", "growth")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of deploy/cost, to be broken."""
    return Path(shutil.copytree(cost.FOLDER, tmp_path / "cost"))


def edit(folder: Path, file: str, old: str, new: str) -> Declared:
    path = folder / f"{file}.toml"
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    return load(folder)


def of(declared: Declared, size: str) -> Report:
    return report(declared, declared.sizes[size])


def line(found: Report, name: str) -> Line:
    return next(line for part in found.parts for line in part.lines if line.name == name)


@pytest.mark.parametrize("size", SIZES)
def test_the_lines_sum_to_the_total_which_lies_in_the_guide_s_range(size: str) -> None:
    found = of(DECLARED, size)
    every = bill.lines(bill.month(DECLARED, DECLARED.sizes[size]))
    assert found.usd == sum((one.usd for one in every), Decimal(0))
    assert found.inside, text(found)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_each_line_of_the_guide_is_shown_with_its_formula_and_the_date_of_its_price(
    size: str, name: str
) -> None:
    part = next(part for part in of(DECLARED, size).parts if part.name == name)
    assert part.lines
    assert all("×" in one.formula and "$" in one.formula and one.source for one in part.lines)
    assert all(str(one.as_of) in shown for one in part.lines for shown in text_rows(size, one.name))


def text_rows(size: str, name: str) -> list[str]:
    rows = [row for row in text(of(DECLARED, size)) if f"  {name}  " in row]
    assert rows
    return rows


def test_what_the_bill_says_by_hand() -> None:
    """Worked out from the price lists, not from the code."""
    start, growth = (
        {one.name: str(one.usd) for part in of(DECLARED, size).parts for one in part.lines} for size in SIZES
    )
    assert start["서버 t4g.small"] == "30.37"  # 2 × 730 × 0.0208 = 30.368
    assert start["db.t4g.micro"] == "18.25"  # 730 × 0.025
    assert start["R2 저장"] == "11.24"  # 0.11 × 500 × (3.6 + 1.7 × 6) = 759 GB, less 10, × 0.015 = 11.235
    assert start["SQS 요청"] == "1.41"  # 4.38 + 0.15 million, less 1, × 0.40 = 1.412
    assert start["공인 IPv4"] == "14.82"  # (4 × 730 + 44) × 0.005
    assert growth["R2 쓰기·목록 (Class A)"] == "4.50"  # 1,557,600: one more million begun
    assert growth["R2 읽기 (Class B)"] == "5.04"  # 24 million, less 10, × 0.36
    assert growth["인터넷 전송"] == "126.08"  # 935 + 165.6 GB, less 100, × 0.126 = 126.0756


@pytest.mark.parametrize(
    ("watched", "workers", "class_b"),
    [
        ("0", "0.00", "0.00"),
        ("1.666666", "0.00", "0.00"),  # just below ten million
        ("1.66667", "0.30", "0.36"),  # ten million and a few
        ("1.83334", "0.60", "0.72"),
    ],
)
def test_millions_are_billed_when_they_begin(folder: Path, watched: str, workers: str, class_b: str) -> None:
    declared = edit(folder, "usage", "[watch_hours]\nvalue = 4", f"[watch_hours]\nvalue = {watched}")
    growth = of(declared, "growth")
    assert str(line(growth, "Workers 요청").usd) == workers
    assert str(line(growth, "R2 읽기 (Class B)").usd) == class_b


@pytest.mark.parametrize(("alarms", "usd"), [(0, "0.00"), (10, "0.00"), (11, "0.10")])
def test_what_is_free_is_taken_off_and_no_more(folder: Path, alarms: int, usd: str) -> None:
    declared = edit(folder, "resources", "alarms = 30", f"alarms = {alarms}")
    assert str(line(of(declared, "start"), "알람").usd) == usd


def test_half_a_cent_is_rounded_up(folder: Path) -> None:
    declared = edit(folder, "prices", '"secret.month" = { usd = 0.40', '"secret.month" = { usd = 0.405')
    assert str(line(of(declared, "start"), "비밀").usd) == "2.84"  # 2.835


def test_a_line_that_is_off_by_more_than_the_range_is_wide_is_named(folder: Path) -> None:
    rds = "RDS: 가이드 $15, 지금 $20.87"
    assert [
        row for row in text(of(DECLARED, "start")) if rds in row and "db.t4g.micro $18.25 = 730시간" in row
    ]
    cheap = edit(folder, "prices", 'rds.db.t4g.micro" = { usd = 0.025', 'rds.db.t4g.micro" = { usd = 0.02')
    assert "RDS" in document(of(DECLARED, "start"))["no_longer_true"]
    assert "RDS" not in document(of(cheap, "start"))["no_longer_true"]  # 17.22: within 130/108 of 15


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("resources", '"t4g.small"', '"t4g.nano"', "no ec2.t4g.nano"),
        ("resources", '"c7g.large"', '"c7g.huge"', "no spot.c7g.huge"),
        ("resources", '"db.t4g.micro", multi_az = false', '"db.t4g.micro", multi_az = true', "multi_az"),
        ("resources", "dau = 500", "dau = 500\ncache = { count = 1 }", "unknown: cache"),
        ("resources", "workers = { count = 5 }\n", "", "start: missing: workers"),
        ("resources", "workers = { count = 5 }", "workers = 5", "workers: a table"),
        ("resources", "count = 2", "count = -2", "hosts: count: below zero"),
        ("resources", "count = 2", "count = true", "hosts: count: not a int"),
        ("resources", "count = 2", 'count = "2"', "hosts: count: not a int"),
        ("resources", "[start]", "[start", "resources.toml"),
        ("prices", "usd = 0.0912", "usd = nan", "ebs.gp3: usd: below zero or no number"),
        ("prices", "usd = 0.0912", "usd = inf", "ebs.gp3: usd: below zero or no number"),
        ("prices", "usd = 0.0912, as_of = 2026-10-01", "usd = 0.0912", "ebs.gp3: missing: as_of"),
        ("prices", '"alb.lcu"', '"alb.lcus"', "no alb.lcu"),
        ("usage", "[growth.video_hours]", "[growth.video_weeks]", "growth: unknown: video_weeks"),
        ("usage", "[raw_gb]", "[raw_mb]", "no raw_gb"),
        ("usage", "[requests_per_connection]\nvalue = 10", "[requests_per_connection]\nvalue = 0", "is zero"),
        ("prices", "hours = 730", "hours = 0", "hours is zero"),
        ("prices", 'region = "ap-northeast-2"\n', "", "prices: missing: region"),
        ("guide", "[start]", "[begin]", "guide: start: a table"),
        ("guide", "as_of = 2026-02-13", 'as_of = "2026"', "guide: as_of: not a date"),
        ("guide", "RDS = 15", "RDS = 16", "start: its lines do not sum to 108"),
    ],
)  # fmt: skip
def test_a_file_that_says_what_nobody_knows_is_refused(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        of(edit(folder, file, old, new), "start")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "dau",
    ["", "0", "-500", "501", "5e2", "500.0", "10,000", "５００", "٥٠٠", "500\n", "nan", "9" * 5000, "오백"],
)
def test_users_that_nothing_is_declared_for_are_refused_in_korean(
    dau: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["cost", f"--dau={dau}"])
    shown = capsys.readouterr().err
    assert caught.value.code == 2
    assert "--dau: 선언된 규모는 500, 10000뿐입니다" in shown
    assert len(shown) < 400


def test_the_json_carries_lines_that_sum_to_its_total(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert main(["cost", "--dau", "10000", "--json"]) == 0
    shown = json.loads(capfdbinary.readouterr().out)
    lines = [one for part in shown["parts"] for one in part["lines"]]
    assert Decimal(shown["total"]) == sum(Decimal(one["usd"]) for one in lines)
    assert [part["name"] for part in shown["parts"]] == [*DECLARED.guide["growth"].lines, NOT_IN_GUIDE]
    assert {one["name"] for one in lines if one["assumed"]} >= {"인코더 c7g.large Spot"}
    assert shown["region"] == "ap-northeast-2"


def test_a_month_outside_the_range_ends_with_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    edit(folder, "resources", "nat_gateways = 0", "nat_gateways = 2")
    monkeypatch.setattr(cost, "FOLDER", folder)
    assert main(["cost", "--dau", "500"]) == 1
    assert "범위 밖" in capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize(
    ("broken", "said"), [("[requests", "usage.toml"), ("", "usage: no"), ("growth = 3", "usage: ")]
)
def test_a_broken_file_is_named_without_a_trace(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: str, said: str
) -> None:
    (folder / "usage.toml").write_text(broken, encoding="utf-8")
    monkeypatch.setattr(cost, "FOLDER", folder)
    with pytest.raises(SystemExit) as caught:
        main(["cost", "--dau", "500"])
    assert caught.value.code == 2
    assert f"deploy/cost: {said}" in capsys.readouterr().err


def test_an_idle_worker_polls_as_often_as_the_code_does() -> None:
    per_hour = 3600 / consumer.WAIT_SECONDS + 2 * 3600 / watch.EVERY
    assert DECLARED.amounts["start"]["polls_per_worker_hour"].value == per_hour
