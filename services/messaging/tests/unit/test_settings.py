"""No setting can make production fall back to a provider that sends nothing."""

import pytest
from messaging.settings import Settings
from servicekit.settings import SettingsError, load
from testkit.api import environment

REAL = {"AUTH_JWKS_URL": "https://issuer.example/jwks.json"}


@pytest.fixture
def read(issuer):
    return lambda **given: load(Settings, environment(issuer, **given))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({**REAL, "MESSAGING_PROVIDER": "console", "SOLAPI_ENDPOINT": ""}, "MESSAGING_PROVIDER"),
        ({**REAL, "SOLAPI_ENDPOINT": "http://127.0.0.1:8812"}, "SOLAPI_ENDPOINT"),
        ({"MESSAGING_PROVIDER": ""}, "MESSAGING_PROVIDER"),
        ({"MESSAGING_PROVIDER": "mock"}, "MESSAGING_PROVIDER"),
        ({"SOLAPI_API_SECRET": ""}, "SOLAPI_API_SECRET"),
        ({"RECIPIENT_KEY": "short"}, "RECIPIENT_KEY"),
    ],
)
def test_refused_at_boot(read, given, problem):
    with pytest.raises(SettingsError) as told:
        read(**given)
    assert [line.split()[0] for line in told.value.problems] == [problem]


def test_production_speaks_to_solapi_and_development_may_use_the_console(read):
    assert read(**REAL, SOLAPI_ENDPOINT="").solapi_endpoint == "https://api.solapi.com"
    assert read(MESSAGING_PROVIDER="console").messaging_provider == "console"
