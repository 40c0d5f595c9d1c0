"""Tasks, scaling and roles of deploy/aws after a first release to moto: what the code needs, and no more."""

import re
import tomllib
from importlib import import_module

import pytest
from contracts import REGISTRY, SERVICES, package_of
from eventkit.worker import DRAIN_SECONDS
from media.settings import Settings as MediaSettings
from servicekit import gunicorn_conf
from servicekit.settings import describe


def settings_of(service):
    return import_module(f"{package_of(service)}.settings").Settings


def environment(container):
    return {one["Name"]: one["Value"] for one in container["Environment"]}


def statements(cloud, role):
    """Of the task role of this name."""
    (found,) = [one.properties for one in cloud.of("IAM::Role") if one.properties.get("RoleName") == role]
    policies = found.get("Policies", [])
    assert not found.get("ManagedPolicyArns")
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


def as_list(value):
    return value if isinstance(value, list) else [value]


# tasks


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_its_variables_and_secrets_and_no_others(containers, service):
    rows = describe(settings_of(service))
    secret = {row.name for row in rows if row.secret}
    for role in ("api", "worker", *(["encoder"] if service == "media" else [])):
        container = containers[f"academy-{service}-{role}"]
        told = environment(container)
        assert {one["Name"] for one in container["Secrets"]} == secret
        assert (
            {row.name for row in rows if row.required} - secret
            <= told.keys()
            <= {row.name for row in rows} - secret
        )
        assert all(value != "" for value in told.values())
        for one in container["Secrets"]:
            document = "shared" if one["Name"] == "INTERNAL_WORKER_TOKEN" else service
            assert re.search(rf":secret:academy/{document}-\w+:{one['Name']}::$", one["ValueFrom"])


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_is_told_it_can_read(containers, service):
    for role in ("api", "worker"):
        rows = {
            row.name: field
            for row, field in zip(describe(settings_of(service)), fields_of(service), strict=True)
        }
        for name, value in environment(containers[f"academy-{service}-{role}"]).items():
            rows[name].metadata["parse"](value)


def fields_of(service):
    return list(settings_of(service).__dataclass_fields__.values())


def test_only_a_migration_has_the_owner_s_password_and_it_has_nothing_else(containers):
    for family, container in containers.items():
        names = {one["Name"] for one in container["Secrets"]}
        assert (names == {"MIGRATION_DATABASE_URL"}) == family.endswith("-migrate")
        assert ("MIGRATION_DATABASE_URL" in names) == family.endswith("-migrate")


def test_secrets_are_made_empty(cloud):
    for one in cloud.of("SecretsManager::Secret"):
        assert not {"SecretString", "GenerateSecretString"} & one.properties.keys()


def test_r2_has_credentials_of_its_own(containers):
    for container in containers.values():
        told = {one["Name"] for one in (*container.get("Environment", []), *container["Secrets"])}
        assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & told


def test_containers_are_closed_and_have_time_to_end(cloud, containers):
    grace = max(DRAIN_SECONDS, gunicorn_conf.graceful_timeout)
    for family, container in containers.items():
        assert container["ReadonlyRootFilesystem"] is True
        assert container["User"] == "1000"
        assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
        assert [one["ContainerPath"] for one in container["LinuxParameters"]["Tmpfs"]] == ["/tmp"]
        assert container["StopTimeout"] >= grace + 5, family
        assert container["StopTimeout"] <= 120  # what Spot leaves
        assert container["Command"] == [family.rpartition("-")[2]]
        assert "@sha256:" in container["Image"]
    for task in cloud.of("ECS::TaskDefinition"):
        assert task.properties["RuntimePlatform"]["CpuArchitecture"] == "ARM64"


def test_the_encoder_works_on_the_disk_that_is_rented_for_it(cloud, containers, rented):
    container = containers["academy-media-encoder"]
    (mount,) = container["MountPoints"]
    assert environment(container)["ENCODER_SCRATCH"] == mount["ContainerPath"]
    (default,) = [row.default for row in describe(MediaSettings) if row.name == "ENCODER_SCRATCH"]
    assert default == mount["ContainerPath"]
    template = cloud.one("EC2::LaunchTemplate", "academy-cluster", "EncoderTemplate").properties
    data = template["LaunchTemplateData"]
    assert data["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == rented.encoder.disk_gb


def test_every_service_is_replaced_before_it_is_ended_and_goes_back_by_itself(cloud):
    for service in cloud.of("ECS::Service"):
        said = service.properties["DeploymentConfiguration"]
        assert (said["MinimumHealthyPercent"], said["MaximumPercent"]) == (100, 200)
        assert said["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_services_call_each_other_by_the_names_that_they_are_given(cloud, containers):
    known = set()
    for service in cloud.of("ECS::Service"):
        for one in service.properties.get("ServiceConnectConfiguration", {}).get("Services", []):
            known |= {f"{alias['DnsName']}:{alias['Port']}" for alias in one["ClientAliases"]}
    for container in containers.values():
        for value in environment(container).values() if "Environment" in container else []:
            assert set(re.findall(r"http://([\w-]+:\d+)", value)) <= known


def test_tasks_fit_onto_the_hosts_with_a_deploy_of_one_service(cloud, containers, rented):
    """MiB: what ECS leaves of the hosts' memory; reservations, and 64 for a proxy of Service Connect."""
    memory = {"t4g.small": 1850, "t4g.medium": 3800}[rented.hosts.kind] * rented.hosts.count
    needed = {}
    for service in cloud.of("ECS::Service"):
        family = f"academy-{service.properties['ServiceName']}"
        if family == "academy-media-encoder":
            continue
        proxy = 64 if "ServiceConnectConfiguration" in service.properties else 0
        count = service.properties.get("DesiredCount") or most_workers(cloud)
        needed[family] = count * (int(containers[family]["MemoryReservation"]) + proxy)
    surge = max(needed[f"academy-{one}-api"] + needed[f"academy-{one}-worker"] for one in SERVICES)
    assert sum(needed.values()) + surge <= memory


def most_workers(cloud):
    targets = [one.properties for one in cloud.of("ApplicationAutoScaling::ScalableTarget")]
    found = {one["MaxCapacity"] for one in targets if one["ResourceId"].endswith("-worker")} or {1}
    (most,) = found
    return int(most)


# scaling


def test_workers_follow_the_backlog_of_each_task(cloud):
    policies = {
        one.stack: one.properties["TargetTrackingScalingPolicyConfiguration"]
        for one in cloud.of("ApplicationAutoScaling::ScalingPolicy")
        if one.properties["PolicyType"] == "TargetTrackingScaling"
    }
    assert set(policies) == (
        {f"academy-{service}" for service in SERVICES} if cloud.size == "growth" else set()
    )
    for stack, policy in policies.items():
        service = stack.removeprefix("academy-")
        ratio, waiting, running = policy["CustomizedMetricSpecification"]["Metrics"]
        assert ratio["Expression"] == "waiting / running"
        queue = [{"Name": "QueueName", "Value": f"academy-{service}-events"}]
        assert waiting["MetricStat"]["Metric"]["Dimensions"] == queue
        assert running["MetricStat"]["Metric"]["Dimensions"][1]["Value"] == f"{service}-worker"
        assert running["MetricStat"]["Stat"] == "SampleCount"


def test_the_encoder_goes_to_zero_by_itself_and_nothing_takes_one_that_works(cloud):
    """Incidents 4 and 31: no policy scales in, no deploy sets a number, no instance with a task is taken."""
    service = cloud.one("ECS::Service", "academy-encoder").properties
    assert "DesiredCount" not in service
    policies = [
        one.properties for one in cloud.of("ApplicationAutoScaling::ScalingPolicy", "academy-encoder")
    ]
    steps = [step for one in policies for step in one["StepScalingPolicyConfiguration"]["StepAdjustments"]]
    assert steps
    assert all(step["ScalingAdjustment"] > 0 for step in steps)
    assert (
        cloud.one("ApplicationAutoScaling::ScalableTarget", "academy-encoder").properties["MinCapacity"] == 0
    )
    capacity = cloud.one("ECS::CapacityProvider", "academy-cluster", "EncoderCapacity").properties
    assert capacity["AutoScalingGroupProvider"]["ManagedTerminationProtection"] == "ENABLED"
    group = cloud.one("AutoScaling::AutoScalingGroup", "academy-cluster", "Encoders").properties
    assert group["NewInstancesProtectedFromScaleIn"] is True
    assert group["MinSize"] == "0"
    assert group["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 0


def test_the_encoder_s_alarm_reads_the_line_that_media_s_worker_writes(cloud, root):
    said = cloud.one("Logs::MetricFilter", "academy-encoder").properties
    source = (root / "services/media/src/media/usecases/encoding/reconciling.py").read_text(encoding="utf-8")
    message = re.search('"(.*?)"', said["FilterPattern"])[1]
    assert f'log.info("{message}", extra={{"waiting":' in source
    assert said["MetricTransformations"][0]["MetricValue"] == "$.waiting"
    assert said["LogGroupName"] == "media-worker"


# roles

BATCHES = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}


def permission(call):
    """What IAM calls it: a batch is allowed by the single one."""
    service, _, operation = call.partition(":")
    return f"{service}:{operation.removesuffix('Batch') if operation in BATCHES else operation}"


@pytest.fixture(scope="module")
def calls(root):
    recorded = tomllib.loads((root / "deploy/aws/calls.toml").read_text(encoding="utf-8"))
    return {
        who: {on: {permission(call) for call in made} for on, made in what.items()}
        for who, what in recorded.items()
    }


def allowed(cloud, role):
    """Resource → actions."""
    found = {}
    for one in statements(cloud, role):
        assert one["Effect"] == "Allow"
        for resource in as_list(one["Resource"]):
            assert "*" not in resource
            found.setdefault(resource.rpartition(":")[2], set()).update(as_list(one["Action"]))
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_may_what_it_does_on_its_queues_and_its_subscribers_and_no_more(cloud, calls, service):
    types = [REGISTRY.get(name) for name in REGISTRY.published_by(service)]
    others = {subscriber for one in types for subscriber in one.subscribers} - {service}
    worker = calls["worker"]
    assert allowed(cloud, f"academy-{service}-worker") == {
        f"academy-{service}-events": worker["own"],
        f"academy-{service}-events-dlq": worker["dead"],
        **{f"academy-{other}-events": worker["others"] for other in others},
    }


def test_media_s_api_may_wake_the_encoder_and_no_api_may_anything_else(cloud, calls):
    assert "api" not in calls
    for service in SERVICES:
        expected = {"service/academy/media-encoder": calls["Service"]["calls"]} if service == "media" else {}
        assert allowed(cloud, f"academy-{service}-api") == expected


def test_the_encoder_may_stop_itself(cloud, calls):
    expected = {"service/academy/media-encoder": calls["OwnService"]["calls"]}
    assert allowed(cloud, "academy-media-encoder") == expected
    assert "encoder" not in calls


def test_every_call_of_the_code_is_recorded(calls, root):
    """The client's Protocol and the two hosts are all that can be called: a new one must be recorded."""
    queue = (root / "libs/eventkit/src/eventkit/queue.py").read_text(encoding="utf-8")
    hosts = (root / "libs/servicekit/src/servicekit/hosts.py").read_text(encoding="utf-8")
    protocol = re.findall(r"def (\w+)\(self\) -> Call", queue)
    written = {f"sqs:{camel(name)}" for name in protocol}
    written |= {f"{kind}:{camel(name)}" for kind, name in re.findall(r"self\._(ec[s2])\.(\w+)\(", hosts)}
    recorded = {call for what in calls.values() for made in what.values() for call in made}
    assert {permission(call) for call in written} == recorded


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def test_what_starts_containers_reads_the_service_s_own_secrets_only(cloud):
    for service in SERVICES:
        for role, documents in (("execution", {service, "shared"}), ("migrate-execution", {service})):
            read = [
                resource
                for one in statements(cloud, f"academy-{service}-{role}")
                if "secretsmanager:GetSecretValue" in as_list(one["Action"])
                for resource in as_list(one["Resource"])
            ]
            assert {re.search(r"academy/([\w-]+)-\w+$", arn)[1] for arn in read} == documents
