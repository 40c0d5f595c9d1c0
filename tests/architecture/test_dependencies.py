"""Each dependency earns its place: it has a reason, something uses it, and its licence may come in."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from testkit import licences

LEVELS = licences.LEVELS
# part of what a listed one offers
COMES_WITH = {
    "botocore": "boto3",
    "itsdangerous": "flask",
    "opentelemetry-api": "opentelemetry-sdk",
    "opentelemetry-proto": "opentelemetry-exporter-otlp-proto-http",
    "webargs": "flask-smorest",
    "werkzeug": "flask",
}
# an import name that many distributions share: those whose parts are imported
SHARED = {"opentelemetry": {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"}}
# used by a program or a library that the text of no file of ours names it to
USED_BY = {"editables": "hatchling", "tzdata": "zoneinfo"}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def for_types_only(node):
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def imported(tree):
    """Dotted names of what is imported when the code runs."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif not for_types_only(node):
            waiting += ast.iter_child_nodes(node)


@pytest.fixture(scope="module")
def third_party(services):
    """The distributions that these trees import; the members' own and the standard library's left out."""
    own = {"contracts", "eventkit", "servicekit", "academyctl", "testkit", *services.values()}
    shipped = metadata.packages_distributions()

    def distributions(module):
        top = module.split(".")[0]
        found = set() if top in own | sys.stdlib_module_names else set(shipped.get(top, ()))
        return found if len(found) <= 1 else {one for one in found if ships(one, module)}

    def find(trees):
        modules = {module for tree in trees for module in imported(tree)}
        found = {canonical(one) for module in modules for one in distributions(module)}
        return {COMES_WITH.get(one, one) for one in found}

    return find


def ships(distribution, module):
    """Of several distributions below one name (`opentelemetry`)."""
    path = module.replace(".", "/")
    files = {str(file) for file in metadata.files(distribution) or ()}
    return bool(files & {f"{path}.py", f"{path}/__init__.py"})


@pytest.fixture(scope="module")
def tests(root):
    """The syntax trees of every test."""
    folders = [root / "tests", *root.glob("libs/*/tests"), *root.glob("services/*/tests")]
    return [parse(path) for folder in folders for path in folder.rglob("*.py")]


@pytest.fixture(scope="module")
def needed(modules, tests, third_party):
    """Level → what its code imports."""
    local = [m.tree for m in modules if m.package == "academyctl"]
    dev = [m.tree for m in modules if m.package == "testkit"]
    service = [m.tree for m in modules if m.package not in {"academyctl", "testkit"}]
    return {
        "service": third_party(service),
        "local": third_party(local),
        "dev": third_party([*dev, *tests]),
    }


@pytest.fixture(scope="module")
def executed(root, modules):
    """Words of our scripts and texts of our code: names of programs that are run or looked for."""
    files = [*(root / "deploy/scripts").iterdir(), root / ".ci/run", *root.glob("*/*/pyproject.toml")]
    words = {word for file in files for word in re.findall(r"[\w-]+", file.read_text(encoding="utf-8"))}
    return words | texts(m.tree for m in modules)


def texts(trees):
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str)}


def entries(root, level):
    """(name, reason) of each line of requirements/<level>.in."""
    lines = (root / "requirements" / f"{level}.in").read_text(encoding="utf-8").splitlines()
    for above, line in pairwise(lines):
        entry, _, reason = line.partition("#")
        name = re.match(r"[\w.-]+", entry)
        if name and not entry.startswith("-"):
            yield canonical(name[0]), reason.strip() or above.strip().removeprefix("#")


def listed(root, *levels):
    return {name for level in levels for name, _ in entries(root, level)}


def programs_of(name):
    """Programs and import names that a distribution installs."""
    found = metadata.distribution(name)
    scripts = {point.name for point in found.entry_points if point.group == "console_scripts"}
    files = {file.stem for file in found.files or () if "bin" in file.parts}
    return scripts | files | {file.parts[0] for file in found.files or () if file.name == "__init__.py"}


def is_plugin(name):
    return any(point.group == "pytest11" for point in metadata.distribution(name).entry_points)


def is_said_by(name, user):
    """Whether the source of `user` has the name in it."""
    folder = Path(find_spec(user).origin).parent
    return any(name in path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))


@pytest.mark.parametrize("level", LEVELS)
def test_every_entry_has_a_reason(root, level):
    assert [name for name, reason in entries(root, level) if not re.search(r"\w{3}", reason)] == []


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_imported_is_listed_at_its_level(root, needed, level):
    """A service must not lean on what only the laptop or the tests install."""
    assert needed[level] - listed(root, *LEVELS[: LEVELS.index(level) + 1]) == set()


@pytest.mark.parametrize("level", LEVELS)
def test_every_entry_is_imported_or_executed(root, needed, executed, level):
    every = set().union(*needed.values())
    used = {
        name
        for name in listed(root, level)
        if name in every
        or name.removeprefix("types-") in every
        or is_plugin(name)
        or programs_of(name) & executed
        or (name in USED_BY and is_said_by(name, USED_BY[name]))
    }
    assert listed(root, level) - used == set()


def test_members_ask_for_what_they_use_and_nothing_else(root, modules, third_party):
    """`dependencies` of a member: used by it; and what it imports is asked for there or by a member below."""
    asked = {file.parent.name.replace("-", "_"): asked_in(file) for file in root.glob("*/*/pyproject.toml")}
    wrong = []
    for member, own in asked.items():
        trees = [m.tree for m in modules if m.package == member]
        used = third_party(trees)
        others = {name for name in own - used if not name.startswith("academy-")}
        wrong += [f"{member} does not use {name}" for name in others if not programs_of(name) & texts(trees)]
        if member != "testkit":  # it stands on requirements/dev.in
            wrong += [f"{member} uses {name}" for name in used - reachable(asked, member)]
    assert wrong == []


def asked_in(pyproject):
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return {canonical(re.match(r"[\w.-]+", name)[0]) for name in project["dependencies"]}


def reachable(asked, member):
    own = asked[member]
    inner = {name.removeprefix("academy-").replace("-", "_") for name in own if name.startswith("academy-")}
    return own.union(*(reachable(asked, one) for one in inner))


def test_every_locked_package_is_listed_with_its_licence(root):
    assert [row.package for row in licences.listed(root)] == licences.locked(root), "run: make lock"


def test_every_licence_may_come_in_and_is_what_the_package_says(root):
    wrong = [row for row in licences.listed(root) if not licences.allowed(row.licence)]
    for row in licences.listed(root):
        if is_installed(row.package):
            wrong += [row] if licences.licence_of(row.package.name) != row.licence else []
    assert wrong == []


def is_installed(package):
    """Some are for other platforms."""
    try:
        return metadata.version(package.name) == package.version
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "MIT OR Unheard-Of", ""]
)
def test_a_licence_that_is_not_in_the_table_may_not_come_in(licence):
    assert not licences.allowed(licence)
