"""Requests from outside: routing, roles, strict input, problem answers."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from servicekit import fields
from servicekit.app import create_base_app, routes
from servicekit.auth import ANYONE, INTERNAL, OWNER, PUBLIC, STAFF_ROLES
from servicekit.db import Database
from servicekit.problem import CODES, Problem
from servicekit.settings import CommonSettings, load
from servicekit.web import Blueprint
from testkit.api import INTERNAL_TOKEN, environment, signed_in
from testkit.tokens import Issuer
from werkzeug.test import EnvironBuilder, run_wsgi_app

NOTES = "/api/v1/notes"
NOTE = "0197f1d0-0000-7000-8000-000000000001"


def test_a_note_is_written_and_read_in_the_callers_tenant(app: Flask, issuer: Issuer) -> None:
    mine, other = signed_in(app, issuer), signed_in(app, issuer, tenant="other")
    assert mine.post(f"{NOTES}/", json={"body": "안녕"}).status_code == 201
    assert mine.get(f"{NOTES}/?active=true&size=5").get_json() == {
        "results": ["안녕"],
        "query": {"active": True, "size": 5},
        "caller": "user-1",
    }
    assert other.get(f"{NOTES}/").get_json()["results"] == []


@pytest.mark.parametrize("path", [NOTES, f"{NOTES}/", "/health", "/health/"])
def test_the_trailing_slash_is_optional(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


WRONG_CALLERS: dict[str, tuple[dict[str, str], int]] = {
    "nobody": ({}, 401),
    "internal token": ({"X-Worker-Token": INTERNAL_TOKEN}, 401),
    "student": ({"roles": "student"}, 403),
    "unknown role": ({"roles": "superuser"}, 403),
    "public as a role": ({"roles": "public"}, 403),
    "internal as a role": ({"roles": "internal"}, 403),
}


@pytest.mark.parametrize("caller", WRONG_CALLERS)
@pytest.mark.parametrize("method_path", [("POST", "/"), ("POST", "/upload"), ("DELETE", f"/{NOTE}/")])
def test_staff_routes_refuse_every_wrong_caller(
    app: Flask, issuer: Issuer, caller: str, method_path: tuple[str, str]
) -> None:
    headers, status = WRONG_CALLERS[caller]
    if "roles" in headers:
        headers = issuer.headers(roles=[headers["roles"]])
    method, path = method_path
    answer = app.test_client().open(NOTES + path, method=method, headers=headers, json={"body": "x"})
    assert answer.status_code == status
    assert answer.get_json()["code"] == ("forbidden" if status == 403 else "unauthenticated")
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    "token", [None, "", "wrong", INTERNAL_TOKEN[:-1], INTERNAL_TOKEN + "x", INTERNAL_TOKEN.upper(), "토큰"]
)
def test_internal_routes_need_the_internal_token(app: Flask, issuer: Issuer, token: str | None) -> None:
    headers = issuer.headers()
    if token is not None:
        headers["X-Worker-Token"] = token.encode().decode("latin-1")
    answer = app.test_client().get("/internal/notes/demo", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_internal_token")
    allowed = app.test_client().get("/internal/notes/demo", headers={"X-Worker-Token": INTERNAL_TOKEN})
    assert allowed.get_json() == {"count": 0}


def test_a_view_without_roles_does_not_exist(app: Flask, issuer: Issuer) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: {"leak": True})
    answer = signed_in(app, issuer).get("/forgotten")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    with pytest.raises(RuntimeError, match="/forgotten"):
        routes(app)


@pytest.mark.parametrize("roles", [frozenset(), PUBLIC | INTERNAL, PUBLIC | OWNER, ANYONE | INTERNAL])
def test_a_route_names_user_roles_or_public_or_internal(roles: Any) -> None:
    with pytest.raises(TypeError):
        Blueprint("x", __name__).route("/", roles=roles)


def test_roles_cannot_be_left_out() -> None:
    with pytest.raises(TypeError):
        Blueprint("x", __name__).route("/")


def test_routes_lists_methods_rules_and_roles(app: Flask) -> None:
    found = {(route.method, route.rule): route.roles for route in routes(app)}
    assert found["GET", "/api/v1/notes/"] == STAFF_ROLES
    assert found["GET", "/internal/notes/<tenant>"] == INTERNAL
    assert {rule for (_, rule), roles in found.items() if roles == PUBLIC} == {
        "/livez", "/readyz", "/health", "/metrics", "/openapi/kit", "/openapi/kit.json", "/api/v1/notes/open",
    }  # fmt: skip


JSON = "application/json"
HOSTILE_BODIES: list[tuple[bytes, str, int, str]] = [
    (b"", JSON, 400, "invalid_json"),
    (b"{", JSON, 400, "invalid_json"),
    (b'{"body": NaN}', JSON, 400, "invalid_json"),
    (b'{"body": "\xff"}', JSON, 400, "invalid_json"),
    (b"\xef\xbb\xbf{}", JSON, 400, "invalid_json"),
    (b"[" * 5000 + b"]" * 5000, JSON, 400, "invalid_json"),
    (b'{"body": "\\ud800"}', JSON, 400, "invalid_json"),
    (b"[]", JSON, 422, "invalid_request"),
    (b"null", JSON, 422, "invalid_request"),
    (b'"text"', JSON, 422, "invalid_request"),
    (b"{}", JSON, 422, "invalid_request"),
    (b'{"body": null}', JSON, 422, "invalid_request"),
    (b'{"body": 1}', JSON, 422, "invalid_request"),
    (b'{"body": true}', JSON, 422, "invalid_request"),
    (b'{"body": ["a"]}', JSON, 422, "invalid_request"),
    (b'{"body": "   "}', JSON, 422, "invalid_request"),
    (b'{"body": "a\\u0000b"}', JSON, 422, "invalid_request"),
    (b'{"body": "a\\nb"}', JSON, 422, "invalid_request"),
    (b'{"body": "%s"}' % (b"a" * 21), JSON, 422, "invalid_request"),
    (b'{"body": "a", "extra": 1}', JSON, 422, "invalid_request"),
    (b'{"body": "%s"}' % (b"a" * (1 << 20)), JSON, 413, "too_large"),
    (b'{"body": "a"}', "text/plain", 415, "unsupported_media_type"),
    (b"body=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b'{"body": "a"}', "application/xml", 415, "unsupported_media_type"),
]


@pytest.mark.parametrize(("body", "content_type", "status", "code"), HOSTILE_BODIES)
def test_hostile_bodies_get_a_clear_problem(
    client: FlaskClient, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = client.post(f"{NOTES}/", data=body, content_type=content_type)
    problem = answer.get_json()
    assert (answer.status_code, problem["code"], answer.mimetype) == (
        status,
        code,
        "application/problem+json",
    )
    assert client.get(f"{NOTES}/").get_json()["results"] == []


def test_a_body_of_unknown_length_is_bounded_too(app: Flask, issuer: Issuer) -> None:
    environ = EnvironBuilder(
        path=f"{NOTES}/", method="POST", content_type=JSON, headers=[*issuer.headers().items()]
    )
    chunked = {**environ.get_environ(), "wsgi.input": _Endless(), "wsgi.input_terminated": True}
    body, status, _ = run_wsgi_app(app, chunked)
    assert status.startswith("413"), list(body)


class _Endless(io.RawIOBase):
    """A chunked body that never ends."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("active=false", 200), ("size=1", 200),
        ("active=1", 422), ("active=yes", 422), ("active=True", 422), ("active=", 422),
        ("size=0", 422), ("size=6", 422), ("size=1.5", 422), ("size=٣", 422), ("size=1e3", 422),
        ("size=99999999999999999999", 422), ("misspelt=1", 422),
        ("active=%00", 400), ("x%00=1", 400), ("active=%ff", 422),
    ],
)  # fmt: skip
def test_query_values_are_strict(client: FlaskClient, query: str, status: int) -> None:
    assert client.get(f"{NOTES}/?{query}").status_code == status


def test_json_text_is_not_a_number_or_boolean() -> None:
    schema = fields.StrictSchema.from_dict({"on": fields.StrictBoolean(), "n": fields.Whole()})()
    assert schema.validate({"on": "false", "n": "5"}).keys() == {"on", "n"}
    assert schema.validate({"on": 1, "n": True}).keys() == {"on", "n"}
    assert schema.validate({"on": False, "n": 5}) == {}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", f"{NOTES}/not-a-uuid/", 404, "not_found"),
        ("DELETE", f"{NOTES}/{NOTE}/", 404, "not_found"),
        ("PUT", f"{NOTES}/", 405, "method_not_allowed"),
        ("OPTIONS", f"{NOTES}/", 405, "method_not_allowed"),
        ("TRACE", f"{NOTES}/", 405, "method_not_allowed"),
        ("GET", f"{NOTES}/%00/", 400, "invalid_characters"),
        ("GET", f"{NOTES}/%ff%fe", 400, "invalid_characters"),
        ("GET", f"/{NOTES}/", 404, "not_found"),
        ("GET", "/static/x", 404, "not_found"),
        ("GET", "/openapi/other.json", 404, "not_found"),
    ],
)
def test_wrong_addresses_get_a_clear_problem(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("bug", 500, "internal_error"),
        ("transient", 503, "unavailable"),
        ("nul", 422, "invalid_request"),
        ("range", 422, "invalid_request"),
        ("unique", 500, "internal_error"),
        ("lock", 503, "busy"),
    ],
)
def test_failures_inside_a_view_leak_nothing(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, how: str, status: int, code: str
) -> None:
    answer = client.get(f"{NOTES}/fail/{how}")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert set(problem) == {"type", "title", "status", "code", "detail", "request_id", "instance"}
    assert "김하나" not in answer.text
    if status == 500:
        assert any(record.exc_info for record in caplog.records if record.levelno == logging.ERROR)
    if how == "transient":
        assert answer.headers["Retry-After"] == "7"


def test_a_problem_has_every_member_and_korean_words(client: FlaskClient) -> None:
    answer = client.post(f"{NOTES}/", json={}, headers={"X-Request-Id": "abc-1"})
    assert answer.get_json() == {
        "type": "urn:academy:problem:invalid_request",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "invalid_request",
        "detail": "입력값을 확인해 주세요.",
        "errors": {"body": ["필수 항목입니다."]},
        "request_id": "abc-1",
        "instance": "/api/v1/notes/",
    }


def test_every_shared_code_has_a_client_or_server_status_and_korean_detail() -> None:
    for code, (status, detail) in CODES.items():
        assert Problem(code).status == status
        assert any("가" <= letter <= "힣" for letter in detail), code
    with pytest.raises(TypeError):
        Problem("made_up")
    assert Problem("made_up", "설명", status=409).status == 409


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\tb", "<script>", "아이디", "a;b"])
def test_a_strange_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/livez", headers={"X-Request-Id": given.encode().decode("latin-1")})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 36


def test_health_tells_the_database_state_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    assert client.get("/health").get_json() == {
        "status": "healthy",
        "service": "kit",
        "database": "connected",
    }
    assert client.get("/readyz").status_code == 200


def test_health_without_a_database(issuer: Issuer) -> None:
    away = "postgresql://kit_app:x@127.0.0.1:1/none"
    app = create_base_app("kit", load(CommonSettings, environment(issuer, away)), Database(away, "kit"))
    answer = app.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "unhealthy", "service": "kit", "database": "disconnected"}
    assert app.test_client().get("/livez").status_code == 200


def test_metrics_use_route_templates(client: FlaskClient) -> None:
    client.delete(f"{NOTES}/{NOTE}/")
    client.get("/nothing/here")
    client.open(f"{NOTES}/", method="BREW")
    text = client.get("/metrics").get_data(as_text=True)
    labels = 'method="DELETE",route="/api/v1/notes/<uuid:note_id>/",service="kit",status="4xx"'
    assert f"http_requests_total{{{labels}}} 1.0" in text
    assert 'method="other",route="unmatched"' in text
    assert "nothing/here" not in text


def test_openapi_documents_schemas_problems_and_roles(client: FlaskClient) -> None:
    spec = client.get("/openapi/kit.json").get_json()
    assert spec["openapi"].startswith("3.1")
    post = spec["paths"]["/api/v1/notes/"]["post"]
    assert post["x-roles"] == ["admin", "owner", "staff", "teacher"]
    assert spec["components"]["schemas"]["Note"]["properties"]["body"]["maxLength"] == 20
    assert "application/problem+json" in spec["components"]["responses"]["DEFAULT_ERROR"]["content"]
    page = client.get("/openapi/kit").get_data(as_text=True)
    assert "/api/v1/notes/" in page
    assert "src=" not in page
