"""The API: what operators see and decide, and what an academy sees of itself."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from servicekit.app import create_base_app
from servicekit.settings import load
from storage_janitor.http import BLUEPRINTS
from storage_janitor.ports import Ports
from storage_janitor.settings import Settings
from storage_janitor.usecases import bucket_rules, working
from storage_janitor.usecases.bucket_rules import RulePorts
from testkit.api import environment, refused, signed_in

TENANT, JOB, VIDEO = "hangang", UUID(int=7), UUID(int=12)
EXPORT = f"exports/{TENANT}/{JOB}_출석부.xlsx"
RAW = f"tenants/{TENANT}/video/raw/{UUID(int=2)}/{UUID(int=1012)}.mp4"
HOUR, DAY, HOURS_73 = timedelta(hours=1), timedelta(hours=25), timedelta(hours=73)
HOLD = {"kind": "tenant", "tenant_id": TENANT, "reason": "분쟁"}


class Api:
    """Clients by role over the janitor's own buckets; the server's clock is the machine's."""

    def __init__(self, janitor, issuer):
        settings = load(Settings, environment(issuer, janitor.url))
        ports = Ports(janitor.policy, janitor.buckets, janitor.owners)
        self.app = create_base_app(
            "storage-janitor", settings, janitor.db, deps=ports, blueprints=list(BLUEPRINTS)
        )
        self.issuer, self.janitor = issuer, janitor
        self.viewer, self.operator, self.approver = map(self.client, ("viewer", "operator", "approver"))

    def client(self, role: str, tenant: str = "ops") -> FlaskClient:
        return signed_in(self.app, self.issuer, tenant, (role,), f"{role}-1")

    def get(self, path: str, client: FlaskClient | None = None):
        answer = (client or self.viewer).get(f"/api/v1/storage/{path}")
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    def post(self, path: str, body=None, client: FlaskClient | None = None):
        return (client or self.operator).post(f"/api/v1/storage/{path}", json=body or {})

    def work(self, path: str, body):
        """Ask for something, let the worker do it, and give its result."""
        answer = self.post(path, body)
        assert (answer.status_code, answer.get_json()["state"]) == (202, "PENDING"), answer.get_json()
        j = self.janitor
        ports = working.working_ports(j.sweeping, RulePorts(j.policy, j.memory, ()), j.figures)
        working.do_requests(j.db, j.clock.now(), ports=ports)
        return self.get(f"requests/{answer.get_json()['id']}/")


@pytest.fixture
def api(janitor, issuer):
    return Api(janitor, issuer)


@pytest.fixture(scope="module")
def untouched(untouched_janitor, issuer):
    """For what is refused and writes nothing: one for the whole file."""
    return Api(untouched_janitor, issuer)


def test_the_policy_in_force(api):
    policy = api.get("policy/")
    assert policy["digest"] == api.janitor.policy.digest
    (rule,) = [rule for rule in policy["rules"] if rule["name"] == "export"]
    assert rule == {
        "name": "export",
        "bucket": "excel",
        "pattern": "exports/{tenant}/{job}_{file}",
        "owner": "enrollment",
        "action": "delete",
        "from": "written",
        "age_seconds": 86_400,
        "grace_seconds": 0,
        "erase": True,
        "fuse": {"objects": 50_000, "percent": 50, "bytes": 500 * 10**9, "floor": 2000},
    }


def test_a_sweep_that_was_asked_for_makes_a_plan_that_is_looked_at_approved_and_applied(api):
    j = api.janitor
    j.objects.put(
        *(f"tenants/{TENANT}/video/raw/{UUID(int=2)}/{UUID(int=n)}.mp4" for n in range(50)), age=HOURS_73
    )
    (plan_id,) = api.work("sweeps/", {"bucket": "video"})["result"]["plans"]
    assert api.get("sweeps/")["results"][0]["objects"] == 50
    plan = api.get(f"plans/{plan_id}/")
    assert (plan["kind"], plan["state"], plan["objects"], plan["bytes"]) == ("orphans", "planned", 50, 250)
    assert plan["reasons"] == [{"rule": "video-raw", "reason": "unreferenced", "objects": 50, "bytes": 250}]
    assert [p["id"] for p in api.get("plans/?state=planned&kind=orphans")["results"]] == [plan_id]
    assert len(api.get(f"plans/{plan_id}/sample/")["results"]) == 20
    first = api.get(f"plans/{plan_id}/items/?page_size=30")
    second = api.get(f"plans/{plan_id}/items/?page_size=30&cursor={first['next']}")
    assert [item["seq"] for item in first["results"] + second["results"]] == list(range(1, 51))
    path = f"plans/{plan_id}/approve/"
    assert refused(api.post(f"plans/{plan_id}/apply/"))[:2] == (409, "approval_required")
    assert refused(api.post(path, {"digest": "0" * 64}, api.approver))[:2] == (409, "digest_mismatch")
    assert refused(api.post(path, {"digest": plan["digest"]}))[:2] == (403, "forbidden")
    approved = api.post(path, {"digest": plan["digest"]}, api.approver).get_json()
    assert (approved["state"], approved["approved_by"]) == ("approved", "approver-1")
    assert refused(api.post(path, {"digest": plan["digest"]}, api.approver))[:2] == (409, "plan_state")
    j.apply()
    plan = api.get(f"plans/{plan_id}/")
    assert (plan["state"], plan["deleted"], plan["sampled"], plan["survivors"]) == ("done", 50, 20, 0)
    entries = api.get(f"ledger/?plan_id={plan_id}&page_size=500")["results"]
    assert len(entries) == 50
    assert {(one["approver"], one["cause"]) for one in entries} == {("approver-1", f"plan:{plan_id}")}
    assert api.get("ledger/verify/")["broken_at"] is None
    actions = j.admin.execute("SELECT actor, action FROM operator_audit ORDER BY seq").fetchall()
    assert actions == [("approver-1", "plan_approved")]


def test_a_rejected_plan_is_over(api):
    api.janitor.objects.put(RAW, age=HOURS_73)
    (plan_id,) = api.work("sweeps/", {"bucket": "video"})["result"]["plans"]
    assert api.post(f"plans/{plan_id}/reject/").get_json()["state"] == "rejected"
    assert refused(api.post(f"plans/{plan_id}/reject/"))[:2] == (409, "plan_state")


@pytest.mark.parametrize(
    "path", ["plans/{}/", "plans/{}/items/", "plans/{}/sample/", "requests/{}/", "erasures/{}/"]
)
def test_what_is_not_there_is_not_found(untouched, path):
    answer = untouched.viewer.get(f"/api/v1/storage/{path.format(uuid4())}")
    assert refused(answer)[:2] == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["plans/{}/approve/", "plans/{}/reject/", "plans/{}/apply/", "holds/{}/end/"]
)
def test_what_is_not_there_cannot_be_moved(untouched, path):
    body = {"digest": "0" * 64} if "approve" in path else {"reason": "x"} if "holds" in path else None
    answer = untouched.post(path.format(uuid4()), body, untouched.approver)
    assert refused(answer)[:2] == (404, "not_found")


def test_why_a_key_stays_or_goes(api):
    j = api.janitor
    j.excel.put(EXPORT, age=timedelta(hours=3))
    said = api.get(f"explain/?key={EXPORT}")
    assert (said["bucket"], said["rule"], said["verdict"], said["reason"]) == (
        "excel",
        "export",
        "waiting",
        "written",
    )
    assert (said["object"]["bytes"], said["released"], said["holds"], said["ledger"]) == (5, True, [], [])
    assert "보관 기간" in said["detail"]
    assert api.get(f"explain/?key={RAW}")["verdict"] == "absent"
    assert api.get("explain/?key=strange&bucket=ai")["verdict"] == "absent"
    assert refused(api.viewer.get("/api/v1/storage/explain/?key=strange"))[:2] == (422, "unknown_bucket")
    j.excel.put(EXPORT, age=DAY)
    j.sweep("excel")
    j.apply()
    said = api.get(f"explain/?key={EXPORT}")
    assert (said["verdict"], [entry["rule"] for entry in said["ledger"]]) == ("absent", ["export"])


def test_a_hold_is_placed_seen_and_ended(api):
    j = api.janitor
    until = (j.clock.now() + DAY).isoformat()
    placed = api.post("holds/", HOLD | {"expires_at": until})
    assert placed.status_code == 201
    hold = placed.get_json()
    assert (hold["value"], hold["created_by"], hold["in_flight"]) == (TENANT, "operator-1", 0)
    assert [one["id"] for one in api.get("holds/")["results"]] == [hold["id"]]
    j.excel.put(EXPORT, age=DAY)
    assert api.get(f"explain/?key={EXPORT}")["holds"][0]["kind"] == "tenant"
    j.sweep("excel")
    j.apply()
    assert EXPORT in j.excel.content
    ended = api.post(f"holds/{hold['id']}/end/", {"reason": "합의"}).get_json()
    assert (ended["ended_by"], ended["end_reason"]) == ("operator-1", "합의")
    assert refused(api.post(f"holds/{hold['id']}/end/", {"reason": "합의"}))[:2] == (409, "hold_ended")
    assert api.get("holds/")["results"] == []
    assert len(api.get("holds/?state=all")["results"]) == 1


def test_a_hold_is_on_the_keys_however_its_id_is_spelt(api):
    hold = {**HOLD, "kind": "video", "value": "0000000C-0000-0000-0000-00000000ABCD"}
    until = (api.janitor.clock.now() + timedelta(days=30)).isoformat()
    placed = api.post("holds/", hold | {"expires_at": until}).get_json()
    key = f"tenants/{TENANT}/video/hls/{placed['value']}/master.m3u8"
    assert placed["value"] == "0000000c-0000-0000-0000-00000000abcd"
    assert [one["id"] for one in api.get(f"explain/?key={key}")["holds"]] == [placed["id"]]


def test_a_hold_says_what_it_came_too_late_for(api):
    j = api.janitor
    j.excel.put(EXPORT, age=DAY)
    j.sweep("excel")
    answers = []

    def meanwhile(_keys):
        until = (j.clock.now() + DAY).isoformat()
        answers.append(api.post("holds/", HOLD | {"expires_at": until}).get_json()["in_flight"])

    j.excel.before = meanwhile
    j.apply()
    assert answers == [1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "everything"}, "kind"),
        ({"kind": "prefix", "value": "exports/"}, "bucket"),
        ({"kind": "prefix", "bucket": "excel"}, "value"),
        ({"kind": "prefix", "bucket": "excel", "value": "exports"}, "value"),
        ({"kind": "video"}, "value"),
        ({"kind": "student", "value": "김하나"}, "value"),
        ({"kind": "tenant", "value": "other"}, "value"),
        ({"tenant_id": "Not A Tenant"}, "tenant_id"),
        ({"reason": ""}, "reason"),
        ({"reason": None}, "reason"),
        ({"expires_at": "2020-01-01T00:00:00+09:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_a_hold_that_cannot_be_placed_says_what_is_wrong(untouched, changes, field):
    given = HOLD | {"expires_at": "2099-01-01T00:00:00+09:00"} | changes
    answer = untouched.post("holds/", given)
    assert refused(answer)[:2] == (422, "invalid_request")
    ((name, messages),) = answer.get_json()["errors"].items()
    assert name == field
    assert all(any("가" <= letter <= "힣" for letter in message) for message in messages)


def test_a_backtest_of_an_edit_says_what_it_would_have_deleted_and_that_a_fuse_would_stop_it(api):
    j = api.janitor
    j.memory["ai"].put(*(f"tenants/{TENANT}/ai/old/{n}" for n in range(600)), age=timedelta(days=40))
    j.memory["ai"].put(*(f"tenants/{TENANT}/ai/new/{n}" for n in range(400)))
    j.excel.put(EXPORT, age=DAY)
    text = (
        "version = 1\n[apply]\nobjects_per_second = 100\nsample = 5\n"
        "[fuse]\nobjects = 50000\npercent = 20\ngigabytes = 500\nfloor = 200\n"
        '[[rule]]\nname = "ai-files"\nbucket = "ai"\npattern = "tenants/{tenant}/ai/{rest}"\n'
        'action = "delete"\nfrom = "written"\nage = "30d"\n'
    )
    result = api.work("backtests/", {"days": 30, "policy": text})["result"]
    by_rule = {rule["rule"]: rule for rule in result["rules"]}
    assert (by_rule["ai-files"]["objects"], by_rule["ai-files"]["more_than_now"]) == (600, 600)
    assert (by_rule["export"]["objects"], by_rule["export"]["less_than_now"]) == (0, 1)
    assert len(by_rule["ai-files"]["sample"]) == 5
    fuse = {"bucket": "ai", "rule": "ai-files", "limit": "percent", "planned": 60, "allowed": 20}
    assert result["fuses"] == [fuse]
    assert (j.plans("id"), len(j.memory["ai"].content)) == ([], 1000)


def test_a_backtest_of_the_policy_in_force_finds_what_it_has_deleted(api):
    j = api.janitor
    j.excel.put(EXPORT, EXPORT.replace(str(JOB), str(UUID(int=8))), age=DAY)
    j.sweep("excel")
    j.apply()
    j.excel.put(EXPORT, age=HOUR)
    result = api.work("backtests/", {})["result"]
    (rule,) = [rule for rule in result["rules"] if rule["rule"] == "export"]
    assert (rule["objects"], rule["more_than_now"], rule["less_than_now"], result["fuses"]) == (2, 0, 0, [])


def test_a_policy_that_is_none_is_refused_with_every_problem(api):
    answer = api.post("backtests/", {"policy": "version = 1\nrule = []"})
    assert refused(answer)[:2] == (422, "invalid_policy")
    assert "rule: no_rules" in answer.get_json()["errors"]["policy"]
    assert refused(api.post("backtests/", {"policy": "= ="}))[:2] == (422, "invalid_policy")
    assert refused(api.post("backtests/", {"days": 91}))[:2] == (422, "invalid_request")


def test_an_erased_academy_leaves_no_object_and_a_receipt(api):
    j = api.janitor
    theirs = {
        "excel": [EXPORT, f"excel/{TENANT}/{JOB}.xlsx"],
        "video": [RAW, f"tenants/{TENANT}/video/hls/{VIDEO}/master.m3u8", f"tenants/{TENANT}/strange"],
        "storage": [f"photos/{TENANT}/{JOB}", f"tenants/{TENANT}/admin/x"],
        "ai": [f"tenants/{TENANT}/ai/x"],
    }
    kept = {
        "storage": f"erasures/{TENANT}/2026-03-02/{JOB}.json",
        "excel": EXPORT.replace(TENANT, "hangang2"),
    }
    for kind, keys in theirs.items():
        j.memory[kind].put(*keys)
    for kind, key in kept.items():
        j.memory[kind].put(key)
    (plan_id,) = api.work("erasures/", {"tenant_id": TENANT})["result"]["plans"]
    plan = api.get(f"plans/{plan_id}/")
    assert (plan["kind"], plan["state"], plan["subject"], plan["objects"]) == (
        "erasure",
        "planned",
        TENANT,
        8,
    )
    assert refused(api.post(f"plans/{plan_id}/apply/"))[:2] == (409, "approval_required")
    api.post(f"plans/{plan_id}/approve/", {"digest": plan["digest"]}, api.approver)
    j.apply()
    assert {kind: sorted(bucket.content) for kind, bucket in j.memory.items() if bucket.content} == {
        kind: [key] for kind, key in kept.items()
    }
    receipt = api.get(f"erasures/{plan_id}/")
    assert (receipt["subject"], receipt["objects"], receipt["bytes"], receipt["left_over"]) == (
        TENANT,
        8,
        40,
        0,
    )
    assert (receipt["ledger_from"], receipt["ledger_to"]) == (1, 8)
    assert receipt["head"] == api.get("ledger/verify/")["head"]
    assert sum(one["objects"] for one in receipt["classes"]) == 8


def test_an_erased_student_takes_nobody_along(api):
    j = api.janitor
    photo, other = (f"photos/{TENANT}/{UUID(int=n)}" for n in (5, 6))
    j.memory["storage"].put(photo, other)
    given = {"tenant_id": TENANT, "student_id": str(UUID(int=5))}
    (plan_id,) = api.work("erasures/", given)["result"]["plans"]
    api.post(f"plans/{plan_id}/approve/", {"digest": api.get(f"plans/{plan_id}/")["digest"]}, api.approver)
    j.apply()
    assert j.memory["storage"].content.keys() == {other}
    assert api.get(f"erasures/{plan_id}/")["left_over"] == 0


def test_orphans_missing_objects_their_trend_and_unknown_shapes(api):
    j = api.janitor
    future = (j.clock.now() + timedelta(days=30)).isoformat()
    j.hear(j.event("media.video.ready", raw_expires_at=future))
    orphan = RAW.replace(str(UUID(int=1012)), str(UUID(int=9)))
    j.objects.put(orphan, "readiness/1", age=HOURS_73)
    j.sweep("video")
    assert [one["key"] for one in api.get("orphans/?kind=orphan")["results"]] == [orphan]
    assert len(api.get("orphans/?kind=missing&bucket=video")["results"]) == 2
    trend = {(one["kind"], one["class"]): one["objects"] for one in api.get("orphans/trend/")["results"]}
    assert trend == {("orphan", "video-raw"): 1, ("missing", "video-raw"): 1, ("missing", "video-hls"): 1}
    (unknown,) = api.get("quarantine/")["results"]
    assert (unknown["shape"], unknown["sample_key"], unknown["objects"]) == (
        "readiness/{n}",
        "readiness/1",
        1,
    )


def test_usage_and_cost_of_all_and_of_one_s_own(api):
    j = api.janitor
    j.excel.put(EXPORT, size=40 * 10**9)
    j.excel.put(EXPORT.replace(TENANT, "other"), size=11 * 10**9)
    j.sweep()
    found = api.get("usage/")
    assert found["total"]["byte_months"] == 51 * 10**9
    assert found["total"]["usd"] == "0.615"  # 41 gigabytes beyond the free ten
    assert [(one["tenant_id"], one["usd"]) for one in found["tenants"]] == [
        (TENANT, "0.6000"),
        ("other", "0.1650"),
    ]
    assert [one["bucket"] for one in found["buckets"]] == ["excel"]
    assert [one["days"] for one in found["total"]["forecast"]] == [30, 90, 365]
    assert found["listing"]["usd"] == "0.00"
    own = api.get("usage/mine/", api.client("owner", "other"))
    assert (own["bytes"], own["classes"][0]["class"]) == (11 * 10**9, "export")
    assert api.get("usage/mine/", api.client("owner", "nobody"))["bytes"] == 0
    assert refused(api.client("owner", TENANT).get("/api/v1/storage/usage/"))[:2] == (403, "forbidden")


def test_the_buckets_own_rules_beside_what_is_wanted(api):
    j = api.janitor
    ports = RulePorts(j.policy, j.memory, ("https://academy.example",))
    work = working.working_ports(j.sweeping, ports, j.figures)
    working.check_buckets(j.db, j.clock.now(), ports=work)
    assert {one["state"] for one in api.get("lifecycle/")["results"]} == {"drift"}
    assert j.registry.get_sample_value("academy_storage_findings", {"what": "drift"}) == 5
    bucket_rules.apply(j.db, ports, j.clock.now())
    working.check_buckets(j.db, j.clock.now(), ports=work)
    found = api.get("lifecycle/")["results"]
    assert {(one["bucket"], one["what"]): one["state"] for one in found} == {
        **{(kind, "lifecycle"): "ok" for kind in j.memory},
        ("video", "cors"): "ok",
    }
    expiring = [rule for rule in j.excel.lifecycle_rules if "Expiration" in rule]
    assert [(rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) for rule in expiring] == [("exports/", 2)]
    # somebody's own rule that would delete what the policy keeps
    j.memory["storage"].lifecycle_rules.append(
        {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "photos/"}, "Expiration": {"Days": 1}}
    )
    working.check_buckets(j.db, j.clock.now(), ports=work)
    drifted = [one["bucket"] for one in api.get("lifecycle/")["results"] if one["state"] == "drift"]
    assert drifted == ["storage"]
