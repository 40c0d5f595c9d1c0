"""The console in a real Chromium: a profile per test, and the front desk's hands and eyes on it."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait
from testkit.browser import BINARY, DRIVER, Browser, running_browser
from testkit.stack import LocalStack

HERE = Path(__file__).parent
CONSOLE = HERE.parents[2] / "libs" / "console"
PHONE, DESK = (380, 780), (1280, 860)
# Recorded before any script of the page runs, so that nothing is missed.
_RECORDER = """
window.recorded = {violations: [], progress: []};
addEventListener('securitypolicyviolation', (e) =>
  recorded.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
new MutationObserver(() => {
  const text = (name) => document.querySelector(`.progress-${name}`)?.textContent ?? '';
  const now = ['label', 'figure', 'foot'].map(text);
  if (now[0] && JSON.stringify(now) !== JSON.stringify(recorded.progress.at(-1))) recorded.progress.push(now);
}).observe(document, {childList: true, subtree: true, characterData: true});
"""
# One call for what would be several for each element of a page.
_SHOWN = """
const shown = (each) => each.checkVisibility({opacityProperty: true, visibilityProperty: true})
  && each.getClientRects().length;
const every = [...document.querySelectorAll(arguments[0])].filter(shown);
"""


class Console:
    """The console as its user meets it: by labels, words and keys."""

    def __init__(self, driver: webdriver.Chrome, base_url: str, artifacts: Path) -> None:
        self.driver = driver
        self.url = f"{base_url}/console/"
        self.tenant = f"con-{uuid4().hex[:12]}"
        self.allowed: tuple[str, ...] = ()
        self._artifacts = artifacts

    def size(self, size: tuple[int, int]) -> None:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def offline(self, off: bool) -> None:
        conditions = {"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def slow_upload(self, bytes_per_second: int) -> None:
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
        self.driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions", {**conditions, "uploadThroughput": bytes_per_second}
        )

    def open(self, fragment: str = "") -> None:
        self.driver.get(self.url + fragment)

    def sign_in(self, token: str) -> None:
        self.open(f"#token={token}")
        self.wait_text("h1", "명단 등록")

    # --- eyes -------------------------------------------------------------------------------------

    def wait(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        waiter = WebDriverWait(
            self.driver, seconds, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        try:
            return waiter.until(lambda _: condition())
        except TimeoutException:
            shown = self.text("main, dialog[open]")
            raise AssertionError(
                f"not within {seconds} s; on screen at {self.driver.current_url}:\n{shown}"
            ) from None

    def wait_text(self, css: str, part: str, seconds: float = 20) -> None:
        self.wait(lambda: part in self.text(css), seconds)

    def all(self, css: str) -> list[WebElement]:
        found: list[WebElement] = self.driver.execute_script(f"{_SHOWN} return every", css)
        return found

    def text(self, css: str) -> str:
        return " ".join(found.text for found in self.all(css))

    def one(self, css: str) -> WebElement:
        return self._element(lambda: next(iter(self.all(css)), None))

    def _element(self, find: Callable[[], WebElement | None]) -> WebElement:
        found = self.wait(find)
        assert isinstance(found, WebElement)
        return found

    def labelled(self, label: str) -> WebElement:
        script = """return [...document.querySelectorAll('label')]
            .find(label => label.textContent.startsWith(arguments[0]))?.control"""
        return self._element(lambda: self.driver.execute_script(script, label))

    def button(self, name: str) -> WebElement:
        named = "!each.matches(':disabled') && each.innerText.trim().startsWith(arguments[1])"
        script = f"{_SHOWN} return every.find((each) => {named})"
        return self._element(lambda: self.driver.execute_script(script, "button, a", name))

    def box(self, label: str) -> WebElement:
        """A checkbox or radio button by its accessible name."""
        every = "input[type=checkbox], input[type=radio]"
        return self._element(
            lambda: next((each for each in self.all(every) if each.accessible_name == label), None)
        )

    def labelled_search(self, text: str) -> None:
        """Type into the list's search field."""
        self.one("input[type=search]").send_keys(text)

    def pick(self, label: str, option: str) -> None:
        """Choose in a list of choices by its accessible name."""
        Select(self.one(f"select[aria-label='{label}']")).select_by_visible_text(option)

    def answer(self, button: str, typed: str = "") -> None:
        """Press a button of the open dialog, after typing what it asks for; wait until it has closed."""
        dialog = self.one("dialog[open]")
        if typed:
            dialog.find_element(By.CSS_SELECTOR, ".typed input").send_keys(typed)

        def named() -> WebElement | None:
            every = dialog.find_elements(By.TAG_NAME, "button")
            return next((each for each in every if each.text == button and each.is_enabled()), None)

        self._element(named).click()
        self.wait(lambda: not self.all("dialog"))

    def names(self) -> list[str]:
        """The names in the list on screen, once it is loaded."""
        self.wait(lambda: not self.all("[aria-busy=true]") and self.all(".table-foot"))
        return [found.text for found in self.all("tbody .row-link, tbody .request-name")]

    def nameless(self) -> list[str]:
        """What can be pressed or filled in and has no name for those who cannot see it."""
        every = self.all("button, a, input, select, textarea")
        return [str(each.get_attribute("outerHTML")) for each in every if not each.accessible_name]

    def figures(self) -> dict[str, int]:
        cards = self.all(".figure")
        pairs = [
            (card.find_element(By.TAG_NAME, "dt").text, card.find_element(By.TAG_NAME, "dd").text)
            for card in cards
        ]
        return {label: int(count.replace(",", "")) for label, count in pairs}

    def rows(self) -> list[tuple[str, ...]]:
        cells = """return [...document.querySelectorAll('tbody tr')]
            .map(row => [...row.cells].map(cell => cell.innerText.trim()))"""
        return [tuple(row) for row in self.driver.execute_script(cells)]

    def recorded(self, what: str) -> Any:
        return self.driver.execute_script(f"return window.recorded.{what}")

    def shot(self, name: str) -> Path:
        """The whole page; the file is for people to look at."""
        path = self._artifacts / f"console-{name}.png"
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(taken["data"]))
        return path

    def complaints(self) -> list[str]:
        """What the browser's console holds against the page, but for the answers a test provokes."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        return [line for line in said if not any(part in line for part in self.allowed)]

    # --- hands ------------------------------------------------------------------------------------

    def create_lecture(self, title: str) -> None:
        self.button("새 강의 만들기").click()
        self.labelled("새 강의 이름").send_keys(title)
        self.button("강의 만들기").click()
        self.wait(lambda: self.labelled("강의").get_attribute("value") == title)

    def choose_file(self, path: Path) -> None:
        self.labelled("명단 파일").send_keys(str(path))
        self.wait_text(".file-name", path.name)

    def drop_file(self, path: Path) -> None:
        """A drop as the browser reports it, with the real file from the disk."""
        self.driver.execute_script("""
            const input = document.createElement('input');
            document.body.append(Object.assign(input, {type: 'file', id: 'dropper'}));
        """)
        self.driver.find_element(By.ID, "dropper").send_keys(str(path))
        self.driver.execute_script("""
            const input = document.getElementById('dropper'), data = new DataTransfer();
            data.items.add(input.files[0]);
            input.remove();
            for (const type of ['dragenter', 'dragover', 'drop'])
              document.querySelector('.dropzone').dispatchEvent(
                new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
        """)
        self.wait_text(".file-name", path.name)

    def fill(self, title: str, path: Path, password: str = "desk-2026") -> None:
        self.create_lecture(title)
        self.choose_file(path)
        self.labelled("초기 비밀번호").send_keys(password)

    def wait_outcome(self, heading: str = "등록 결과", seconds: float = 120) -> None:
        self.wait_text("h2", heading, seconds)
        self.wait(lambda: "행 표시" in self.text(".table-foot") or "없습니다" in self.text(".table-foot"))

    def keys(self, *keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, name: str, limit: int = 25) -> WebElement:
        """Press Tab until the focused control has this accessible name."""
        for _ in range(limit):
            self.keys(Keys.TAB)
            focused = self.driver.switch_to.active_element
            if focused.accessible_name.startswith(name):
                return focused
        raise AssertionError(f"Tab never reached {name}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip before any fixture runs: the stack of a session need not start for what has no browser."""
    if BINARY and DRIVER:
        return
    for item in items:
        if HERE in item.path.parents and "driver" in getattr(item, "fixturenames", ()):
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
    with browser.profile(downloads, _RECORDER) as driver:
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
    assert console.recorded("violations") == []
    assert console.complaints() == []


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

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(CONSOLE)))
    Thread(target=server.serve_forever, daemon=True).start()
    driver.get(f"http://127.0.0.1:{server.server_port}/icon.svg")
    yield driver
    server.shutdown()
    server.server_close()


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
    """12,000 rows: the work can be watched, and its outcome fills many pages."""
    return _many(tmp_path, 12_000)


@pytest.fixture
def lasting_roster(tmp_path: Path) -> Path:
    """3,000 rows: the work is not over when something happens a moment after its start."""
    return _many(tmp_path, 3_000)


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
