"""Rules of the repository as a whole."""

import ast
import re
import subprocess

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
