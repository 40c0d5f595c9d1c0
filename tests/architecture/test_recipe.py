"""README's "Add an event", performed on a scratch copy with the files of recipe/, and all of it green there.

A folder of recipe/ is a step, and holds the files of the step under their own paths: `.new` is a whole file,
`.edit` says `@@ what stands there once`, and below what takes its place (nothing: the end of the file).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Path(__file__).with_name("recipe")
STEPS = sorted(RECIPE.iterdir())
MAX_STEPS = 12
BIN = Path(sys.executable).parent
LOCAL = (".git", ".venv", ".*_cache", ".academy", ".artifacts", ".hypothesis", "__pycache__", "*.egg-info")
VERSIONS = Path("services/enrollment/src/enrollment/migrations/versions")
# those of a step that is easily left out, then the rest of what looks at an event from outside, then its own
NAMING = (
    "tests/architecture/test_readmes.py",
    "tests/contract/test_workers.py",
    "tests/contract/test_tables.py",
    "tests/contract/test_forgetting.py",
)
CHECKS = (
    *NAMING,
    "tests/architecture/test_imports.py",
    "tests/architecture/test_metrics.py",
    "tests/architecture/test_shape.py",
    "tests/architecture/test_sizes.py",
    "tests/e2e/test_console/test_sources.py",
    "libs/contracts/tests/test_registry.py",
    "services/students/tests/integration/records/test_notes.py",
    "services/enrollment/tests/integration/notes",
)


class Copy:
    """The repository without what is not its own, and the tools run in it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LOCAL))
        sources = [*folder.glob("libs/*/src"), *folder.glob("services/*/src")]
        outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        paths = os.pathsep.join(map(str, sources))
        self._environment = {**outer, "PYTHONPATH": paths, "TEST_DATABASE_URL": database_url}
        self._before = self._contents()

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*map(str, command)],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def succeed(self, *command: object) -> None:
        done = self.run(*command)
        assert done.returncode == 0, done.stdout[-8000:]

    def perform(self, step: Path, *, but: tuple[str, ...] = ()) -> None:
        """Write the step's files, without those whose name in recipe/ ends so."""
        numbers = sorted(path.name.partition("_")[0] for path in (ROOT / VERSIONS).glob("[0-9]*.py"))
        for template in files_of(step):
            if template.name.endswith(but):
                continue
            text = template.read_text(encoding="utf-8").replace("PREVIOUS", numbers[-1])
            number = f"{int(numbers[-1]) + 1:04d}"
            target = self.folder / target_of(step, template).replace("NUMBER", number)
            target.parent.mkdir(parents=True, exist_ok=True)
            if template.suffix == ".new":
                assert not target.exists(), target
                target.write_text(text.replace("NUMBER", number), encoding="utf-8")
            else:
                edited = with_edits(target.read_text(encoding="utf-8"), text, template)
                target.write_text(edited, encoding="utf-8")

    def tidy(self) -> None:
        """`make fmt`, of what is new; then nothing is left to complain about."""
        code = sorted(file for file in self.changed() if file.endswith(".py"))
        self.run(BIN / "ruff", "check", "--fix", "--quiet", *code)
        self.succeed(BIN / "ruff", "format", "--quiet", *code)
        self.succeed(BIN / "ruff", "check", *code)

    def changed(self) -> set[str]:
        """Files that are not as they were copied, new ones among them."""
        now = self._contents()
        return {name for name, content in now.items() if self._before.get(name) != content}

    def _contents(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        names = (str(path.relative_to(self.folder)) for path in files)
        own = (name for name in names if not re.search(r"_cache/|__pycache__/", name))
        return {name: (self.folder / name).read_bytes() for name in own}


def files_of(step: Path) -> list[Path]:
    return sorted(path for path in step.rglob("*") if path.is_file())


def target_of(step: Path, template: Path) -> str:
    return str(template.relative_to(step).with_suffix(""))


def with_edits(text: str, edits: str, template: Path) -> str:
    for edit in edits.removeprefix("@@").split("\n@@"):
        anchor, _, replacement = edit.partition("\n")
        anchor, replacement = anchor.strip(), replacement.removesuffix("\n")
        if not anchor:
            text = f"{text.rstrip()}\n\n{replacement}\n"
            continue
        assert text.count(anchor) == 1, f"{template}: '{anchor}' is there {text.count(anchor)} times"
        text = text.replace(anchor, replacement)
    return text


def readme_steps(heading: str) -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    assert section is not None
    lines = re.findall(r"^(\d+)\. (.*)$", section[1], re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, len(lines) + 1))
    return [line for _, line in lines]


def patterns_of(line: str) -> list[re.Pattern[str]]:
    """The files that a step of README names; `<word>` and NNNN stand for a name."""
    paths = (
        re.sub("^(publisher|receiver)/", "services/<x>/src/<x>/", path)
        for path in re.findall("`([^` ]*/[^` ]*)`", line)
    )
    return [re.compile(re.sub(r"<\w+>|NNNN", "[^/]+", path)) for path in paths]


@pytest.fixture
def copy(tmp_path, admin_url):
    return Copy(tmp_path / "copy", admin_url)


@pytest.mark.parametrize("heading", ["Add an event", "Add a service"])
def test_a_newcomer_is_told_in_few_steps(heading):
    assert 0 < len(readme_steps(heading)) <= MAX_STEPS


def test_readme_has_the_steps_that_are_performed_here_and_tidying():
    lines = readme_steps("Add an event")
    assert len(lines) == len(STEPS) + 1
    assert lines[-1].startswith("`make fmt docs check`")
    for line, step in zip(lines, STEPS, strict=False):
        files = {target_of(step, template) for template in files_of(step)}
        named = patterns_of(line)
        assert [file for file in files if not any(p.fullmatch(file) for p in named)] == [], line
        assert [p.pattern for p in named if not any(p.fullmatch(file) for file in files)] == [], line


def test_no_file_is_touched_twice():
    touched = [target_of(step, template) for step in STEPS for template in files_of(step)]
    assert len(touched) == len(set(touched))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_steps_add_an_event_and_nothing_else_is_to_be_done(copy):
    for step in STEPS:
        copy.perform(step)
    copy.tidy()
    copy.succeed(sys.executable, "-m", "testkit.readmes")
    copy.succeed(sys.executable, "-m", "testkit.dashboards")
    in_libs = {file for file in copy.changed() if file.startswith("libs/")}
    assert {file for file in in_libs if not file.startswith(("libs/contracts/", "libs/console/"))} == set()
    # a cache as old as the last `make types` will do
    copy.run("cp", "-a", ROOT / ".mypy_cache", ".")
    copy.succeed(BIN / "mypy", "libs/contracts/src", "services/students/src", "services/enrollment/src")
    copy.succeed(sys.executable, "-m", "pytest", "-q", "-m", "not prometheus", *CHECKS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_step_left_out_is_named(copy):
    """The subscription, what a purge takes, and the README."""
    for step in STEPS:
        copy.perform(step, but=("worker.py.edit", "erasure.py.edit"))
    copy.tidy()
    found = copy.run(sys.executable, "-m", "pytest", "-q", "-k", "enrollment", *NAMING)
    assert found.returncode == 1, found.stdout
    for word in (
        "enrollment: no handler for ['students.note.added']",
        "{'note_count'}",
        "add them to the kinds that the store erases",
        "run: make docs",
    ):
        assert word in found.stdout
