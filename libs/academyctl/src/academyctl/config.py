"""Where the local stack lives: its settings, directories and ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts import SERVICES
from servicekit.settings import SettingsError, env, integer, load, url

from academyctl.embedded import s3

REPOSITORY = Path(__file__).resolve().parents[4]


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """What an operator may set; every embedded part is left out when its real counterpart is named."""

    data: str = env(
        "ACADEMY_DATA", default=".academy", doc="directory of the local stack's data, logs and secrets"
    )
    port: int = env(
        "ACADEMY_PORT",
        default="8800",
        parse=integer(1024, 55_000),
        doc="the gateway; all other ports follow it",
    )
    database_url: str = env(
        "DATABASE_URL",
        default="",
        parse=url("postgresql", "postgres"),
        doc="another PostgreSQL, as an admin role",
    )
    sqs_endpoint_url: str = env("SQS_ENDPOINT_URL", default="", parse=url("http", "https"), doc="another SQS")
    r2_endpoint: str = env("R2_ENDPOINT", default="", parse=url("http", "https"), doc="another R2 or S3")
    r2_access_key: str = env("R2_ACCESS_KEY", default="", doc="its access key id; required with R2_ENDPOINT")
    r2_secret_key: str = env("R2_SECRET_KEY", default="", doc="its secret key; required with R2_ENDPOINT")
    solapi_endpoint: str = env(
        "SOLAPI_ENDPOINT", default="", parse=url("http", "https"), doc="another Solapi, or the real one"
    )
    solapi_key: str = env("SOLAPI_API_KEY", default="", doc="its API key; required with SOLAPI_ENDPOINT")
    solapi_secret: str = env(
        "SOLAPI_API_SECRET", default="", doc="its API secret; required with SOLAPI_ENDPOINT"
    )
    jwks_url: str = env(
        "AUTH_JWKS_URL", default="", parse=url("https", "http", "file"), doc="another issuer of user tokens"
    )
    issuer: str = env("AUTH_ISSUER", default="", doc="its `iss`; required with AUTH_JWKS_URL")
    audience: str = env("AUTH_AUDIENCE", default="", doc="its `aud`; required with AUTH_JWKS_URL")
    token: str = env(
        "ACADEMY_TOKEN",
        default="",
        doc="a token of that issuer: of staff for the demo import, of an operator for dlq, flow and audit",
    )
    base_url: str = env(
        "ACADEMY_URL",
        default="",
        parse=url("https", "http"),
        doc="where the API of another stack answers, for dlq, flow and audit",
    )

    def __repr__(self) -> str:
        return f"LocalSettings(data={self.data!r}, port={self.port})"


def load_settings(environ: Mapping[str, str]) -> LocalSettings:
    """Raises SettingsError that names every problem."""
    settings = load(LocalSettings, environ)
    problems = []
    if settings.r2_endpoint and not (settings.r2_access_key and settings.r2_secret_key):
        problems.append("R2_ENDPOINT needs R2_ACCESS_KEY and R2_SECRET_KEY")
    if settings.solapi_endpoint and not (settings.solapi_key and settings.solapi_secret):
        problems.append("SOLAPI_ENDPOINT needs SOLAPI_API_KEY and SOLAPI_API_SECRET")
    if settings.jwks_url and not (settings.issuer and settings.audience):
        problems.append("AUTH_JWKS_URL needs AUTH_ISSUER and AUTH_AUDIENCE")
    if problems:
        raise SettingsError(problems)
    return settings


@dataclass(frozen=True, slots=True)
class Ports:
    """Fixed offsets from the gateway's port."""

    gateway: int

    @property
    def postgres(self) -> int:
        return self.gateway + 1

    @property
    def sqs(self) -> int:
        return self.gateway + 2

    @property
    def s3(self) -> int:
        """The first of `s3.PORTS`."""
        return self.gateway + 3

    @property
    def solapi(self) -> int:
        return self.gateway + 3 + s3.PORTS

    def api(self, service: str) -> int:
        return self.gateway + 20 + 2 * SERVICES.index(service)

    def health(self, service: str) -> int:
        """The worker's health port."""
        return self.api(service) + 1

    @property
    def encoder(self) -> int:
        """Its health port, after all of the services'."""
        return self.gateway + 20 + 2 * len(SERVICES)


PORT_BLOCK = 21 + 2 * len(SERVICES)  # consecutive ports that one stack may use
assert 3 + s3.PORTS < 20


@dataclass(frozen=True, slots=True)
class Directories:
    """Below ACADEMY_DATA. Everything but the top is closed to other users."""

    data: Path

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def accounts_key(self) -> Path:
        """What the students service signs with."""
        return self.secrets / "accounts.pem"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def sqs(self) -> Path:
        return self.data / "sqs"

    @property
    def s3(self) -> Path:
        return self.data / "s3"

    @property
    def solapi(self) -> Path:
        """What the simulated provider of messages took and billed."""
        return self.data / "solapi"

    @property
    def gateway(self) -> Path:
        return self.data / "gateway"

    @property
    def jwks(self) -> Path:
        return self.gateway / "jwks.json"

    @property
    def metrics(self) -> Path:
        """The files through which the processes of one API share their metrics."""
        return self.data / "metrics"

    @property
    def prometheus(self) -> Path:
        """The configuration that scrapes this stack."""
        return self.data / "prometheus.yml"

    @property
    def scratch(self) -> Path:
        """Where the encoder works."""
        return self.data / "scratch"

    @property
    def samples(self) -> Path:
        return self.data / "samples"

    @property
    def state(self) -> Path:
        """What runs where, for tools and tests: academyctl.state."""
        return self.data / "stack.json"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    def make(self) -> None:
        """Raises OSError when the place cannot be written."""
        self.data.mkdir(parents=True, exist_ok=True)
        for path in self._closed():
            path.mkdir(mode=0o700, exist_ok=True)

    def _closed(self) -> Iterator[Path]:
        yield from (self.secrets, self.logs, self.sqs, self.s3, self.solapi)
        yield from (self.gateway, self.metrics, self.samples)
