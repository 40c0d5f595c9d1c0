"""The whole system as containers: the images of this revision, PostgreSQL in one, SQS and S3 beside them."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname
from uuid import uuid4

import docker
import pytest
from academyctl import bootstrap, gateway
from academyctl.config import REPOSITORY, Directories, Ports
from academyctl.embedded.program import answers_ok, running
from academyctl.endpoints import Endpoints
from academyctl.queues import create_queues, load_queues
from contracts import SERVICES, package_of
from docker.models.containers import Container
from servicekit.roles_sql import bootstrap_database
from sqlalchemy import make_url
from testkit.containers import HostPostgres
from testkit.database import PASSWORDS
from testkit.servers import S3Server
from testkit.stack import free_stack_port
from testkit.tokens import Issuer
from testkit.waiting import wait_until

Environ = dict[str, str]
BUILD = REPOSITORY / "deploy" / "docker" / "build.sh"
DATABASE = "academy"
GRACE = 30  # what ECS gives, too
ROLES = [*((s, "api") for s in SERVICES), *((s, "worker") for s in SERVICES), ("media", "encoder")]
_NAMES = [f"{service}-{role}" for service, role in ROLES]
_BUILD_FLAGS = "--isolation chroot --network host --layers=false"


def built(*arguments: str) -> str:
    """What build.sh prints; podman in a container of its own needs the flags."""
    flags = _BUILD_FLAGS if os.environ.get("CONTAINER_ENGINE") == "podman" else ""
    done = subprocess.run(
        [str(BUILD), *arguments],
        cwd="/",  # from anywhere
        env={"BUILD_FLAGS": flags, **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env(timeout=120)
    yield client
    client.close()


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> str:
    """The pattern of the names of this revision's images, which .ci/run has made by now, else this does."""
    pattern = f"academy-{{service}}:{built('--tag')}"
    present = {tag.rpartition("/")[2] for image in engine.images.list() for tag in image.tags}
    if not {pattern.replace("{service}", service) for service in SERVICES} <= present:
        built()
    return pattern


@dataclass
class Deployment:
    """`shared` and `own` are what `<service>.env` files say; Academy takes it for a local stack."""

    engine: docker.DockerClient
    pattern: str
    ports: Ports
    admin_url: str
    endpoints: Endpoints
    issuer: Issuer
    shared: Environ
    own: dict[str, Environ]
    containers: dict[str, Container] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.gateway}"

    def token(self, tenant: str, *roles: str) -> str:
        return self.issuer.mint(tenant, roles or ("owner",), exp=4_102_444_800)

    def url(self, service: str, role: str) -> str:
        url = make_url(self.admin_url).set(
            username=f"{package_of(service)}_{role}", password=getattr(PASSWORDS, role), database=DATABASE
        )
        return url.render_as_string(hide_password=False)

    def write(self, directory: Path) -> Path:
        """The environments as an operator has them, for `academyctl readiness --env-dir`."""
        for name, values in {"": self.shared, **self.own}.items():
            path = directory / f"{name}.env"
            quoted = {key: value.replace("\n", "\\n") for key, value in values.items()}
            path.write_text("".join(f'{key}="{value}"\n' for key, value in quoted.items()), encoding="utf-8")
            path.chmod(0o600)
        return directory

    def port(self, service: str, role: str) -> int:
        if role == "encoder":
            return self.ports.encoder
        return self.ports.api(service) if role == "api" else self.ports.health(service)

    def start(self, service: str, role: str) -> Container:
        """As compose and ECS start it: read-only, without capabilities, /tmp in memory, the image's user."""
        port = self.port(service, role) if role != "migrate" else 0
        bound = {"API_BIND" if role == "api" else "HEALTH_BIND": f"127.0.0.1:{port}"}
        migration = {"MIGRATION_DATABASE_URL": self.url(service, "owner")}
        environ = migration if role == "migrate" else {**self.shared, **self.own[service], **bound}
        name = f"{service}-{role}"
        self.containers[name] = self.engine.containers.run(
            self.pattern.replace("{service}", service),
            [role],
            name=f"{name}-{uuid4().hex[:8]}",
            environment=environ,
            detach=True,
            network_mode="host",
            read_only=True,
            tmpfs={"/tmp": "rw,size=64m,mode=1777"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
        )
        return self.containers[name]

    def migrate(self) -> dict[str, int]:
        """Exit code by service: all at once, as a deployment does."""
        with ThreadPoolExecutor() as pool:
            started = dict(
                zip(SERVICES, pool.map(lambda one: self.start(one, "migrate"), SERVICES), strict=True)
            )
        return {service: code_of(container) for service, container in started.items()}

    def up(self) -> list[str]:
        """Names of all eleven, once they are ready."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: self.start(*one), ROLES))
        for service, role in ROLES:
            self._await(service, role)
        return _NAMES

    def _await(self, service: str, role: str) -> None:
        container, port = self.containers[f"{service}-{role}"], self.port(service, role)

        def ready() -> bool:
            container.reload()
            assert container.status in ("created", "running"), container.logs().decode()[-3000:]
            return answers_ok(port, "/readyz")

        wait_until(ready, 90, interval=0.2)

    def healthy(self, name: str, **environment: str) -> bool:
        """What the image's own HEALTHCHECK says; the lab's engine has no systemd to run it by itself."""
        container = self.containers[name]
        command = container.attrs["Config"]["Healthcheck"]["Test"]
        assert command[0] == "CMD"
        return bool(container.exec_run(command[1:], environment=environment).exit_code == 0)

    def stop(self) -> dict[str, int]:
        """SIGTERM to all of them; 137 is the code of one that outlived its grace."""
        with ThreadPoolExecutor(len(_NAMES)) as pool:
            list(pool.map(lambda name: self.containers[name].stop(timeout=GRACE), _NAMES))
        return {name: code_of(self.containers[name]) for name in _NAMES}

    def remove(self) -> None:
        for container in self.containers.values():
            container.remove(force=True, v=True)


def code_of(container: Container) -> int:
    return int(container.wait()["StatusCode"])


@pytest.fixture(scope="module")
def admin_of_container() -> Iterator[str]:
    """A superuser's URL of PostgreSQL in a container."""
    with HostPostgres("postgres:16") as container:
        yield container.get_connection_url()


@pytest.fixture(scope="module")
def deployment(
    engine: docker.DockerClient,
    images: str,
    admin_of_container: str,
    sqs_server: str,
    s3_server: S3Server,
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """Roles, queues, buckets and a gateway; no container yet."""
    data = tmp_path_factory.mktemp("containers")
    ports, prefix = Ports(free_stack_port()), f"c{uuid4().hex[:8]}"
    endpoints = Endpoints(
        admin_url=admin_of_container,
        sqs_url=sqs_server,
        r2_url=s3_server.endpoint,
        r2_keys=(s3_server.access_key, s3_server.secret_key),
        solapi_url="",
        solapi_keys=("", ""),
        aws_keys=("local", secrets.token_hex(16)),
    )
    bootstrap_database(admin_of_container, DATABASE, dict.fromkeys(map(package_of, SERVICES), PASSWORDS))
    create_queues(endpoints.sqs(), load_queues(bootstrap.QUEUES, prefix))
    bootstrap.buckets(endpoints, ())
    admin_url = make_url(admin_of_container).set(database=DATABASE).render_as_string(hide_password=False)
    one = Deployment(engine, images, ports, admin_url, endpoints, issuer, {}, {})
    one.shared, one.own = environments(one, prefix)
    directories = Directories(data)
    directories.make()
    directories.jwks.write_bytes(Path(url2pathname(urlsplit(issuer.jwks_url).path)).read_bytes())
    with ExitStack() as stack:
        stack.enter_context(
            running(gateway.program(directories, ports, endpoints.r2_url), data / "gateway.log")
        )
        stack.callback(one.remove)
        yield one


def environments(one: Deployment, prefix: str) -> tuple[Environ, dict[str, Environ]]:
    access, secret = one.endpoints.aws_keys or ("", "")
    shared = {
        "AWS_REGION": "ap-northeast-2",
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "SQS_ENDPOINT_URL": one.endpoints.sqs_url,
        "QUEUE_PREFIX": prefix,
        "INTERNAL_WORKER_TOKEN": secrets.token_hex(32),
        "AUTH_JWKS_URL": f"{one.base_url}/.well-known/jwks.json",
        "AUTH_ISSUER": one.issuer.issuer,
        "AUTH_AUDIENCE": one.issuer.audience,
        "R2_ENDPOINT": one.endpoints.r2_url,
        "R2_ACCESS_KEY": one.endpoints.r2_keys[0],
        "R2_SECRET_KEY": one.endpoints.r2_keys[1],
        "WEB_WORKERS": "1",
    }
    students = f"http://127.0.0.1:{one.ports.api('students')}"
    peers = {
        service: ",".join(
            f"{peer}=http://127.0.0.1:{one.ports.api(peer)}" for peer in SERVICES if peer != service
        )
        for service in SERVICES
    }
    own: dict[str, dict[str, Any]] = {
        service: {"DATABASE_URL": one.url(service, "app")} for service in SERVICES
    }
    own["students"] |= {
        "ACCOUNT_SIGNING_KEYS": one.issuer.account_key,
        "PSEUDONYM_KEY": secrets.token_hex(32),
        "PEER_URLS": peers["students"],
    }
    own["storage-janitor"] |= {"PEER_URLS": peers["storage-janitor"]}
    own["media"] |= {
        "CDN_HLS_SIGNING_SECRET": f"v1:{secrets.token_hex(32)}",
        "STUDENTS_URL": students,
        "ACCOUNT_JWKS_URL": f"{students}/api/v1/students/token/keys/",
    }
    own["messaging"] |= {
        "MESSAGING_PROVIDER": "solapi",
        "SOLAPI_API_KEY": "NCS0000000000000",
        "SOLAPI_API_SECRET": secrets.token_hex(16),
        "RECIPIENT_KEY": secrets.token_hex(32),
        "MESSAGING_WEBHOOK_TOKEN": secrets.token_hex(16),
    }
    return shared, own
