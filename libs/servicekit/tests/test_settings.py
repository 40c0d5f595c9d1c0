"""Settings: all problems at once, secrets unseen."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest
from servicekit.settings import (
    CommonSettings,
    MigrationSettings,
    Secret,
    SettingsError,
    StorageSettings,
    bucket,
    describe,
    env,
    integer,
    key_bytes,
    load,
    peers,
    read,
)
from sqlalchemy import make_url

GOOD = {
    "DATABASE_URL": "postgresql://kit_app:hunter2hunter2@127.0.0.1/academy",
    "INTERNAL_WORKER_TOKEN": "token-token-token-1,token-token-token-2",
    "AUTH_JWKS_URL": "file:///keys.json",
    "AUTH_ISSUER": "https://issuer",
    "AUTH_AUDIENCE": "academy",
}


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings, StorageSettings):
    r2_excel_bucket: str = bucket("excel")
    limit: int = env("UPLOAD_LIMIT", default="5", parse=integer(1, 9), doc="bytes")


def test_defaults_and_values() -> None:
    common = load(CommonSettings, GOOD | {"WEB_THREADS": "4", "SQS_ENDPOINT_URL": ""})
    assert (common.web_threads, common.web_workers, common.sqs_endpoint_url) == (4, 2, "")
    assert common.internal_worker_token.reveal() == ("token-token-token-1", "token-token-token-2")
    assert common.database_url.reveal().startswith("postgresql://")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        load(Settings, {"WEB_WORKERS": "many", "UPLOAD_LIMIT": "10", "AUTH_ISSUER": " "})
    named = {problem.split()[0] for problem in error.value.problems}
    assert named == {
        "DATABASE_URL", "INTERNAL_WORKER_TOKEN", "AUTH_JWKS_URL", "AUTH_ISSUER", "AUTH_AUDIENCE",
        "R2_ENDPOINT", "R2_ACCESS_KEY", "R2_SECRET_KEY", "WEB_WORKERS", "UPLOAD_LIMIT",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "academy"),
        ("DATABASE_URL", "postgresql:academy"),
        ("INTERNAL_WORKER_TOKEN", "short"),
        ("INTERNAL_WORKER_TOKEN", ","),
        ("INTERNAL_WORKER_TOKEN", "x" * 20 + ",short"),
        ("INTERNAL_WORKER_TOKEN", "토큰" * 20),
        ("AUTH_JWKS_URL", "ftp://x/y"),
        ("AUTH_JWKS_URL", "keys.json"),
        *(("API_BIND", value) for value in ("8000", "localhost:", ":80", "h:99999", "h:x")),
        *(("WEB_WORKERS", value) for value in ("0", "33", "1e1")),
        *(("WEB_THREADS", value) for value in ("-1", "1.5", "٣")),
        *(("LOG_LEVEL", value) for value in ("info", "TRACE")),
        *(("SELF_STOP", value) for value in ("on", "ECS", "ecs,ec2")),
        *(("SELF_STOP_AFTER_POLLS", value) for value in ("0", "1", "-5", "soon")),
        *(("WAKE_WORKER", value) for value in ("media", "ecs:media", "ecs:a/b/c", "ecs:a/b;c", "ec2:worker")),
    ],
)
def test_malformed_values_are_named_but_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(CommonSettings, GOOD | {name: value})
    (problem,) = error.value.problems
    assert problem.startswith(f"{name} must ")
    assert value not in problem.split()


def test_secrets_do_not_show() -> None:
    settings = load(CommonSettings, GOOD)
    for shown in (repr(settings), str(settings.database_url), f"{settings.internal_worker_token}"):
        assert "hunter2" not in shown
        assert "token-token" not in shown
        assert "***" in shown
    assert Secret("a") == Secret("a") != Secret("b")


def test_a_secret_has_no_default() -> None:
    with pytest.raises(TypeError):
        env("X", secret=True, default="y", doc="")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(CommonSettings, GOOD).web_workers = 3


def test_the_table_lists_every_variable() -> None:
    rows = {row.name: row for row in describe(Settings)}
    assert rows["DATABASE_URL"].required
    assert rows["DATABASE_URL"].secret
    assert rows["R2_EXCEL_BUCKET"].default == "academy-excel"
    assert all(row.doc for row in rows.values())
    assert [row.name for row in describe(MigrationSettings)] == ["MIGRATION_DATABASE_URL"]


def test_a_key_is_hex_of_32_bytes_or_more() -> None:
    assert key_bytes("0f" * 32) == bytes([15]) * 32
    assert len(key_bytes("AB" * 40)) == 40
    for value in ("", "0f" * 31, "0" * 65, "g" * 64, "0x" + "0f" * 32, " " + "0f" * 32, "٠" * 64):
        with pytest.raises(ValueError, match="64 or more hex digits") as refused:
            key_bytes(value)
        assert not value or value not in str(refused.value)


def test_peers_are_names_and_addresses() -> None:
    assert peers("media=http://127.0.0.1:8002/, messaging=https://m.internal") == {
        "media": "http://127.0.0.1:8002",
        "messaging": "https://m.internal",
    }
    for value in ("", "media", "media=", "=http://x", "media=ftp://x", "media=http:", "a=http://x,"):
        with pytest.raises(ValueError, match="must be"):
            peers(value)


GUIDE = {"DB_HOST": "db.example", "DB_NAME": "academy", "DB_USER": "kit_app", "DB_PASSWORD": "p@ss/w:rd%"}
WITHOUT_URL = {name: value for name, value in GOOD.items() if name != "DATABASE_URL"}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (GUIDE, "postgresql://kit_app:p%40ss%2Fw%3Ard%25@db.example:5432/academy"),
        (GUIDE | {"DB_PORT": "6000"}, "postgresql://kit_app:p%40ss%2Fw%3Ard%25@db.example:6000/academy"),
        (GUIDE | {"DB_HOST": "::1"}, "postgresql://kit_app:p%40ss%2Fw%3Ard%25@[::1]:5432/academy"),
        (GUIDE | {"DATABASE_URL": GOOD["DATABASE_URL"]}, GOOD["DATABASE_URL"]),
        ({"DB_HOST": "db.example", "DATABASE_URL": GOOD["DATABASE_URL"]}, GOOD["DATABASE_URL"]),
    ],
)
def test_the_guide_s_names_of_the_database(given: dict[str, str], url: str) -> None:
    assert load(CommonSettings, WITHOUT_URL | given).database_url.reveal() == url


def test_a_password_of_the_guide_s_names_arrives_as_it_is() -> None:
    url = load(CommonSettings, WITHOUT_URL | GUIDE).database_url.reveal()
    assert make_url(url).password == GUIDE["DB_PASSWORD"]


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ({"VIDEO_SQS_QUEUE_NAME": "hagwon-video-jobs"}, "hagwon"),
        ({"MESSAGING_SQS_QUEUE_NAME": "hagwon-messaging-jobs"}, "hagwon"),
        (
            {"VIDEO_SQS_QUEUE_NAME": "a-video-jobs", "MESSAGING_SQS_QUEUE_NAME": "a-messaging-jobs"},
            "a",
        ),
        ({"VIDEO_SQS_QUEUE_NAME": "hagwon-video-jobs", "QUEUE_PREFIX": "ours"}, "ours"),
        ({}, "academy"),
    ],
)
def test_the_guide_s_names_of_the_queues(given: dict[str, str], prefix: str) -> None:
    assert load(CommonSettings, GOOD | given).queue_prefix == prefix


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"DB_HOST": "db.example"}, "DATABASE_URL needs DB_HOST, DB_NAME, DB_USER and DB_PASSWORD together"),
        (GUIDE | {"DB_PORT": "five"}, "DATABASE_URL needs a number in DB_PORT"),
        (
            {"DATABASE_URL": GOOD["DATABASE_URL"], "VIDEO_SQS_QUEUE_NAME": "videos"},
            "QUEUE_PREFIX needs queue names <prefix>-video-jobs and <prefix>-messaging-jobs with one prefix",
        ),
        (
            {
                "DATABASE_URL": GOOD["DATABASE_URL"],
                "VIDEO_SQS_QUEUE_NAME": "a-video-jobs",
                "MESSAGING_SQS_QUEUE_NAME": "b-messaging-jobs",
            },
            "QUEUE_PREFIX needs queue names <prefix>-video-jobs and <prefix>-messaging-jobs with one prefix",
        ),
    ],
)
def test_the_guide_s_names_that_say_too_little(given: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(CommonSettings, WITHOUT_URL | given)
    assert refused.value.problems == [problem]


def test_the_table_tells_what_is_read_instead() -> None:
    row = next(row for row in describe(CommonSettings) if row.name == "DATABASE_URL")
    assert row.aliases == ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD")
    assert row.doc.endswith("; or DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD")


def test_reading_goes_on_behind_a_problem() -> None:
    found = read(CommonSettings, {"WEB_THREADS": "4", "WEB_WORKERS": "many", "AUTH_ISSUER": "me"})
    assert (found.values["WEB_THREADS"], found.values["AUTH_ISSUER"]) == (4, "me")
    assert set(found.missing) == {"DATABASE_URL", "INTERNAL_WORKER_TOKEN", "AUTH_JWKS_URL", "AUTH_AUDIENCE"}
    assert found.malformed == {"WEB_WORKERS": "must be a whole number from 1 to 32"}
