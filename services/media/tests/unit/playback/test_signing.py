"""Signed addresses and tokens: whatever is changed about one, it opens nothing."""

import base64
import hmac
import string
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from media.domain.signing import Grant, Refusal, SignatureRefusedError, SigningKeys, signing_keys

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
VIDEO = "0b7c3f9e-5a3e-4d1e-9f51-3c8e6a5f0a11"
SESSION = "5c1f2d9a-7e6b-4a8c-8d3f-9b2e1a4c7d60"
PATH = f"hangang/{VIDEO}/job-1/v1/00001.m4s"
GRANT = Grant(f"e:{VIDEO}", 3, SESSION)

names = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=20).filter(
    lambda name: not name.startswith(".")
)
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: f"hangang/{VIDEO}/{'/'.join(parts)}")
viewers = st.text([chr(n) for n in range(0x21, 0x7F) if chr(n) != "|"], min_size=1, max_size=60)
grants = st.builds(Grant, viewers, st.integers(0, 10**9 - 1), st.sampled_from(["", SESSION]))


def keys():
    return SigningKeys({"v2": NEW, "v1": OLD})


def query_of(signed):
    return dict(parse_qsl(signed, keep_blank_values=True))


def refusal(path, query, now=50):
    with pytest.raises(SignatureRefusedError) as caught:
        keys().verify(path, query, now)
    return caught.value.refusal


@given(paths, grants, st.integers(1, 10**11))
def test_what_was_signed_is_read_back(path, grant, expires):
    signed = keys().sign(path, grant, expires)
    assert keys().verify(path, query_of(signed), expires - 1) == grant
    assert parse_qs(signed)["kid"] == ["v2"]


@given(paths, grants, st.data())
def test_one_changed_character_anywhere_is_refused(path, grant, data):
    query = query_of(keys().sign(path, grant, 100))
    name = data.draw(st.sampled_from(["path", *query]))
    text = path if name == "path" else query[name]
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + text[at + 1 :]
    assume(changed != text)
    offered = query if name == "path" else {**query, name: changed}
    assert refusal(changed if name == "path" else path, offered) in set(Refusal) - {Refusal.EXPIRED}


@given(paths, grants, st.sampled_from(["exp", "kid", "uid", "pv", "sid", "sig"]))
def test_one_missing_part_is_refused(path, grant, name):
    query = query_of(keys().sign(path, grant, 100))
    del query[name]
    assert refusal(path, query) is (Refusal.UNSIGNED if name == "sig" else Refusal.BAD_SIGNATURE)


@given(st.dictionaries(st.sampled_from(["exp", "kid", "uid", "pv", "sid", "sig"]), st.text()), st.text())
def test_nothing_that_is_made_up_opens_anything(query, path):
    refusal(path, query)


def test_each_refusal_has_its_word():
    query = query_of(keys().sign(PATH, GRANT, 100))
    assert refusal(PATH, {}) is Refusal.UNSIGNED
    assert refusal(PATH, query, now=100) is Refusal.EXPIRED
    assert refusal(PATH, {**query, "exp": "101"}) is Refusal.BAD_SIGNATURE
    assert refusal(PATH, {**query, "kid": "v3"}) is Refusal.UNKNOWN_KEY
    # signed by the other live key, but said to be by this one
    assert refusal(PATH, {**query, "kid": "v1"}) is Refusal.BAD_SIGNATURE
    assert refusal(PATH.replace("00001", "00002"), query) is Refusal.BAD_SIGNATURE


def test_the_rule_is_the_one_that_the_edge_repeats():
    """deploy/edge/README.md: base64url(HMAC-SHA256(key, path|exp|kid|uid|pv|sid))."""
    text = f"{PATH}|100|v2|e:{VIDEO}|3|{SESSION}".encode()
    mac = base64.urlsafe_b64encode(hmac.digest(NEW, text, "sha256")).rstrip(b"=").decode()
    expected = {"exp": "100", "kid": "v2", "uid": f"e:{VIDEO}", "pv": "3", "sid": SESSION, "sig": mac}
    assert query_of(keys().sign(PATH, GRANT, 100)) == expected
    assert urlencode(expected) == keys().sign(PATH, GRANT, 100)


def test_a_rotated_key_verifies_until_it_is_taken_out():
    query = query_of(SigningKeys({"v1": OLD}).sign(PATH, GRANT, 100))
    assert keys().verify(PATH, query, 50) == GRANT
    with pytest.raises(SignatureRefusedError) as caught:
        SigningKeys({"v2": NEW}).verify(PATH, query, 50)
    assert caught.value.refusal is Refusal.UNKNOWN_KEY


@pytest.mark.parametrize(
    "path",
    [
        f"hangang/{VIDEO}/../other/x.m4s",
        f"hangang/{VIDEO}/a//x.m4s",
        f"hangang/{VIDEO}/.hidden",
        f"hangang/{VIDEO}/a|b.m4s",
        f"hangang/{VIDEO}/",
        f"hangang/{VIDEO}",
        f"Hangang/{VIDEO}/x.m4s",
        f"hangang/{VIDEO}/x.m4s\n",
        f"hangang/{VIDEO}/가.m4s",
    ],
)
def test_some_paths_are_never_signed(path):
    with pytest.raises(ValueError, match="signed"):
        keys().sign(path, GRANT, 100)


@pytest.mark.parametrize("viewer", ["", "a|b", "a b", "가", "x" * 221])
def test_some_viewers_are_never_signed(viewer):
    with pytest.raises(ValueError, match="signed"):
        keys().sign(PATH, Grant(viewer, 1), 100)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=20), max_size=4))
def test_tokens_are_read_back_until_they_expire(claims):
    assume("exp" not in claims)
    token = keys().seal(claims, 100)
    assert keys().unseal(token, 99) == claims
    with pytest.raises(SignatureRefusedError) as caught:
        keys().unseal(token, 100)
    assert caught.value.refusal is Refusal.EXPIRED


@given(st.data())
def test_a_changed_token_is_refused(data):
    token = keys().seal({"v": 1}, 100)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.characters(max_codepoint=0x2FF)) + token[at + 1 :]
    assume(changed != token)
    with pytest.raises(SignatureRefusedError) as caught:
        keys().unseal(changed, 50)
    assert caught.value.refusal in {Refusal.BAD_SIGNATURE, Refusal.UNKNOWN_KEY}


@pytest.mark.parametrize("token", ["", "a", "a.b", "v2.e30.", "v2..", "v9.e30.x", "v2." + "a" * 3000 + ".b"])
def test_what_is_no_token_is_refused(token):
    with pytest.raises(SignatureRefusedError):
        keys().unseal(token, 50)


def test_an_address_s_signature_is_no_token():
    query = query_of(keys().sign(PATH, GRANT, 100))
    with pytest.raises(SignatureRefusedError):
        keys().unseal(f"v2.{PATH}.{query['sig']}", 50)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ab" * 32, "SigningKeys(v1)"),
        (f"v2:{'ab' * 32},v1:{'cd' * 40}", "SigningKeys(v2, v1)"),
        (f" k-1:{'AB' * 32} , v1:{'cd' * 32} ", "SigningKeys(k-1, v1)"),
    ],
)
def test_the_setting_holds_one_key_or_several_and_shows_none(value, shown):
    assert repr(signing_keys(value)) == str(signing_keys(value)) == shown


@pytest.mark.parametrize(
    "value",
    [
        "",
        "secret",
        "ab" * 31,
        f"v1:{'ab' * 31}",
        f"v1:{'ab' * 32},",
        f"{'ab' * 32},v1:{'cd' * 32}",
        f"v 1:{'ab' * 32}",
    ],
)
def test_a_setting_that_is_no_key_stops_the_boot_without_showing_it(value):
    with pytest.raises(ValueError, match="64 or more hex digits") as caught:
        signing_keys(value)
    assert not value or value not in str(caught.value)
