"""A POST repeated with the same key has one effect and one answer."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from servicekit import idempotency
from testkit.api import signed_in
from testkit.database import TestDatabase
from testkit.tokens import Issuer
from werkzeug.test import TestResponse

NOTES = "/api/v1/notes/"


def post(client: FlaskClient, body: str = "x", key: str = "k-1", path: str = NOTES) -> TestResponse:
    return client.post(path, json={"body": body}, headers={"Idempotency-Key": key})


def notes(kit: TestDatabase) -> int:
    return int(kit.admin.execute("SELECT count(*) FROM note").fetchone()[0])


def test_a_repeat_has_the_first_answer_and_no_effect(client: FlaskClient, kit: TestDatabase) -> None:
    first, second = post(client), post(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.get_json() == first.get_json() == {"body": "x", "call": 1}
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert notes(kit) == 1


def test_keys_are_per_caller_and_tenant(app: Flask, issuer: Issuer, kit: TestDatabase) -> None:
    for tenant, subject in (("demo", "a"), ("demo", "b"), ("other", "a")):
        assert post(signed_in(app, issuer, tenant, subject=subject)).status_code == 201
    assert notes(kit) == 3


def test_another_payload_under_the_same_key_is_refused(client: FlaskClient, kit: TestDatabase) -> None:
    post(client)
    answer = post(client, body="y")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    other_path = client.post(
        "/api/v1/notes/upload",
        data={"lecture": "a", "file": (io.BytesIO(b"1"), "a")},
        headers={"Idempotency-Key": "k-1"},
    )
    assert other_path.get_json()["code"] == "idempotency_key_reused"
    assert notes(kit) == 1


def test_without_a_key_every_post_counts(client: FlaskClient, kit: TestDatabase) -> None:
    client.post(NOTES, json={"body": "x"})
    client.post(NOTES, json={"body": "x"})
    assert notes(kit) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 201, "키", "a\tb", "é"])
def test_a_malformed_key_is_refused(client: FlaskClient, kit: TestDatabase, key: str) -> None:
    answer = client.post(
        NOTES, json={"body": "x"}, headers={"Idempotency-Key": key.encode().decode("latin-1")}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_idempotency_key")
    assert notes(kit) == 0


@pytest.mark.parametrize("status", [400, 409, 500])
def test_an_unsuccessful_answer_is_not_kept_and_rolls_back(
    client: FlaskClient, kit: TestDatabase, doings: Any, status: int
) -> None:
    doings.answer = status
    assert post(client).status_code == status
    assert notes(kit) == 0
    doings.answer = 201
    assert post(client).status_code == 201
    assert notes(kit) == 1


def test_a_refused_body_does_not_use_up_the_key(client: FlaskClient, kit: TestDatabase) -> None:
    assert post(client, body="").status_code == 422
    assert post(client, body="x").status_code == 201


def test_a_duplicate_meanwhile_is_told_to_wait(
    app: Flask, issuer: Issuer, kit: TestDatabase, doings: Any
) -> None:
    doings.slow = True
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: post(signed_in(app, issuer)))
        assert doings.entered.wait(10)
        duplicate = post(signed_in(app, issuer))
        doings.leave.set()
        assert first.result().status_code == 201
    assert (duplicate.status_code, duplicate.get_json()["code"]) == (409, "idempotency_in_progress")
    assert duplicate.headers["Retry-After"] == "1"
    assert post(signed_in(app, issuer)).headers["Idempotency-Replayed"] == "true"
    assert notes(kit) == 1


def test_a_storm_of_duplicates_has_one_effect(app: Flask, issuer: Issuer, kit: TestDatabase) -> None:
    gate = threading.Barrier(6)

    def hit() -> int:
        client = signed_in(app, issuer)
        gate.wait(10)
        return post(client).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = [future.result() for future in [pool.submit(hit) for _ in range(6)]]
    assert set(answers) <= {201, 409}
    assert answers.count(201) >= 1
    assert notes(kit) == 1


def upload(client: FlaskClient, content: bytes, lecture: str = "a") -> TestResponse:
    data = {"lecture": lecture, "file": (io.BytesIO(content), "a.xlsx")}
    return client.post("/api/v1/notes/upload", data=data, headers={"Idempotency-Key": "up-1"})


def test_an_upload_is_known_by_its_fields_and_file_not_by_its_boundary(
    client: FlaskClient, doings: Any
) -> None:
    assert upload(client, b"1" * 5000).status_code == 202
    assert upload(client, b"1" * 5000).headers["Idempotency-Replayed"] == "true"
    assert doings.calls == 1
    assert upload(client, b"2" * 5000).status_code == 422
    assert upload(client, b"1" * 5000, lecture="b").status_code == 422


def test_old_answers_are_forgotten(client: FlaskClient, kit: TestDatabase) -> None:
    post(client)
    assert idempotency.prune(kit.database) == 0
    kit.admin.execute("UPDATE idempotency SET created_at = now() - interval '25 hours'")
    assert idempotency.prune(kit.database) == 1
    assert idempotency.prune(kit.database, timedelta(0)) == 0
    assert post(client).get_json()["call"] == 2
