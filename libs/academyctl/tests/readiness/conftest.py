"""An installation in good order, and how a test spoils it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from academyctl.bootstrap import QUEUES
from academyctl.queues import create_queues, load_queues
from academyctl.readiness.checks import examine
from academyctl.readiness.context import Context
from academyctl.readiness.docker import Docker
from academyctl.readiness.report import Report
from academyctl.readiness.sources import of_files
from contracts import SERVICES, package_of
from servicekit.storage import r2_client
from sqlalchemy import make_url
from testkit.database import PASSWORDS, Templates, TestDatabase
from testkit.servers import S3Server, postgres_server
from testkit.tokens import Issuer

Environ = dict[str, str]
SECRETS = {
    "INTERNAL_WORKER_TOKEN": "8f1c2e7a9b3d4c5e6f708192a3b4c5d6",
    "PSEUDONYM_KEY": "3d7e" * 16,
    "CDN_HLS_SIGNING_SECRET": "5b9a" * 16,
    "AWS_SECRET_ACCESS_KEY": "aws-secret-of-nobody",
    "SOLAPI_API_SECRET": "solapi-secret-of-nobody",
    "RECIPIENT_KEY": "7c1d" * 16,
    "MESSAGING_WEBHOOK_TOKEN": "1e8f2c7a9b3d4c5e6f708192a3b4c5d6",
}


@dataclass
class Installation:
    """`shared` becomes .env, `own` <service>.env; `lines` are added to a file as they are.

    `ahead` is what this machine's clock is ahead of the servers'.
    """

    directory: Path
    shared: Environ
    own: dict[str, Environ]
    database: TestDatabase
    sqs: Any
    r2: Any
    undo: ExitStack
    patch: pytest.MonkeyPatch
    modes: dict[str, int] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    docker: Docker | None = None

    def sql(self, statement: str, undo: str) -> None:
        """As the superuser, undone after the test."""
        self.database.admin.execute(statement.encode())
        self.undo.callback(self.database.admin.execute, undo.encode())

    @property
    def names(self) -> dict[str, str]:
        """Names that are new in each run."""
        return {
            "prefix": self.shared["QUEUE_PREFIX"],
            "excel": self.shared["R2_EXCEL_BUCKET"],
            "storage": self.shared["R2_STORAGE_BUCKET"],
            "ai": self.shared["R2_AI_BUCKET"],
            "video": self.shared["R2_VIDEO_BUCKET"],
        }

    def own_queues(self) -> None:
        """Queues that no other test uses."""
        self.shared["QUEUE_PREFIX"] = f"r{uuid4().hex[:8]}"
        create_queues(self.sqs, load_queues(QUEUES, self.shared["QUEUE_PREFIX"]))

    def queue(self, name: str) -> str:
        """The URL of a queue, by its name without prefix."""
        found: str = self.sqs.get_queue_url(QueueName=f"{self.shared['QUEUE_PREFIX']}-{name}")["QueueUrl"]
        return found

    def secrets(self) -> set[str]:
        """What must never be printed."""
        given = [pair for own in (self.shared, *self.own.values()) for pair in own.items()]
        marked = {value for name, value in given if re.search("KEY|TOKEN|PASSWORD", name)}
        return (marked | {PASSWORDS.app, PASSWORDS.owner}) - {"", "local"}

    def write(self) -> Path:
        """The files, closed to others."""
        for name, values in {"": self.shared, **self.own}.items():
            path = self.directory / f"{name}.env"
            text = "".join(f"{key}='{value}'\n" for key, value in values.items())
            path.write_text(text + self.lines.get(name, ""), encoding="utf-8")
            path.chmod(self.modes.get(name, 0o600))
        return self.directory

    def examine(self) -> Report:
        """As `academyctl readiness --env-dir` does."""
        context = Context(
            of_files(self.write()),
            local=False,
            docker=self.docker,
            now=lambda: datetime.now(UTC) + self.ahead,
        )
        try:
            return examine(context)
        finally:
            context.close()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    """A database of all services in a PostgreSQL of its own: roles belong to a whole server."""
    packages = [package_of(service) for service in SERVICES]
    with postgres_server(tmp_path_factory.mktemp("readiness")) as admin_url:
        templates = Templates(admin_url)
        with templates.migrated(*packages) as database:
            yield database


@pytest.fixture(scope="session")
def servers(sqs_server: str, s3_server: S3Server) -> tuple[Any, Any, Environ]:
    """Clients of SQS and S3, and the variables that lead there; queues and buckets are made."""
    prefix = f"r{uuid4().hex[:8]}"
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": SECRETS["AWS_SECRET_ACCESS_KEY"]}
    sqs = boto3.client(
        "sqs",
        endpoint_url=sqs_server,
        region_name="ap-northeast-2",
        aws_access_key_id="local",
        aws_secret_access_key=SECRETS["AWS_SECRET_ACCESS_KEY"],
    )
    create_queues(sqs, load_queues(QUEUES, prefix))
    r2 = r2_client(s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    buckets = {kind: f"readiness-{kind}-{uuid4().hex[:8]}" for kind in ("ai", "excel", "storage", "video")}
    for name in buckets.values():
        r2.create_bucket(Bucket=name)
    leading = {
        "QUEUE_PREFIX": prefix,
        "SQS_ENDPOINT_URL": sqs_server,
        "R2_ENDPOINT": s3_server.endpoint,
        "R2_ACCESS_KEY": s3_server.access_key,
        "R2_SECRET_KEY": s3_server.secret_key,
        "R2_AI_BUCKET": buckets["ai"],
        "R2_EXCEL_BUCKET": buckets["excel"],
        "R2_STORAGE_BUCKET": buckets["storage"],
        "R2_VIDEO_BUCKET": buckets["video"],
    }
    return sqs, r2, leading | keys


@pytest.fixture(scope="session")
def healthy(
    cluster: TestDatabase, servers: tuple[Any, Any, Environ], issuer: Issuer
) -> tuple[Environ, dict[str, Environ]]:
    """The shared and each service's own variables; messaging's database is told in the guide's names."""
    shared = servers[2] | {
        "INTERNAL_WORKER_TOKEN": SECRETS["INTERNAL_WORKER_TOKEN"],
        "AUTH_JWKS_URL": issuer.jwks_url,
        "AUTH_ISSUER": issuer.issuer,
        "AUTH_AUDIENCE": issuer.audience,
    }
    own = {service: {"DATABASE_URL": cluster.url_of(package_of(service))} for service in SERVICES}
    url = make_url(own["messaging"].pop("DATABASE_URL"))
    own["messaging"] = {
        "DB_HOST": str(url.host),
        "DB_PORT": str(url.port),
        "DB_NAME": str(url.database),
        "DB_USER": str(url.username),
        "DB_PASSWORD": PASSWORDS.app,
        "MESSAGING_PROVIDER": "solapi",
        "SOLAPI_API_KEY": "NCS0000000000000",
        **{name: SECRETS[name] for name in ("SOLAPI_API_SECRET", "RECIPIENT_KEY", "MESSAGING_WEBHOOK_TOKEN")},
    }
    own["students"] |= {
        "ACCOUNT_SIGNING_KEYS": issuer.account_key,
        "PSEUDONYM_KEY": SECRETS["PSEUDONYM_KEY"],
        "PEER_URLS": peers_of("students"),
    }
    own["storage-janitor"]["PEER_URLS"] = peers_of("storage-janitor")
    own["media"] |= {
        "CDN_HLS_SIGNING_SECRET": SECRETS["CDN_HLS_SIGNING_SECRET"],
        "STUDENTS_URL": "http://students.internal",
        "ACCOUNT_JWKS_URL": "http://students.internal/api/v1/students/token/keys/",
    }
    return shared, own


def peers_of(service: str) -> str:
    return ",".join(f"{name}=http://{name}.internal" for name in SERVICES if name != service)


@pytest.fixture
def installation(
    healthy: tuple[Environ, dict[str, Environ]],
    cluster: TestDatabase,
    servers: tuple[Any, Any, Environ],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Installation]:
    """One that a test may spoil."""
    shared, own = json.loads(json.dumps(healthy))
    with ExitStack() as undo:
        yield Installation(tmp_path, shared, own, cluster, servers[0], servers[1], undo, monkeypatch)
