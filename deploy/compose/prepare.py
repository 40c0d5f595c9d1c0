"""Before the services of deploy/compose start: database, roles, queues, buckets, issuer, the gateway's file.

What is there already stays. The development issuer is for those who name no AUTH_JWKS_URL of their own.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from academyctl import bootstrap, gateway
from academyctl.config import Directories
from academyctl.endpoints import Endpoints
from academyctl.issuer import DevelopmentIssuer
from academyctl.queues import create_queues, load_queues
from contracts import SERVICES, package_of
from servicekit.roles_sql import Passwords, bootstrap_database

PUBLIC = Path("/public")
"""What services and gateway may read; the issuer's key is in ACADEMY_DATA."""


def main() -> None:
    environ = os.environ
    keys = (environ["R2_ACCESS_KEY"], environ["R2_SECRET_KEY"])
    endpoints = Endpoints(
        admin_url=environ["DATABASE_URL"],
        sqs_url=environ["SQS_ENDPOINT_URL"],
        r2_url=environ["R2_ENDPOINT"],
        r2_keys=keys,
        solapi_url="",
        solapi_keys=("", ""),
        aws_keys=(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"]),
    )
    bootstrap_database(endpoints.admin_url, "academy", {package_of(one): passwords(one) for one in SERVICES})
    create_queues(endpoints.sqs(), load_queues(bootstrap.QUEUES, environ["QUEUE_PREFIX"]))
    bootstrap.buckets(endpoints, [environ["PUBLIC_URL"]])
    directories = Directories(Path(environ["ACADEMY_DATA"]))
    directories.make()
    DevelopmentIssuer(directories.secrets).write_jwks(PUBLIC / "jwks.json")
    rules = yaml.safe_load(gateway.RULES.read_text(encoding="utf-8"))
    text = gateway.configuration(rules, PUBLIC / "jwks.json", None, endpoints.r2_url)
    (PUBLIC / "nginx.conf").write_text(text, encoding="utf-8")


def passwords(service: str) -> Passwords:
    name = package_of(service).upper()
    return Passwords(owner=os.environ[f"{name}_OWNER_PASSWORD"], app=os.environ[f"{name}_APP_PASSWORD"])


if __name__ == "__main__":
    main()
