"""deploy/aws after a first release to moto, in both sizes: what is declared elsewhere is found there."""

import json
import re
from fnmatch import fnmatchcase

import pytest
import yaml
from academyctl.cost.declared import load
from academyctl.queues import drift, load_queues
from contracts import SERVICES

# queues


def test_the_queues_are_those_of_the_file(root, cloud):
    specs = load_queues(root / "deploy/queues.yaml", "academy")
    assert drift(cloud.client("sqs"), specs) == []
    assert len(cloud.of("SQS::Queue")) == len(specs)


def test_no_queue_is_spoken_to_without_tls_and_only_its_own_may_send_to_a_dead_letter_queue(cloud):
    for policy in cloud.of("SQS::QueuePolicy"):
        (refusal,) = policy.properties["PolicyDocument"]["Statement"]
        assert (refusal["Effect"], refusal["Action"]) == ("Deny", "sqs:*")
        assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    guarded = [url for policy in cloud.of("SQS::QueuePolicy") for url in policy.properties["Queues"]]
    assert len(set(guarded)) == len(cloud.of("SQS::Queue"))
    for queue in cloud.of("SQS::Queue"):
        name = queue.properties["QueueName"]
        if name.endswith("-dlq"):
            (source,) = queue.properties["RedriveAllowPolicy"]["sourceQueueArns"]
            assert source.endswith(f":{name.removesuffix('-dlq')}")


# the load balancer


@pytest.fixture(scope="module")
def answer(cloud):
    """Path → the service that it goes to, or a status, by the rules found in moto and their priority."""
    balancer = cloud.client("elbv2")
    names = {
        one["TargetGroupArn"]: one["TargetGroupName"].removeprefix("academy-")
        for one in balancer.describe_target_groups()["TargetGroups"]
    }
    listeners = balancer.describe_listeners(
        LoadBalancerArn=balancer.describe_load_balancers(Names=["academy"])["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
    )["Listeners"]
    (https,) = [one for one in listeners if one["Port"] == 443]
    rules = balancer.describe_rules(ListenerArn=https["ListenerArn"])["Rules"]
    ordered = sorted(rules, key=lambda rule: float("inf") if rule["IsDefault"] else int(rule["Priority"]))

    def of(path):
        for rule in ordered:
            patterns = [value for one in rule["Conditions"] for value in one["PathPatternConfig"]["Values"]]
            if rule["IsDefault"] or any(fnmatchcase(path, pattern) for pattern in patterns):
                action = rule["Actions"][-1]
                fixed = action.get("FixedResponseConfig", {})
                return names.get(action.get("TargetGroupArn"), fixed.get("StatusCode"))
        raise AssertionError(path)

    return of


def test_each_path_goes_to_the_service_whose_it_is(root, answer):
    services = yaml.safe_load((root / "deploy/gateway.yaml").read_text(encoding="utf-8"))["services"]
    whose = {path: service for service, paths in services.items() for path in paths}
    for path in whose:
        for asked in (path, f"{path}/", f"{path}/1", f"{path}/bulk/2/", f"{path}X"):
            above = [one for one in whose if f"{asked}/".startswith(f"{one}/")]
            assert answer(asked) == (whose[max(above, key=len)] if above else "404"), asked


@pytest.mark.parametrize("path", ["/internal", "/internal/erasure/holdings/", "/metrics", "/metrics/x"])
def test_what_is_internal_meets_a_404_before_any_service_s_rule(cloud, answer, path):
    assert answer(path) == "404"
    rules = cloud.of("ElasticLoadBalancingV2::ListenerRule")
    (never,) = [rule for rule in rules if rule.name == "NeverRouted"]
    assert never.properties["Priority"] < min(r.properties["Priority"] for r in rules if r is not never)
    assert any(
        fnmatchcase(path, one) for one in never.properties["Conditions"][0]["PathPatternConfig"]["Values"]
    )


@pytest.mark.parametrize("path", ["/", "/health", "/livez", "/readyz", "/api/v1", "/console/", "/openapi"])
def test_what_no_rule_names_is_answered_404(answer, path):
    assert answer(path) == "404"


def test_a_rule_keeps_the_quotas_of_the_load_balancer(cloud):
    for rule in cloud.of("ElasticLoadBalancingV2::ListenerRule"):
        patterns = rule.properties["Conditions"][0]["PathPatternConfig"]["Values"]
        assert len(patterns) <= 5
        assert sum("*" in pattern for pattern in patterns) <= 5


def test_plain_http_is_sent_on_to_https(cloud):
    listeners = {
        one.properties["Port"]: one.properties for one in cloud.of("ElasticLoadBalancingV2::Listener")
    }
    assert set(listeners) == {80, 443}
    (action,) = listeners[80]["DefaultActions"]
    assert action["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    assert listeners[443]["Certificates"][0]["CertificateArn"].startswith("arn:aws:acm:")


def test_a_database_that_is_away_for_two_minutes_costs_no_task(cloud, containers):
    """Every phase of the probes: /health fails while the database is away, and a little longer."""
    for group in cloud.of("ElasticLoadBalancingV2::TargetGroup"):
        check = group.properties
        assert check["HealthCheckPath"] == "/health"
        interval, timeout = check["HealthCheckIntervalSeconds"], check["HealthCheckTimeoutSeconds"]
        away = 120 + timeout
        for phase in range(interval):
            failures = sum(phase <= second < phase + away for second in range(0, 10 * interval, interval))
            # two more than ever happen: half a minute to spare
            assert failures + 2 <= check["UnhealthyThresholdCount"], phase
    for family, container in containers.items():
        if not family.endswith("migrate"):
            assert "/app/healthcheck.py" in container["HealthCheck"]["Command"]  # /livez


# watching


def test_the_alarms_are_those_of_the_operations_guide(cloud):
    alarms = {one["AlarmName"]: one for one in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    found = {
        name: (one["Threshold"], one["Period"], one["EvaluationPeriods"]) for name, one in alarms.items()
    }
    count = {"start": 1, "growth": 2}[cloud.size]
    connections = {"start": 120, "growth": 400}[cloud.size]
    expected = {
        "academy-alb-5xx": (10, 300, 2),
        "academy-rds-cpu": (80, 300, 2),
        "academy-rds-storage": (5e9, 300, 2),
        "academy-rds-connections": (connections, 300, 2),
        "academy-encode-jobs-wait": (3, 300, 2),
    }
    for service in SERVICES:
        expected |= {
            f"academy-{service}-queue-age": (300, 300, 2),
            f"academy-{service}-dlq": (0, 300, 2),
            f"academy-{service}-dlq-many": (5, 300, 2),
            f"academy-{service}-api-missing": (count, 60, 5),
            f"academy-{service}-worker-missing": (count, 60, 5),
        }
    assert found == expected
    assert all(one["AlarmActions"] for one in alarms.values())


def test_each_alarm_about_a_queue_or_a_process_names_one_that_there_is(cloud):
    queues = {one.properties["QueueName"] for one in cloud.of("SQS::Queue")}
    services = {one.properties["ServiceName"] for one in cloud.of("ECS::Service")}
    for alarm in cloud.of("CloudWatch::Alarm"):
        for one in alarm.properties.get("Dimensions", []):
            known = {"QueueName": queues, "ServiceName": services}.get(one["Name"])
            assert known is None or one["Value"] in known


def test_an_alarm_s_runbook_exists(cloud, root):
    for alarm in cloud.of("CloudWatch::Alarm"):
        for name in re.findall(r"runbook (\w+)", alarm.properties["AlarmDescription"]):
            assert (root / f"deploy/runbooks/{name}.md").exists()


def test_the_dashboard_shows_cpu_memory_database_and_queues(cloud):
    body = json.loads(cloud.one("CloudWatch::Dashboard", "academy-watching").properties["DashboardBody"])
    titles = " ".join(one["properties"]["title"] for one in body["widgets"])
    assert all(word in titles for word in ("CPU", "Memory", "RDS", "SQS", "ALB"))


def test_logs_are_kept_for_two_weeks(cloud):
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert {one["retentionInDays"] for one in groups} == {14}
    families = {one.properties["Family"].removeprefix("academy-") for one in cloud.of("ECS::TaskDefinition")}
    assert {one["logGroupName"] for one in groups} == families


def test_the_budget_is_the_guide_s(cloud, root):
    guide = load(root / "deploy/cost").guide[cloud.size]
    said = cloud.one("Budgets::Budget", "academy-watching").properties
    assert int(said["Budget"]["BudgetLimit"]["Amount"]) == guide.high
    assert [one["Notification"]["Threshold"] for one in said["NotificationsWithSubscribers"]] == [80, 100]


# what is kept


def test_the_database_is_private_backed_up_and_hard_to_delete(cloud):
    (database,) = cloud.client("rds").describe_db_instances()["DBInstances"]
    assert database["PubliclyAccessible"] is False
    assert database["BackupRetentionPeriod"] == 7
    assert database["MultiAZ"] is (cloud.size == "growth")
    assert database["StorageEncrypted"] is True
    said = cloud.one("RDS::DBInstance", "academy-data").properties
    assert (said["ManageMasterUserPassword"], said["DeletionProtection"]) == (True, True)
    private = {one.name for one in cloud.of("EC2::SubnetRouteTableAssociation") if "Private" in one.name}
    assert len(private) == 2
    assert [one.properties["DestinationCidrBlock"] for one in cloud.of("EC2::Route")] == ["0.0.0.0/0"]


def test_images_keep_their_tags_and_old_ones_go(cloud):
    for repository in cloud.client("ecr").describe_repositories()["repositories"]:
        moves = repository["repositoryName"] == "academy-base"
        assert repository["imageTagMutability"] == ("MUTABLE" if moves else "IMMUTABLE")
    for one in cloud.of("ECR::Repository"):
        rules = json.loads(one.properties["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        assert [rule["selection"]["countNumber"] for rule in rules] == [1, 10]
        assert rules[0]["selection"]["tagStatus"] == "untagged"


# a release


def test_each_migration_runs_from_the_new_image_before_any_service_changes(cloud):
    names = [name for name, _ in cloud.asked]
    assert names == ["run_task"] * len(SERVICES) + ["update_service"] * 4
    stacks = list(dict.fromkeys(one.stack for one in cloud.resources))
    first = min(stacks.index(f"academy-{service}") for service in SERVICES)
    assert all(stacks.index(f"academy-{service}-migration") < first for service in SERVICES)


# the bill


def test_what_is_paid_for_is_what_is_declared(cloud, rented):
    host = cloud.one("EC2::LaunchTemplate", "academy-cluster", "HostTemplate").properties[
        "LaunchTemplateData"
    ]
    encoder = cloud.one("EC2::LaunchTemplate", "academy-cluster", "EncoderTemplate").properties
    group = cloud.one("AutoScaling::AutoScalingGroup", "academy-cluster", "Hosts").properties
    assert (host["InstanceType"], host["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"]) == (
        rented.hosts.kind,
        rented.hosts.disk_gb,
    )
    assert group["MinSize"] == group["MaxSize"] == str(rented.hosts.count)
    assert encoder["LaunchTemplateData"]["InstanceType"] == rented.encoder.kind
    database = cloud.one("RDS::DBInstance", "academy-data").properties
    assert database["DBInstanceClass"] == rented.database.kind
    assert (database["MultiAZ"], database["AllocatedStorage"]) == (
        rented.database.multi_az,
        rented.database.storage_gb,
    )
    (balancer,) = cloud.of("ElasticLoadBalancingV2::LoadBalancer")
    assert len(balancer.properties["Subnets"]) == rented.load_balancer.addresses
    assert len(cloud.of("EC2::NatGateway")) == rented.network.nat_gateways
    assert len(cloud.of("CloudWatch::Dashboard")) == rented.monitoring.dashboards
    # RDS keeps the master's password in one more
    assert len(cloud.of("SecretsManager::Secret")) + 1 == rented.storage.secrets
    workers = [
        one.properties
        for one in cloud.of("ECS::Service")
        if one.properties["ServiceName"].endswith("-worker")
    ]
    fewest = {one.properties["MinCapacity"] for one in cloud.of("ApplicationAutoScaling::ScalableTarget")} - {
        0
    }
    assert len(workers) * (fewest.pop() if fewest else 1) == rented.workers.count


def test_alarms_are_counted_with_those_that_scaling_makes(cloud, rented):
    """A target-tracking policy keeps two, each of as many metrics as it reads; CloudWatch bills metrics."""
    own = len(cloud.of("CloudWatch::Alarm"))
    tracked = [
        sum("MetricStat" in one for one in policy["CustomizedMetricSpecification"]["Metrics"])
        for one in cloud.of("ApplicationAutoScaling::ScalingPolicy")
        if (policy := one.properties.get("TargetTrackingScalingPolicyConfiguration"))
    ]
    assert own + 2 * sum(tracked) == rented.monitoring.alarms
