"""The console as the people at the front desk meet it, in a real Chromium (testkit.browser)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

PHONE, DESK = (380, 780), (1280, 860)
# For Browser.profile: it records before any script of the page runs, so that nothing is missed.
RECORDER = """
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
_CONTROLS = ("BUTTON", "A", "INPUT", "SELECT", "TEXTAREA")
_KEPT_FROM_READERS = {"ariaHiddenElement", "ariaHiddenSubtree"}


def _nameless(node: Any) -> bool:
    """Of a node of the accessibility tree. What is not on screen is ignored there, and no harm."""
    if node["ignored"]:
        return bool(_KEPT_FROM_READERS & {reason["name"] for reason in node["ignoredReasons"]})
    return not node["name"]["value"]


# containers of other tests come and go, and with them interfaces of this machine
_INTERFACES = "net::ERR_NETWORK_CHANGED"


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
        read = r"each.innerText.trim().replace(/\n+/g, '\n').replaceAll('\t', ' ')"
        return str(self.driver.execute_script(f"{_SHOWN} return every.map((each) => {read}).join(' ')", css))

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

    def width(self) -> int:
        """Of the whole page, in CSS pixels: more than the screen's, and it scrolls sideways."""
        return int(self.driver.execute_script("return document.scrollingElement.scrollWidth"))

    def looked_at(self, name: str) -> None:
        """A picture for people on both screens; nothing is wider than they are, nothing is without a name."""
        for size, screen in ((PHONE, "phone"), (DESK, "desk")):
            self.size(size)
            assert self.width() <= size[0], name
            assert self.nameless() == [], name
            self.shot(f"{name}-{screen}")

    def nameless(self) -> list[str]:
        """What can be pressed or filled in and has no name for those who cannot see it."""
        controls, tree = self.wait(self._controls)
        return [controls[id] for id, node in tree.items() if id in controls and _nameless(node)]

    def _controls(self) -> tuple[dict[int, str], dict[int, Any]] | None:
        """The page's controls and its accessibility tree, by node; None: it was redrawn meanwhile."""
        before = self._elements()
        tree = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        if self._elements() != before:
            return None
        return before, {node["backendDOMNodeId"]: node for node in tree if "backendDOMNodeId" in node}

    def _elements(self) -> dict[int, str]:
        """Every control of the document, shown or not, as it is told of."""
        document = self.driver.execute_cdp_cmd("DOM.getDocument", {"depth": -1})
        self.driver.execute_cdp_cmd("DOM.disable", {})  # or each later change would be told of
        found: dict[int, str] = {}
        nodes = [document["root"]]
        while nodes:
            node = nodes.pop()
            nodes += node.get("children", ())
            if node["nodeName"] in _CONTROLS:
                found[node["backendNodeId"]] = f"{node['nodeName']} {node['attributes']}"
        return found

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
        said = [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]  # selenium types only some of it
        return [line for line in said if not any(part in line for part in (*self.allowed, _INTERFACES))]

    def check_quiet(self) -> None:
        """The browser has had nothing to complain of. Raises AssertionError."""
        said = [*self.recorded("violations"), *self.complaints()]
        assert not said, said

    def of_video(self, expression: str) -> Any:
        """What a property of the page's video is, or is set to; None while there is no video."""
        script = f"const video = document.querySelector('video'); return video && (video.{expression})"
        return self.driver.execute_script(script)

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

    def fill(self, title: str, path: Path, password: str = "desk-2026") -> None:  # noqa: S107 - opens nothing
        self.create_lecture(title)
        self.choose_file(path)
        self.labelled("초기 비밀번호").send_keys(password)

    def wait_outcome(self, heading: str = "등록 결과", seconds: float = 120) -> None:
        self.wait_text("h2", heading, seconds)
        self.wait(lambda: "행 표시" in self.text(".table-foot") or "없습니다" in self.text(".table-foot"))

    def play(self) -> None:
        """Press play once the video can be, without its sound."""
        self.wait(lambda: self.of_video("readyState >= 1"))
        assert self.of_video("muted = true")
        self.one("[aria-label='재생']").click()

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
