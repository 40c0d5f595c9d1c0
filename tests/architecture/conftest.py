"""The source tree as data, for the rules of DESIGN.md section 2."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from contracts import SERVICES

ROOT = Path(__file__).resolve().parents[2]
LIBS = ("contracts", "eventkit", "servicekit", "testkit", "academyctl")
PACKAGES = {service: service.replace("-", "_") for service in SERVICES}


@dataclass(frozen=True)
class Module:
    """One source file, its package and its syntax tree."""

    package: str
    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def dotted(self) -> str:
        """As it is imported: `enrollment.store.tables`; a package by its own name."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        parts = parts[parts.index("src") + 1 :]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def imports(self) -> Iterator[str]:
        """The dotted names that this file imports."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module

    def reads(self, known: Collection[str]) -> set[str]:
        """Those of the `known` modules that it imports, wherever in the file and for types alone too."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                # `from enrollment.store import tables` is the module tables, where there is one
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= inner & set(known) or {node.module}
        return found & set(known) - {self.dotted}

    def functions(self) -> Iterator[tuple[str, int]]:
        """(name, lines) of each function."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def read(package: str, folder: Path) -> list[Module]:
    return [
        Module(package, path, ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(folder.rglob("*.py"))
    ]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def services() -> dict[str, str]:
    """Service name → package name."""
    return PACKAGES


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every source file of every member, tests left out."""
    found = [m for lib in LIBS for m in read(lib, ROOT / "libs" / lib / "src" / lib)]
    for service, package in PACKAGES.items():
        found += read(package, ROOT / "services" / service / "src" / package)
    return found


@pytest.fixture(scope="session")
def graph(modules) -> dict[str, set[str]]:
    """Module → the members' modules that it imports, by dotted names."""
    known = {m.dotted for m in modules}
    return {m.dotted: m.reads(known) for m in modules}
