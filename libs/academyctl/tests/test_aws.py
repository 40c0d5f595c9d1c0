"""`academyctl aws`: secrets that are complete and apart, and releases that end before anything is changed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from academyctl.aws import documents, releasing
from academyctl.aws.documents import DocumentError
from academyctl.aws.releasing import Clients, ReleaseError, release
from academyctl.aws.stacks import Release
from academyctl.readiness.sources import of_files
from academyctl.secret_store import SecretStore
from contracts import SERVICES

TYPED = {
    ".env": {
        "AUTH_JWKS_URL": "https://id.example.com/jwks",
        "AUTH_ISSUER": "https://id.example.com",
        "AUTH_AUDIENCE": "academy",
        "R2_ENDPOINT": "https://account.r2.example.com",
    },
    "messaging.env": {"SOLAPI_API_KEY": "key", "SOLAPI_API_SECRET": "typed by a person"},
} | {
    f"{service}.env": {"R2_ACCESS_KEY": f"of-{service}", "R2_SECRET_KEY": "typed by a person"}
    for service in SERVICES
    if service != "messaging"
}
IMAGE = "registry/academy@sha256:" + "a" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As `aws env` writes it, with the gaps filled in as a person would."""
    directory = tmp_path / "env"
    documents.write_environment(directory, "db.example.com", SecretStore(tmp_path))
    for name, values in TYPED.items():
        for variable, value in values.items():
            type_in(directory / name, variable, value)
    return directory


def type_in(path: Path, variable: str, value: str) -> None:
    before = path.read_text(encoding="utf-8")
    lines = [
        f"{variable}={value}" if line.startswith(f"{variable}=") else line for line in before.split("\n")
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert f"{variable}={value}" in lines


def test_each_service_gets_its_own_secrets_and_the_shared_one_what_all_have(folder: Path) -> None:
    found = documents.documents(of_files(folder))
    assert set(found) == {"shared", *SERVICES}
    assert set(found["shared"]) == {"INTERNAL_WORKER_TOKEN"}
    assert found["students"]["R2_ACCESS_KEY"] == "of-students"
    assert found["students"]["ACCOUNT_SIGNING_KEYS"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert "@db.example.com:5432/academy?sslmode=require" in found["media"]["MIGRATION_DATABASE_URL"]
    assert "R2_ACCESS_KEY" not in found["messaging"]


def test_files_that_are_there_are_left_alone(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert documents.write_environment(folder, "elsewhere", SecretStore(tmp_path)) == []
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("file", "variable", "value", "said"),
    [
        ("students.env", "PSEUDONYM_KEY", "", "students.env: PSEUDONYM_KEY is required"),
        ("students.env", "PSEUDONYM_KEY", "short", "students.env: PSEUDONYM_KEY must be a key"),
        ("media.env", "MIGRATION_DATABASE_URL", "", "media.env: MIGRATION_DATABASE_URL"),
        ("media.env", "R2_ACCESS_KEY", "of-students", "students, media: R2_ACCESS_KEY"),
        (".env", "AUTH_ISSUER", "", "messaging.env: AUTH_ISSUER is required"),
    ],
)
def test_what_is_missing_wrong_or_shared_is_named_and_no_value_is_shown(
    folder: Path, file: str, variable: str, value: str, said: str
) -> None:
    type_in(folder / file, variable, value)
    with pytest.raises(DocumentError) as refused:
        documents.documents(of_files(folder))
    assert said in str(refused.value)
    assert "typed by a person" not in str(refused.value)


@pytest.fixture
def wanted() -> Release:
    environ = {
        "AUTH_JWKS_URL": "https://x",
        "AUTH_ISSUER": "x",
        "AUTH_AUDIENCE": "x",
        "R2_ENDPOINT": "https://x",
    }
    same = dict.fromkeys(SERVICES, IMAGE)
    secrets = dict.fromkeys((*SERVICES, "shared"), "arn")
    return Release("start", "tag", same, secrets, dict.fromkeys(SERVICES, environ), "x@example.com")


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ({"exitCode": 1}, "exit code 1; no service was changed"),
        ({"reason": "CannotPullContainerError"}, "CannotPullContainerError; no service was changed"),
        ({"exitCode": 0, "imageDigest": "sha256:" + "b" * 64}, "ran another image"),
        ({"exitCode": 0}, "ran another image"),
    ],
)
def test_a_migration_that_fails_or_is_not_the_new_image_s_stops_the_release(
    monkeypatch: pytest.MonkeyPatch, wanted: Release, container: dict[str, Any], said: str
) -> None:
    applied: list[str] = []
    monkeypatch.setattr(
        releasing.stacks, "apply", lambda _client, stack: applied.append(stack.name) or "updated"
    )
    monkeypatch.setattr(releasing.stacks, "outputs", lambda _client, _name: {"Task": "task"})
    ecs = SimpleNamespace(
        run_task=lambda **_: {"failures": [], "tasks": [{"taskArn": "arn"}]},
        get_waiter=lambda _name: SimpleNamespace(wait=lambda **_: None),
        describe_tasks=lambda **_: {"tasks": [{"containers": [container]}]},
    )
    with pytest.raises(ReleaseError, match=said):
        release(Clients(None, None, ecs), wanted, lambda _line: None)
    assert applied == [f"academy-{SERVICES[0]}-migration"]


def test_a_task_that_has_no_room_stops_the_release(monkeypatch: pytest.MonkeyPatch, wanted: Release) -> None:
    monkeypatch.setattr(releasing.stacks, "apply", lambda _client, _stack: "updated")
    monkeypatch.setattr(releasing.stacks, "outputs", lambda _client, _name: {"Task": "task"})
    ecs = SimpleNamespace(run_task=lambda **_: {"failures": [{"reason": "RESOURCE:MEMORY"}], "tasks": []})
    with pytest.raises(ReleaseError, match="RESOURCE:MEMORY"):
        release(Clients(None, None, ecs), wanted, lambda _line: None)
