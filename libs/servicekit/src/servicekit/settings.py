"""Settings: one frozen dataclass per service, read from the environment once, at boot."""

# ruff: noqa: RUF009 - env() returns a dataclasses.field

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
_UNSET: Any = object()

MULTIPROC_DIR = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own variable, which it reads when it is imported: where an API's processes meet."""


class SettingsError(Exception):
    """`problems` names every missing or malformed variable; never a secret's value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Secret(Generic[T]):
    """A value that does not show in repr, str, logs or tracebacks."""

    _value: T

    def reveal(self) -> T:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"


class Row(NamedTuple):
    """One line of a settings table."""

    name: str
    required: bool
    default: str
    doc: str
    secret: bool


def env(
    name: str, *, doc: str, default: str = _UNSET, secret: bool = False, parse: Callable[[str], Any] = str
) -> Any:
    """A dataclass field read from variable `name`; `default` is text, as it would stand in the environment.

    Without default the variable is required. A secret has no default (TypeError) and arrives as `Secret`.
    """
    if secret and default is not _UNSET:
        raise TypeError(f"{name}: a secret has no default")
    metadata = {"name": name, "doc": doc, "default": default, "secret": secret, "parse": parse}
    if default is _UNSET:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=parse(default), metadata=metadata)


def load(cls: type[T], environ: Mapping[str, str]) -> T:
    """Build the dataclass; an empty variable counts as absent. Raises SettingsError with all problems."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        meta = field.metadata
        given = environ.get(meta["name"], "").strip() or meta["default"]
        if given is _UNSET:
            problems.append(f"{meta['name']} is required: {meta['doc']}")
            continue
        try:
            parsed = meta["parse"](given)
        except ValueError as error:
            problems.append(f"{meta['name']} {error}")
            continue
        values[field.name] = Secret(parsed) if meta["secret"] else parsed
    if problems:
        raise SettingsError(problems)
    return cls(**values)


def describe(cls: type[Any]) -> list[Row]:
    """The settings table of a README, in declaration order."""
    metas = (field.metadata for field in dataclasses.fields(cls))
    return [
        Row(
            m["name"],
            m["default"] is _UNSET,
            "" if m["default"] is _UNSET else m["default"],
            m["doc"],
            m["secret"],
        )
        for m in metas
    ]


# Parsers raise ValueError with the end of the sentence "<NAME> …" and never repeat the value.


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def boolean(value: str) -> bool:
    """true or false, nothing else: "0" and "no" have bitten operators both ways."""
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def one_of(*choices: str) -> Callable[[str], str]:
    """One of the given words."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """An absolute URL of one of `schemes`; empty text is allowed as the default "none"."""

    def parse(value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in schemes or not (parts.netloc or parts.scheme == "file")):
            raise ValueError(f"must be a {' or '.join(schemes)} URL")
        return value

    return parse


def address(value: str) -> str:
    """host:port."""
    host, separator, port = value.rpartition(":")
    if not (separator and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError("must be host:port")
    return value


def tokens(value: str) -> tuple[str, ...]:
    """Comma separated live tokens, each 16 printable characters or more, so that one can be rotated out."""
    found = tuple(token.strip() for token in value.split(",") if token.strip())
    if not found or any(len(t) < 16 or not (t.isascii() and t.isprintable()) for t in found):
        raise ValueError("must hold tokens of 16 or more printable ASCII characters, comma separated")
    return found


def key_bytes(value: str) -> bytes:
    """A key of 32 bytes or more, as hex digits."""
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2}){32,}", value):
        raise ValueError("must be a key of 64 or more hex digits")
    return bytes.fromhex(value)


def peers(value: str) -> dict[str, str]:
    """name=url pairs, comma separated: where other services answer inside the private network."""
    found = dict(pair.strip().partition("=")[::2] for pair in value.split(","))
    if not all(name and parsed for name, parsed in found.items()):
        raise ValueError("must be name=url pairs, comma separated")
    return {name: url("http", "https")(address).rstrip("/") for name, address in found.items()}


_postgres = url("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What every service needs; a service's own Settings inherit from it."""

    database_url: Secret[str] = env(
        "DATABASE_URL", secret=True, parse=_postgres, doc="PostgreSQL, as the <schema>_app role"
    )
    aws_region: str = env("AWS_REGION", default="ap-northeast-2", doc="region of the SQS queues")
    sqs_endpoint_url: str = env(
        "SQS_ENDPOINT_URL", default="", parse=url("http", "https"), doc="another SQS than AWS's (local stack)"
    )
    queue_prefix: str = env("QUEUE_PREFIX", default="academy", doc="queues are <prefix>-<service>-events")
    internal_worker_token: Secret[tuple[str, ...]] = env(
        "INTERNAL_WORKER_TOKEN", secret=True, parse=tokens, doc="live tokens of /internal, comma separated"
    )
    auth_jwks_url: str = env(
        "AUTH_JWKS_URL", parse=url("https", "http", "file"), doc="keys that sign user tokens"
    )
    auth_issuer: str = env("AUTH_ISSUER", doc="required `iss` of user tokens")
    auth_audience: str = env("AUTH_AUDIENCE", doc="required `aud` of user tokens")
    api_bind: str = env("API_BIND", default="127.0.0.1:8000", parse=address, doc="where the API listens")
    health_bind: str = env(
        "HEALTH_BIND", default="127.0.0.1:8001", parse=address, doc="where the worker's health port listens"
    )
    web_workers: int = env("WEB_WORKERS", default="2", parse=integer(1, 32), doc="API processes")
    web_threads: int = env("WEB_THREADS", default="8", parse=integer(1, 64), doc="threads per API process")
    worker_threads: int = env(
        "WORKER_THREADS", default="2", parse=integer(1, 64), doc="threads of the worker"
    )
    log_level: str = env(
        "LOG_LEVEL",
        default="INFO",
        parse=one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        doc="DEBUG, INFO, WARNING or ERROR",
    )


@dataclass(frozen=True, kw_only=True)
class MigrationSettings:
    """What `<service> migrate` needs, and nothing else: the API never holds the owner's password."""

    migration_database_url: Secret[str] = env(
        "MIGRATION_DATABASE_URL", secret=True, parse=_postgres, doc="PostgreSQL, as the <schema>_owner role"
    )


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """Cloudflare R2, for services that keep objects. Mix in, and add the buckets from `bucket()`."""

    r2_endpoint: str = env("R2_ENDPOINT", parse=url("https", "http"), doc="S3 endpoint of the R2 account")
    r2_access_key: Secret[str] = env("R2_ACCESS_KEY", secret=True, doc="R2 access key id")
    r2_secret_key: Secret[str] = env("R2_SECRET_KEY", secret=True, doc="R2 secret access key")


def bucket(kind: str) -> Any:
    """The field of one bucket: kind "excel" is R2_EXCEL_BUCKET, default academy-excel."""
    return env(f"R2_{kind.upper()}_BUCKET", default=f"academy-{kind}", doc=f"R2 bucket of {kind} objects")
