"""The local stack as Prometheus sees it: deploy/prometheus with this stack's ports."""

from __future__ import annotations

from typing import Any

import yaml
from contracts import SERVICES

from academyctl.config import REPOSITORY, Directories, Ports

TEMPLATE = REPOSITORY / "deploy" / "prometheus" / "prometheus.yml"
_DISCOVERY = ("dns_sd_configs", "relabel_configs")
_EVERY = "5s"  # somebody is watching


def write(directories: Directories, ports: Ports) -> None:
    """For `prometheus --config.file=<data>/prometheus.yml`."""
    found = configuration(yaml.safe_load(TEMPLATE.read_text(encoding="utf-8")), ports)
    directories.prometheus.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")


def configuration(template: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """The template with ports in place of discovery, and rules where they are."""
    return {
        "global": dict.fromkeys(template["global"], _EVERY),
        "rule_files": [str(TEMPLATE.parent / pattern) for pattern in template["rule_files"]],
        "scrape_configs": [_job(job, ports) for job in template["scrape_configs"]],
    }


def _job(job: dict[str, Any], ports: Ports) -> dict[str, Any]:
    ports_of = {
        "api": {service: ports.api(service) for service in SERVICES},
        "worker": {service: ports.health(service) for service in SERVICES},
        "encoder": {"media": ports.encoder},
    }
    targets = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"service": service}}
        for service, port in ports_of[job["job_name"]].items()
    ]
    kept = {name: value for name, value in job.items() if name not in _DISCOVERY}
    return {**kept, "static_configs": targets}
