"""Settings, secrets, tokens and what each process is told."""

from __future__ import annotations

import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from academyctl import endpoints, gateway, prometheus
from academyctl.config import Directories, LocalSettings, Ports, load_settings
from academyctl.issuer import AUDIENCE, ISSUER, ROLES, DevelopmentIssuer
from academyctl.secret_store import SecretStore
from academyctl.services import (
    Surroundings,
    janitor_environment,
    media_environment,
    passwords,
    students_environment,
)
from contracts import SERVICES
from servicekit.auth import OPERATIONS, STAFF_ROLES, KeySet, Role, Source, TokenVerifier
from servicekit.keys import signing_keys
from servicekit.settings import SettingsError, key_bytes, peers


@pytest.fixture
def directories(tmp_path: Path) -> Directories:
    made = Directories(tmp_path / "data")
    made.make()
    return made


def surroundings(directories: Directories, **environ: str) -> Surroundings:
    settings, secrets = load_settings(environ), SecretStore(directories.secrets)
    found = endpoints.find(settings, secrets, Ports(settings.port))
    shared = endpoints.service_environment(settings, found, secrets, directories)
    ports = Ports(settings.port)
    own = {
        "students": students_environment(secrets, directories.accounts_key, ports),
        "media": media_environment(secrets, ports),
        "storage-janitor": janitor_environment(ports, ["http://127.0.0.1:8800"]),
    }
    return Surroundings(
        found.admin_url, ports, shared, passwords(secrets), directories.metrics, directories.scratch, own
    )


def test_settings_name_every_problem_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"ACADEMY_PORT": "80", "SQS_ENDPOINT_URL": "nonsense"})
    assert [problem.split()[0] for problem in caught.value.problems] == ["ACADEMY_PORT", "SQS_ENDPOINT_URL"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"R2_ENDPOINT": "https://r2.example"}, "R2_ACCESS_KEY"),
        ({"AUTH_JWKS_URL": "https://issuer.example/jwks"}, "AUTH_ISSUER"),
    ],
)
def test_a_real_part_is_named_together_with_what_it_needs(given: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        load_settings(given)


def test_a_password_does_not_show_in_the_settings() -> None:
    assert "hunter2" not in repr(load_settings({"DATABASE_URL": "postgresql://me:hunter2@db/postgres"}))


def test_secrets_stay_the_same_and_are_closed_to_others(directories: Directories) -> None:
    made = {name: SecretStore(directories.secrets).get(name) for name in ("a", "b")}
    assert made["a"] != made["b"]
    assert {name: SecretStore(directories.secrets).get(name) for name in ("a", "b")} == made
    DevelopmentIssuer(directories.secrets)
    assert stat.S_IMODE(directories.secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directories.secrets.iterdir()} == {0o600}


def test_the_services_accept_a_token_of_the_development_issuer(directories: Directories) -> None:
    issuer = DevelopmentIssuer(directories.secrets)
    issuer.write_jwks(directories.jwks)
    token = DevelopmentIssuer(directories.secrets).token("demo", ["staff"], "me", timedelta(hours=1))
    sources = {ISSUER: Source(KeySet(directories.jwks.as_uri()), STAFF_ROLES)}
    identity = TokenVerifier(sources, AUDIENCE).identify(f"Bearer {token}")
    assert (identity.tenant_id, identity.subject, identity.roles) == ("demo", "me", {Role.STAFF})


def test_no_long_running_process_holds_the_password_of_an_owner(directories: Directories) -> None:
    told = surroundings(directories)
    owners = {pair.owner for pair in told.passwords.values()}
    for service in SERVICES:
        for program in (told.api(service), told.worker(service)):
            assert not [value for value in program.env.values() for owner in owners if owner in value]
            assert f"{service.replace('-', '_')}_app:" in program.env["DATABASE_URL"]
        migration = told.migration(service)
        assert "DATABASE_URL" not in migration.env
        assert "_owner:" in migration.env["MIGRATION_DATABASE_URL"]


def test_only_the_students_service_signs_accounts_and_few_know_their_peers(
    directories: Directories, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = surroundings(directories)
    assert len(signing_keys(told.api("students").env["ACCOUNT_SIGNING_KEYS"])) == 1
    assert len(key_bytes(told.api("students").env["PSEUDONYM_KEY"])) == 32
    own = {
        "students": {"ACCOUNT_SIGNING_KEYS", "PSEUDONYM_KEY", "PEER_URLS"},
        "storage-janitor": {"PEER_URLS", "UPLOAD_ORIGINS"},
    }
    for service, names in own.items():
        assert peers(told.worker(service).env["PEER_URLS"]) == {
            peer: f"http://127.0.0.1:{Ports(8800).api(peer)}" for peer in SERVICES if peer != service
        }
        again = surroundings(directories)
        for name in names:
            values = {stack.api(service).env[name] for stack in (told, again)}
            assert values == {told.worker(service).env[name]}
    everything = set().union(*own.values())
    for name in everything:
        # what an operator sets goes where it belongs, too
        monkeypatch.setenv(name, "set-outside")
    outside = surroundings(directories)
    for service in SERVICES:
        for program in (outside.api(service), outside.worker(service)):
            assert {name for name in everything if name in program.env} == own.get(service, set()), program
            assert {program.env[name] for name in own.get(service, ())} <= {"set-outside"}
        assert not everything & set(outside.migration(service).env)
    assert stat.S_IMODE(directories.accounts_key.stat().st_mode) == 0o600


def test_the_development_issuer_signs_for_staff_and_operators_only() -> None:
    assert {Role(role) for role in ROLES} == STAFF_ROLES | OPERATIONS


def test_every_part_has_a_port_of_its_own(directories: Directories) -> None:
    told = surroundings(directories)
    ports = [port for service in SERVICES for port in (*told.api(service).ports, *told.worker(service).ports)]
    ports += told.encoder().ports
    ports += [Ports(8800).gateway, Ports(8800).postgres, Ports(8800).sqs, Ports(8800).s3]
    assert len(ports) == len(set(ports)) == 2 * len(SERVICES) + 5


def test_named_servers_take_the_place_of_the_embedded_ones(directories: Directories) -> None:
    told = surroundings(
        directories,
        DATABASE_URL="postgresql://admin:secret@db.example:6000/postgres",
        SQS_ENDPOINT_URL="https://sqs.example",
        R2_ENDPOINT="https://r2.example",
        R2_ACCESS_KEY="key",
        R2_SECRET_KEY="secret-key",
        AUTH_JWKS_URL="https://issuer.example/jwks",
        AUTH_ISSUER="https://issuer.example",
        AUTH_AUDIENCE="them",
    ).api("enrollment")
    assert "enrollment_app:" in told.env["DATABASE_URL"]
    assert "@db.example:6000/academy" in told.env["DATABASE_URL"]
    assert told.env["SQS_ENDPOINT_URL"] == "https://sqs.example"
    assert told.env["R2_ENDPOINT"] == "https://r2.example"
    assert told.env["R2_ACCESS_KEY"] == "key"
    assert told.env["AUTH_JWKS_URL"] == "https://issuer.example/jwks"
    assert told.env["AUTH_AUDIENCE"] == "them"


def test_the_gateway_routes_every_service_and_never_a_bare_prefix(tmp_path: Path) -> None:
    rules = yaml.safe_load(gateway.RULES.read_text(encoding="utf-8"))
    assert set(rules["services"]) == set(SERVICES)
    text = gateway.configuration(rules, tmp_path / "jwks.json", Ports(8800), "http://127.0.0.1:8803")
    proxied = [line.split("{")[0].split()[1:] for line in text.splitlines() if "proxy_pass" in line]
    paths = [path for paths in rules["services"].values() for path in paths]
    assert sorted(proxied) == sorted([["=", path] for path in paths] + [[f"{path}/"] for path in paths])
    assert not [path for path in paths if "internal" in path or "metrics" in path]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/v1/students", "students"),
        ("/api/v1/students/", "students"),
        ("/api/v1/students/bulk_create/", "students"),
        ("/api/v1/students/bulk_create_from_excel", "enrollment"),
        ("/api/v1/students/bulk_create_from_excel/", "enrollment"),
        ("/api/v1/students/bulk_create_from_excelX/", "students"),
        ("/api/v1/students/excel_job_status/0197f1d0-0000-7000-8000-000000000001/", "enrollment"),
        ("/api/v1/students/excel_job_rows/0197f1d0-0000-7000-8000-000000000001", "enrollment"),
        ("/api/v1/students/token/", "students"),
        ("/api/v1/lectures/lectures/", "enrollment"),
        ("/internal/erasure/holdings/", None),
    ],
)
def test_the_longest_path_of_the_gateway_decides(tmp_path: Path, path: str, service: str | None) -> None:
    """nginx: an exact location, else the longest prefix."""
    rules = yaml.safe_load(gateway.RULES.read_text(encoding="utf-8"))
    text = gateway.configuration(rules, tmp_path / "jwks.json", Ports(8800), "http://127.0.0.1:8803")
    found = re.findall(r"location (= )?(\S+) \{ proxy_pass http://127.0.0.1:(\d+);", text)
    assert len(found) == len(set(found))
    exact = {where: int(port) for equal, where, port in found if equal}
    prefixes = {where: int(port) for equal, where, port in found if not equal and path.startswith(where)}
    port = exact.get(path) or prefixes.get(max(prefixes, key=len, default=""))
    assert port == (Ports(8800).api(service) if service else None)


def test_prometheus_finds_every_process_of_the_stack_and_the_rules(directories: Directories) -> None:
    prometheus.write(directories, Ports(8800))
    written = yaml.safe_load(directories.prometheus.read_text(encoding="utf-8"))
    found = {
        (job["job_name"], target["labels"]["service"]): target["targets"]
        for job in written["scrape_configs"]
        for target in job["static_configs"]
    }
    told = surroundings(directories)
    assert found == {
        (kind, service): [f"127.0.0.1:{program(service).ports[0]}"]
        for kind, program in (("api", told.api), ("worker", told.worker))
        for service in SERVICES
    } | {("encoder", "media"): [f"127.0.0.1:{told.encoder().ports[0]}"]}
    assert all(job["honor_labels"] for job in written["scrape_configs"])
    (rules,) = map(Path, written["rule_files"])
    assert rules.is_absolute()
    assert list(rules.parent.glob(rules.name))


def test_the_defaults_are_those_of_the_readme() -> None:
    assert load_settings({}) == LocalSettings(data=".academy", port=8800)


def test_only_media_signs_playback_urls_and_asks_where_students_sign_in(
    directories: Directories, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = surroundings(directories).api("media").env
    sign_in = f"http://127.0.0.1:{Ports(8800).api('students')}"
    assert re.fullmatch("v1:[0-9a-f]{64}", told["CDN_HLS_SIGNING_SECRET"])
    assert told["STUDENTS_URL"] == sign_in
    assert told["ACCOUNT_JWKS_URL"] == f"{sign_in}/api/v1/students/token/keys/"
    again = surroundings(directories).worker("media").env
    names = {"CDN_HLS_SIGNING_SECRET", "STUDENTS_URL", "ACCOUNT_JWKS_URL"}
    assert {name: again[name] for name in names} == {name: told[name] for name in names}
    for name in names:
        monkeypatch.setenv(name, "set-outside")
    told_outside = surroundings(directories)
    assert {told_outside.worker("media").env[name] for name in names} == {"set-outside"}
    others = [told_outside.api(service) for service in SERVICES if service != "media"]
    assert not [program.name for program in others if names & set(program.env)]
