"""Login ids, refresh secrets and passwords, without a database."""

import pytest
from eventkit.ids import new_id
from students.domain.accounts import (
    RefreshSecrets,
    RefreshToken,
    is_known_to_others,
    login_hash,
    normalise_login,
)

CHAIN = RefreshSecrets(bytes(range(32)))


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("A23456789", "a23456789"),
        ("010-1234-5678", "01012345678"),
        ("+82 10 1234 5678", "01012345678"),
        ("(010) 1234.5678", "01012345678"),
        ("1012345678", "01012345678"),
        ("010-1234-567", "010-1234-567"),
        ("kim01012345678", "kim01012345678"),
        ("01012345678@x", "01012345678@x"),
        ("김하나", "김하나"),
    ],
)
def test_a_login_id_as_it_is_stored(typed, login):
    assert normalise_login(typed) == login
    assert normalise_login(login) == login
    assert len(login_hash(login)) == 64


@pytest.mark.parametrize(
    ("password", "known"),
    [
        ("01012345678", True),
        ("010-1234-5678", True),
        (" 010 1234 5678 ", True),
        ("A2345_6789", True),
        ("a23456789", True),
        ("a2345678", False),
        ("010123456789", False),
        ("!!!!!!!!", False),
        ("비밀번호입니다", False),
    ],
)
def test_a_password_that_others_know(password, known):
    assert is_known_to_others(password, ["a23456789", None, "01012345678", ""]) is known


def test_a_chain_of_secrets_goes_one_way_and_never_twice_the_same():
    session = new_id()
    secret = CHAIN.first(session)
    assert secret != CHAIN.first(session)
    seen = [secret]
    for _ in range(50):
        seen.append(CHAIN.following(session, seen[-1]))
    assert len(set(seen)) == 51
    assert all(CHAIN.is_genuine(session, one) for one in seen)
    assert CHAIN.following(session, secret) == seen[1]


def test_a_secret_is_genuine_for_its_sign_in_and_key_only():
    session = new_id()
    secret = CHAIN.first(session)
    assert not CHAIN.is_genuine(new_id(), secret)
    assert not RefreshSecrets(bytes(32)).is_genuine(session, secret)
    for at in range(0, 42, 7):
        other = secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]
        assert not CHAIN.is_genuine(session, other)
    for made_up in ("", "=", "A" * 43, "학" * 43, secret[:-2], secret + "AA", "\0" * 43, "+/" * 21):
        assert not CHAIN.is_genuine(session, made_up)


def test_a_refresh_token_reads_as_it_is_written():
    session = new_id()
    token = RefreshToken("demo-1", session, CHAIN.first(session))
    assert RefreshToken.parse(str(token)) == token
    for text in (
        "",
        "x",
        f"{token}\n",
        f" {token}",
        str(token).upper(),
        f"demo.{session}",
        "a.b.c",
        f"{token}.",
    ):
        assert RefreshToken.parse(text) is None


def test_secrets_do_not_show():
    session = new_id()
    token = RefreshToken("demo", session, CHAIN.first(session))
    assert token.secret not in repr(token)
    assert "key" not in repr(CHAIN)
