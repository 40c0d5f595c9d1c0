"""Tokens of students and parents: who may sign them, what they may say, and keys that change."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from servicekit.auth import (
    ACCOUNT_ISSUER,
    ACCOUNT_ROLES,
    STAFF_ROLES,
    Identity,
    KeySet,
    Role,
    Source,
    TokenVerifier,
)
from servicekit.keys import signing_keys
from servicekit.problem import Problem
from servicekit.tokens import TokenSigner
from testkit.tokens import AUDIENCE, ISSUER, KEY_ID, Issuer, public_jwk

ACCOUNT, SESSION = UUID(int=1), UUID(int=2)


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sign(signer: TokenSigner, role: Role = Role.STUDENT, lifetime: int = 600) -> str:
    return signer.sign(
        "demo", ACCOUNT, role, SESSION, now=datetime.now(UTC), lifetime=timedelta(seconds=lifetime)
    )


def verifier(issuer: Issuer, accounts: Any) -> TokenVerifier:
    """As the students service has it: the staff's issuer, and its own."""
    return TokenVerifier(
        {
            ISSUER: Source(KeySet(issuer.jwks_url), STAFF_ROLES),
            ACCOUNT_ISSUER: Source(accounts, ACCOUNT_ROLES),
        },
        AUDIENCE,
    )


@pytest.mark.parametrize("role", [Role.STUDENT, Role.PARENT])
def test_what_is_signed_is_who_is_identified(issuer: Issuer, role: Role) -> None:
    who = verifier(issuer, issuer.accounts).identify(f"Bearer {sign(issuer.accounts, role)}")
    assert who == Identity("demo", str(ACCOUNT), frozenset({role}), SESSION)


def test_a_token_ends(issuer: Issuer) -> None:
    with pytest.raises(Problem, match="invalid_token"):
        verifier(issuer, issuer.accounts).identify(f"Bearer {sign(issuer.accounts, lifetime=-60)}")


def test_neither_issuer_can_grant_what_is_the_others(issuer: Issuer) -> None:
    check = verifier(issuer, issuer.accounts)
    every = [role.value for role in Role]
    staff = check.identify(f"Bearer {issuer.mint(roles=every)}")
    assert staff.roles == STAFF_ROLES
    account = check.identify(f"Bearer {issuer.mint_account(account_id=ACCOUNT, roles=every)}")
    assert account.roles == ACCOUNT_ROLES
    for role in STAFF_ROLES:
        assert check.identify(f"Bearer {issuer.mint_account(role=role.value)}").roles == frozenset()


def test_an_issuer_is_named_by_whose_key_signed_it(issuer: Issuer) -> None:
    check = verifier(issuer, issuer.accounts)
    own_kid = issuer.accounts.jwks()["keys"][0]["kid"]
    key = signing_keys(issuer.account_key)[0]
    claims = jwt.decode(issuer.mint(), options={"verify_signature": False})
    forged = [
        issuer.mint(iss=ACCOUNT_ISSUER, roles=["student"]),
        issuer.mint_account(iss=ISSUER, roles=["owner"]),
        jwt.encode({**claims, "iss": ACCOUNT_ISSUER}, issuer.key, "RS256", headers={"kid": own_kid}),
        jwt.encode(claims, key, "ES256", headers={"kid": KEY_ID}),
        jwt.encode(claims, key, "ES256", headers={"kid": own_kid}),
    ]
    for token in forged:
        with pytest.raises(Problem, match="invalid_token"):
            check.identify(f"Bearer {token}")


HOSTILE: dict[str, dict[str, Any]] = {
    "a list of issuers": {"iss": [ACCOUNT_ISSUER, ISSUER]},
    "a list with one": {"iss": [ACCOUNT_ISSUER]},
    "an object": {"iss": {"$ne": ""}},
    "a number": {"iss": 1},
    "true": {"iss": True},
    "empty": {"iss": ""},
    "none": {"iss": None},
    "white space": {"iss": f"{ACCOUNT_ISSUER} "},
    "capitals": {"iss": ACCOUNT_ISSUER.upper()},
    "a longer name": {"iss": f"{ACCOUNT_ISSUER}:x"},
    "a NUL": {"iss": f"{ACCOUNT_ISSUER}\0"},
    "another audience": {"aud": "other"},
    "a session that is none": {"sid": "x"},
    "a session with SQL": {"sid": "' OR '1'='1"},
    "a subject that is a number": {"sub": 7},
    "a tenant that is a list": {"tenant_id": ["demo"]},
    "roles as text": {"roles": "student"},
    "roles as an object": {"roles": {"student": True}},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_claims_are_refused_even_when_signed(issuer: Issuer, kind: str) -> None:
    with pytest.raises(Problem, match="invalid_token"):
        verifier(issuer, issuer.accounts).identify(f"Bearer {issuer.mint_account(**HOSTILE[kind])}")


@pytest.mark.parametrize("session", [None, 7, ["x"]])
def test_a_session_that_is_no_text_is_no_session(issuer: Issuer, session: Any) -> None:
    token = issuer.mint_account(sid=session)
    assert verifier(issuer, issuer.accounts).identify(f"Bearer {token}").session is None


def test_keys_rotate_without_ending_a_token(issuer: Issuer) -> None:
    old, new = new_key(), new_key()
    before = TokenSigner(signing_keys(pem(old)), AUDIENCE)
    during = TokenSigner(signing_keys(pem(new) + pem(old)), AUDIENCE)
    after = TokenSigner(signing_keys(pem(new)), AUDIENCE)
    early, late = sign(before), sign(during)
    assert jwt.get_unverified_header(early)["kid"] != jwt.get_unverified_header(late)["kid"]
    for token in (early, late):
        assert verifier(issuer, during).identify(f"Bearer {token}").session == SESSION
    assert verifier(issuer, after).identify(f"Bearer {late}").session == SESSION
    with pytest.raises(Problem, match="invalid_token"):
        verifier(issuer, after).identify(f"Bearer {early}")


def test_the_published_keys_verify_and_hold_nothing_private(issuer: Issuer, tmp_path: Path) -> None:
    signer = TokenSigner(signing_keys(pem(new_key()) + pem(new_key())), AUDIENCE)
    assert {frozenset(key) for key in signer.jwks()["keys"]} == {
        frozenset({"kty", "crv", "x", "y", "kid", "alg", "use"})
    }
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(signer.jwks()))
    who = verifier(issuer, KeySet(file.as_uri())).identify(f"Bearer {sign(signer)}")
    assert who.session == SESSION


def test_a_key_keeps_its_id(issuer: Issuer) -> None:
    key = pem(new_key())
    ids = {TokenSigner(signing_keys(key), AUDIENCE).jwks()["keys"][0]["kid"] for _ in range(3)}
    assert len(ids) == 1


def test_a_setting_holds_one_key_or_several_with_real_or_written_line_breaks() -> None:
    one, two = pem(new_key()), pem(new_key())
    assert len(signing_keys(one)) == 1
    assert len(signing_keys(one + "\n" + two)) == 2
    assert len(signing_keys((one + two).replace("\n", "\\n"))) == 2


def other_curve() -> str:
    return pem(ec.generate_private_key(ec.SECP384R1()))


def rsa_key() -> str:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.mark.parametrize(
    "value",
    [
        lambda: "",
        lambda: "not a key",
        lambda: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        other_curve,
        rsa_key,
        lambda: pem(new_key()) + rsa_key(),
        lambda: pem(new_key())[:-40],
    ],
)
def test_other_keys_are_refused_without_being_repeated(value: Any) -> None:
    given = value()
    with pytest.raises(ValueError, match="must be PEM private keys on the curve P-256") as refused:
        signing_keys(given)
    assert given == "" or given not in str(refused.value)


def test_public_key_confusion_and_strangers_are_refused(issuer: Issuer) -> None:
    stranger = TokenSigner(signing_keys(pem(new_key())), AUDIENCE)
    own_kid = issuer.accounts.jwks()["keys"][0]["kid"]
    now = int(time.time())
    claims = {
        "iss": ACCOUNT_ISSUER, "aud": AUDIENCE, "sub": "u", "tenant_id": "demo", "roles": ["student"],
        "sid": str(uuid4()), "exp": now + 60,
    }  # fmt: skip
    forged = [
        sign(stranger),
        jwt.encode(claims, new_key(), "ES256", headers={"kid": own_kid}),
        jwt.encode(claims, issuer.key, "RS256", headers={"kid": own_kid}),
        jwt.encode(claims, "x" * 64, "HS256", headers={"kid": own_kid}),
        jwt.encode(claims, None, "none", headers={"kid": own_kid}),
        jwt.encode(claims, issuer.key, "RS256", headers={"kid": "x", "jwk": public_jwk(issuer.key, "x")}),
    ]
    for token in forged:
        with pytest.raises(Problem, match="invalid_token"):
            verifier(issuer, issuer.accounts).identify(f"Bearer {token}")
