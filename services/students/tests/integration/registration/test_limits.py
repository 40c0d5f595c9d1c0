"""How often strangers may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from students.usecases import registration


def test_five_an_hour_from_one_address(desk: Any) -> None:
    seen = [desk.ask(f"학생{n}", address_seen="203.0.113.9") for n in range(7)]

    assert [answer.status_code for answer in seen] == [202] * 5 + [429] * 2
    refused = seen[-1]
    assert refused.get_json()["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert desk.ask("다른 집", address_seen="203.0.113.10").status_code == 202
    assert desk.count("registration_request") == 6


def test_forged_addresses_before_the_proxys_count_for_nothing(desk: Any) -> None:
    forged = ["1.1.1.1", "127.0.0.1", "10.0.0.1, 8.8.8.8", "unknown", "'; DROP TABLE throttle --", ""]
    seen = [desk.ask(f"학생{n}", address_seen=f"{one}, 203.0.113.9") for n, one in enumerate(forged)]
    assert [answer.status_code for answer in seen] == [202] * 5 + [429]


def test_thirty_a_minute_for_one_academy_whatever_the_address(desk: Any) -> None:
    seen = [desk.ask(f"학생{n}", address_seen=f"198.51.100.{n}") for n in range(31)]
    assert [answer.status_code for answer in seen] == [202] * 30 + [429]
    assert 0 < int(seen[-1].headers["Retry-After"]) <= 60
    assert desk.ask("다른 학원", academy="other", address_seen="198.51.100.99").status_code == 202


def test_an_address_is_not_charged_for_an_academy_that_is_full(desk: Any) -> None:
    for n in range(30):
        desk.ask(f"학생{n}")
    for _ in range(6):
        assert desk.ask("늦음", address_seen="203.0.113.9").status_code == 429
    assert desk.ask("다른 학원", academy="other", address_seen="203.0.113.9").status_code == 202


def test_the_window_opens_again(desk: Any) -> None:
    for n in range(5):
        desk.ask(f"학생{n}", address_seen="203.0.113.9")
    desk.academy.all("UPDATE throttle SET ends_at = now() - interval '1 second' RETURNING 1")
    assert desk.ask("한 시간 뒤", address_seen="203.0.113.9").status_code == 202


def test_who_is_over_the_limit_costs_no_hash_and_who_fails_is_counted(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no")

    hashed: list[str] = []
    monkeypatch.setattr(registration, "ask", broken)
    monkeypatch.setattr("servicekit.passwords.Hasher.hash", lambda _self, password: hashed.append(password))

    seen = [desk.ask(address_seen="203.0.113.9").status_code for _ in range(7)]

    assert seen == [500] * 5 + [429] * 2
    assert len(hashed) == 5


def test_a_limit_is_one_for_requests_at_once(desk: Any) -> None:
    def one(number: int) -> Callable[[], Any]:
        return lambda: desk.ask(f"학생{number}", address_seen="203.0.113.9")

    seen = [answer.status_code for answer in desk.at_once(*(one(n) for n in range(8)))]

    assert sorted(seen) == [202] * 5 + [429] * 3
    assert desk.count("registration_request") == 5
