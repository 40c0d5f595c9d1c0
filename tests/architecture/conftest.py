"""The source tree as data, for the rules of DESIGN.md section 2."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBS = ("contracts", "eventkit", "servicekit", "testkit", "academyctl")
SERVICES = {
    "enrollment": "enrollment",
    "students": "students",
    "media": "media",
    "messaging": "messaging",
    "storage-janitor": "storage_janitor",
}


@dataclass(frozen=True)
class Module:
    """One source file, its package and its syntax tree."""

    package: str
    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    def imports(self) -> Iterator[str]:
        """The dotted names that this file imports."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module

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
    return SERVICES


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every source file of every member, tests left out."""
    found = [m for lib in LIBS for m in read(lib, ROOT / "libs" / lib / "src" / lib)]
    for service, package in SERVICES.items():
        found += read(package, ROOT / "services" / service / "src" / package)
    return found
