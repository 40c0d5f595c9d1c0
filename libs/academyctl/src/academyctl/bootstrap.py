"""What has to exist before services start: the database with its roles, the queues, the buckets."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError
from servicekit.multipart import upload_rules
from servicekit.roles_sql import bootstrap_database

from academyctl.config import REPOSITORY
from academyctl.endpoints import QUEUE_PREFIX, Endpoints
from academyctl.queues import create_queues, load_queues
from academyctl.secret_store import SecretStore
from academyctl.services import DATABASE, passwords

QUEUES = REPOSITORY / "deploy" / "queues.yaml"
BUCKETS = ("academy-excel", "academy-video", "academy-ai", "academy-storage")
UPLOADS = "academy-video"
_PROBE = "ready.probe"


def database(endpoints: Endpoints, secrets: SecretStore) -> None:
    """Raises psycopg.Error."""
    bootstrap_database(endpoints.admin_url, DATABASE, passwords(secrets))


def queues(endpoints: Endpoints) -> None:
    """Raises BotoCoreError or ClientError."""
    create_queues(endpoints.sqs(), load_queues(QUEUES, QUEUE_PREFIX))


def buckets(endpoints: Endpoints, origins: Sequence[str]) -> None:
    """Also waits until a first object can be written; `origins`: where pages come from that may send videos
    straight to the bucket, none: its rules are left as they are. Raises BotoCoreError or ClientError.
    """
    client = endpoints.r2()
    for name in BUCKETS:
        try:
            client.head_bucket(Bucket=name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            client.create_bucket(Bucket=name)
    if origins:
        client.put_bucket_cors(Bucket=UPLOADS, CORSConfiguration=upload_rules(origins))
    client.put_object(Bucket=BUCKETS[0], Key=_PROBE, Body=b"")
    client.delete_object(Bucket=BUCKETS[0], Key=_PROBE)
