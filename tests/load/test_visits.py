"""Every visit of the replay once, on the shared stack: its routes are still there, its effects are seen."""

import time

import pytest
from academyctl.capacity.day import load_day
from academyctl.config import REPOSITORY
from day.academies import open_schools
from day.caller import Caller
from day.checks import checks_of_effects, encoded, settle
from day.replay import Arrival, freshen, visit_once
from day.settings import Academies
from day.visits import World

pytestmark = [pytest.mark.stack, pytest.mark.slow]

OPERATIONS = sorted(load_day(REPOSITORY / "deploy" / "capacity" / "day.toml").operations)


@pytest.fixture(scope="module")
def world(stack, tmp_path_factory, videos):
    """One small academy."""
    folder = tmp_path_factory.mktemp("load")
    made = World(open_schools(stack, Academies(1, 20, 3, 5), folder, videos), folder, videos.path("h264"))
    freshen(stack, made.schools)
    return made


def test_each_visit_is_answered_and_what_it_promised_is_there(stack, world):
    caller = Caller(stack.base_url)
    for operation in OPERATIONS:
        visit_once(caller, world, Arrival(0, operation, 1), time.perf_counter())
    assert [one for one in caller.answers if not one.expected] == []
    assert {one.operation for one in caller.answers} == set(OPERATIONS)
    encoded(world)
    settle(stack, world.schools)
    found = checks_of_effects(stack, world)
    assert [check for check in found if check.wrong or not check.looked_at] == []
