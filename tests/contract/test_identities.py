"""Every route of every service refuses every wrong identity, before it looks at anything else.

The database of these apps does not exist: a route that reached it would answer 500, not 401 or 403.
"""

import re
import time
from functools import cache
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from servicekit.app import routes
from servicekit.auth import (
    ACCOUNT_ISSUER,
    ACCOUNT_ROLES,
    ANYONE,
    INTERNAL,
    OPERATIONS,
    PUBLIC,
    STAFF_ROLES,
    STUDENT,
    Role,
)
from testkit.api import app_of
from testkit.tokens import KEY_ID

ROLES = frozenset(Role)
STUDENTS, MEDIA = "/api/v1/students", "/api/v1/media"
# buckets belong to no academy: what is done with them is asked by whoever runs the system
STORAGE = "/api/v1/storage/"
# every door that needs no token, by service: nothing else may be open
DOORS = {
    "students": {
        ("POST", f"{STUDENTS}/token/"),
        ("POST", f"{STUDENTS}/token/password/"),
        ("POST", f"{STUDENTS}/token/refresh/"),
        ("POST", f"{STUDENTS}/token/revoke/"),
        ("GET", f"{STUDENTS}/token/keys/"),
        ("POST", f"{STUDENTS}/registration_requests/"),
    },
    # opened by a signature in the address
    "media": {("GET", f"{MEDIA}/hls/<tenant>/<uuid:video_id>/<path:rest>")},
    # the provider's reports: the address is the secret
    "messaging": {("POST", "/api/v1/messaging/webhooks/<token>/")},
}
# and every route that students or parents may ask, by their roles
FAMILY = {
    "students": {("GET", f"{STUDENTS}/me/", ACCOUNT_ROLES), ("PATCH", f"{STUDENTS}/me/", STUDENT)},
    "media": {
        ("GET", f"{MEDIA}/videos/student/", ACCOUNT_ROLES),
        *(
            ("POST", f"{MEDIA}/playback/{what}/", ACCOUNT_ROLES)
            for what in ("start", "refresh", "heartbeat", "events", "end")
        ),
    },
}
# what a service without its database, and media without the students service, answers to those
AWAY = {"students": "database_unavailable", "media": "auth_unavailable"}


@pytest.fixture(scope="module")
def apps(issuer):
    return cache(lambda service: app_of(service, issuer))


@pytest.fixture
def app(apps, service):
    return apps(service)


def pages(service):
    """What the kit itself answers, to anybody."""
    probes = {"/livez", "/readyz", "/health", "/metrics"}
    return {("GET", rule) for rule in (*probes, f"/openapi/{service}", f"/openapi/{service}.json")}


def path_of(rule):
    return re.sub(r"<[^>]+>", lambda _: str(uuid4()), rule)


def by_roles(app, wanted):
    found = [(r.method, path_of(r.rule), r.roles) for r in routes(app) if wanted(r.roles)]
    return sorted(found, key=lambda route: route[:2])


def signed_in(roles):
    """Of an academy, or of whoever runs the system."""
    return roles <= ANYONE or roles <= OPERATIONS


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
        "staff in the accounts' name": issuer.mint(iss=ACCOUNT_ISSUER, roles=["student"]),
        "an account in the staff's name": issuer.mint_account(iss=issuer.issuer, role="owner"),
        "an account that ended": issuer.mint_account(exp=now - 3600),
        "an account without tenant": issuer.mint_account(tenant_id=None),
        "an account's session that is none": issuer.mint_account(sid="x"),
    }


def test_user_routes_refuse_every_wrong_token(issuer, app):
    client = app.test_client()
    answers, tokens = {}, wrong_tokens(issuer)
    for method, path, _ in by_roles(app, signed_in):
        for wrong, token in tokens.items():
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            answer = client.open(path, method=method, headers=headers)
            answers[method, path, wrong] = (answer.status_code, answer.mimetype)
    assert {key: got for key, got in answers.items() if got != (401, "application/problem+json")} == {}


def test_user_routes_refuse_every_role_they_do_not_name(issuer, app):
    client, headers = app.test_client(), cache(lambda role: issuer.headers(roles=[role]))
    answers = {}
    for method, path, admitted in by_roles(app, signed_in):
        # the staff's issuer makes no students and no parents, wherever those are admitted
        for role in [*sorted((ROLES - admitted) | ACCOUNT_ROLES), "superuser"]:
            answer = client.open(path, method=method, headers=headers(role))
            answers[method, path, role] = answer.status_code
    assert {key: status for key, status in answers.items() if status != 403} == {}


def test_operators_and_academies_get_nowhere_in_each_others_routes(service, issuer, app):
    """However many roles of their own kind they have."""
    client = app.test_client()
    answers = {}
    for mine, theirs in ((STAFF_ROLES, OPERATIONS), (OPERATIONS, ANYONE)):
        strange = by_roles(app, lambda roles, theirs=theirs: roles <= theirs)
        headers = issuer.headers(roles=sorted(mine))
        for method, path, _ in strange:
            answer = client.open(path, method=method, headers=headers)
            answers[method, path] = (answer.status_code, answer.get_json()["code"])
    assert {key: got for key, got in answers.items() if got != (403, "forbidden")} == {}
    assert len([path for _, path in answers if path.startswith(f"/api/v1/operations/{service}/")]) > 20


def test_every_route_of_the_operators_has_an_internal_twin(service, app):
    """No route of an academy lies beside them, and theirs lie nowhere else but in the context of buckets."""
    prefix, inside = f"/api/v1/operations/{service}/", "/internal/operations/"
    found = {(r.method, r.rule): r.roles for r in routes(app)}
    twins = {(method, rule.removeprefix(inside)) for method, rule in found if rule.startswith(inside)}
    assert twins == {(method, rule.removeprefix(prefix)) for method, rule in found if rule.startswith(prefix)}
    theirs = {key for key, roles in found.items() if roles <= OPERATIONS}
    beside = {key for key in found if key[1].startswith(prefix)} ^ theirs
    assert {key for key in beside if not (key in theirs and key[1].startswith(STORAGE))} == set()


def test_students_and_parents_get_nowhere_but_where_they_are_named(service, issuer, app):
    """With a genuine token of theirs, whatever role it claims; the other services know none of them."""
    client, token = app.test_client(), cache(lambda role: issuer.mint_account(role=role))
    expected = (403, "forbidden") if service in FAMILY else (401, "invalid_token")
    answers = {}
    for method, path, admitted in by_roles(app, signed_in):
        for role in [*sorted(ROLES - (admitted & ACCOUNT_ROLES)), "superuser"]:
            answer = client.open(path, method=method, headers={"Authorization": f"Bearer {token(role)}"})
            answers[method, path, role] = (answer.status_code, answer.get_json()["code"])
    assert {key: got for key, got in answers.items() if got != expected} == {}


def test_students_and_parents_are_admitted_where_it_is_written_down(service, app):
    admitted = {(r.method, r.rule, r.roles) for r in routes(app) if r.roles & ACCOUNT_ROLES}
    assert admitted == FAMILY.get(service, set())
    assert not [rule for _, rule, roles in admitted if roles & STAFF_ROLES]


def test_no_route_that_admits_accounts_skips_asking_whether_the_sign_in_lives(service, issuer, app):
    """Whom these apps would ask is away, so that asking shows as 503; an answer would be a way in."""
    for method, path, roles in FAMILY.get(service, ()):
        for role in roles:
            headers = {"Authorization": f"Bearer {issuer.mint_account(role=role)}"}
            answer = app.test_client().open(path, method=method, headers=headers)
            assert (answer.status_code, answer.get_json()["code"]) == (503, AWAY[service])


@pytest.mark.parametrize("token", [None, "", "wrong", "test-internal-token-000", "test-internal-token-00011"])
def test_internal_routes_refuse_users_and_wrong_tokens(issuer, app, token):
    client = app.test_client()
    headers = issuer.headers() | ({} if token is None else {"X-Worker-Token": token})
    answers = {
        (method, path): client.open(path, method=method, headers=headers).status_code
        for method, path, _ in by_roles(app, lambda roles: roles == INTERNAL)
    }
    assert {key: status for key, status in answers.items() if status != 401} == {}


def test_only_pages_and_the_doors_written_down_are_public(service, app):
    public = {(r.method, r.rule) for r in routes(app) if r.roles == PUBLIC}
    assert public == pages(service) | DOORS.get(service, set())


def test_openapi_documents_every_route_and_no_other(service, app):
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
        # the twins of the operators' routes are as those
        if (r.method, r.rule) not in pages(service) and not r.rule.startswith("/internal/operations/")
    }
    assert documented == served
