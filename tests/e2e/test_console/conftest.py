"""The console in a real Chromium: a profile per test, signed in to the stack or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from selenium import webdriver
from testkit.browser import BINARY, DRIVER, Browser, running_browser
from testkit.console import DESK, RECORDER, Console
from testkit.console_api import CONSOLE
from testkit.servers import serving
from testkit.stack import LocalStack

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip before any fixture runs: the stack of a session need not start for what has no browser."""
    if BINARY and DRIVER:
        return
    for item in items:
        if HERE in item.path.parents and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip("no Chromium here: apt-get install chromium chromium-driver"))


@pytest.fixture(scope="session")
def artifacts() -> Path:
    path = Path(os.environ.get("ARTIFACTS_DIR", ".artifacts")) / "screenshots"
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Where the browser saves files."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def driver(browser: Browser, downloads: Path) -> Iterator[webdriver.Chrome]:
    with browser.profile(downloads, RECORDER) as driver:
        yield driver


@pytest.fixture
def console_at(driver: webdriver.Chrome, artifacts: Path) -> Callable[[str], Console]:
    """The console of a server, on the desk's screen, not signed in."""

    def at(base_url: str) -> Console:
        console = Console(driver, base_url, artifacts)
        console.size(DESK)
        return console

    return at


@pytest.fixture
def console(console_at: Callable[[str], Console], stack: LocalStack) -> Iterator[Console]:
    """Of the whole stack. Afterwards the browser must have had nothing to complain of."""
    console = console_at(stack.base_url)
    yield console
    console.check_quiet()


@pytest.fixture
def desk(console: Console, stack: LocalStack) -> Console:
    """Signed in as staff of an academy of its own."""
    console.sign_in(stack.token(console.tenant, "staff"))
    return console


@pytest.fixture
def manager(console: Console, stack: LocalStack) -> Console:
    """Signed in as the owner of an academy of its own."""
    console.sign_in(stack.token(console.tenant, "owner"))
    return console


@pytest.fixture
def static_page(driver: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """An empty page beside the console's modules: for the functions that need no API."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with serving(partial(Quiet, directory=str(CONSOLE))) as url:
        driver.get(f"{url}/icon.svg")
        yield driver


@pytest.fixture
def evaluate(static_page: webdriver.Chrome) -> Callable[..., Any]:
    """`evaluate(module, expression, value)`: in which `m` is the module and `v` the value."""

    def run(module: str, expression: str, value: Any = None) -> Any:
        answer = static_page.execute_async_script(
            "const [path, body, v, done] = arguments;"
            "import(path).then((m) => done({value: new Function('m', 'v', 'return ' + body)(m, v)}))"
            ".catch((error) => done({error: String(error)}))",
            f"/js/{module}",
            expression,
            value,
        )
        assert "error" not in answer, answer
        return answer["value"]

    return run


HEADER = ("번호", "학생 이름", "학교", "학생 연락처", "학부모 연락처", "비고")
HOSTILE = '<script>alert("1")</script>'
MESSY = (
    (1, "김하나", "한빛중", None, "010-7001-0001", None),
    (2, " 이 두 리 ", "한빛중", None, 1070010002, "숫자로 적힌 번호"),
    (3, HOSTILE, "<img src=x onerror=alert(2)>", None, "010 7001 0003", None),
    (4, "김하나", "한빛중", None, "+82 10-7001-0001", "두 번 적음"),
    (5, "박세찌", "새봄중", None, "010-70", "잘린 번호"),
    (6, None, "새봄중", None, "010-7001-0006", "이름 없음"),
    ("예시", "홍길동", "한빛중", None, "010-0000-0000", "예시 행입니다"),
    (None, None, None, None, None, None),
    (7, "최\"네'찌", "새봄중", "010-7001-1007", "０１０－７００１－０００７", "따옴표"),
)


def _save(path: Path, rows: tuple[tuple[object, ...], ...]) -> Path:
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "안내"
    cover.append(("둘째 시트에 명단이 있습니다.",))
    sheet = book.create_sheet("명단")
    sheet.append(("2026 겨울 특강 명단",))
    sheet.merge_cells("A1:F1")
    sheet.append(())
    sheet.append(HEADER)
    for cell in sheet[3]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


@pytest.fixture
def messy_roster(tmp_path: Path) -> Path:
    """Header in row 3 of the second sheet; 3 students, 1 duplicate, 2 failures, 1 sample, then 1 student."""
    return _save(tmp_path / "겨울 특강 <b>'명단'.xlsx", MESSY)


def _many(tmp_path: Path, count: int) -> Path:
    names = [
        f"{a}{b}{c}"
        for a in "김이박최정강조윤장임"
        for b in "가나다라마바사아자차"
        for c in "준서윤우진현민지유하"
    ]
    rows = tuple(
        (i, names[i % 1000], "한빛중", None, f"010-8{i // 1000:03d}-{i % 10000:04d}", None)
        for i in range(count)
    )
    return _save(tmp_path / "전체 명단.xlsx", rows)


@pytest.fixture
def long_roster(tmp_path: Path) -> Path:
    """5,000 rows: the work can be watched, and its outcome fills many pages."""
    return _many(tmp_path, 5_000)


@pytest.fixture
def lasting_roster(tmp_path: Path) -> Path:
    """1,500 rows: the work is not over when something happens a moment after its start."""
    return _many(tmp_path, 1_500)


@pytest.fixture
def headless_roster(tmp_path: Path) -> Path:
    """A workbook that is no roster."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("매출", "비용"), (100, 20), (300, 40)):
        sheet.append(row)
    path = tmp_path / "매출.xlsx"
    book.save(path)
    return path
