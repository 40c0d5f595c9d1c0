"""A real Prometheus watches the stack as `<data>/prometheus.yml` tells it to."""

import json
import urllib.request
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from academyctl.embedded.program import Program, answers_ok, plain_environment, running
from contracts import SERVICES
from eventkit.metrics import Counter, Gauge, Histogram
from servicekit.worker_kit import KIT_TASKS
from testkit.academy import Academy
from testkit.metrics import groups
from testkit.servers import free_ports
from testkit.waiting import wait_until
from testkit.workbooks import HEADER, workbook

pytestmark = [pytest.mark.stack, pytest.mark.prometheus, pytest.mark.slow]

MESSY = [
    HEADER,
    ("김하나", "010-1234-5678", "", "", "", "", ""),
    ("박세찬", "전화 없음", "", "", "", "", ""),
]


class Prometheus:
    """Its HTTP API."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self._url}/{path}?{urlencode(query)}", timeout=10) as answer:
            return json.loads(answer.read())["data"]

    def value(self, query):
        """{values of the labels, by their names' order: number}."""
        found = self.get("query", query=query)["result"]
        return {
            tuple(value for _, value in sorted(one["metric"].items())): float(one["value"][1])
            for one in found
        }

    def targets(self):
        return self.get("targets", state="active")["activeTargets"]


@pytest.fixture(scope="module")
def prometheus(stack, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("prometheus"), free_ports()
    program = Program(
        "prometheus",
        (
            "prometheus",
            f"--config.file={stack.data / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ),
        lambda: answers_ok(port, "/-/ready"),
        env=plain_environment(),
        ports=(port,),
    )
    with running(program, folder / "prometheus.log"):
        watching = Prometheus(port)
        wait_until(lambda: {t["health"] for t in watching.targets()} == {"up"}, 120, interval=0.5)
        yield watching


def test_it_scrapes_every_process(prometheus, stack):
    found = {
        (target["labels"]["service"], target["labels"]["job"], target["scrapeUrl"])
        for target in prometheus.targets()
    }
    assert found == {
        (service, job, f"{stack.url(f'{service}-{job}')}/metrics")
        for service in SERVICES
        for job in ("api", "worker")
    } | {("media", "encoder", f"{stack.url('media-encoder')}/metrics")}


def test_it_knows_every_declared_metric_by_its_kind(prometheus):
    words = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
    kinds = {metric.name: words[type(metric)] for group in groups() for metric in group.metrics}
    known = prometheus.get("metadata")
    assert {name: known[name][0]["type"] for name in kinds if name in known} == kinds


def test_it_has_the_rules_and_they_can_be_evaluated(prometheus):
    def evaluated():
        rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return rules if all(rule["health"] != "unknown" for rule in rules) else None

    rules = wait_until(evaluated, 60, interval=0.5)
    assert len(rules) > 20
    assert {rule["name"]: rule["health"] for rule in rules if rule["health"] != "ok"} == {}


def test_the_figures_are_those_of_the_work_that_was_done(prometheus, stack, tmp_path):
    def rows(outcome):
        found = prometheus.value("sum by (outcome) (academy_import_rows_total)")
        return found.get((outcome,), 0)

    before = rows("enrolled"), rows("failed")
    academy = Academy(stack, f"t-{uuid4().hex[:12]}")
    academy.run(academy.lecture("중2 수학"), workbook(tmp_path / "명단.xlsx", {"명단": MESSY}))

    def counted():
        return rows("enrolled") > before[0] and rows("failed") > before[1]

    wait_until(counted, 60, interval=0.5)
    route = "/api/v1/enrollments/lecture_enroll_from_excel/"
    asked = f'sum by (service, status) (http_requests_total{{route="{route}"}})'
    assert prometheus.value(asked)["enrollment", "2xx"] >= 1
    handled = 'academy_handler_seconds_count{type="students.roster.resolved"}'
    assert prometheus.value(f"sum by (service) ({handled})")[("enrollment",)] >= 1
    text = json.dumps(prometheus.get("series", **{"match[]": '{job=~".+"}'}), ensure_ascii=False)
    assert academy.tenant not in text
    assert "김하나" not in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sum by (service) (academy_relay_elected)", {(service,): 1 for service in SERVICES}),
        (
            "count by (job) (academy_db_pool_limit)",
            {("api",): len(SERVICES), ("worker",): len(SERVICES), ("encoder",): 1},
        ),
        (
            "count by (queue) (academy_queue_visible_messages)",
            {(f"academy-{service}-events",): 1 for service in SERVICES},
        ),
        (
            'count by (task) (academy_periodic_interval_seconds{task=~"kit.*"})',
            {(task.name,): len(SERVICES) for task in KIT_TASKS},
        ),
    ],
)
def test_every_service_shows_itself(prometheus, query, expected):
    wait_until(lambda: prometheus.value(query) == expected, 60, interval=0.5)
