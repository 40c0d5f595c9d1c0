"""Metrics: named by Prometheus's rules, bounded in what they can say, used, and each on one dashboard."""

import ast
import json
import re
import subprocess
from importlib import import_module

import pytest
from eventkit.metrics import Counter, Gauge, Histogram, Metric, Metrics
from prometheus_client import CollectorRegistry, generate_latest
from testkit.dashboards import dashboards
from testkit.metrics import groups

# what a label's values are taken from; a person, a tenant, an id or a path is nothing of that
LABELS = {
    "code": "words in code (media.domain.failures, messaging.domain.codes)",
    "destination": "services",
    "method": "HTTP methods, else other",
    "operation": "calls to SQS",
    "outcome": "words in code",
    "queue": "deploy/queues.yaml",
    "reason": "words in code, names of exceptions with SQLSTATE",
    "route": "route templates",
    "service": "services",
    "state": "words in code",
    "stuck": "words in code",
    "status": "classes, 2xx to 5xx",
    "task": "periodic tasks",
    "type": "event types of the registry, else unknown",
    "what": "words in code",
}
# prometheus.io/docs/practices/naming: the base unit, never a part or a multiple of it
OTHER_UNITS = re.compile(r"_(ms|millis|milliseconds|minutes|hours|days|kb|mb|kilobytes|percent)(_|$)")
RESERVED = ("_count", "_sum", "_bucket", "_created", "_info")


@pytest.fixture(scope="module")
def metrics():
    return [metric for group in groups() for metric in group.metrics]


def test_every_declared_metric_is_gathered_once(modules, metrics):
    declared = [
        value
        for m in modules
        if m.path.name == "metrics.py" and m.package != "testkit"
        for value in vars(import_module(m.dotted)).values()
        if isinstance(value, Metric)
    ]
    assert {metric.name for metric in declared} == {metric.name for metric in metrics}
    assert len({metric.name for metric in metrics}) == len(metrics)


def test_names_follow_prometheus(metrics):
    wrong = []
    for metric in metrics:
        counts, measures = isinstance(metric, Counter), isinstance(metric, Histogram)
        if not (
            re.fullmatch(r"(academy|http)(_[a-z]+)+", metric.name)
            and metric.name.endswith("_total") == counts
            and (metric.name.endswith("_seconds") or not measures)
            and not metric.name.endswith(RESERVED)
            and not OTHER_UNITS.search(metric.name)
            and metric.meaning.endswith(".")
        ):
            wrong.append(metric.name)
    assert wrong == []


def test_labels_have_few_values_and_none_is_about_somebody(metrics):
    strange = {f"{metric.name}: {label}" for metric in metrics for label in {*metric.labels} - LABELS.keys()}
    assert strange == set(), "name where the label's values come from, in LABELS"


def test_every_metric_is_used(modules, metrics):
    constants = {
        name: value.name
        for m in modules
        if m.path.name == "metrics.py"
        for name, value in vars(import_module(m.dotted)).items()
        if isinstance(value, Metric)
    }
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for m in modules
        for function in ast.walk(m.tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert sorted(constants[name] for name in constants.keys() - used) == []


def test_dashboards_are_those_of_the_metrics(root, metrics):
    found = {path.name: path.read_text(encoding="utf-8") for path in (root / "deploy/grafana").iterdir()}
    assert found == dashboards(), "run: make docs"


def test_every_metric_is_on_one_dashboard(metrics):
    shown = [
        metric.name
        for text in dashboards().values()
        for panel in json.loads(text)["panels"]
        for metric in metrics
        if re.search(rf"\b{metric.name}(_bucket)?\{{", panel["targets"][0]["expr"])
    ]
    assert sorted(shown) == sorted(metric.name for metric in metrics)


@pytest.mark.prometheus
def test_promtool_has_nothing_to_complain_about(metrics):
    figures = Metrics(CollectorRegistry(), metrics)
    show = {Counter: figures.count, Gauge: figures.set, Histogram: figures.observe}
    for metric in metrics:
        show[type(metric)](metric, 1, **dict.fromkeys(metric.labels, "x"))
    page = generate_latest(figures.registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert (done.stdout + done.stderr).decode() == ""
