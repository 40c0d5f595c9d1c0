"""The Authorization header, letter by letter as the provider's documentation has it."""

import hashlib
import hmac
import re
from datetime import UTC, datetime

from messaging.adapters.signing import authorization, signature

NOW = datetime(2019, 7, 1, 0, 41, 48, tzinfo=UTC)
# "authentication/api-key" of the provider's documentation; the secret of its example is not published
EXAMPLE = (
    "HMAC-SHA256 apiKey=NCSAYU7YDBXYORXC, date=2019-07-01T00:41:48Z, salt=jqsba2jxjnrjor,"
    " signature=1779eac71a24cbeeadfa7263cb84b7ea0af1714f5c0270aa30ffd34600e363b4"
)


def unsigned(header):
    """Everything but the value of the signature."""
    return re.sub(r"signature=[0-9a-f]{64}$", "signature=", header)


def test_the_header_is_that_of_the_documented_example():
    made = authorization("NCSAYU7YDBXYORXC", "secret", NOW, "jqsba2jxjnrjor")
    assert unsigned(made) == unsigned(EXAMPLE)
    assert made != unsigned(made)


def test_it_signs_date_and_salt_as_they_stand_in_the_header():
    made = authorization("key", "secret", NOW)
    date, salt, signed = re.search(r"date=(.+), salt=(.+), signature=(.+)", made).groups()
    assert signed == hmac.new(b"secret", f"{date}{salt}".encode(), hashlib.sha256).hexdigest()
    assert 12 <= len(salt) <= 64
    assert datetime.fromisoformat(date) == NOW


def test_the_signature_is_hmac_sha256_in_hex():
    # RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?"
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature("Jefe", "what do ya want ", "for nothing?") == expected


def test_no_two_attempts_are_signed_alike():
    assert authorization("key", "secret", NOW) != authorization("key", "secret", NOW)
