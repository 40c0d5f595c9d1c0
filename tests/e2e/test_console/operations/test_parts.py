"""The pages' arithmetic is academyctl's, and their words and limits are the services'."""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from academyctl import audit, flow
from academyctl.commands.dlq import _FORECAST, _OUTCOME
from academyctl.operators import age
from contracts import SERVICES
from eventkit.deadletters.replayer import RAMP
from eventkit.deadletters.replays import FREE

pytestmark = pytest.mark.browser

NOON = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
TYPES = ("students.student.changed", "enrollment.roster.parsed")


def moment(chance: random.Random) -> str:
    return (NOON + timedelta(milliseconds=10 * chance.randrange(360_000))).isoformat()


def ledgers(chance: random.Random) -> dict[str, Any]:
    hours = [(NOON + timedelta(hours=hour)).isoformat() for hour in range(3)]

    def counts(*names: str) -> dict[str, int]:
        return {name: chance.randrange(4) for name in names}

    return {
        service: {
            "published": [
                {"destination": to, "type": type, "hour": hour, **counts("sent", "unsent", "parked")}
                for to in chance.sample(SERVICES, 2)
                for type in TYPES
                for hour in hours
            ],
            "settled": [
                {"type": type, "hour": hour, **counts("handled", "dead", "duplicates")}
                for type in TYPES
                for hour in hours
            ],
            "queues": [{"queue": service, **counts("visible", "in_flight", "delayed")}],
        }
        for service in SERVICES
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_books_are_academyctls(evaluate, seed):
    parts = ledgers(random.Random(seed))
    lines = evaluate("operations/books.js", "Object.fromEntries(m.lines(new Map(Object.entries(v))))", parts)
    expected = audit.lines(parts)
    assert lines.keys() == expected.keys()
    for service, line in expected.items():
        in_flight = {"inFlight": line.in_flight, "unaccounted": line.unaccounted}
        same = {name: value for name, value in asdict(line).items() if name != "in_flight"}
        assert lines[service] == {**same, **in_flight}
    gaps = evaluate("operations/books.js", "m.gaps(new Map(Object.entries(v)))", parts)
    assert {(gap["destination"], gap["type"], gap["hour"]): gap["count"] for gap in gaps} == audit.gaps(parts)


def flows(chance: random.Random) -> dict[str, Any]:
    """Forty events with causes among the earlier ones; some handled, some dead, some neither."""
    parts: dict[str, Any] = {
        name: {"sent": [], "handled": [], "died": [], "complete": True} for name in SERVICES
    }
    made: list[tuple[str, str]] = []
    for number in range(40):
        cause, source = chance.choice(made) if made and chance.random() < 0.8 else (None, "enrollment")
        event, type = str(UUID(int=number + 1)), chance.choice(TYPES)
        for to in chance.sample(SERVICES, chance.choice((1, 1, 2))):
            made.append((event, to))
            sent = moment(chance) if chance.random() < 0.9 else None
            parts[source]["sent"].append({
                "id": event, "type": type, "subject": "s", "destination": to, "caused_by": cause,
                "created_at": moment(chance), "sent_at": sent, "attempts": 1, "error": None if sent else "x",
            })  # fmt: skip
            fate = chance.random() if sent else 1
            if fate < 0.7:
                parts[to]["handled"].append({
                    "id": event, "type": type, "handler": "h", "handled_at": moment(chance),
                    "receives": chance.choice((1, 1, 2)), "duplicates": chance.choice((0, 0, 1)),
                })  # fmt: skip
            elif fate < 0.9:
                parts[to]["died"].append({
                    "id": event, "type": type, "reason": "r", "place": chance.choice(("", "a.py:1 f")),
                    "state": chance.choice(("open", "discarded")), "attempts": 6, "last_seen": moment(chance),
                })  # fmt: skip
    return parts


TREE = """(() => {
  const plain = (edge) =>
    [edge.id, edge.destination, edge.number, edge.state, m.says(edge, v.now), edge.causes.map(plain)];
  const roots = m.assemble(new Map(Object.entries(v.parts)));
  return [roots.map(plain), m.missing(roots).map((edge) => edge.id), m.walk(roots).length];
})()"""


def plain(edge: flow.Edge, now: datetime) -> list[Any]:
    below = [plain(each, now) for each in edge.causes]
    return [edge.id, edge.destination, edge.number, edge.state, edge.says(now, age), below]


@pytest.mark.parametrize("seed", range(5))
def test_the_graph_is_academyctls(evaluate, seed):
    parts, now = flows(random.Random(seed)), NOON + timedelta(hours=2, seconds=1)
    given = {"parts": parts, "now": now.timestamp() * 1000}
    tree, missing, count = evaluate("operations/graph.js", TREE, given)
    roots = flow.assemble(parts)
    assert tree == [plain(edge, now) for edge in roots]
    assert missing == [edge.id for edge in flow.missing(roots)]
    assert count == sum(len(part["sent"]) for part in parts.values())


def test_words_and_limits(evaluate):
    labels = "[Object, 'FORECASTS', 'REPLAY_OUTCOMES'].slice(1).map((name) => Object.fromEntries("
    labels += "Object.entries(m[name]).map(([code, {label}]) => [code, label])))"
    forecasts, outcomes = evaluate("labels.js", labels)
    assert forecasts == {code: word for code, word in _FORECAST.items() if code}
    assert outcomes == _OUTCOME
    assert evaluate("labels.js", "m.UNJUDGED.label") == _FORECAST[None]
    assert set(evaluate("labels.js", "m.SERVICE_CODES")) == set(SERVICES)
    assert evaluate("operations/replay-counts.js", "m.RAMP") == list(RAMP)
    assert evaluate("operations/replay-counts.js", "m.FREE") == FREE


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ({"due_at": "2026-11-28T03:10:00Z", "finished_at": "2026-11-28T02:00:00Z"}, ["정상", False]),
        ({"due_at": "2026-11-28T03:10:00Z"}, ["아직 실행 전", False]),
        ({"due_at": "2026-11-28T02:59:00Z", "finished_at": "2026-11-28T02:00:00Z"}, ["정상", False]),
        ({"due_at": "2026-11-28T02:55:00Z"}, ["밀림 (5분째)", True]),
        ({"due_at": "2026-11-28T03:05:00Z", "last_error": "OSError"}, ["실패", True]),
        ({"due_at": "2026-11-28T03:04:00Z", "last_error": "unfinished"}, ["실행 중", False]),
        ({"due_at": "2026-11-28T02:50:00Z", "last_error": "unfinished"}, ["시작하고 끝나지 않음", True]),
    ],
)
def test_how_a_task_is_doing(evaluate, task, state):
    given = {"task": task, "now": NOON.timestamp() * 1000}
    said = evaluate("operations/tasks.js", "m.taskState(v.task, v.now)", given)
    assert [said["label"], said["trouble"]] == state


def test_several_lists_are_one_newest_first_page_by_page(static_page):
    """Sources of 70, 1 and 0 rows, one that is away: 30, 30, 11 rows in order, and who is away is known."""
    pages = static_page.execute_async_script("""
        const done = arguments[0];
        Promise.all([import('/js/operations/merged.js'), import('/js/api.js')]).then(async ([m, api]) => {
          const rows = {a: Array.from({length: 70}, (_, i) => 1000 - i), b: [985.5], c: []};
          const merged = new m.Merged({
            services: ['a', 'b', 'c', 'away'], at: (row) => new Date(row.n * 1000).toISOString(),
            read: async (service, cursor) => {
              if (service === 'away') throw new api.NetworkError();
              const from = Number(cursor ?? 0);
              const results = rows[service].slice(from, from + 7).map((n) => ({n}));
              return {results, next: from + 7 < rows[service].length ? String(from + 7) : null};
            },
          });
          const pages = [], signal = new AbortController().signal;
          let cursor = null;
          do {
            const page = await merged.page(cursor, signal);
            pages.push(page.results.map((row) => row.n));
            cursor = page.next;
          } while (cursor);
          done([pages, [...merged.silent.keys()]]);
        });
    """)
    assert [len(page) for page in pages[0]] == [30, 30, 11]
    shown = [row for page in pages[0] for row in page]
    assert shown == sorted(shown, reverse=True)
    assert len(set(shown)) == 71
    assert pages[1] == ["away"]
