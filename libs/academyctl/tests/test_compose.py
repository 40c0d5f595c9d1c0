"""deploy/compose: every service in each of its roles, told what its settings ask for and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from academyctl import gateway
from academyctl.config import REPOSITORY, Ports
from contracts import SERVICES, package_of
from servicekit.settings import MigrationSettings, describe, read

FOLDER = REPOSITORY / "deploy" / "compose"
ROLES = [*((s, r) for s in SERVICES for r in ("api", "worker")), ("media", "encoder")]
# boto3's own, for the queues
AWS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?])?([^}]*)\}")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What secrets.sh writes, in a folder of its own, with build.sh's tag."""
    folder = tmp_path_factory.mktemp("deploy")
    (folder / "compose").mkdir()
    (folder / "docker").mkdir()
    script = folder / "compose" / "secrets.sh"
    script.write_bytes((FOLDER / "secrets.sh").read_bytes())
    (folder / "docker" / "build.sh").write_text("#!/bin/sh\necho 0123456789ab\n")
    for program in (script, folder / "docker" / "build.sh"):
        program.chmod(0o755)
    subprocess.run([str(script)], check=True, capture_output=True)
    again = subprocess.run([str(script)], check=False, capture_output=True, text=True)
    assert (again.returncode, "이미 있습니다" in again.stderr) == (1, True)
    file = folder / "compose" / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text(encoding="utf-8")
    return {
        name: value or bare for name, value, bare in re.findall(r'^(\w+)=(?:"([^"]*)"|(.*))$', text, re.M)
    }


def filled(value: str, variables: dict[str, str]) -> str:
    """As compose does: a default where there is one."""
    return VARIABLE.sub(lambda m: variables.get(m[1]) or (m[3] if m[2] == ":-" else ""), value)


def told(document: dict[str, Any], name: str, variables: dict[str, str]) -> dict[str, str]:
    environment = document["services"][name].get("environment", {})
    return {key: filled(str(value), variables) for key, value in environment.items()}


@pytest.mark.parametrize(("service", "role"), ROLES)
def test_a_service_is_told_all_that_it_asks_for(
    document: dict[str, Any], secrets: dict[str, str], service: str, role: str
) -> None:
    part = document["services"][f"{service}-{role}"]
    environ = told(document, f"{service}-{role}", secrets)
    settings = import_module(f"{package_of(service)}.settings").Settings
    found = read(settings, environ)
    assert (found.missing, found.malformed) == ({}, {})
    assert set(environ) - {row.name for row in describe(settings)} - AWS == set()
    assert part["command"] == [role]
    assert part["image"].startswith(f"academy-{service}:")
    assert (part["read_only"], part["cap_drop"]) == (True, ["ALL"])
    assert part["depends_on"] == {f"{service}-migrate": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("service", SERVICES)
def test_a_migration_knows_the_owner_and_nothing_else(
    document: dict[str, Any], secrets: dict[str, str], service: str
) -> None:
    environ = told(document, f"{service}-migrate", secrets)
    found = read(MigrationSettings, environ)
    url = urlsplit(found.values["MIGRATION_DATABASE_URL"].reveal())
    assert (url.username, url.path, len(environ)) == (f"{package_of(service)}_owner", "/academy", 1)
    assert document["services"][f"{service}-migrate"]["depends_on"] == {
        "prepare": {"condition": "service_completed_successfully"}
    }


def test_no_secret_has_a_default_and_every_one_is_made(secrets: dict[str, str]) -> None:
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    asked = {name: operator for name, operator, _ in VARIABLE.findall(text)}
    secret = {name for name in asked if re.search("PASSWORD|SECRET|TOKEN|KEY", name)}
    assert {name for name in secret if asked[name] != ":?"} == set()
    assert {name for name, operator in asked.items() if operator == ":?"} == set(secrets)
    random = [value for name, value in secrets.items() if not name.startswith(("TAG", "SOLAPI"))]
    assert len(set(random)) == len(random)
    assert min(map(len, random)) >= 40


def test_names_are_those_of_prometheus_and_of_the_gateway(document: dict[str, Any]) -> None:
    text = (REPOSITORY / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8")
    discovered = {
        name
        for job in yaml.safe_load(text)["scrape_configs"]
        for discovery in job["dns_sd_configs"]
        for name in discovery["names"]
    }
    assert discovered == {f"{service}-{role}" for service, role in ROLES} <= set(document["services"])
    rules = yaml.safe_load(gateway.RULES.read_text(encoding="utf-8"))
    inside = gateway.configuration(rules, Path("jwks.json"), None)
    assert set(re.findall(r"set \$upstream (\S+):8000;", inside)) == {
        f"{service}-api" for service in SERVICES
    }
    local = gateway.configuration(rules, Path("jwks.json"), Ports(8800))
    where = r"location (?:= )?\S+ \{ (?:set|proxy_pass)"
    assert len(re.findall(where, inside)) == len(re.findall(where, local))


def test_what_only_people_use_is_on_this_machine_alone(document: dict[str, Any]) -> None:
    published = [port for part in document["services"].values() for port in part.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not os.access(FOLDER / "compose.yaml", os.X_OK)
