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
    boolean,
    bucket,
    describe,
    env,
    integer,
    key_bytes,
    load,
    peers,
)

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
        load(CommonSettings, GOOD).web_workers = 3  # type: ignore[misc]


def test_the_table_lists_every_variable() -> None:
    rows = {row.name: row for row in describe(Settings)}
    assert rows["DATABASE_URL"].required
    assert rows["DATABASE_URL"].secret
    assert rows["R2_EXCEL_BUCKET"].default == "academy-excel"
    assert all(row.doc for row in rows.values())
    assert [row.name for row in describe(MigrationSettings)] == ["MIGRATION_DATABASE_URL"]


def test_booleans_are_words() -> None:
    assert (boolean("true"), boolean("false")) == (True, False)
    for wrong in ("1", "yes", "True", ""):
        with pytest.raises(ValueError, match="true or false"):
            boolean(wrong)


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
