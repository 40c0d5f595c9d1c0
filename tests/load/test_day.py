"""The parts of `make load` that decide what its report says; the replay itself is run by hand."""

import itertools
import threading
import time
from collections import Counter
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from academyctl.capacity.day import load_day
from academyctl.config import REPOSITORY
from day import replay as replaying
from day.arrivals import arrivals
from day.caller import Answer, Caller, RefusedError, Visit
from day.costs import above_idle
from day.replay import Step, quantile
from day.settings import Objective, load_settings
from day.verdict import broken, fullest, reads_p99
from day.visits import DOING
from day.watch import Seen, Stored, Usage

DAY = load_day(REPOSITORY / "deploy" / "capacity" / "day.toml")
GOAL = Objective(Decimal(2), Decimal(60), 0)


def answer(seconds, status=200, route="GET students"):
    return Answer("home", route, status, "", seconds, 200 <= status < 300)


def step(answers, cpu=None, **seen):
    return Step(1, 10.0, Counter(), answers, cpu or {}, {}, Stored(0, 0), Seen(**seen), 0.0)


def test_every_operation_of_the_day_can_be_done_and_no_other():
    assert DOING.keys() == DAY.operations.keys()


def test_what_a_load_has_to_meet_is_declared():
    assert load_settings().objective == GOAL


def test_the_same_seed_gives_the_same_arrivals_whatever_else_comes():
    alone = arrivals({"home": 2.0}, 60, seed=3)
    beside = arrivals({"home": 2.0, "beat": 5.0}, 60, seed=3)
    assert alone == [one for one in beside if one.operation == "home"]
    assert alone != arrivals({"home": 2.0}, 60, seed=4)
    assert beside == sorted(beside)


def test_arrivals_come_at_their_rate_independent_of_each_other():
    """Mean and variance of a Poisson process' counts are equal; here within what 1,000 s of it allow."""
    found = arrivals({"home": 5.0}, 1000, seed=1)
    assert 4700 < len(found) < 5300
    counts = Counter(int(one.at) for one in found)
    variance = sum((counts[second] - 5) ** 2 for second in range(1000)) / 1000
    assert 4 < variance < 6
    gaps = [later.at - one.at for one, later in itertools.pairwise(found)]
    assert min(gaps) >= 0


def test_what_is_too_rare_to_come_comes_once():
    [only] = arrivals({"upload": 0.0001}, 30, seed=1)
    assert 0 <= only.at < 30


@pytest.fixture
def slow():
    """A server whose first answer takes until `let` is set; later ones are at once."""
    let = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/first":
                let.wait(30)
            status = 409 if self.path == "/refused" else 200
            body = b'{"code": "already"}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", let
    let.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_latency_counts_from_when_a_visit_was_due(slow):
    """Whoever was due an hour ago has waited an hour: the pause of this program is not left out."""
    url, _ = slow
    caller = Caller(url)
    Visit(caller, "home", time.perf_counter() - 3600).call("GET", "/", "root")
    Visit(caller, "home", time.perf_counter()).call("GET", "/", "root")
    waited, prompt = (one.seconds for one in caller.answers)
    assert waited > 3600
    assert prompt < 3600


def test_a_slow_answer_keeps_nobody_else_from_coming(slow, monkeypatch):
    """Open loop: the visits behind it have their answers while the first one still waits."""
    url, let = slow
    caller = Caller(url)

    def visit(visit, _world, school, _chance):
        visit.call("GET", f"/{school}", school)
        if len(caller.answers) == 2:  # both were answered, though the first was not
            let.set()

    names = iter(["first", "second", "last"])
    world = type("World", (), {"schools": property(lambda _: [next(names)])})()
    monkeypatch.setitem(DOING, "home", visit)
    plan = [replaying.Arrival(number / 1000, "home", number) for number in range(3)]
    replaying._visit_all(caller, world, plan, time.perf_counter())
    assert caller.answers[-1].route == "GET first"
    assert len(caller.answers) == 3


def test_a_refusal_is_an_answer_with_its_code_and_ends_the_visit(slow):
    url, _ = slow
    caller = Caller(url)
    with pytest.raises(RefusedError, match="GET refused: 409 already"):
        Visit(caller, "trash", time.perf_counter()).call("GET", "/refused", "refused")
    [one] = caller.answers
    assert (one.status, one.code, one.expected) == (409, "already", False)


def test_nobody_there_is_an_answer_too(free_port):
    caller = Caller(f"http://127.0.0.1:{free_port}")
    with pytest.raises(RefusedError):
        Visit(caller, "home", time.perf_counter()).call("GET", "/", "root")
    assert caller.answers[0].status == 0


@pytest.fixture
def free_port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.server_close()
    return server.server_address[1]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.99, 0), ([3], 0.5, 3), ([1, 2, 3, 4], 0.5, 2), ([*range(1, 101)], 0.99, 99), ([1, 2], 0.99, 2)],
)
def test_a_quantile_is_a_value_that_was_seen(values, share, expected):
    assert quantile(values, share) == expected


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (step([answer(0.1)]), []),
        (step([answer(2.5)]), ["p99 of reads 2.50 s > 2 s"]),
        (step([answer(9, route="POST import")]), []),
        (step([answer(0.1, 503)]), ["1 errors > 0"]),
        (step([], queue_age={"media": 61.0}), ["queue age of media 61 s > 60 s"]),
        (step([], outbox_age={"media": 60.0, "students": 75.0}), ["outbox age of students 75 s > 60 s"]),
    ],
)
def test_each_part_of_the_objective_breaks_by_itself(found, said):
    assert broken(found, GOAL) == said


def test_reads_are_judged_and_writes_are_not():
    assert reads_p99(step([answer(1.0), answer(5.0, route="PATCH x")])) == 1.0


def test_the_fullest_is_named_first():
    found = step([], {"students-api": 9.5, "postgres": 19.1}, cores=1.0, connections={"media_app": 3})
    full = fullest(found, 2, {"media_app": 10})
    assert [(one.what, round(one.share, 2)) for one in full[:4]] == [
        ("2 cores by the stack and its client", 1.43), ("students-api (one core)", 0.95),
        ("the machine's 2 cores, whoever took them", 0.5), ("connections of media_app", 0.3),
    ]  # fmt: skip
    assert "postgres" not in str(full), "it has a process for each session: no single core bounds it"


def test_what_a_part_takes_anyway_is_not_an_operation_s():
    spent, rest = {"students-api": 1.0, "media-api": 0.11, "sqs": 0.33}, {"media-api": 0.01, "sqs": 0.03}
    assert above_idle(spent, 10, rest) == {"students-api": 1.0}


def test_a_part_that_was_restarted_counts_from_its_start():
    assert Usage({"a": 5.0, "b": 1.0}).since(Usage({"a": 3.0, "b": 9.0})) == {"a": 2.0, "b": 1.0}
