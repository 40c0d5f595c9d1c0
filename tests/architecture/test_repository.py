"""Rules of the repository as a whole."""

import ast
import io
import re
import subprocess
import tokenize

import pytest

# put together here so that this file does not name them either
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("registry", "npmjs", "org"),
    )
]
LOCKS = ("service", "local", "dev")
EXEMPTION = re.compile(r"type:\s*ignore|\bnoqa\b")
WITH_CODES = re.compile(r"type: ignore\[[a-z-]+(, ?[a-z-]+)*\]|noqa: [A-Z]+\d+((, ?| )[A-Z]+\d+)*")


@pytest.fixture(scope="module")
def tracked(root):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [root / name for name in listed.stdout.splitlines() if (root / name).is_file()]


def test_no_registry_host_is_named(tracked):
    named = [
        f"{path}: {host}"
        for path in tracked
        for host in REGISTRY_HOSTS
        if host in path.read_text(encoding="utf-8", errors="ignore")
    ]
    assert named == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_carry_hashes_and_no_address(root, lock):
    text = (root / "requirements" / f"{lock}.txt").read_text()
    pinned = re.findall(r"^[a-zA-Z0-9_.\[\]-]+==[^\s]+", text, re.MULTILINE)
    assert pinned
    assert len(
        re.findall(r"^\S+==(?:.*\\\n(?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    ) == len(pinned)
    assert "://" not in text


def test_the_top_level_is_the_owners(tracked, root):
    allowed = {"services", "libs", "deploy", "tests", "requirements", ".ci"}
    folders = {p.relative_to(root).parts[0] for p in tracked if len(p.relative_to(root).parts) > 1}
    assert folders <= allowed


def test_no_secret_has_a_default(modules):
    """A secret setting is required: `env(..., secret=True)` never comes with `default=`."""
    wrong = []
    for m in modules:
        for node in ast.walk(m.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "env":
                keywords = {k.arg for k in node.keywords}
                if {"secret", "default"} <= keywords:
                    wrong.append(f"{m.name}:{node.lineno}")
    assert wrong == []


def test_every_exemption_names_its_rule_and_says_why(tracked, root):
    """`type: ignore` and `noqa`: the code, and a reason in words beside it or in the line above."""
    wrong = [
        f"{path.relative_to(root)}:{number}"
        for path in tracked
        if path.suffix == ".py"
        for number, comment, above in comments(path.read_text(encoding="utf-8"))
        if EXEMPTION.search(comment)
        if EXEMPTION.search(rest := WITH_CODES.sub("", comment)) or not re.search(r"\w{2}", rest + above)
    ]
    assert wrong == []


def comments(source):
    """(line number, comment, the comment that is all of the line above) of a Python file."""
    lines = ["", *source.splitlines()]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            number = token.start[0]
            above = lines[number - 1].strip()
            yield number, token.string, above if above.startswith("#") else ""


def test_types_are_ignored_only_where_they_are_checked(tracked, root):
    """mypy does not look at the tests."""
    tests = [path for path in tracked if path.suffix == ".py" and "tests" in path.relative_to(root).parts]
    ignoring = [
        f"{path.relative_to(root)}:{number}"
        for path in tests
        for number, comment, _ in comments(path.read_text(encoding="utf-8"))
        if re.search(r"type:\s*ignore", comment)
    ]
    assert ignoring == []


def test_every_override_of_mypy_says_why(root):
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    after = [lines[at + 1] for at, line in enumerate(lines) if line == "[[tool.mypy.overrides]]"]
    assert after
    assert [line for line in after if not line.startswith("# ")] == []
