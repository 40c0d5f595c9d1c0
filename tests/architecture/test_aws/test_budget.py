"""Connections to PostgreSQL: what all processes of deploy/aws may open together, in both sizes."""

from unittest.mock import patch

import pytest
from contracts import SERVICES
from servicekit import api_kit, worker_kit
from servicekit.settings import CommonSettings, load

NEEDED = {
    "DATABASE_URL": "postgresql://x@localhost/x",
    "INTERNAL_WORKER_TOKEN": "x" * 16,
}
RELAY = 1  # elected or not, it holds a session: eventkit.relay
REPLAY = 1  # while letters are replayed: eventkit.deadletters.replayer
PERIODIC = 2  # tasks that run at once, a session for the lock of each: servicekit.periodic
OPERATORS, MIGRATION = 3, 1
RESERVED = 5  # superuser_reserved_connections, and RDS's own


def pool(kit, environment):
    """The largest number of connections of one process, as the code computes it."""
    settings = load(CommonSettings, NEEDED | environment)
    with patch.object(kit, "Database") as made, patch.object(api_kit, "HttpMetrics"):
        if kit is api_kit:
            api_kit.ApiKit.open("media", CommonSettings, settings)
        else:
            worker_kit.WorkerKit.open("media", settings)
    return made.call_args.args[2]


@pytest.fixture
def tasks(cloud):
    """Service of ECS → how many tasks at most."""
    wanted = {one.properties["ServiceName"]: one.properties for one in cloud.of("ECS::Service")}
    most = {
        one.properties["ResourceId"].rpartition("/")[2]: int(one.properties["MaxCapacity"])
        for one in cloud.of("ApplicationAutoScaling::ScalableTarget")
    }
    return {name: most.get(name) or service["DesiredCount"] for name, service in wanted.items()}


@pytest.fixture
def of_a_task(containers):
    """Service of ECS → the connections of one of its tasks."""
    found = {}
    for family, container in containers.items():
        role = family.rpartition("-")[2]
        if role == "migrate":
            continue
        told = {one["Name"]: one["Value"] for one in container["Environment"]}
        if role == "api":
            processes, own = int(told["WEB_WORKERS"]), pool(api_kit, told)
        else:
            loops = RELAY + REPLAY + PERIODIC if role == "worker" else 0
            processes, own = 1, pool(worker_kit, told) + loops
        found[family.removeprefix("academy-")] = processes * own
    return found


def test_all_processes_with_a_deploy_take_four_fifths_of_the_connections_at_most(cloud, tasks, of_a_task):
    """All at their most, and the tasks of the largest service twice: a release does one after the other."""
    assert set(tasks) == set(of_a_task)
    full = {name: tasks[name] * of_a_task[name] for name in tasks}
    twice = max(full[f"{service}-api"] + full[f"{service}-worker"] for service in SERVICES)
    wanted = sum(full.values()) + twice + OPERATORS + MIGRATION + RESERVED
    parameters = cloud.one("RDS::DBParameterGroup", "academy-data").properties["Parameters"]
    limit = int(parameters["max_connections"])
    assert wanted <= 0.8 * limit
    (alarm,) = [
        one.properties
        for one in cloud.of("CloudWatch::Alarm")
        if one.properties.get("AlarmName") == "academy-rds-connections"
    ]
    assert alarm["Threshold"] == 0.8 * limit
