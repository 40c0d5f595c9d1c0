"""A service's README says what its code does: routes with roles, events, tasks, settings."""

import re
from importlib import import_module

import pytest
from contracts import REGISTRY, SERVICES
from testkit.readmes import README, ReadmeError, rewritten, tables_of

TABLES = {
    heading: f"| {heading} |\n|---|\n| `new` |\n"
    for heading in ("Routes", "Publishes", "Consumes", "Settings")
}
TEXT = "# toy\n" + "".join(
    f"\n## {heading}\n\nBefore.\n\n| old |\n|---|\n| old |\n\nAfter | all.\n" for heading in TABLES
)


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize("service", SERVICES)
def test_tables_are_those_of_the_code(root, service, issuer):
    file = root / README.format(service)
    assert file.read_text(encoding="utf-8") == rewritten(file, tables_of(service, issuer)), "run: make docs"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_list_of_events_is_the_registry_s(service):
    events = import_module(f"{service.replace('-', '_')}.events")
    assert REGISTRY.published_by(service) == events.PUBLISHES
    assert REGISTRY.consumed_by(service) == events.CONSUMES


def test_what_people_wrote_around_a_table_stays(readme):
    expected = TEXT
    for table in TABLES.values():
        expected = expected.replace("| old |\n|---|\n| old |\n", table, 1)
    assert rewritten(readme, TABLES) == expected


@pytest.mark.parametrize(
    "broken",
    [
        TEXT.replace("## Publishes", "## Says"),
        TEXT.replace("## Publishes", "### Publishes"),
        TEXT.replace("| old |\n|---|\n| old |\n\nAfter | all.\n\n## Consumes", "\n## Consumes"),
    ],
    ids=["no heading", "a lower heading", "no table"],
)
def test_a_table_without_its_place_is_named(readme, broken):
    readme.write_text(broken, encoding="utf-8")
    with pytest.raises(ReadmeError, match=r"README\.md: no '## Publishes' with a table"):
        rewritten(readme, TABLES)


def test_a_heading_whose_tasks_are_gone_is_named(readme):
    readme.write_text(TEXT + "\n## Periodic tasks\n\n| task |\n|---|\n", encoding="utf-8")
    with pytest.raises(ReadmeError, match="nothing belongs under '## Periodic tasks'"):
        rewritten(readme, TABLES)


@pytest.mark.parametrize(
    "wordless", ["contracts.erasure.ErasureCompleted", "media.handlers.on_student_purged"]
)
def test_what_has_no_docstring_is_named(wordless, issuer, monkeypatch):
    monkeypatch.setattr(f"{wordless}.__doc__", None)
    with pytest.raises(ReadmeError, match=f"{wordless} has no docstring"):
        tables_of("media", issuer)


def test_the_main_readme_s_first_screen_says_the_two_commands(root):
    screen = "\n".join((root / "README.md").read_text(encoding="utf-8").splitlines()[:20])
    block = re.search(r"```\n(.*?)```", screen, re.DOTALL).group(1)
    assert [line.split("#")[0].strip() for line in block.strip().splitlines()] == ["make run", "make test"]
