"""Settings: one frozen dataclass per service, read from the environment once, at boot."""

# ruff: noqa: RUF009 - env() returns a dataclasses.field

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

from servicekit import guide_names
from servicekit.guide_names import Alias

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
    aliases: tuple[str, ...]


class Found(NamedTuple):
    """What an environment says, by variable name; the texts end the sentence "<NAME> …"."""

    values: dict[str, Any]
    missing: dict[str, str]
    malformed: dict[str, str]


def env(
    name: str,
    *,
    doc: str,
    default: str = _UNSET,
    secret: bool = False,
    parse: Callable[[str], Any] = str,
    alias: Alias | None = None,
) -> Any:
    """A dataclass field read from variable `name`; `default` is text, as it would stand in the environment.

    Without default the variable is required. A secret has no default (TypeError) and arrives as `Secret`.
    `alias` is read when the variable is absent.
    """
    if secret and default is not _UNSET:
        raise TypeError(f"{name}: a secret has no default")
    metadata = {
        "name": name,
        "doc": doc,
        "default": default,
        "secret": secret,
        "parse": parse,
        "alias": alias,
    }
    if default is _UNSET:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=parse(default), metadata=metadata)


def load(cls: type[T], environ: Mapping[str, str]) -> T:
    """Build the dataclass; an empty variable counts as absent. Raises SettingsError with all problems."""
    found = read(cls, environ)
    problems = found.missing | found.malformed
    if problems:
        raise SettingsError([f"{name} {problem}" for name, problem in problems.items()])
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # a type variable cannot say "dataclass"
    return cls(**{field.name: found.values[field.metadata["name"]] for field in fields})


def read(cls: type[Any], environ: Mapping[str, str]) -> Found:
    """As `load`, for tools that go on when something is wrong."""
    found = Found({}, {}, {})
    for meta in (field.metadata for field in dataclasses.fields(cls)):
        try:
            given = _given(meta, environ) or meta["default"]
            if given is _UNSET:
                found.missing[meta["name"]] = f"is required: {meta['doc']}"
                continue
            parsed = meta["parse"](given)
        except ValueError as error:
            found.malformed[meta["name"]] = str(error)
            continue
        found.values[meta["name"]] = Secret(parsed) if meta["secret"] else parsed
    return found


def _given(meta: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    given = environ.get(meta["name"], "").strip()
    alias: Alias | None = meta["alias"]
    if given or alias is None:
        return given
    texts = [environ.get(name, "").strip() for name in alias.names]
    return alias.join(*texts) if any(texts) else ""


def describe(cls: type[Any]) -> list[Row]:
    """The settings table of a README, in declaration order."""
    return [_row(**field.metadata) for field in dataclasses.fields(cls)]


def _row(name: str, doc: str, default: str, secret: bool, alias: Alias | None, **_: Any) -> Row:
    required, aliases = default is _UNSET, alias.names if alias else ()
    text = f"{doc}; or {', '.join(aliases)}" if aliases else doc
    return Row(name, required, "" if required else default, text, secret, aliases)


# Parsers raise ValueError with the end of the sentence "<NAME> …" and never repeat the value.


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


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


def worker_place(value: str) -> str:
    """ecs:<cluster>/<service> or ec2:<instance id>; empty text is allowed as the default "none"."""
    name = "[A-Za-z0-9_-]{1,255}"
    if value and not re.fullmatch(rf"ecs:{name}/{name}|ec2:i-[0-9a-f]{{8,17}}", value):
        raise ValueError("must be ecs:<cluster>/<service> or ec2:<instance id>")
    return value


_postgres = url("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What every service needs; a service's own Settings inherit from it."""

    database_url: Secret[str] = env(
        "DATABASE_URL",
        secret=True,
        parse=_postgres,
        doc="PostgreSQL, as the `<schema>_app` role",
        alias=guide_names.DATABASE,
    )
    aws_region: str = env("AWS_REGION", default="ap-northeast-2", doc="region of the SQS queues")
    sqs_endpoint_url: str = env(
        "SQS_ENDPOINT_URL", default="", parse=url("http", "https"), doc="another SQS than AWS's (local stack)"
    )
    queue_prefix: str = env(
        "QUEUE_PREFIX",
        default="academy",
        doc="queues are `<prefix>-<service>-events`",
        alias=guide_names.QUEUES,
    )
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
    otel_endpoint: str = env(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        default="",
        parse=url("http", "https"),
        doc="OpenTelemetry collector (OTLP over HTTP); without it no spans are sent",
    )
    build_id: str = env(
        "BUILD_ID", default="development", doc="image tag or commit: which build a dry run was of"
    )
    self_stop: str = env(
        "SELF_STOP",
        default="off",
        parse=one_of("off", "exit", "ec2", "ecs"),
        doc="an idle worker: `off` stays, `exit` ends, `ec2` stops its instance, `ecs` sets its service to 0",
    )
    self_stop_after_polls: int = env(
        "SELF_STOP_AFTER_POLLS",
        default="20",
        parse=integer(2, 100_000),
        doc="empty polls in a row (5 s each) after which a worker is idle",
    )
    wake_worker: str = env(
        "WAKE_WORKER",
        default="",
        parse=worker_place,
        doc="which stopped worker the API starts: `ecs:<cluster>/<service>` or `ec2:<instance id>`",
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
        "MIGRATION_DATABASE_URL", secret=True, parse=_postgres, doc="PostgreSQL, as the `<schema>_owner` role"
    )


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """Cloudflare R2, for services that keep objects. Mix in, and add the buckets from `bucket()`."""

    r2_endpoint: str = env("R2_ENDPOINT", parse=url("https", "http"), doc="S3 endpoint of the R2 account")
    r2_access_key: Secret[str] = env("R2_ACCESS_KEY", secret=True, doc="R2 access key id")
    r2_secret_key: Secret[str] = env("R2_SECRET_KEY", secret=True, doc="R2 secret access key")


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """For services that admit students and parents, who sign in at the students service."""

    students_url: str = env(
        "STUDENTS_URL", parse=url("http", "https"), doc="internal address of the students service"
    )
    account_jwks_url: str = env(
        "ACCOUNT_JWKS_URL",
        parse=url("https", "http", "file"),
        doc="keys that sign student and parent tokens: its `/api/v1/students/token/keys/`",
    )


def bucket(kind: str) -> Any:
    """The field of one bucket: kind "excel" is R2_EXCEL_BUCKET, default academy-excel."""
    return env(f"R2_{kind.upper()}_BUCKET", default=f"academy-{kind}", doc=f"R2 bucket of {kind} objects")
