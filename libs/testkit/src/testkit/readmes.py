"""The tables of the services' READMEs, made from the code: `python -m testkit.readmes` rewrites them.

Whoever changes a route, an event, a task or a setting says so once, in its docstring (a setting: its `doc`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from contracts import REGISTRY, SERVICES, package_of
from eventkit.subscription import Subscription
from flask import Flask
from servicekit.app import Route, routes
from servicekit.auth import Role
from servicekit.pagination import PageSchema
from servicekit.periodic import PeriodicTask
from servicekit.settings import MigrationSettings, describe, load
from servicekit.worker_kit import WorkerKit

from testkit.api import app_of, environment
from testkit.tokens import Issuer

README = "services/{}/README.md"
HEADINGS = ("Routes", "Publishes", "Consumes", "Periodic tasks", "Settings")
# what servicekit answers for every service alike
KIT_PAGES = re.compile(r"/(livez|readyz|health|metrics|openapi/[a-z.-]+|(internal|api/v1)/operations(/.*)?)")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_TASK = "Periodic task: "


class ReadmeError(Exception):
    """A README lacks the place of a table, or something that belongs into one has no docstring."""


def rewritten(readme: Path, tables: Mapping[str, str]) -> str:
    """The file's text with `tables` (heading → table) in place of the first one under each heading.

    Raises ReadmeError for a heading or a table that is missing, and for one of HEADINGS that has no table
    any more.
    """
    text = readme.read_text(encoding="utf-8")
    for heading in HEADINGS:
        section = re.compile(rf"^## {heading}\n(?:(?!\||## ).*\n)*((?:\|.*\n)+)", re.MULTILINE)
        found = section.search(text)
        if heading not in tables:
            if f"\n## {heading}\n" in text:
                raise ReadmeError(f"{readme}: nothing belongs under '## {heading}' any more, remove it")
        elif found is None:
            raise ReadmeError(f"{readme}: no '## {heading}' with a table under it (any table is replaced)")
        else:
            text = text[: found.start(1)] + tables[heading] + text[found.end(1) :]
    return text


def tables_of(service: str, issuer: Issuer) -> dict[str, str]:
    """Heading → markdown table, as the service's code has it; no periodic tasks, no such heading.

    Raises ReadmeError.
    """
    package = package_of(service)
    settings = import_module(f"{package}.settings").Settings
    build_worker = import_module(f"{package}.worker").build_worker
    subscriptions, tasks = _given_to_the_kit(build_worker, load(settings, environment(issuer)))
    published = [event_type for event_type in REGISTRY if event_type.source == service]
    made = {
        "Routes": _table("route | roles | answers", _routes(service, app_of(service, issuer))),
        "Publishes": _table("event | when", ([_code(one.name), _sentence(one.schema)] for one in published)),
        "Consumes": _table(
            "event | does", ([_code(one.type), _sentence(one.handler)] for one in subscriptions)
        ),
        "Settings": _table("variable | required | default | what", _settings(service, settings)),
    }
    if tasks:
        rows = ([_code(one.name), _when(one), _sentence(one.body)] for one in tasks)
        made["Periodic tasks"] = _table("task | when | does", rows)
    return made


def _given_to_the_kit(build_worker: Any, settings: object) -> tuple[list[Subscription], list[PeriodicTask]]:
    """What a worker is built of; there are no queues here to build one."""
    with patch.object(WorkerKit, "queue"), patch.object(WorkerKit, "worker") as worker:
        build_worker(settings)
    subscriptions, tasks = (*worker.call_args.args, ())[:2]
    return list(subscriptions), list(tasks)


def _routes(service: str, app: Flask) -> Iterator[list[str]]:
    """In the order of the source, which begins with what matters most."""
    order = list(app.view_functions)
    paths = app.test_client().get(f"/openapi/{service}.json").get_json()["paths"]
    for route in sorted(routes(app), key=lambda one: order.index(one.endpoint)):
        if not KIT_PAGES.fullmatch(route.rule):
            operation = paths.get(_PARAMETER.sub(r"{\1}", route.rule), {}).get(route.method.lower(), {})
            rule = _PARAMETER.sub(r"<\1>", route.rule)
            roles = ", ".join(role for role in Role if role in route.roles)
            yield [_code(f"{route.method} {rule}"), roles, _answer(route, operation)]


def _answer(route: Route, operation: Mapping[str, Any]) -> str:
    """Status where it is not 200, the docstring's first paragraph, and the query's fields."""
    summary = " ".join(operation.get("summary", "").split())
    if not summary:
        raise ReadmeError(f"{route.method} {route.rule}: no docstring of {route.endpoint}, or not in OpenAPI")
    status = next(code for code in operation["responses"] if code.startswith("2"))
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    query.sort(key=lambda one: one["name"] in PageSchema().fields)  # a list's own fields first
    return (
        (f"{status}: " if status != "200" else "")
        + summary.removesuffix(".")
        + (f". Query: {', '.join(map(_field, query))}" if query else "")
    )


def _field(parameter: Mapping[str, Any]) -> str:
    most = parameter["schema"].get("maximum")
    return _code(parameter["name"]) + (f" ≤ {most}" if most else "")


def _settings(service: str, settings: type[Any]) -> Iterator[list[str]]:
    for read, required in ((settings, "yes"), (MigrationSettings, _code(f"{service} migrate"))):
        for row in describe(read):
            yield [_code(row.name), required if row.required else "", _code(row.default), row.doc]


def _when(task: PeriodicTask) -> str:
    if task.every is None:
        return f"{task.daily_at:%H:%M} Seoul"
    minutes = task.every // timedelta(minutes=1)
    return "hourly" if minutes == 60 else f"every {minutes} minutes"


def _sentence(owner: Any) -> str:
    """The first sentence of its own docstring; what a task's says about being one is left out."""
    while isinstance(owner, partial):
        owner = owner.func
    if not owner.__doc__:
        raise ReadmeError(f"{owner.__module__}.{owner.__qualname__} has no docstring")
    paragraph = " ".join(cleandoc(owner.__doc__).partition("\n\n")[0].split()).removeprefix(_TASK)
    sentence = re.split(r"(?<=\.) ", paragraph, maxsplit=1)[0].removesuffix(".")
    return sentence[:1].upper() + sentence[1:]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(header: str, rows: Iterable[Sequence[str]]) -> str:
    columns = header.split(" | ")
    cells = ([cell.replace("|", r"\|") for cell in row] for row in rows)
    lines = [f"| {' | '.join(line)} |\n" for line in (columns, *cells)]
    return "".join([lines[0], f"|{'---|' * len(columns)}\n", *lines[1:]])


def main() -> None:
    """Rewrites what is not so already, from the repository's folder. Raises ReadmeError."""
    with TemporaryDirectory() as keys:
        issuer = Issuer(Path(keys))
        for service in SERVICES:
            readme = Path(README.format(service))
            readme.write_text(rewritten(readme, tables_of(service, issuer)), encoding="utf-8")


if __name__ == "__main__":
    main()
