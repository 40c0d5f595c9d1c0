"""Credits: an academy sees them, and only an approver of whoever runs the system adds to them."""

import pytest
from testkit.api import internal, signed_in

CHARGE = "/api/v1/operations/messaging/credits/charge/"
PRICES = "/api/v1/operations/messaging/prices/"
GOOD = {"tenant_id": "hangang", "amount": 5000, "reference": "입금-1"}


@pytest.fixture
def approver(app, issuer):
    return signed_in(app, issuer, "operations", ["approver"], subject="approver-1")


@pytest.fixture
def charge(approver):
    def run(**changes):
        answer = approver.post(CHARGE, json={**GOOD, **changes})
        return answer.status_code, answer.json.get("code") or answer.json["available"]

    return run


def audited(academy):
    return academy.all("SELECT actor, action, subject, detail FROM operator_audit ORDER BY seq")


def test_a_payment_is_credited_once(desk, academy, charge):
    assert charge() == charge() == (200, "1005000.00")
    assert charge(amount=5001) == (409, "reference_used")
    assert charge(reference="입금-2") == (200, "1010000.00")
    found = desk.get("credits/")
    assert [found[name] for name in ("available", "held", "spent", "low")] == [
        "1010000.00",
        "0.00",
        "0.00",
        False,
    ]
    assert [(one["kind"], one["amount"], one["reference"]) for one in found["results"][:2]] == [
        ("charge", "5000.00", "입금-2"), ("charge", "5000.00", "입금-1")
    ]  # fmt: skip
    assert audited(academy) == [
        ("approver-1", "credits_charged", "hangang", {"amount": 5000, "reference": name})
        for name in ("입금-1", "입금-2")
    ]


def test_an_academy_that_nobody_knows_is_a_typing_error(charge, academy):
    assert charge(tenant_id="hangan") == (404, "unknown_academy")
    assert academy.all("SELECT FROM credit_account WHERE tenant_id = 'hangan'") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0}, {"amount": -1}, {"amount": "5000"}, {"amount": 1.5}, {"amount": True},
        {"amount": 10**10},
        {"amount": None}, {"reference": ""}, {"reference": "가" * 101}, {"reference": None}, {"reference": 7},
        {"tenant_id": "Hangang"}, {"tenant_id": "hangang!"}, {"tenant_id": "hangang/"},
        {"tenant_id": ""}, {"note": "x"},
    ],
)  # fmt: skip
def test_broken_charges(charge, academy, changes):
    assert charge(**changes) == (422, "invalid_request")
    assert audited(academy) == []


def test_nobody_else_charges(app, issuer, academy):
    for role in ("viewer", "operator", "owner", "admin", "staff"):
        client = signed_in(app, issuer, "hangang", [role])
        for method, path, body in (("POST", CHARGE, GOOD), ("PUT", PRICES, {"tenant_id": "hangang"})):
            assert client.open(path, method=method, json=body).status_code == 403
    assert app.test_client().post(CHARGE, json=GOOD).status_code == 401
    assert signed_in(app, issuer).post("/api/v1/messaging/credits/charge/", json=GOOD).status_code == 404
    assert audited(academy) == []


def test_inside_it_is_the_same(app, academy):
    answer = internal(app).post("/internal/operations/credits/charge/", json=GOOD)
    assert (answer.status_code, answer.json) == (200, {"available": "1005000.00", "held": "0.00"})
    assert audited(academy)[0][0] == "internal"


def test_movements_are_paged_and_low_is_said(desk, academy):
    academy.queue_many(2)
    academy.set(low_balance=1_000_000)
    first = desk.get("credits/", page_size=1)
    assert (first["available"], first["held"], first["low"]) == ("999960.00", "40.00", True)
    [entry] = first["results"]
    assert (entry["kind"], entry["from_account"], entry["to_account"], entry["amount"]) == (
        "reserve", "available", "held", "40.00"
    )  # fmt: skip
    second = desk.get("credits/", page_size=1, cursor=first["next"])
    assert (second["results"][0]["kind"], second["next"]) == ("charge", None)
    assert desk.refused("GET", "credits/?cursor=x") == (400, "invalid_cursor")


def test_another_academy_sees_its_own(desk_of):
    found = desk_of("other").get("credits/")
    assert (found["available"], found["results"]) == ("0.00", [])


def test_prices_are_the_operators_and_what_is_queued_keeps_its(approver, desk, academy):
    academy.queue_many(1)
    prices = {"sms_price": "18", "lms_price": "45.5", "alimtalk_price": "0"}
    answer = approver.put(PRICES, json={"tenant_id": "hangang", **prices})
    assert answer.json == {"sms_price": "18.00", "lms_price": "45.50", "alimtalk_price": "0.00"}
    assert desk.get("info/")["lms_price"] == "45.50"
    assert academy.money()["held"] == 20
    for wrong in ("-1", "1.234", "1e3", "NaN", "", 20, None, "100000"):
        answer = approver.put(PRICES, json={"tenant_id": "hangang", **prices, "sms_price": wrong})
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request"), wrong
    assert approver.put(PRICES, json={"tenant_id": "hangan", **prices}).json["code"] == "unknown_academy"
    assert [row[1] for row in audited(academy)] == ["prices_set"]
