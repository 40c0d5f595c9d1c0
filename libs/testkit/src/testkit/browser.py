"""One Chromium for all tests of a process; each test gets a profile of its own inside it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from selenium import webdriver
from websocket import WebSocket, create_connection

from testkit.waiting import wait_until

# the shell is the same engine without the browser around it, and starts in half the time
BINARY = which("chromium-headless-shell") or which("chromium") or ""
DRIVER = which("chromedriver") or ""
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--force-prefers-reduced-motion",
)  # fmt: skip


class Browser:
    """A running Chromium and the one driver that steers it."""

    def __init__(self, driver: webdriver.Chrome, devtools: WebSocket) -> None:
        self._driver = driver
        self._devtools = devtools
        self._calls = itertools.count(1)
        self._home = driver.current_window_handle

    @contextmanager
    def profile(self, downloads: Path, script: str = "") -> Iterator[webdriver.Chrome]:
        """The driver in an empty profile: no cookie, no storage, no log of another test.

        What a page gives to save goes to `downloads`; `script` runs in every page before the page's own.
        """
        context = self._call("Target.createBrowserContext")
        window = self._call("Target.createTarget", url="about:blank", **context)["targetId"]
        saved = {"behavior": "allow", "downloadPath": str(downloads)}
        self._call("Browser.setDownloadBehavior", **saved, **context)
        try:
            self._driver.switch_to.window(window)
            self._driver.get_log("browser")  # type: ignore[no-untyped-call]  # untyped in selenium
            self._driver.execute_cdp_cmd("Emulation.setLocaleOverride", {"locale": "ko-KR"})
            self._driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
            self._driver.execute_cdp_cmd("Network.enable", {})
            yield self._driver
        finally:
            self._call("Target.disposeBrowserContext", **context)
            self._driver.switch_to.window(self._home)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A DevTools command to the browser itself, which a driver may not give."""
        number = next(self._calls)
        self._devtools.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self._devtools.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found


@contextmanager
def running_browser(directory: Path) -> Iterator[Browser]:
    """Start Chromium with its data below `directory`; it ends with the block. Raises TimeoutError."""
    port_file = directory / "profile" / "DevToolsActivePort"
    own = ("--remote-debugging-port=0", f"--user-data-dir={port_file.parent}", "about:blank")
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "browser.log").open("wb") as log:
        # a group of its own: the program is a script on some systems, and killing that leaves the browser
        command = [BINARY, *_QUIET, *own]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: port_file.exists() and port_file.read_text().count("\n"), 60)
        port, path = port_file.read_text().split()
        options = webdriver.ChromeOptions()
        options.debugger_address = f"127.0.0.1:{port}"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        with closing(create_connection(f"ws://127.0.0.1:{port}{path}", suppress_origin=True)) as devtools:
            yield Browser(driver, devtools)
        driver.quit()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
