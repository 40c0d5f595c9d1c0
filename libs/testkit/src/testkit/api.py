"""Calling a service's API in a test: its environment, and Flask test clients that are signed in."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from contracts import package_of
from flask import Flask
from flask.testing import FlaskClient
from servicekit.settings import load
from werkzeug.test import TestResponse

from testkit.tokens import Issuer

NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"
INTERNAL_TOKEN = "test-internal-token-0001"  # noqa: S105 - opens nothing but test apps

PSEUDONYM_KEY = "5a" * 32
SIGNING_SECRET = "v2:" + "c3" * 32 + ",v1:" + "b2" * 32
RECIPIENT_KEY = "7c" * 32
WEBHOOK_TOKEN = "test-webhook-token-0001"  # noqa: S105 - as above


def environment(issuer: Issuer, database_url: str = NOWHERE, **more: str) -> dict[str, str]:
    """Every variable that some service requires, for `settings.load(Settings, environment(...))`."""
    return {
        "DATABASE_URL": database_url,
        "INTERNAL_WORKER_TOKEN": INTERNAL_TOKEN,
        "AUTH_JWKS_URL": issuer.jwks_url,
        "AUTH_ISSUER": issuer.issuer,
        "AUTH_AUDIENCE": issuer.audience,
        "R2_ENDPOINT": "http://127.0.0.1:9",
        "R2_ACCESS_KEY": "test-access-key",
        "R2_SECRET_KEY": "test-secret-key",
        "ACCOUNT_SIGNING_KEYS": issuer.account_key,
        "PSEUDONYM_KEY": PSEUDONYM_KEY,
        "PEER_URLS": "enrollment=http://127.0.0.1:9",
        "STUDENTS_URL": "http://127.0.0.1:9",
        "ACCOUNT_JWKS_URL": issuer.account_jwks_url,
        "CDN_HLS_SIGNING_SECRET": SIGNING_SECRET,
        "MESSAGING_PROVIDER": "solapi",
        "SOLAPI_ENDPOINT": "http://127.0.0.1:9",
        "SOLAPI_API_KEY": "test-api-key",
        "SOLAPI_API_SECRET": "test-api-secret",
        "RECIPIENT_KEY": RECIPIENT_KEY,
        "MESSAGING_WEBHOOK_TOKEN": WEBHOOK_TOKEN,
        **more,
    }


def app_of(service: str, issuer: Issuer, database_url: str = NOWHERE) -> Flask:
    """The service's app as gunicorn gets it."""
    package = package_of(service)
    settings = import_module(f"{package}.settings").Settings
    app: Flask = import_module(f"{package}.app").create_app(load(settings, environment(issuer, database_url)))
    return app


def signed_in(
    app: Flask,
    issuer: Issuer,
    tenant: str = "demo",
    roles: Iterable[str] = ("owner",),
    subject: str = "user-1",
) -> FlaskClient:
    """A test client whose requests carry this caller's token."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.mint(tenant, roles, subject)}"
    return client


def internal(app: Flask) -> FlaskClient:
    """A test client whose requests carry the internal token of `environment`."""
    client = app.test_client()
    client.environ_base["HTTP_X_WORKER_TOKEN"] = INTERNAL_TOKEN
    return client


def refused(answer: TestResponse) -> tuple[int, str, str]:
    """Status, code and Korean detail of a problem."""
    body = answer.get_json()
    assert answer.content_type == "application/problem+json"
    return answer.status_code, body["code"], body["detail"]
