"""One load for some time: visits arrive as they are due, and what is seen of it becomes a Step."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from testkit.academy import patiently
from testkit.cinema import Cinema
from testkit.stack import LocalStack

from day.academies import OWN, STUDENTS, School
from day.arrivals import Arrival
from day.caller import Answer, Caller, RefusedError, Visit
from day.checks import encoded, settle
from day.visits import DOING, World, watch
from day.watch import Seen, Stored, database_now, events_since, usage, watching

_VISITORS = 256


@dataclass(frozen=True)
class Step:
    """A load and what came of it. `multiple` of the rate at which it was meant; 0: one kind alone."""

    multiple: float
    seconds: float
    arrivals: Counter[str]
    answers: list[Answer]
    cpu: dict[str, float]
    events: dict[str, int]
    stored: Stored
    seen: Seen
    late: float

    @property
    def errors(self) -> list[Answer]:
        return [one for one in self.answers if not one.expected]


def freshen(stack: LocalStack, schools: list[School]) -> None:
    """Students sign in and begin the lecture anew: what they hold lives for ten minutes."""
    caller = Caller(stack.base_url)
    for school in schools:
        for pupil in school.pupils:
            who = {"academy": school.tenant, "login_id": pupil.login, "password": OWN}
            pupil.token = _signed_in(school.cinema, who)
            one = School(**{**vars(school), "pupils": [pupil]})
            watch(Visit(caller, "watch", time.perf_counter()), None, one, random.Random(0))


def _signed_in(cinema: Cinema, who: Mapping[str, str]) -> str:
    return str(patiently(lambda: cinema.api.post(f"{STUDENTS}/token/", dict(who)))["access_token"])


def replay(stack: LocalStack, world: World, plan: list[Arrival], seconds: float, multiple: float) -> Step:
    """All of `plan`, each at its time, whatever became of the others; ends when all effects are handled."""
    since, stored = database_now(stack)
    caller, before, began = Caller(stack.base_url), usage(stack), time.perf_counter()
    with watching(stack, since) as seen:
        late = _visit_all(caller, world, plan, began)
        with suppress(TimeoutError):  # the age of what is left says so
            settle(stack, world.schools)
    took = time.perf_counter() - began
    return Step(
        multiple, max(took, seconds), Counter(one.operation for one in plan), caller.answers,
        usage(stack).since(before), events_since(stack, since), database_now(stack)[1].since(stored),
        seen, late,
    )  # fmt: skip


def _visit_all(caller: Caller, world: World, plan: Iterable[Arrival], began: float) -> float:
    """The largest delay of this program itself: of a visit that could not begin when it was due."""
    late, under_way = 0.0, []
    with ThreadPoolExecutor(_VISITORS) as visitors:
        for arrival in plan:
            due = began + arrival.at
            time.sleep(max(0.0, due - time.perf_counter()))
            late = max(late, time.perf_counter() - due)
            under_way.append(visitors.submit(visit_once, caller, world, arrival, due))
    _raise_first(under_way)
    return late


def visit_once(caller: Caller, world: World, arrival: Arrival, due: float) -> None:
    """What the arrival is for; `due` by time.perf_counter."""
    chance = random.Random(arrival.seed)
    school = chance.choice(world.schools)
    with suppress(RefusedError):  # it is among the answers
        DOING[arrival.operation](Visit(caller, arrival.operation, due), world, school, chance)


def _raise_first(done: Iterable[Future[None]]) -> None:
    """A mistake of this program ends it."""
    for future in done:
        future.result()


def alone(stack: LocalStack, world: World, operation: str, times: int) -> Step:
    """One kind of visit, one after the other and nobody watching, to see what it costs."""
    since, stored = database_now(stack)
    caller, before, began = Caller(stack.base_url), usage(stack), time.perf_counter()
    for number in range(times):
        visit_once(caller, world, Arrival(0, operation, number), time.perf_counter())
    encoded(world)
    settle(stack, world.schools)
    took = time.perf_counter() - began
    return Step(
        0, took, Counter({operation: times}), caller.answers, usage(stack).since(before),
        events_since(stack, since), database_now(stack)[1].since(stored), Seen(), 0.0,
    )  # fmt: skip


def idle(stack: LocalStack, seconds: float) -> dict[str, float]:
    """Processor seconds a second of every part while nobody comes."""
    before = usage(stack)
    time.sleep(seconds)
    return {part: spent / seconds for part, spent in usage(stack).since(before).items()}


def by_route(answers: Iterable[Answer]) -> dict[str, list[float]]:
    """Seconds of each route, sorted."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in answers:
        found[one.route].append(one.seconds)
    return {route: sorted(seconds) for route, seconds in sorted(found.items())}


def quantile(ordered: list[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)] if ordered else 0.0
