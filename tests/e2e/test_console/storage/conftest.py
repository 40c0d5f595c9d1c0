"""The console's storage pages against a stand-in with the storage-janitor's own routes, roles and schemas.

What the real service does with the same calls is tested beside it; here it is the pages that are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from marshmallow import ValidationError
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.http import BLUEPRINTS
from storage_janitor.http.policies import _rule
from storage_janitor.schemas.policies import PolicySchema
from testkit.browser import Browser
from testkit.console import DESK, RECORDER, Console
from testkit.console_api import Answer, console_handler, problem, token
from testkit.real_routes import RealRoutes
from testkit.servers import serving
from werkzeug.exceptions import HTTPException

REAL = RealRoutes(BLUEPRINTS)
PLAN, OTHER, REQUEST, HOLD, SWEEP = (str(UUID(int=number)) for number in range(1, 6))
NOW, LATER, NEVER = "2026-11-23T01:00:00+00:00", "2026-11-24T01:00:00+00:00", "2099-01-01T00:00:00+00:00"
DIGEST = "ab12cd34ef56" + "0" * 52
KEY = "exports/academy-a/0b8f_명단.xlsx"
NOBODY: dict[str, Any] = {"results": [], "next": None}


@dataclass
class Api:
    """Answers by the name of the route's view; `asked` has every call, `wrong` what no service says."""

    role: str = "viewer"
    answers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def on(self, view: str, answer: Any) -> None:
        """A body, (status, body), or a function of what was sent, loaded, and the values of the address."""
        self.answers[view] = answer if callable(answer) else lambda _, **__: answer

    def lists(self, view: str, *rows: dict[str, Any]) -> None:
        self.on(view, {"results": list(rows), "next": None})

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        try:
            route, values = REAL.find(method, f"/api/v1/{path}")
        except HTTPException:
            return 404, problem("not_found", "찾을 수 없습니다.")
        self.asked.append((route.view, dict(query) if body is None else body))
        if self.role not in route.roles:
            return 403, problem("forbidden", "이 작업을 할 권한이 없습니다.")
        try:
            loaded = route.loaded(query, body)
        except ValidationError as error:
            return 422, problem("invalid_request", "입력을 확인해 주세요.", errors=error.messages)
        said = self.answers[route.view](loaded, **values)
        status, content = said if isinstance(said, tuple) else (200, said)
        if status < 400:
            (given,) = route.gives.values()
            assert given is not None
            self.wrong += [f"{route.view} {name}: {why}" for name, why in given.validate(content).items()]
        return status, content

    def sent(self, view: str) -> list[dict[str, Any]]:
        """What was asked of a view."""
        return [given for asked, given in self.asked if asked == view]


def plan(**values: Any) -> dict[str, Any]:
    return {
        "id": PLAN, "kind": "policy", "bucket": "excel", "subject": None, "state": "planned",
        "digest": DIGEST, "policy_digest": "c" * 64, "objects": 60_000, "bytes": 51 * 10**9,
        "saving_usd": "0.7650",
        "fuses": [{"rule": "export", "limit": "objects", "planned": 60_000, "allowed": 50_000}],
        "reasons": [{"rule": "export", "reason": "written", "objects": 60_000, "bytes": 51 * 10**9}],
        "created_by": "worker", "created_at": NOW, "not_before": NOW, "expires_at": NEVER,
        "approved_by": None, "approved_at": None, "applied_to": 0, "deleted": 0, "deleted_bytes": 0,
        "kept": {}, "sampled": 0, "survivors": 0, "ledger_from": None, "ledger_to": None,
        "left_over": None, "finished_at": None, "stop_reason": None, **values,
    }  # fmt: skip


def item(seq: int, key: str, **values: Any) -> dict[str, Any]:
    return {
        "seq": seq, "tenant_id": "academy-a", "bucket": "excel", "key": key, "bytes": 2000, "etag": "e",
        "written_at": NOW, "rule": "export", "reason": "written", **values,
    }  # fmt: skip


def entry(seq: int, **values: Any) -> dict[str, Any]:
    return {
        **item(seq, KEY), "at": LATER, "cause": f"plan:{PLAN}", "approver": "policy:cccccccccccc",
        "hash": f"{seq:064x}", **values,
    }  # fmt: skip


def hold(**values: Any) -> dict[str, Any]:
    return {
        "id": HOLD, "kind": "prefix", "tenant_id": "academy-a", "bucket": "excel",
        "value": "exports/academy-a/", "reason": "정산 문의", "created_by": "kim", "created_at": NOW,
        "expires_at": NEVER, "ended_by": None, "end_reason": None, "ended_at": None, **values,
    }  # fmt: skip


def finding(key: str, **values: Any) -> dict[str, Any]:
    return {
        "bucket": "video", "key": key, "kind": "orphan", "class": "video-raw", "tenant_id": "academy-a",
        "bytes": 3 * 10**9, "written_at": NOW, "first_seen": NOW, "last_seen": LATER, **values,
    }  # fmt: skip


def shape(**values: Any) -> dict[str, Any]:
    return {
        "bucket": "video", "shape": "readiness/{n}", "sample_key": "readiness/1", "objects": 12, "bytes": 300,
        "first_seen": NOW, "last_seen": LATER, **values,
    }  # fmt: skip


def sweep(**values: Any) -> dict[str, Any]:
    return {
        "id": SWEEP, "bucket": "video", "started_at": NOW, "finished_at": LATER, "objects": 1_234_567,
        "bytes": 9 * 10**12, "pages": 1235, "policy_digest": "c" * 64, "plan_id": PLAN,
        "orphan_plan_id": None, **values,
    }  # fmt: skip


def explained(**values: Any) -> dict[str, Any]:
    return {
        "bucket": "excel", "key": KEY, "rule": "export", "verdict": "waiting", "reason": "written",
        "detail": "보관 기간이 아직 끝나지 않았습니다.", "due_at": LATER,
        "object": {"bytes": 2000, "etag": "e", "written_at": NOW}, "released": None, "holds": [],
        "ledger": [], **values,
    }  # fmt: skip


def request(kind: str, **values: Any) -> dict[str, Any]:
    return {
        "id": REQUEST, "kind": kind, "parameters": {}, "state": "PENDING", "result": None, "error": None,
        "created_by": "user-1", "created_at": NOW, "finished_at": None, **values,
    }  # fmt: skip


def used(**values: Any) -> dict[str, Any]:
    share = {"objects": 10, "bytes": 40 * 10**9, "usd": "0.6000"}
    return {
        "prices": {"storage_gb_month": "0.015", "class_a_million": "4.50", "class_b_million": "0.36",
                   "free_gb": 10, "as_of": "2026-08-03"},
        "total": {"byte_months": 51 * 10**9, "usd": "0.615", "forecast": [
            {"days": days, "bytes": (51 + days) * 10**9, "usd": f"{days}.00"} for days in (30, 90, 365)]},
        "listing": {"pages": 1235, "usd": "0.00"},
        "buckets": [{"bucket": "excel", **share}, {"bucket": "video", **share, "bytes": 120 * 10**9}],
        "classes": [{"bucket": "excel", "class": "export", **share},
                    {"bucket": "video", "class": "unknown", **share}],
        "tenants": [{"tenant_id": f"academy-{n}", **share} for n in range(25)],
        "days": [{"day": f"2026-11-{day:02}", "bytes": day * 10**9} for day in range(1, 24)], **values,
    }  # fmt: skip


def policy() -> dict[str, Any]:
    """The one that is built in, as the service tells it."""
    rules = built_in()
    told = {"version": rules.version, "digest": rules.digest, "objects_per_second": rules.objects_per_second}
    told |= {"sample": rules.sample, "rules": [_rule(rule) for rule in rules.rules]}
    answer: dict[str, Any] = PolicySchema().dump(told)
    return answer


def drift(state: str, **values: Any) -> dict[str, Any]:
    wanted = [
        {"ID": "export", "Status": "Enabled", "Filter": {"Prefix": "exports/"}, "Expiration": {"Days": 2}}
    ]
    return {
        "bucket": "excel", "what": "lifecycle", "state": state, "wanted": wanted, "found": wanted,
        "checked_at": NOW, **values,
    }  # fmt: skip


POINT = {"bucket": "video", "class": "video-raw", "kind": "orphan", "bytes": 10}


def usual() -> Api:
    """Something of everything."""
    api = Api()
    for view, body in {
        "show_policy": policy(), "show_explanation": explained(), "show_plan": plan(), "show_usage": used(),
        "show_own_usage": {"bytes": 0, "classes": [], "days": []}, "show_request": request("sweep"),
        "start_sweep": (202, request("sweep")), "start_backtest": (202, request("backtest")),
        "verify_ledger": {"entries": 2, "head": f"{2:064x}", "broken_at": None},
    }.items():  # fmt: skip
        api.on(view, body)
    api.lists("list_sweeps", sweep())
    api.lists("list_plans", plan())
    api.lists("list_items", item(1, KEY))
    api.on("show_sample", {"results": [item(1, KEY)]})
    api.lists("list_ledger", entry(2), entry(1, cause=f"deletion:{OTHER}"))
    api.lists("list_holds", hold())
    api.lists("list_orphans", finding("tenants/academy-a/video/raw/1/2.mp4"))
    api.on("show_trend", {"results": [{**POINT, "day": "2026-11-20", "objects": 3}]})
    api.lists("list_quarantine", shape())
    api.on("show_lifecycle", {"results": [drift("ok"), drift("drift", bucket="video", found=[])]})
    return api


@pytest.fixture
def api() -> Api:
    return usual()


@dataclass
class Line:
    """Leads to the stand-in of the test that runs."""

    api: Api = field(default_factory=Api)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        return self.api.answer(method, path, query, body)


@pytest.fixture(scope="session")
def loaded(
    browser: Browser, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Console, Line, str]]:
    """One page for all tests, for loading it is what takes long; each signs in and goes where it wants."""
    line, downloads = Line(), tmp_path_factory.mktemp("downloads")
    with serving(console_handler(line)) as url, browser.profile(downloads, RECORDER) as driver:
        console = Console(driver, url, artifacts)
        console.open()
        yield console, line, driver.current_window_handle


@pytest.fixture
def signed_in(loaded: tuple[Console, Line, str], api: Api) -> Iterator[Callable[[str, str], Console]]:
    """The console with a role, at an address; afterwards neither browser nor service had to complain."""
    console, line, window = loaded
    console.driver.switch_to.window(window)
    console.allowed = ()
    console.size(DESK)

    def leave() -> None:
        empty = "document.getElementById('toasts').replaceChildren(); sessionStorage.clear()"
        console.driver.execute_script(empty)
        console.open("#")  # another fragment of the page that is loaded
        console.wait_text("h1", "로그인")

    def enter(role: str, fragment: str) -> Console:
        if line.api is api:
            leave()
        line.api = api
        api.role = role
        keep = "sessionStorage.setItem('academy.token', arguments[0])"
        console.driver.execute_script(keep, token(role))
        console.open(fragment)
        return console

    leave()  # what another test has opened asks for nothing any more
    console.complaints()
    yield enter
    console.check_quiet()
    assert api.wrong == []


@pytest.fixture
def made() -> Any:
    """Makers of what the service answers, for the tests."""
    return {
        "plan": plan, "item": item, "entry": entry, "hold": hold, "finding": finding, "shape": shape,
        "sweep": sweep, "explained": explained, "request": request, "used": used, "policy": policy,
        "drift": drift, "problem": problem,
    }  # fmt: skip
