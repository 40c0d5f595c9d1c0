"""The secret documents of Secrets Manager, from the environment files that `academyctl readiness` checks.

A document is a JSON object: variable → value. deploy/aws/templates/data.yaml makes them empty, so nothing
starts with a secret that nobody has set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts import SERVICES, package_of
from servicekit.settings import MigrationSettings, describe
from sqlalchemy import URL

from academyctl.issuer import account_key
from academyctl.readiness.sources import Service, Sources
from academyctl.secret_store import SecretStore, write_private
from academyctl.services import DATABASE, passwords

SHARED = "shared"
_SHARED_NAMES = ("INTERNAL_WORKER_TOKEN",)
_OWN_R2 = "R2_ACCESS_KEY"


class DocumentError(ValueError):
    """`problems` says what is wrong with the files; never a value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))


def documents(sources: Sources) -> dict[str, dict[str, str]]:
    """Document → variable → value: each service's secrets, and "shared". Raises DocumentError."""
    services = {service.name: service for service in sources.services}
    problems = [*_problems(services), *_same_r2_keys(services)]
    if problems:
        raise DocumentError(problems)
    found = {
        name: {variable: service.environ[variable] for variable in secrets_of(service.settings)}
        for name, service in services.items()
    }
    shared = {variable: services[SERVICES[0]].environ[variable] for variable in _SHARED_NAMES}
    return {SHARED: shared, **found}


def secrets_of(settings: type[Any]) -> list[str]:
    """What a service's own document holds."""
    rows = [row.name for row in (*describe(settings), *describe(MigrationSettings)) if row.secret]
    return [name for name in rows if name not in _SHARED_NAMES]


def put(secretsmanager: Any, found: Mapping[str, Mapping[str, str]]) -> None:
    """Each document's new version. Raises ClientError for one that data.yaml has not made."""
    for name, values in found.items():
        secretsmanager.put_secret_value(SecretId=f"academy/{name}", SecretString=json.dumps(values))


def _problems(services: Mapping[str, Service]) -> Iterator[str]:
    yield from (f"{name}.env: 파일이 없거나 읽을 수 없습니다" for name in SERVICES if name not in services)
    for name, service in services.items():
        wrong = service.found.missing | service.found.malformed
        yield from (f"{name}.env: {variable} {problem}" for variable, problem in wrong.items())
        needed = [*secrets_of(service.settings), *_SHARED_NAMES]
        absent = [
            variable for variable in needed if not service.environ.get(variable) and variable not in wrong
        ]
        yield from (f"{name}.env: {variable}이(가) 없습니다" for variable in absent)


def _same_r2_keys(services: Mapping[str, Service]) -> Iterator[str]:
    """One leaked key must not open every bucket."""
    owners: dict[str, list[str]] = {}
    for name, service in services.items():
        if key := service.environ.get(_OWN_R2):
            owners.setdefault(key, []).append(name)
    for names in owners.values():
        if len(names) > 1:
            yield f"{', '.join(names)}: {_OWN_R2}가 같습니다. 서비스마다 R2 토큰을 따로 만드세요"


def write_environment(directory: Path, host: str, secrets: SecretStore) -> list[Path]:
    """The files with all that can be generated; what a person has to find out is empty. Overwrites none."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for name, values in {"": _shared(secrets), **_own(directory, host, secrets)}.items():
        path = directory / f"{name}.env"
        if not path.exists():
            lines = (f"{variable}={_quoted(value)}\n" for variable, value in values.items())
            write_private(path, "".join(lines).encode())
            written.append(path)
    return written


def _shared(secrets: SecretStore) -> dict[str, str]:
    empty = dict.fromkeys(("AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE", "R2_ENDPOINT"), "")
    return {**empty, "INTERNAL_WORKER_TOKEN": secrets.get("internal_token")}


def _own(directory: Path, host: str, secrets: SecretStore) -> dict[str, dict[str, str]]:
    r2 = {"R2_ACCESS_KEY": "", "R2_SECRET_KEY": ""}
    names = ",".join
    peers = {of: names(f"{peer}=http://{peer}:8000" for peer in SERVICES if peer != of) for of in SERVICES}
    special = {
        "enrollment": r2,
        "students": {
            **r2,
            "PEER_URLS": peers["students"],
            "ACCOUNT_SIGNING_KEYS": account_key(directory / "accounts.pem"),
            "PSEUDONYM_KEY": secrets.get("pseudonym_key", 32),
        },
        "media": {
            **r2,
            "STUDENTS_URL": "http://students:8000",
            "ACCOUNT_JWKS_URL": "http://students:8000/api/v1/students/token/keys/",
            "CDN_HLS_SIGNING_SECRET": f"v1:{secrets.get('hls_signing_key', 32)}",
            "CDN_HLS_BASE_URL": "",
        },
        "messaging": {
            "MESSAGING_PROVIDER": "solapi",
            "SOLAPI_API_KEY": "",
            "SOLAPI_API_SECRET": "",
            "RECIPIENT_KEY": secrets.get("recipient_key", 32),
            "MESSAGING_WEBHOOK_TOKEN": secrets.get("webhook_token"),
        },
        "storage-janitor": {**r2, "PEER_URLS": peers["storage-janitor"], "UPLOAD_ORIGINS": ""},
    }
    return {name: {**_urls(name, host, secrets), **values} for name, values in special.items()}


def _urls(service: str, host: str, secrets: SecretStore) -> dict[str, str]:
    schema = package_of(service)
    known = passwords(secrets)[schema]
    roles = {"DATABASE_URL": ("app", known.app), "MIGRATION_DATABASE_URL": ("owner", known.owner)}
    return {
        variable: URL.create(
            "postgresql", f"{schema}_{role}", password, host, 5432, DATABASE, {"sslmode": "require"}
        ).render_as_string(hide_password=False)
        for variable, (role, password) in roles.items()
    }


def _quoted(value: str) -> str:
    """As dotenv reads it again, over several lines if it has them."""
    return f"'{value}'" if "\n" in value else value
