"""The four servers below the services, embedded or named by the environment, and what services are told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from servicekit.storage import r2_client

from academyctl.config import Directories, LocalSettings, Ports
from academyctl.embedded import postgres, s3, solapi, sqs
from academyctl.issuer import AUDIENCE, ISSUER
from academyctl.secret_store import SecretStore

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_sqs.client import SQSClient

QUEUE_PREFIX = "academy"


# servers that were started a moment ago refuse a call or two
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses and credentials. `aws_keys` is None when boto3 finds its own."""

    admin_url: str
    sqs_url: str
    r2_url: str
    r2_keys: tuple[str, str]
    solapi_url: str
    solapi_keys: tuple[str, str]
    aws_keys: tuple[str, str] | None

    def sqs(self) -> SQSClient:
        """A client for the queues."""
        access, secret = self.aws_keys or (None, None)
        return boto3.client(
            "sqs",
            endpoint_url=self.sqs_url,
            region_name=region(),
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": _ATTEMPTS, "mode": "standard"}),
        )

    def r2(self) -> S3Client:
        """A client for the buckets."""
        return r2_client(self.r2_url, *self.r2_keys, attempts=_ATTEMPTS)


def region() -> str:
    return os.environ.get("AWS_REGION", sqs.REGION)


def find(settings: LocalSettings, secrets: SecretStore, ports: Ports) -> Endpoints:
    """What the environment names, else the embedded server."""
    r2_keys = (secrets.get("r2_access_key"), secrets.get("r2_secret_key"))
    own_solapi = (secrets.get("solapi_key", 8), secrets.get("solapi_secret"))
    return Endpoints(
        admin_url=settings.database_url or postgres.admin_url(ports.postgres, secrets.get("postgres")),
        sqs_url=settings.sqs_endpoint_url or sqs.endpoint(ports.sqs),
        r2_url=settings.r2_endpoint or s3.endpoint(ports.s3),
        r2_keys=(settings.r2_access_key, settings.r2_secret_key) if settings.r2_endpoint else r2_keys,
        solapi_url=settings.solapi_endpoint or solapi.endpoint(ports.solapi),
        solapi_keys=(settings.solapi_key, settings.solapi_secret) if settings.solapi_endpoint else own_solapi,
        # the embedded server takes any pair, but boto3 wants one
        aws_keys=None if settings.sqs_endpoint_url else ("local", secrets.get("sqs")),
    )


def service_environment(
    settings: LocalSettings, endpoints: Endpoints, secrets: SecretStore, directories: Directories
) -> dict[str, str]:
    """What all services are told alike; the variables of servicekit.settings."""
    environment = {
        "AWS_REGION": region(),
        "SQS_ENDPOINT_URL": endpoints.sqs_url,
        "QUEUE_PREFIX": QUEUE_PREFIX,
        "INTERNAL_WORKER_TOKEN": os.environ.get("INTERNAL_WORKER_TOKEN") or secrets.get("internal_token"),
        "AUTH_JWKS_URL": settings.jwks_url or directories.jwks.as_uri(),
        "AUTH_ISSUER": settings.issuer or ISSUER,
        "AUTH_AUDIENCE": settings.audience or AUDIENCE,
        "R2_ENDPOINT": endpoints.r2_url,
        "R2_ACCESS_KEY": endpoints.r2_keys[0],
        "R2_SECRET_KEY": endpoints.r2_keys[1],
    }
    if endpoints.aws_keys:
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"] = endpoints.aws_keys
    return environment
