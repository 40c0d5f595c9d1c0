"""Alerts: about metrics that exist, each with a runbook and a test in which it fires."""

import re
import subprocess

import pytest
import yaml
from contracts import SERVICES
from testkit.metrics import groups

PARTS = ["무엇이 문제인가", "확인", "조치"]
# what a histogram is made of
SUFFIX = re.compile(r"_(bucket|sum|count)$")


@pytest.fixture(scope="module")
def prometheus(root):
    return root / "deploy/prometheus"


@pytest.fixture(scope="module")
def alerts(prometheus):
    """(file, alert) of every rule."""
    return [
        (path.name, alert)
        for path in sorted((prometheus / "rules").iterdir())
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for alert in group["rules"]
    ]


@pytest.fixture(scope="module")
def runbooks(root):
    """Alert → its runbook; procedures, which no alert begins, have lower-case names (test_runbooks)."""
    files = (root / "deploy/runbooks").glob("[A-Z]*.md")
    return {path.stem: path.read_text(encoding="utf-8") for path in files if path.stem != "README"}


def promtool(*arguments, cwd):
    done = subprocess.run(
        ["promtool", *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_alert_says_how_urgent_it_is_what_is_wrong_and_where_to_read_on(alerts):
    for _, alert in alerts:
        said = alert["annotations"]
        assert alert["labels"] in ({"severity": "page"}, {"severity": "ticket"}), alert["alert"]
        assert said["runbook_url"] == f"deploy/runbooks/{alert['alert']}.md"
        for text in (said["summary"], said["description"]):
            assert re.search("[가-힣]", text), alert["alert"]


def test_every_alert_has_a_runbook_and_every_runbook_an_alert(alerts, runbooks):
    assert sorted(alert["alert"] for _, alert in alerts) == sorted(runbooks)
    for name, text in runbooks.items():
        assert text.startswith(f"# {name}\n")
        assert re.findall("^## (.*)$", text, re.MULTILINE) == PARTS, name
        for other in re.findall(r"\]\((\w+)\.md\)", text):
            assert other in runbooks, f"{name} sends to {other}"


def test_alerts_and_runbooks_ask_for_metrics_that_exist(alerts, runbooks):
    known = {metric.name for group in groups() for metric in group.metrics}
    texts = {**runbooks, **{alert["alert"] + ", the rule": alert["expr"] for _, alert in alerts}}
    strange = {
        f"{where}: {name}"
        for where, text in texts.items()
        for name in re.findall(r"\b(?:academy|http)_[a-z_]+[a-z]\b", text)
        if SUFFIX.sub("", name) not in known and name not in known
    }
    assert strange == set()


def test_every_alert_fires_in_a_test_of_its_own_file_and_each_file_has_a_healthy_hour(alerts, prometheus):
    for file in {file for file, _ in alerts}:
        tests = yaml.safe_load((prometheus / "tests" / file).read_text(encoding="utf-8"))
        assert tests["rule_files"] == [f"../rules/{file}"]
        expected = [
            sample["labels"]
            for test in tests["tests"]
            for one in test["promql_expr_test"]
            for sample in one["exp_samples"]
        ]
        fired = {re.search('alertname="(.*?)"', labels)[1] for labels in expected}
        assert fired == {alert["alert"] for of, alert in alerts if of == file}
        last = tests["tests"][-1]
        assert last["name"].startswith("all is well")
        assert all(one["exp_samples"] == [] for one in last["promql_expr_test"])
        assert {test["interval"] for test in tests["tests"]} <= {"1m", "5m"}


def test_a_missing_service_is_missed(alerts):
    (missing,) = [alert for _, alert in alerts if alert["alert"] == "ServiceMissing"]
    processes = 2 * len(SERVICES)
    assert missing["expr"].startswith(f"{processes} - "), f"deploy/prometheus/rules: {processes} processes"


@pytest.mark.prometheus
def test_promtool_passes_configuration_rules_and_their_tests(prometheus):
    promtool("check", "config", "prometheus.yml", cwd=prometheus)
    tests = sorted((prometheus / "tests").iterdir())
    promtool("test", "rules", *tests, cwd=prometheus)
