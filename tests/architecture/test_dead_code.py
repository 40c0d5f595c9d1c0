"""No code that nothing uses. vulture finds it, but sees neither names in texts nor what frameworks call."""

import ast
import re
import tomllib

import pytest
from vulture import Vulture

# used by tests and testkit alone, and why it stands in production code all the same
FOR_TESTS = {
    "ALL_POINTS": "every crash point by name, beside the points themselves",
    "ENCODE_POINTS": "those of an encoder, likewise",
    "CONSUMES": "what a service hears, to be compared with the registry (DESIGN section 2)",
    "PUBLISHES": "what a service says, likewise",
    "THROWAWAY": "PostgreSQL without durability: knowledge of the embedded server",
    "create_whole_kit": "all tables of the kit at once, beside those that migrations make one by one",
    "running": "a program as a context: it shares its waiting and its ending with the supervisor",
    "sqs_endpoint": "where the stack's queues are, in stack.json for whoever reads it",
}


@pytest.fixture(scope="module")
def unused(root):
    """What vulture finds below these folders, with the names that pyproject.toml leaves out."""
    configured = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["vulture"]

    def find(folders):
        vulture = Vulture(
            ignore_names=configured["ignore_names"], ignore_decorators=configured["ignore_decorators"]
        )
        vulture.scavenge([str(folder) for folder in folders])
        found = vulture.get_unused_code(min_confidence=configured["min_confidence"])
        # migrations are in Alembic's form; arguments (vulture is sure of those) are ruff's ARG001
        return [
            item
            for item in found
            if "migrations" not in item.filename.parts and (item.typ, item.confidence) != ("variable", 100)
        ]

    return find


@pytest.fixture(scope="module")
def sources(root):
    return [*root.glob("libs/*/src"), *root.glob("services/*/src")]


@pytest.fixture(scope="module")
def production(sources):
    return [folder for folder in sources if folder.parent.name != "testkit"]


@pytest.fixture(scope="module")
def unused_in_production(unused, production):
    return unused(production)


def said(folders):
    """(words in texts and fields of schemas, texts that are a name or "module:name")."""
    words, names = set(), set()
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                words |= set(re.findall(r"\w+", node.value))
                names |= set(re.findall(r"^(?:.*:)?(\w+)(?:\(\))?$", node.value))
            elif isinstance(node, ast.ClassDef):
                words |= {name for statement in node.body for name in schema_field(statement)}
    return words, names


def schema_field(statement):
    """`name = fields.String(…)`: marshmallow reads and writes the attribute of that name."""
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def test_production_code_is_used_by_production_code(unused_in_production, production, root):
    words, names = said(production)
    dead = [
        f"{item.filename.relative_to(root)}:{item.first_lineno} {item.name}"
        for item in unused_in_production
        if item.name not in FOR_TESTS and item.name not in (words if item.typ == "variable" else names)
    ]
    assert dead == []


def test_tests_and_their_kit_use_all_they_have(unused, sources, root):
    tests = [root / "conftest.py", root / "tests", *root.glob("libs/*/tests"), *root.glob("services/*/tests")]
    dead = [
        f"{item.filename.relative_to(root)}:{item.first_lineno} {item.name}"
        for item in unused([*sources, *tests])
        if {"tests", "testkit", "conftest.py"} & set(item.filename.relative_to(root).parts)
    ]
    assert dead == []


def test_what_is_left_out_is_there(unused_in_production):
    """An exception for code that is gone, or that production code has come to use, is dead as well."""
    assert FOR_TESTS.keys() - {item.name for item in unused_in_production} == set()
