"""All five services in this process: their apps, and their places in the event flow."""

from __future__ import annotations

from importlib import import_module

import pytest
from contracts import SERVICES
from servicekit.settings import load
from testkit.api import environment

# settings that not every service has; a service reads only its own
R2 = {
    "R2_ENDPOINT": "http://127.0.0.1:9",
    "R2_ACCESS_KEY": "test-access-key",
    "R2_SECRET_KEY": "test-secret-key",
}


def package_of(service: str) -> str:
    return service.replace("-", "_")


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param


@pytest.fixture
def make_app(issuer):
    """`make_app(service, database_url)`: the service's Flask app as gunicorn gets it."""

    def make(service: str, database_url: str = "postgresql://nobody@127.0.0.1:9/nothing"):
        package = package_of(service)
        settings = import_module(f"{package}.settings").Settings
        environ = environment(issuer, database_url, **R2)
        return import_module(f"{package}.app").create_app(load(settings, environ))

    return make
