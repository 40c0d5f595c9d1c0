"""The same shape five times, and nothing hidden in it."""

import ast
import re

import pytest
from contracts import SERVICES

REQUIRED = (
    "__main__.py",
    "app.py",
    "worker.py",
    "settings.py",
    "events.py",
    "usecases",
    "handlers.py",
    "store",
    "migrations",
)
OPTIONAL = (
    "__init__.py",
    "py.typed",
    "domain",
    "schemas",
    "ports.py",
    "adapters",
    "encoder.py",
    "http",
    "commands",
    "metrics.py",
    "retention.toml",
)
BUILT_IN_ROOTS = re.compile(
    r"^(create_engine|client|resource|Database|load|create_app|build_worker|R2Store)$"
)


def stems(folder):
    return {p.name for p in folder.iterdir() if p.name != "__pycache__"}


def canonical(name):
    """`store.py` may grow into the package `store/`."""
    return name if name in REQUIRED or name in OPTIONAL else name.removesuffix(".py")


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_files(root, services, service):
    names = {canonical(n) for n in stems(root / "services" / service / "src" / services[service])}
    assert set(REQUIRED) - names == set()
    assert names - {*REQUIRED, *OPTIONAL} == set()
    assert {"README.md", "pyproject.toml", "src", "tests"} <= stems(root / "services" / service)


def test_only_the_consumer_loop_catches_everything(modules):
    allowed = "libs/eventkit/src/eventkit/handling"
    broad = [
        f"{m.name}:{node.lineno}"
        for m in modules
        if not m.name.startswith(allowed)
        for node in ast.walk(m.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]
    assert broad == []


def test_nothing_is_built_at_import(modules):
    built = []
    for m in modules:
        for statement in m.tree.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.If):
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    if BUILT_IN_ROOTS.match(name):
                        built.append(f"{m.name}:{node.lineno} {name}")
    assert built == []
