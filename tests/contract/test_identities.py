"""Every route of every service refuses every wrong identity, before it looks at anything else.

The database of these apps does not exist: a route that reached it would answer 500, not 401 or 403.
"""

import re
import time
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from servicekit.auth import ANYONE, INTERNAL, PUBLIC, Role
from servicekit.web import routes
from testkit.api import app_of
from testkit.tokens import KEY_ID

ROLES = frozenset(Role)


def path_of(rule):
    return re.sub(r"<[^>]+>", lambda _: str(uuid4()), rule)


def by_roles(app, wanted):
    found = [(r.method, path_of(r.rule), r.roles) for r in routes(app) if wanted(r.roles)]
    return sorted(found, key=lambda route: route[:2])


def wrong_tokens(issuer):
    """(what is wrong, token): each must be answered 401."""
    now = int(time.time())
    claims = jwt.decode(issuer.mint(), options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = issuer.key.public_key().public_numbers()
    return {
        "nothing": None,
        "empty": "",
        "not a token": "abc.def.ghi",
        "another signer": jwt.encode(claims, stranger, "RS256", headers={"kid": KEY_ID}),
        "unknown key": jwt.encode(claims, stranger, "RS256", headers={"kid": "other"}),
        "symmetric": jwt.encode(claims, str(public.n) * 2, "HS256", headers={"kid": KEY_ID}),
        "unsigned": jwt.encode(claims, None, "none", headers={"kid": KEY_ID}),
        "expired": issuer.mint(exp=now - 3600),
        "no end": issuer.mint(exp=None),
        "not yet": issuer.mint(nbf=now + 3600),
        "another issuer": issuer.mint(iss="https://evil.test"),
        "another audience": issuer.mint(aud="other"),
        "no tenant": issuer.mint(tenant_id=None),
        "malformed tenant": issuer.mint(tenant_id="../demo"),
        "no subject": issuer.mint(sub=None),
    }


def test_user_routes_refuse_every_wrong_token(service, issuer):
    app = app_of(service, issuer)
    client = app.test_client()
    answers = {}
    for method, path, _ in by_roles(app, lambda roles: roles <= ANYONE):
        for wrong, token in wrong_tokens(issuer).items():
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            answer = client.open(path, method=method, headers=headers)
            answers[method, path, wrong] = (answer.status_code, answer.mimetype)
    assert {key: got for key, got in answers.items() if got != (401, "application/problem+json")} == {}


def test_user_routes_refuse_every_role_they_do_not_name(service, issuer):
    app = app_of(service, issuer)
    client = app.test_client()
    answers = {}
    for method, path, admitted in by_roles(app, lambda roles: roles <= ANYONE):
        for role in [*sorted(ROLES - admitted), "superuser"]:
            answer = client.open(path, method=method, headers=issuer.headers(roles=[role]))
            answers[method, path, role] = answer.status_code
    assert {key: status for key, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize("token", [None, "", "wrong", "test-internal-token-000", "test-internal-token-00011"])
def test_internal_routes_refuse_users_and_wrong_tokens(service, issuer, token):
    app = app_of(service, issuer)
    client = app.test_client()
    headers = issuer.headers() | ({} if token is None else {"X-Worker-Token": token})
    answers = {
        (method, path): client.open(path, method=method, headers=headers).status_code
        for method, path, _ in by_roles(app, lambda roles: roles == INTERNAL)
    }
    assert {key: status for key, status in answers.items() if status != 401} == {}


def test_only_the_service_s_own_pages_are_public(service, issuer):
    app = app_of(service, issuer)
    public = {r.rule for r in routes(app) if r.roles == PUBLIC}
    assert public == {
        "/livez",
        "/readyz",
        "/health",
        "/metrics",
        f"/openapi/{service}",
        f"/openapi/{service}.json",
    }


def test_openapi_documents_every_route_and_no_other(service, issuer):
    app = app_of(service, issuer)
    document = app.test_client().get(f"/openapi/{service}.json").get_json()
    documented = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    }
    served = {
        (r.method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", r.rule))
        for r in routes(app)
        if r.roles != PUBLIC
    }
    assert documented == served
