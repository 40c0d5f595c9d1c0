"""An academy's settings: what may be set, by whom, and that prices are not the academy's to set."""

import pytest
from messaging.ports import ProviderRefusedError, ProviderUnavailableError

SENDER = "0212345678"


@pytest.fixture
def manager(desk_of):
    return desk_of(role="admin")


@pytest.fixture
def registered(provider):
    """Numbers that the provider knows as senders."""
    numbers = {"15881234", SENDER}
    provider.senders = lambda: frozenset(numbers)
    return numbers


def test_info(desk, manager):
    info = desk.get("info/")
    del info["updated_at"]
    assert info == {
        "display_name": None, "sender": SENDER, "kakao_pfid": None, "opt_out_number": None, "is_active": True,
        "hold": False, "daily_cap": 20000, "hourly_cap": 12000, "sms_price": "20.00", "lms_price": "50.00",
        "alimtalk_price": "15.00", "low_balance": "10000.00", "credit_balance": "1000000.00",
    }  # fmt: skip
    changed = manager.patch(
        "info/", display_name="한강학원", kakao_pfid="KA01PF1", opt_out_number="080-123-4567", daily_cap=0,
        low_balance=500, is_active=False, sender=None,
    )  # fmt: skip
    assert (changed["opt_out_number"], changed["daily_cap"], changed["sender"]) == ("0801234567", 0, None)
    assert desk.get("info/") == changed
    [entry] = manager.get("trail/", action="info_changed")["results"]
    assert (entry["actor"], entry["details"]["daily_cap"]) == ("user-1", 0)


def test_what_is_as_it_was_is_no_change(manager):
    manager.patch("info/", daily_cap=20000)
    assert manager.get("trail/")["results"] == []


def test_another_academy_is_not_concerned(manager, desk_of):
    manager.patch("info/", daily_cap=7)
    other = desk_of("other", "admin")
    info = other.get("info/")
    assert (info["daily_cap"], info["sender"], info["credit_balance"]) == (20000, None, "0.00")
    assert other.get("trail/")["results"] == []


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, {"sms_price": "0"}, {"credit_balance": "1"}, {"hold": False}, {"daily_cap": -1},
        {"daily_cap": "7"}, {"daily_cap": 1_000_001}, {"hourly_cap": True}, {"is_active": "false"},
        {"kakao_pfid": "KA 01"}, {"kakao_pfid": "K" * 65}, {"kakao_pfid": ""}, {"display_name": "가" * 21},
        {"display_name": "a\nb"}, {"opt_out_number": "0212345678"}, {"sender": "+82212345678901"},
        {"sender": "전화"}, {"sender": 212345678}, {"low_balance": None},
    ],
)  # fmt: skip
def test_broken_settings(manager, body):
    expected = (400, "invalid_json") if body is None else (422, "invalid_request")
    answer = manager.client.patch(
        "/api/v1/messaging/info/",
        **({"data": b"{", "content_type": "application/json"} if body is None else {"json": body}),
    )
    assert (answer.status_code, answer.json["code"]) == expected
    assert manager.get("trail/")["results"] == []


def test_staff_look_and_managers_change(desk_of, registered):
    for role, status in (("staff", 403), ("teacher", 403), ("admin", 200), ("owner", 200)):
        desk = desk_of(role=role)
        answers = [
            desk.ask("PATCH", "info/", {"daily_cap": 9}),
            desk.ask("PUT", "hold/", {"hold": False}),
            desk.ask("POST", "verify-sender/", {"phone": SENDER}),
            desk.ask("PATCH", "auto-send/", {"trigger": "clinic_cancelled", "enabled": True}),
            desk.ask("GET", "trail/"),
        ]
        assert [one.status_code for one in answers] == [status] * 5
        for path in ("info/", "hold/", "channel-check/", "auto-send/", "credits/", "denylist/"):
            desk.get(path)


def test_only_a_number_that_the_provider_knows_may_send(manager, registered):
    assert manager.refused("PATCH", "info/", {"sender": "1588-1234"}) == (409, "sender_not_verified")
    verified = manager.post("verify-sender/", phone="1588-1234")
    assert verified["phone"] == "15881234"
    assert manager.patch("info/", sender="1588-1234")["sender"] == "15881234"
    assert manager.refused("POST", "verify-sender/", {"phone": "02-999-9999"}) == (
        409, "sender_not_registered"
    )  # fmt: skip


def test_a_number_is_verified_for_one_academy(manager, desk_of, registered):
    manager.post("verify-sender/", phone="15881234")
    other = desk_of("other", "owner")
    assert other.refused("PATCH", "info/", {"sender": "15881234"}) == (409, "sender_not_verified")


@pytest.mark.parametrize("error", [ProviderUnavailableError("timeout"), ProviderRefusedError("Forbidden")])
def test_a_provider_that_cannot_be_asked(manager, provider, error):
    def senders():
        raise error

    provider.senders = senders
    assert manager.refused("POST", "verify-sender/", {"phone": SENDER}) == (503, "provider_unavailable")


@pytest.mark.parametrize("body", [{}, {"phone": None}, {"phone": "12"}, {"phone": SENDER, "x": 1}])
def test_no_number_to_verify(manager, registered, body):
    assert manager.refused("POST", "verify-sender/", body) == (422, "invalid_request")


def test_the_channel_says_what_is_missing(desk, manager):
    def checked():
        answer = desk.get("channel-check/")
        assert answer["shared"] is False
        return answer["ready"], answer["approved_templates"], answer["message"][:10]

    assert checked() == (False, 0, "카카오톡 채널(PF")
    manager.patch("info/", kakao_pfid="KA01PF1")
    assert checked() == (False, 0, "승인된 알림톡 템플")
    desk.approve(desk.template()["id"])
    assert checked() == (True, 1, "알림톡을 보낼 수 ")
