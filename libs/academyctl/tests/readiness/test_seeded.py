"""Each misconfiguration is found, by its own check, about its own subject, and nothing else is blamed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from academyctl.readiness import reach
from academyctl.readiness.checks import CHECKS
from academyctl.readiness.report import NOT_READY, Status
from botocore.exceptions import ClientError
from contracts import SERVICES
from servicekit.auth import ACCOUNT_ISSUER
from servicekit.storage import r2_client
from sqlalchemy import make_url
from testkit.database import PASSWORDS

pytestmark = pytest.mark.servers

Spoil = Callable[[Any], None]  # of conftest.Installation
AWAY = "http://127.0.0.1:9"
ALL = ", ".join(SERVICES)


def shared(**values: str) -> Spoil:
    """What every service is told."""
    return lambda made: made.shared.update(values)


def own(service: str, **values: str) -> Spoil:
    """What one service is told; an empty value counts as absent."""
    return lambda made: made.own[service].update(values)


def line(name: str, text: str) -> Spoil:
    """A line in <name>.env."""
    return lambda made: made.lines.update({name: text})


def url(service: str, **parts: Any) -> Spoil:
    """Parts of a service's DATABASE_URL."""

    def spoil(made: Any) -> None:
        changed = make_url(made.own[service]["DATABASE_URL"]).set(**parts)
        made.own[service]["DATABASE_URL"] = changed.render_as_string(hide_password=False)

    return spoil


def sql(statement: str, undo: str) -> Spoil:
    return lambda made: made.sql(statement, undo)


def altered(role: str, word: str) -> Spoil:
    return sql(f"ALTER ROLE {role} {word}", f"ALTER ROLE {role} NO{word}")


def revision(schema: str, number: str) -> Spoil:
    def spoil(made: Any) -> None:
        table = f"{schema}.alembic_version"
        (now,) = made.database.admin.execute(f"SELECT version_num FROM {table}").fetchone()
        made.sql(f"UPDATE {table} SET version_num = '{number}'", f"UPDATE {table} SET version_num = '{now}'")

    return spoil


def attribute(queue: str, name: str, value: str) -> Spoil:
    def spoil(made: Any) -> None:
        made.own_queues()
        made.sqs.set_queue_attributes(QueueUrl=made.queue(queue), Attributes={name: value})

    return spoil


def redrive(queue: str, dead_letters: str, count: int) -> Spoil:
    def spoil(made: Any) -> None:
        made.own_queues()
        at = made.queue(dead_letters)
        found = made.sqs.get_queue_attributes(QueueUrl=at, AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": found["Attributes"]["QueueArn"], "maxReceiveCount": str(count)}
        made.sqs.set_queue_attributes(
            QueueUrl=made.queue(queue), Attributes={"RedrivePolicy": json.dumps(policy)}
        )

    return spoil


def no_queue(name: str) -> Spoil:
    def spoil(made: Any) -> None:
        made.own_queues()
        made.sqs.delete_queue(QueueUrl=made.queue(name))

    return spoil


def refused(operation: str) -> Spoil:
    """Keys that may not do this in the bucket of photos; the local S3 server has no such keys."""

    def spoil(made: Any) -> None:
        def deny(params: dict[str, Any], **_: object) -> None:
            if params["Bucket"] == made.names["storage"]:
                raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)

        def refusing(*arguments: Any, **options: Any) -> Any:
            client = r2_client(*arguments, **options)
            client.meta.events.register(f"before-parameter-build.s3.{operation}", deny)
            return client

        made.patch.setattr(reach, "r2_client", refusing)

    return spoil


def clock(**off: float) -> Spoil:
    def spoil(made: Any) -> None:
        made.ahead = timedelta(**off)

    return spoil


def jwks(document: str) -> Spoil:
    def spoil(made: Any) -> None:
        path = made.directory / "jwks.json"
        path.write_text(document)
        made.shared["AUTH_JWKS_URL"] = path.as_uri()

    return spoil


def open_file(made: Any) -> None:
    made.modes["students"] = 0o644


def no_file(made: Any) -> None:
    del made.own["media"]


def one_bucket(made: Any) -> None:
    made.shared["R2_STORAGE_BUCKET"] = made.names["excel"]


STRONG = "f1e2d3c4b5a6978805142332"
GUIDE_DB = {"DB_HOST": "old", "DB_NAME": "academy", "DB_USER": "me", "DB_PASSWORD": "hunter2hunter2"}
SYMMETRIC = '{"keys": [{"kty": "oct", "kid": "a", "alg": "HS256", "k": "AAAA"}]}'
PARENT = "students.parent"
RLS = f"ALTER TABLE {PARENT} {{}} ROW LEVEL SECURITY"
POLICY = f"ALTER POLICY tenant ON {PARENT} TO students_{{}}"
VERSION_TABLE = "ALTER TABLE media.{} RENAME TO {}"
MEMBER = ("GRANT media_owner TO media_app", "REVOKE media_owner FROM media_app")
INHERITS = "GRANT media_system TO media_app WITH INHERIT {}"
NO_SYSTEM = ("REVOKE media_system FROM media_app", "GRANT media_system TO media_app")
OWN_TABLE = "CREATE TABLE media.mine (); ALTER TABLE media.mine OWNER TO media_app"
CLOSED = ("REVOKE USAGE ON SCHEMA media FROM media_app", "GRANT USAGE ON SCHEMA media TO media_app")
RENAMED = (("alembic_version", "other"), ("other", "alembic_version"))
PHOTOS = "students: {storage}"
STORAGE = (PHOTOS, "storage-janitor: {storage}")
EVERY_BUCKET = (
    *("enrollment: {excel}", "storage-janitor: {excel}", *STORAGE),
    *("media: {video}", "storage-janitor: {video}", "storage-janitor: {ai}"),
)
CLOCKS = ("database", "sqs", "storage")

# code: (what is wrong, about what, how)
SEEDS: dict[str, list[tuple[str, str | tuple[str, ...], Spoil]]] = {
    "env.file": [
        ("no file", "media.env", no_file),
        ("no value", "media.env", line("media", "WEB_THREADS\n")),
        ("an open quote", ".env", line("", 'LOG_LEVEL="INFO\n')),
        ("a name twice", "students.env", line("students", "WEB_THREADS=4\nWEB_THREADS=5\n")),
        ("readable by everybody", "students.env", open_file),
    ],
    "env.missing": [
        ("no issuer", "messaging", own("messaging", AUTH_ISSUER="")),
        ("no pseudonym key", "students", own("students", PSEUDONYM_KEY="")),
        ("no key of playback URLs", "media", own("media", CDN_HLS_SIGNING_SECRET="")),
        ("no key of R2", "storage-janitor", own("storage-janitor", R2_ACCESS_KEY="")),
        ("no database", "media", own("media", DATABASE_URL="")),
    ],
    "env.shape": [
        ("half of the guide's names", "messaging", own("messaging", DB_PASSWORD="")),
        ("many workers", "enrollment", own("enrollment", WEB_WORKERS="many")),
        ("MySQL", "media", own("media", DATABASE_URL="mysql://media_app:pw@db/academy")),
        ("a token of a few letters", "students", own("students", INTERNAL_WORKER_TOKEN="few-letters")),
        ("a signing key that is none", "students", own("students", ACCOUNT_SIGNING_KEYS="-----BEGIN")),
        ("a playback key of 8 bytes", "media", own("media", CDN_HLS_SIGNING_SECRET="5b9a" * 4)),
        ("a queue of no prefix", "media", own("media", QUEUE_PREFIX="", VIDEO_SQS_QUEUE_NAME="videos")),
    ],
    "env.typo": [
        ("a letter left out", "enrollment", own("enrollment", QUEUE_PREFX="other")),
        ("a guide's name", "messaging", own("messaging", DB_PASWORD="other")),
    ],
    "env.alias": [
        ("two databases", "media", own("media", **GUIDE_DB)),
        ("two prefixes", SERVICES, shared(MESSAGING_SQS_QUEUE_NAME="other-messaging-jobs")),
    ],
    "env.same": [
        ("a prefix", "QUEUE_PREFIX", own("students", QUEUE_PREFIX="academy-old")),
        ("a region", "AWS_REGION", own("media", AWS_REGION="us-east-1")),
        ("an SQS", "SQS_ENDPOINT_URL", own("media", SQS_ENDPOINT_URL=AWAY)),
        ("a bucket", "R2_EXCEL_BUCKET", own("storage-janitor", R2_EXCEL_BUCKET="academy-ai")),
        ("a token", "INTERNAL_WORKER_TOKEN", own("media", INTERNAL_WORKER_TOKEN=STRONG * 2)),
        ("an issuer", "AUTH_ISSUER", own("media", AUTH_ISSUER="https://old.example")),
        ("an audience", "AUTH_AUDIENCE", own("media", AUTH_AUDIENCE="old")),
        ("a JWKS", "AUTH_JWKS_URL", own("media", AUTH_JWKS_URL="https://old.example/jwks")),
    ],
    "env.buckets": [("one for two kinds", "{excel}", one_bucket)],
    "env.peers": [
        ("three forgotten", "students", own("students", PEER_URLS="media=http://media.internal")),
    ],
    "auth.internal_token": [
        ("an example's", ALL, shared(INTERNAL_WORKER_TOKEN="change-me-0123456789-abcdefghijklm")),
        ("a short one", ALL, shared(INTERNAL_WORKER_TOKEN=STRONG)),
        ("a dull one", ALL, shared(INTERNAL_WORKER_TOKEN="abcd" * 10)),
        ("one weak of two", ALL, shared(INTERNAL_WORKER_TOKEN=f"{STRONG * 2},{STRONG}")),
    ],
    "auth.issuer": [("the accounts' own", "AUTH_ISSUER", shared(AUTH_ISSUER=ACCOUNT_ISSUER))],
    "auth.jwks": [
        ("nobody answers", "AUTH_JWKS_URL", shared(AUTH_JWKS_URL=f"{AWAY}/jwks")),
        ("no key", "AUTH_JWKS_URL", jwks('{"keys": []}')),
        ("only a symmetric key", "AUTH_JWKS_URL", jwks(SYMMETRIC)),
        ("a page", "AUTH_JWKS_URL", jwks("<html>")),
        ("plain http", "AUTH_JWKS_URL", shared(AUTH_JWKS_URL="http://issuer.example/jwks")),
    ],
    "db.connect": [
        ("a wrong password", "students", url("students", password="wrong")),
        ("nobody listens", "students", url("students", port=9)),
        ("no such database", "media", url("media", database="nothing")),
    ],
    "db.role": [
        ("the owner", "students", url("students", username="students_owner", password=PASSWORDS.owner)),
        ("another service", "students", url("students", username="media_app")),
    ],
    "db.powers": [
        ("BYPASSRLS", "media", altered("media_app", "BYPASSRLS")),
        ("SUPERUSER", "media", altered("media_app", "SUPERUSER")),
        ("CREATEROLE", "media", altered("media_app", "CREATEROLE")),
        ("a member of its owner", "media", sql(*MEMBER)),
        ("the system's view always on", "media", sql(INHERITS.format("TRUE"), INHERITS.format("FALSE"))),
        ("no system's view", "media", sql(*NO_SYSTEM)),
    ],
    "db.owner": [
        ("a table", "media", sql(OWN_TABLE, "DROP TABLE media.mine")),
        ("a schema", "media", sql("CREATE SCHEMA mine AUTHORIZATION media_app", "DROP SCHEMA mine")),
    ],
    "db.migrations": [
        ("one not run", "students", revision("students", "0001")),
        ("none run", "media", sql(*(VERSION_TABLE.format(*names) for names in RENAMED))),
        ("a newer code's", "media", revision("media", "9999")),
        ("a closed schema", "media", sql(*CLOSED)),
    ],
    "db.isolation": [
        ("switched off", "students", sql(RLS.format("DISABLE"), RLS.format("ENABLE"))),
        (
            "a policy for all",
            "students",
            sql(f"CREATE POLICY more ON {PARENT} USING (true)", f"DROP POLICY more ON {PARENT}"),
        ),
        ("no policy", "students", sql(POLICY.format("owner"), POLICY.format("app"))),
    ],
    "queue.reachable": [
        ("nobody answers", "sqs", shared(SQS_ENDPOINT_URL=AWAY)),
        ("plain http", "sqs", shared(SQS_ENDPOINT_URL="http://sqs.example")),
    ],
    "queue.exists": [
        ("no queue", "{prefix}-students-events", no_queue("students-events")),
        ("no dead letters", "{prefix}-students-events-dlq", no_queue("students-events-dlq")),
    ],
    "queue.attributes": [
        (
            "hidden for hours",
            "{prefix}-media-events",
            attribute("media-events", "VisibilityTimeout", "10800"),
        ),
        (
            "four days",
            "{prefix}-messaging-events-dlq",
            attribute("messaging-events-dlq", "MessageRetentionPeriod", "345600"),
        ),
        (
            "short polls",
            "{prefix}-messaging-events",
            attribute("messaging-events", "ReceiveMessageWaitTimeSeconds", "0"),
        ),
        ("one receive", "{prefix}-media-events", redrive("media-events", "media-events-dlq", 1)),
        (
            "another's dead letters",
            "{prefix}-media-events",
            redrive("media-events", "messaging-events-dlq", 6),
        ),
    ],
    "bucket.reachable": [
        ("no bucket", "storage-janitor: academy-nowhere", shared(R2_AI_BUCKET="academy-nowhere")),
        ("wrong keys", PHOTOS, own("students", R2_SECRET_KEY="wrong")),
        ("plain http", EVERY_BUCKET, shared(R2_ENDPOINT="http://r2.example")),
        ("nobody answers", EVERY_BUCKET, shared(R2_ENDPOINT=AWAY)),
    ],
    "bucket.writable": [
        ("read-only", STORAGE, refused("PutObject")),
        ("no deleting", STORAGE, refused("DeleteObject")),
    ],
    "clock.skew": [
        ("slow", CLOCKS, clock(minutes=-3)),
        ("fast", CLOCKS, clock(seconds=7)),
    ],
}


@pytest.mark.parametrize(
    ("code", "subjects", "spoil"),
    [
        pytest.param(code, subjects, spoil, id=f"{code}: {what}")
        for code, seeds in SEEDS.items()
        for what, subjects, spoil in seeds
    ],
)
def test_it_is_found_and_only_it(
    installation: Any, code: str, subjects: str | tuple[str, ...], spoil: Spoil
) -> None:
    spoil(installation)
    report = installation.examine()
    failures = [line for line in report.lines if line.verdict.status is Status.FAIL]
    expected = [subjects] if isinstance(subjects, str) else subjects
    assert [(line.code, line.verdict.subject) for line in failures] == [
        (code, subject.format(**installation.names)) for subject in expected
    ]
    assert all(line.verdict.reason and line.verdict.fix for line in failures)
    assert report.exit_code == NOT_READY
    shown = report.json() + "\n".join(report.text())
    assert [secret for secret in installation.secrets() if secret in shown] == []


def test_every_check_can_fail() -> None:
    assert set(SEEDS) | {"image.present", "image.starts"} == set(CHECKS)
