"""Where a service has to be named beside contracts.SERVICES, it is: README, "Add a service"."""

import re
import tomllib

import pytest
import yaml
from contracts import SERVICES
from contracts.services import context_of


@pytest.fixture
def text(root):
    return lambda file: (root / file).read_text(encoding="utf-8")


@pytest.fixture
def words(text):
    """The console's SERVICES: context → its Korean word."""
    table = re.search(r"SERVICES = .*?\({(.*?)}\)", text("libs/console/js/labels.js"), re.DOTALL)
    return re.findall(r"(\w+):", table[1]) if table else ()


@pytest.fixture
def discovered(text):
    """The names that Prometheus asks for."""
    jobs = yaml.safe_load(text("deploy/prometheus/prometheus.yml"))["scrape_configs"]
    return {name for job in jobs for discovery in job["dns_sd_configs"] for name in discovery["names"]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_named_wherever_it_has_to_be(root, text, words, discovered, service):
    source, queue = f"services/{service}/src", f"{service}-events"
    pages = {f"/openapi/{service}", f"/openapi/{service}.json"}
    queues, gateway = (yaml.safe_load(text(f"deploy/{name}.yaml")) for name in ("queues", "gateway"))
    routed = {*gateway["services"].get(service, ())}
    scraped = {f"{service}-api", f"{service}-worker"}
    typed = tomllib.loads(text("pyproject.toml"))["tool"]["mypy"]["mypy_path"].split(":")
    images = {f"services/{service}/Dockerfile": "", "deploy/docker/Dockerfile.tools": source}
    composed = yaml.safe_load(text("deploy/compose/compose.yaml"))["services"]
    places = {
        f"services/{service}: no such folder": (root / source).is_dir(),
        **{f"{file}: no {what or 'such file'}": has(root / file, what) for file, what in images.items()},
        f"deploy/compose/compose.yaml: not {service}-api": f"{service}-api" in composed,
        f"deploy/queues.yaml: no {queue}": queue in queues["queues"],
        f"deploy/gateway.yaml: not {', '.join(sorted(pages))}": pages <= routed,
        f"deploy/prometheus/prometheus.yml: not {', '.join(sorted(scraped))}": scraped <= discovered,
        f"pyproject.toml: no {source} in mypy_path": source in typed,
        f"README.md: no `{service}` in the map": re.search(rf"^\| .*[`/]{service}`", text("README.md"), re.M),
        f"libs/console/js/labels.js: no {context_of(service)} in SERVICES": context_of(service) in words,
    }
    missing = [place for place, found in places.items() if not found]
    assert not missing, "\n".join(missing)


def has(file, what):
    return file.is_file() and what in file.read_text(encoding="utf-8")


def test_every_folder_of_services_is_a_service(root):
    folders = {path.parent.name for path in root.glob("services/*/pyproject.toml")}
    assert folders <= set(SERVICES), "libs/contracts/src/contracts/services.py does not list them"
