"""User tokens: what is refused, and what happens while the issuer is away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from servicekit.auth import ANYONE, STAFF_ROLES, InternalTokens, KeySet, Role, Source, TokenVerifier
from servicekit.problem import Problem
from testkit.tokens import AUDIENCE, ISSUER, KEY_ID, Issuer, public_jwk


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier({ISSUER: Source(KeySet(issuer.jwks_url), STAFF_ROLES)}, AUDIENCE)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u", "tenant_id": "demo", "roles": ["owner"], "exp": now + 60,
    }  # fmt: skip
    return {**usual, **changes}


def signed_with_public_key(issuer: Issuer, algorithm: str) -> str:
    """The classic confusion: the public key's text as an HMAC secret."""
    pem = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = f"{part({'alg': algorithm, 'kid': KEY_ID, 'typ': 'JWT'})}.{part(claims())}"
    signature = hmac.new(pem, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def resigned(issuer: Issuer, headers: dict[str, Any], key: Any = None, algorithm: str = "RS256") -> str:
    return jwt.encode(claims(), key or issuer.key, algorithm=algorithm, headers=headers)


def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def tampered(issuer: Issuer) -> str:
    head, _, signature = issuer.mint().split(".")
    return f"{head}.{part(claims(tenant_id='other'))}.{signature}"


NOW = int(time.time())
Make = Callable[[Issuer], str]
HOSTILE: dict[str, Make] = {
    "empty": lambda i: "",
    "one part": lambda i: "abc",
    "three empty parts": lambda i: "..",
    "not base64": lambda i: "!.!.!",
    "header is a list": lambda i: f"{part([])}.{part(claims())}.x",
    "claims are a list": lambda i: f"{part({'alg': 'RS256', 'kid': KEY_ID})}.{part([])}.x",
    "alg none": lambda i: f"{part({'alg': 'none', 'kid': KEY_ID})}.{part(claims())}.",
    "alg None spelt oddly": lambda i: f"{part({'alg': 'nOnE', 'kid': KEY_ID})}.{part(claims())}.",
    "HS256 with the public key": lambda i: signed_with_public_key(i, "HS256"),
    "RS256 claimed over an HMAC": lambda i: signed_with_public_key(i, "RS256"),
    "another RSA key": lambda i: resigned(i, {"kid": KEY_ID}, other_key()),
    "an EC key under the RSA key's id": lambda i: resigned(
        i, {"kid": KEY_ID}, ec.generate_private_key(ec.SECP256R1()), "ES256"
    ),
    "RS512": lambda i: resigned(i, {"kid": KEY_ID}, algorithm="RS512"),
    "PS256": lambda i: resigned(i, {"kid": KEY_ID}, algorithm="PS256"),
    "no kid": lambda i: resigned(i, {}),
    "unknown kid": lambda i: resigned(i, {"kid": "nobody"}),
    "kid is a path": lambda i: resigned(i, {"kid": "../../dev/null"}),
    "own key in the header": lambda i: resigned(i, {"kid": "x", "jwk": public_jwk(other_key(), "x")}),
    "key url in the header": lambda i: resigned(i, {"kid": "x", "jku": "file:///etc/passwd"}),
    "unknown critical header": lambda i: resigned(i, {"kid": KEY_ID, "crit": ["x"], "x": 1}),
    "tampered claims": tampered,
    "expired": lambda i: i.mint(exp=NOW - 60),
    "no expiry": lambda i: i.mint(exp=None),
    "expiry is text": lambda i: i.mint(exp="tomorrow"),
    "expiry overflows": lambda i: i.mint(exp=float("1e400")),
    "not yet valid": lambda i: i.mint(nbf=NOW + 86_400),
    "issued in the future": lambda i: i.mint(iat=NOW + 86_400),
    "wrong audience": lambda i: i.mint(aud="another-app"),
    "no audience": lambda i: i.mint(aud=None),
    "wrong issuer": lambda i: i.mint(iss="https://evil.test"),
    "no issuer": lambda i: i.mint(iss=None),
    "no subject": lambda i: i.mint(sub=None),
    "empty subject": lambda i: i.mint(subject=""),
    "subject with a newline": lambda i: i.mint(subject="a\nb"),
    "subject too long": lambda i: i.mint(subject="a" * 201),
    "no tenant": lambda i: i.mint(tenant_id=None),
    "tenant in capitals": lambda i: i.mint("Demo"),
    "tenant with SQL": lambda i: i.mint("a' or '1'='1"),
    "tenant with a newline": lambda i: i.mint("demo\n"),
    "tenant is a list": lambda i: i.mint(tenant_id=["demo"]),
    "no roles": lambda i: i.mint(roles=None),
    "roles are text": lambda i: jwt.encode(claims(roles="owner"), i.key, "RS256", headers={"kid": KEY_ID}),
    "a huge token": lambda i: i.mint(more="x" * 9000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_tokens_are_refused(verifier: TokenVerifier, issuer: Issuer, kind: str) -> None:
    token = mint_roles(issuer, kind)
    with pytest.raises(Problem) as refused:
        verifier.identify(f"Bearer {token}")
    assert (refused.value.status, refused.value.code) == (401, "invalid_token")


def mint_roles(issuer: Issuer, kind: str) -> str:
    if kind == "no roles":
        usual = claims()
        del usual["roles"]
        return jwt.encode(usual, issuer.key, "RS256", headers={"kid": KEY_ID})
    return HOSTILE[kind](issuer)


@pytest.mark.parametrize(
    "header", ["Basic dXNlcjpwYXNz", "Bearer", "bearer ", "Token x", "Bearer a b", "토큰"]
)
def test_other_authorization_headers_are_refused(verifier: TokenVerifier, header: str) -> None:
    with pytest.raises(Problem) as refused:
        verifier.identify(header)
    assert refused.value.status == 401


def test_a_good_token_identifies_its_caller(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.mint("academy-1", ["owner", "janitor", "internal", "public"], "user-7")
    who = verifier.identify(f"bearer {token}")
    assert (who.tenant_id, who.subject, who.roles) == ("academy-1", "user-7", frozenset({Role.OWNER}))


def test_es256_keys_work_and_symmetric_keys_in_the_set_are_ignored(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    entry = {**jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "ec", "alg": "ES256"}
    secret = {"kty": "oct", "k": part("secret" * 9), "kid": "oct", "alg": "HS256"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [secret, entry]}))
    verifier = TokenVerifier(
        {ISSUER: Source(KeySet((tmp_path / "jwks.json").as_uri()), STAFF_ROLES)}, AUDIENCE
    )
    assert (
        verifier.identify(f"Bearer {jwt.encode(claims(), key, 'ES256', headers={'kid': 'ec'})}").roles
        <= ANYONE
    )
    forged = jwt.encode(claims(), json.dumps("secret" * 9), "HS256", headers={"kid": "oct"})
    with pytest.raises(Problem, match="invalid_token"):
        verifier.identify(f"Bearer {forged}")


class Ticks:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "content", [None, "", "not json", "[]", "null", '{"keys": []}', '{"keys": [{"kty": "x"}]}']
)
def test_no_usable_keys_is_a_503_and_heals(issuer: Issuer, tmp_path: Path, content: str | None) -> None:
    file, ticks = tmp_path / "jwks.json", Ticks()
    if content is not None:
        file.write_text(content)
    verifier = TokenVerifier({ISSUER: Source(KeySet(file.as_uri(), ticks), STAFF_ROLES)}, AUDIENCE)
    with pytest.raises(Problem) as away:
        verifier.identify(f"Bearer {issuer.mint()}")
    assert (away.value.status, away.value.code) == (503, "auth_unavailable")
    file.write_text(json.dumps({"keys": [public_jwk(issuer.key, KEY_ID)]}))
    ticks.now += 2
    assert verifier.identify(f"Bearer {issuer.mint()}").subject == "user-1"


def test_known_keys_outlive_an_issuer_that_is_away_and_rotation_is_seen(
    issuer: Issuer, tmp_path: Path
) -> None:
    file, ticks = tmp_path / "jwks.json", Ticks()
    file.write_text(json.dumps({"keys": [public_jwk(issuer.key, KEY_ID)]}))
    keys = KeySet(file.as_uri(), ticks)
    assert keys.find(KEY_ID)
    file.unlink()
    ticks.now += 1000
    assert keys.find(KEY_ID)
    file.write_text(json.dumps({"keys": [public_jwk(issuer.key, "next")]}))
    assert keys.find("next") is None  # asked again only after the cooldown
    ticks.now += 31
    assert keys.find("next")
    assert keys.find(KEY_ID) is None


def test_internal_tokens_rotate() -> None:
    live = InternalTokens(["old-token-of-16-chars", "new-token-of-16-chars"])
    live.check("old-token-of-16-chars")
    live.check("new-token-of-16-chars")
    for wrong in (None, "", "old-token-of-16-char", "old-token-of-16-chars,new-token-of-16-chars", "\udcff"):
        with pytest.raises(Problem, match="invalid_internal_token"):
            live.check(wrong)
    with pytest.raises(ValueError, match="no internal token"):
        InternalTokens([])
