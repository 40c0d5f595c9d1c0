"""The five services as processes: their commands and the environment each one gets."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts import SERVICES, package_of
from servicekit.roles_sql import Passwords
from sqlalchemy import make_url

from academyctl.config import Ports
from academyctl.embedded.program import Program, answers_ok
from academyctl.endpoints import Endpoints
from academyctl.issuer import account_key
from academyctl.secret_store import SecretStore

DATABASE = "academy"
# one API process each is plenty on a laptop; any of these can be set from outside
_LAPTOP = {"WEB_WORKERS": "1"}
_NOT_INHERITED = frozenset(
    {
        "DATABASE_URL", "MIGRATION_DATABASE_URL", "PROMETHEUS_MULTIPROC_DIR", "ACADEMY_TOKEN",
        "ACCOUNT_SIGNING_KEYS", "PSEUDONYM_KEY", "PEER_URLS", "UPLOAD_ORIGINS",
        "CDN_HLS_SIGNING_SECRET", "STUDENTS_URL", "ACCOUNT_JWKS_URL", "MESSAGING_PROVIDER", "SOLAPI_ENDPOINT",
        "SOLAPI_API_KEY", "SOLAPI_API_SECRET", "RECIPIENT_KEY", "MESSAGING_WEBHOOK_TOKEN",
    }
)  # fmt: skip


def passwords(secrets: SecretStore) -> dict[str, Passwords]:
    """The log-in roles of every schema."""
    return {
        schema: Passwords(owner=secrets.get(f"{schema}_owner"), app=secrets.get(f"{schema}_app"))
        for schema in map(package_of, SERVICES)
    }


def students_environment(secrets: SecretStore, accounts_key: Path, ports: Ports) -> dict[str, str]:
    """What only the students service is told: its keys, and its peers; each can be set from outside."""
    return _unless_set(
        {
            "ACCOUNT_SIGNING_KEYS": account_key(accounts_key),
            "PSEUDONYM_KEY": secrets.get("pseudonym_key", 32),
            "PEER_URLS": _peers_of("students", ports),
        }
    )


def janitor_environment(ports: Ports, origins: Sequence[str]) -> dict[str, str]:
    """What only the storage-janitor is told: who owns objects, and whose pages (`origins`) upload them."""
    own = {"PEER_URLS": _peers_of("storage-janitor", ports), "UPLOAD_ORIGINS": ",".join(origins)}
    return _unless_set(own)


def _peers_of(service: str, ports: Ports) -> str:
    return ",".join(f"{peer}=http://127.0.0.1:{ports.api(peer)}" for peer in SERVICES if peer != service)


def media_environment(secrets: SecretStore, ports: Ports) -> dict[str, str]:
    """What only the media service is told: the key of playback URLs, and where students sign in."""
    students = f"http://127.0.0.1:{ports.api('students')}"
    return _unless_set(
        {
            "CDN_HLS_SIGNING_SECRET": f"v1:{secrets.get('hls_signing_key', 32)}",
            "STUDENTS_URL": students,
            "ACCOUNT_JWKS_URL": f"{students}/api/v1/students/token/keys/",
        }
    )


def messaging_environment(secrets: SecretStore, endpoints: Endpoints) -> dict[str, str]:
    """What only the messaging service is told: the provider and its keys, and keys of its own."""
    key, secret = endpoints.solapi_keys
    own = {"MESSAGING_PROVIDER": "solapi", "RECIPIENT_KEY": secrets.get("recipient_key", 32)}
    provider = {
        "SOLAPI_ENDPOINT": endpoints.solapi_url,
        "SOLAPI_API_KEY": key,
        "SOLAPI_API_SECRET": secret,
        "MESSAGING_WEBHOOK_TOKEN": webhook_token(secrets),
    }
    return {**_unless_set(own), **provider}


def webhook_token(secrets: SecretStore) -> str:
    """The secret part of the address to which the provider reports."""
    return os.environ.get("MESSAGING_WEBHOOK_TOKEN") or secrets.get("webhook_token")


def _unless_set(own: Mapping[str, str]) -> dict[str, str]:
    """Each of these, unless it is set from outside."""
    return {name: os.environ.get(name) or value for name, value in own.items()}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the services are given: `shared` holds SQS, R2, issuer and internal token, `own` is by service."""

    admin_url: str
    ports: Ports
    shared: Mapping[str, str]
    passwords: Mapping[str, Passwords]
    metrics: Path
    scratch: Path
    own: Mapping[str, Mapping[str, str]]

    def api(self, service: str) -> Program:
        port = self.ports.api(service)
        bound = {"API_BIND": f"127.0.0.1:{port}", "PROMETHEUS_MULTIPROC_DIR": str(self.metrics / service)}
        return self._program(service, "api", bound | self._of(service), port)

    def worker(self, service: str) -> Program:
        port = self.ports.health(service)
        bound = {"HEALTH_BIND": f"127.0.0.1:{port}"}
        return self._program(service, "worker", bound | self._of(service), port)

    def encoder(self) -> Program:
        """The media service's other process: it takes videos' jobs from a table."""
        port = self.ports.encoder
        bound = {"HEALTH_BIND": f"127.0.0.1:{port}", "ENCODER_SCRATCH": str(self.scratch)}
        return self._program("media", "encoder", bound | self._of("media"), port)

    def migration(self, service: str) -> Program:
        """Runs to its end; the only process that holds the owner's password."""
        schema = package_of(service)
        url = self._url(f"{schema}_owner", self.passwords[schema].owner)
        return self._program(service, "migrate", {"MIGRATION_DATABASE_URL": url})

    def _program(
        self, service: str, command: str, own: Mapping[str, str], port: int | None = None
    ) -> Program:
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        return Program(
            f"{service}-{command}",
            (sys.executable, "-m", package_of(service), command),
            lambda: port is None or answers_ok(port, "/readyz"),
            env={**_LAPTOP, **inherited, **self.shared, **own},
            ports=(port,) if port else (),
            start_seconds=90,
            stop_seconds=30,
        )

    def _of(self, service: str) -> dict[str, str]:
        schema = package_of(service)
        url = self._url(f"{schema}_app", self.passwords[schema].app)
        return {"DATABASE_URL": url, **self.own.get(service, {})}

    def _url(self, role: str, password: str) -> str:
        url = make_url(self.admin_url).set(username=role, password=password, database=DATABASE)
        return url.render_as_string(hide_password=False)
