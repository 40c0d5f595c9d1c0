"""Grafana's dashboards, made from the declared metrics: `python -m testkit.dashboards` rewrites them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventkit.metrics import Counter, Histogram, Metric

from testkit.metrics import Group, groups

FOLDER = Path(__file__).resolve().parents[4] / "deploy" / "grafana"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_CHOSEN = 'service=~"$service"'
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2


def dashboards() -> dict[str, str]:
    """File name → its text."""
    return {
        f"{group.name}.json": json.dumps(_dashboard(group), indent=1, ensure_ascii=False) + "\n"
        for group in groups()
    }


def main() -> None:
    """Those of metrics that are gone go too."""
    FOLDER.mkdir(exist_ok=True)
    wanted = dashboards()
    for old in FOLDER.glob("*.json"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _dashboard(group: Group) -> dict[str, Any]:
    return {
        "uid": f"academy-{group.name}",
        "title": f"Academy · {group.title}",
        "tags": ["academy"],
        "schemaVersion": 38,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": [_panel(position, metric) for position, metric in enumerate(group.metrics)],
    }


def _variables() -> list[dict[str, Any]]:
    service = {
        "name": "service",
        "type": "query",
        "datasource": _SOURCE,
        "query": "label_values(up, service)",
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        # also a context whose name is not its service's (academy_erasures_overdue)
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
    return [{"name": "datasource", "type": "datasource", "query": "prometheus"}, service]


def _panel(position: int, metric: Metric) -> dict[str, Any]:
    row, column = divmod(position, _COLUMNS)
    return {
        "id": position + 1,
        "type": "timeseries",
        "title": metric.name,
        "description": metric.meaning,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": _unit(metric), "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(_queries(metric))
        ],
    }


def _queries(metric: Metric) -> Iterator[tuple[str, str]]:
    """PromQL and the legend of its lines; a gauge as each process shows it: some add up, some agree."""
    labels = list(dict.fromkeys(("service", *metric.labels)))
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    if isinstance(metric, Histogram):
        rate = f"rate({metric.name}_bucket{{{_CHOSEN}}}[$__rate_interval])"
        for quantile in (0.5, 0.95):
            summed = f"sum by ({', '.join((*labels, 'le'))}) ({rate})"
            yield f"histogram_quantile({quantile}, {summed})", f"p{quantile * 100:.0f} {legend}"
    elif isinstance(metric, Counter):
        yield f"sum by ({', '.join(labels)}) (rate({metric.name}{{{_CHOSEN}}}[$__rate_interval]))", legend
    else:
        value = f"{metric.name}{{{_CHOSEN}}}"
        age = f"time() - {value}" if metric.name.endswith("_timestamp_seconds") else value
        yield age, f"{legend} {{{{instance}}}}"


def _unit(metric: Metric) -> str:
    """In Grafana's words: seconds, per second, a number."""
    if metric.name.endswith("_seconds"):
        return "s"
    return "cps" if isinstance(metric, Counter) else "short"


if __name__ == "__main__":
    main()
