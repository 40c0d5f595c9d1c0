"""The door that the provider knocks at: nothing gets in without its address, nor what is no report."""

import pytest
from messaging.app import create_app
from messaging.settings import Settings
from servicekit.settings import load
from testkit.api import WEBHOOK_TOKEN, environment

REPORT = {"eventDataId": "E1", "data": {"messageId": "M1", "statusCode": "4000"}, "retryCount": 0}


@pytest.fixture
def knock(academy, issuer):
    client = create_app(load(Settings, environment(issuer, academy.db.url))).test_client()

    def run(token=WEBHOOK_TOKEN, **request):
        answer = client.post(f"/api/v1/messaging/webhooks/{token}/", **request)
        return answer.status_code, answer.get_json(silent=True)

    return run


def test_a_list_of_reports(knock):
    other = {**REPORT, "eventDataId": "E2"}
    assert knock(json=[REPORT, REPORT, other]) == (200, {"received": 2})
    assert knock(json=[REPORT]) == (200, {"received": 0})
    assert knock(json=[]) == (200, {"received": 0})


@pytest.mark.parametrize(
    "token", ["another-token-0000001", "x", WEBHOOK_TOKEN[:-1], WEBHOOK_TOKEN + "1", "한글"]
)
def test_another_address(knock, token):
    status, body = knock(token, json=[REPORT])
    assert (status, body["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"json": {"eventDataId": "E1"}}, (400, "bad_request")),
        ({"json": [REPORT] * 1001}, (400, "bad_request")),
        ({"data": b"", "content_type": "application/json"}, (400, "bad_request")),
        ({"data": b"[{", "content_type": "application/json"}, (400, "bad_request")),
        ({"data": b"x=1"}, (400, "bad_request")),
        ({"data": b"[" * 2_000_000, "content_type": "application/json"}, (413, "too_large")),
    ],
)
def test_no_list_of_reports(knock, request_, code):
    status, body = knock(**request_)
    assert (status, body["code"]) == code
