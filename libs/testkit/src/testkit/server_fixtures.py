"""Session fixtures over testkit.servers; import them into a conftest.py or load as a pytest plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit import servers


@pytest.fixture(scope="session")
def server_directory(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A directory that all pytest-xdist workers of this run agree on."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if hasattr(request.config, "workerinput") else own) / "servers"


@pytest.fixture(scope="session")
def sqs_server(server_directory: Path) -> Iterator[str]:
    """The endpoint URL of an SQS server."""
    with servers.shared_sqs(server_directory) as facts:
        yield facts["url"]


@pytest.fixture(scope="session")
def s3_server(server_directory: Path) -> Iterator[servers.S3Server]:
    """Endpoint and credentials of an S3 server."""
    with servers.shared_s3(server_directory) as facts:
        yield servers.S3Server(**facts)


@pytest.fixture(scope="session")
def postgres_server(server_directory: Path) -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server."""
    with servers.shared_postgres(server_directory) as facts:
        yield facts["url"]
