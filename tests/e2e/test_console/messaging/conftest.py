"""The console's message pages against a stand-in that remembers what it was asked.

What the real services do with the same calls is tested beside them; here it is the pages that are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from marshmallow import Schema
from messaging.schemas import composing, consents, log, refusals, settings, templates, triggers
from testkit.browser import Browser
from testkit.console import DESK, RECORDER, Console
from testkit.console_api import Answer, console_handler, problem, token
from testkit.servers import serving
from werkzeug.datastructures import MultiDict

LECTURE, BATCH, TEMPLATE = (str(UUID(int=number)) for number in (1, 900, 700))
STUDENTS = {str(UUID(int=100 + i)): name for i, name in enumerate(("김하나", "이두리", "박세찌"))}
# what the service itself makes of each request: a page that asks for something else is told so
_TAKEN: dict[tuple[str, str], type[Schema]] = {
    ("GET", "messaging/log/"): log.LogQuery,
    ("GET", "messaging/consent/due/"): consents.DueQuery,
    ("POST", "messaging/templates/"): templates.NewTemplate,
    ("POST", "messaging/templates/preview/"): templates.PreviewQuery,
    ("POST", "messaging/estimate/"): composing.AskSchema,
    ("POST", "messaging/send/"): composing.SendSchema,
    ("POST", "messaging/consent/"): consents.NewConsent,
    ("POST", "messaging/consent/bulk/"): consents.BulkConsent,
    ("POST", "messaging/denylist/"): refusals.NewDenial,
    ("POST", "messaging/opt-outs/"): refusals.NewOptOut,
    ("POST", "messaging/verify-sender/"): settings.SenderQuery,
    ("PATCH", "messaging/info/"): settings.InfoChanges,
    ("PATCH", "messaging/auto-send/"): triggers.TriggerChange,
    ("PUT", "messaging/hold/"): settings.HoldSwitch,
}
_PRICES = {"SMS": 20, "LMS": 50, "ATA": 15}

INFO = {
    "display_name": "한빛학원", "sender": "025550000", "kakao_pfid": None, "opt_out_number": "0801002000",
    "is_active": True, "hold": False, "daily_cap": 900,
    "hourly_cap": 300, "sms_price": "20.00", "lms_price": "50.00", "alimtalk_price": "15.00",
    "low_balance": "10000.00", "credit_balance": "12345.50",
    "updated_at": "2026-11-20T03:00:00Z",
}  # fmt: skip


@dataclass
class Api:
    """Answers by (method, pattern below /api/v1/); those of a test come first. `asked` has every call."""

    routes: list[tuple[str, str, Callable[..., Answer]]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    templates: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    info: dict[str, Any] = field(default_factory=lambda: dict(INFO))

    def on(self, method: str, pattern: str, answer: Callable[..., Answer]) -> None:
        """`answer` is called with the query or the body, then the pattern's groups."""
        self.routes.insert(0, (method, pattern, answer))

    def lists(self, pattern: str, *rows: dict[str, Any]) -> None:
        self.on("GET", pattern, lambda _query, *_: (200, listed(rows)))

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        self.asked.append((method, path, query, body))
        if (method, path) in _TAKEN:
            self.wrong += _wrong(_TAKEN[method, path], MultiDict(query) if body is None else body)
        enrolled = [{"id": id, "student_id": id, "student_name": name} for id, name in STUDENTS.items()]
        people = [
            {"id": id, "name": name, "parent_phone": "01070010001", "tags": []}
            for id, name in STUDENTS.items()
        ]
        own: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", "lectures/lectures/", lambda _: (200, listed([{"id": LECTURE, "title": "수학 특강"}]))),
            ("GET", "lectures/sessions/", lambda _: (200, listed([]))),
            ("GET", "enrollments/", lambda _: (200, listed(enrolled))),
            (
                "GET",
                "students/",
                lambda asked: (200, listed([one for one in people if asked["search"] in one["name"]])),
            ),
            ("GET", "messaging/templates/", lambda _: (200, listed(self.templates))),
            ("GET", "messaging/info/", lambda _: (200, self.info)),
            ("POST", "messaging/templates/preview/", lambda asked: (200, previewed(asked))),
            ("POST", "messaging/estimate/", lambda asked: (200, estimated(asked))),
        ]
        for wanted, pattern, run in [*self.routes, *own]:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return run(query if body is None else body, *found.groups())
        return 404, problem("not_found", "찾을 수 없습니다.")

    def sent(self, method: str, ending: str) -> list[Any]:
        """Bodies, of GET the queries, of the calls whose path ends so."""
        return [
            body or query
            for asked, path, query, body in self.asked
            if asked == method and path.endswith(ending)
        ]


def _wrong(schema: type[Schema], given: Any) -> list[str]:
    return [f"{schema.__name__}.{name}: {said}" for name, said in schema().validate(given).items()]


def listed(rows: Any) -> dict[str, Any]:
    return {"results": list(rows), "next": None}


def template(**values: Any) -> dict[str, Any]:
    return {
        "id": TEMPLATE, "category": "lecture", "name": "수업 안내", "purpose": "INFO", "subject": None,
        "review": "APPROVED", "review_comment": None,
        "content": "#{student_name} 학생, #{date} 수업이 있습니다.", "submitted_at": None,
        "created_at": "2026-11-20T03:00:00Z",
        "updated_at": "2026-11-20T03:00:00Z", **values,
    }  # fmt: skip


def previewed(asked: dict[str, Any]) -> dict[str, Any]:
    """As the service: variables, the law's lines, bytes in cp949, characters that it lacks."""
    values = {"academy": "한빛학원", **asked["variables"]}
    if "student_id" in asked:
        values["student_name"] = STUDENTS[asked["student_id"]]
    names = list(dict.fromkeys(re.findall(r"#\{(.+?)}", asked["content"])))
    text = re.sub(r"#\{(.+?)}", lambda found: values.get(found[1], found[0]), asked["content"])
    if asked["purpose"] == "AD":
        text = f"(광고) 한빛학원\n{text}\n무료수신거부 080-100-2000"
    size = sum(len(one.encode("cp949", "ignore")) or 2 for one in text)
    odd = [
        {"field": "body", "position": at, "character": one}
        for at, one in enumerate(text)
        if not one.encode("cp949", "ignore")
    ]
    return {
        "text": text, "subject": asked["subject"] or None,
        "kind": "SMS" if size <= 90 and not asked["subject"] else "LMS", "bytes": size, "limit": 2000,
        "characters": len(text), "variables": names,
        "missing_variables": [name for name in names if name not in values], "unsendable": odd,
    }  # fmt: skip


def estimated(asked: dict[str, Any]) -> dict[str, Any]:
    """All but the last student, who refused; two share a number where there are three."""
    count = len(asked["student_ids"])
    shared, out = int(count > 2), int(count > 1)
    left = count - shared - out
    kakao = asked["message_mode"] != "sms"
    each = _PRICES["ATA" if kakao else "SMS"]
    fallback = _PRICES["SMS"] if asked["message_mode"] == "both" else None
    most = max(each, fallback or 0) * left
    refused = {
        "code": "opted_out",
        "reason": "수신을 거부한 번호입니다.",
        "count": out,
        "students": asked["student_ids"][-1:],
    }
    return {
        "counts": {"students": count, "messages": left, "shared": shared, "deferred": [],
                   "skipped": [refused] if out else []},
        "kinds": [{"kind": "ATA" if kakao else "SMS", "count": left, "price": f"{each}.00",
                   "fallback_price": fallback and f"{fallback}.00",
                   "amount": f"{each * left}.00", "amount_at_most": f"{most}.00"}],
        "price": f"{each * left}.00", "price_at_most": f"{most}.00", "balance": "12345.50",
        "balance_after": f"{12345.5 - most:.2f}",
        "sufficient": True, "paused": None, "sample": None, "confirm": "c" * 96,
    }  # fmt: skip


def batch(states: dict[str, int], **values: Any) -> dict[str, Any]:
    return {
        "id": BATCH, "event": "manual", "category": "INFO", "mode": "sms", "template_id": None,
        "template_name": None, "total": sum(states.values()),
        "due_at": "2026-11-23T01:00:00Z", "next_due_at": None, "created_by": "user-1",
        "created_at": "2026-11-23T01:00:00Z", "cancelled_by": None,
        "cancelled_at": None, "states": states, "reasons": [], "reserved": "40.00", "settled": "0.00",
        **values,
    }  # fmt: skip


def entry(state: str, **values: Any) -> dict[str, Any]:
    return {
        "id": str(UUID(int=500)), "batch_id": BATCH, "event": "manual", "channel": "sms", "kind": "SMS",
        "category": "INFO", "recipient": "0107****",
        "students": [{"id": student, "name": name} for student, name in list(STUDENTS.items())[:1]],
        "state": state, "code": None, "reason": None,
        "attempt": 1, "created_at": "2026-11-23T01:00:00Z", "template_id": None, "template_name": None,
        "price": "20.00", "money": "open", "replaced": False,
        "due_at": "2026-11-23T01:00:00Z", "not_after": None, "attempted_at": None, "ended_at": None,
        "asked": 0, "ask_at": None, **values,
    }  # fmt: skip


@pytest.fixture
def api() -> Api:
    return Api()


@dataclass
class Line:
    """Leads to the stand-in of the test that runs, and to the page's window: others may have been opened."""

    api: Api = field(default_factory=Api)
    window: str = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        return self.api.answer(method, path, query, body)


@pytest.fixture(scope="session")
def loaded(
    browser: Browser, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Console, Line]]:
    """One page for all tests, for loading it is what takes long; each signs in and goes where it wants."""
    line, downloads = Line(), tmp_path_factory.mktemp("downloads")
    with serving(console_handler(line)) as url, browser.profile(downloads, RECORDER) as driver:
        line.window = driver.current_window_handle
        yield Console(driver, url, artifacts), line


@pytest.fixture
def signed_in(loaded: tuple[Console, Line], api: Api) -> Iterator[Callable[[str], Console]]:
    """The console with a role; afterwards neither browser nor service had anything to complain of."""
    console, line = loaded
    console.driver.switch_to.window(line.window)
    console.allowed = ()
    console.size(DESK)

    def enter(role: str) -> Console:
        console.sign_in(token(role))  # leaves what another test has opened
        console.driver.execute_script("document.getElementById('toasts').replaceChildren()")
        console.complaints()
        line.api = api
        return console

    yield enter
    console.check_quiet()
    assert api.wrong == []


@pytest.fixture
def desk(signed_in: Callable[[str], Console]) -> Console:
    return signed_in("staff")


@pytest.fixture
def manager(signed_in: Callable[[str], Console]) -> Console:
    return signed_in("owner")


@pytest.fixture
def answers() -> dict[str, dict[str, Any]]:
    """One of each kind."""
    ask = {"student_ids": ["a", "b", "c"], "message_mode": "sms"}
    text = {"content": "안내", "subject": "", "purpose": "INFO", "variables": {}}
    return {
        "batch": batch({"QUEUED": 1}),
        "entry": entry("QUEUED"),
        "template": template(),
        "preview": previewed(text),
        "estimate": estimated(ask),
        "info": INFO,
    }


@pytest.fixture
def made() -> Any:
    """Makers of what the service answers, for the tests."""
    return {
        "batch": batch,
        "entry": entry,
        "template": template,
        "problem": problem,
        "page": listed,
        "estimated": estimated,
    }
