"""A service's README says what its code does: routes with roles, events, settings."""

import re
from importlib import import_module

import pytest
from contracts import REGISTRY, SERVICES
from servicekit.settings import describe
from servicekit.web import routes
from testkit.api import app_of

TYPED_PARAMETER = re.compile("<[^:<>]+:")
ROLE_ORDER = ["owner", "admin", "teacher", "staff", "student", "parent", "public", "internal"]
# what servicekit answers for every service alike
KIT_PAGES = re.compile(r"/(livez|readyz|health|metrics|openapi/[a-z.-]+)")


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param


@pytest.fixture
def package(service):
    return service.replace("-", "_")


@pytest.fixture
def sections(root, service):
    text = (root / "services" / service / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def table(section):
    """Cells of each row, header and rule left out."""
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_routes(sections, service, issuer):
    app = app_of(service, issuer)
    served = {
        (f"{r.method} {TYPED_PARAMETER.sub('<', r.rule)}", ", ".join(sorted(r.roles, key=ROLE_ORDER.index)))
        for r in routes(app)
        if not KIT_PAGES.fullmatch(r.rule)
    }
    assert {(cells[0], cells[1]) for cells in table(sections["Routes"])} == served


def test_events(sections, service, package):
    events = import_module(f"{package}.events")
    assert REGISTRY.published_by(service) == events.PUBLISHES
    assert REGISTRY.consumed_by(service) == events.CONSUMES
    assert {cells[0] for cells in table(sections["Publishes"])} == events.PUBLISHES
    assert {cells[0] for cells in table(sections["Consumes"])} == events.CONSUMES


def test_settings(sections, service, package):
    settings = import_module(f"{package}.settings").Settings
    expected = [[row.name, "yes" if row.required else "", row.default, row.doc] for row in describe(settings)]
    documented = [row for row in table(sections["Settings"]) if row[0] != "MIGRATION_DATABASE_URL"]
    assert documented == expected


def test_the_main_readme_s_first_screen_says_the_two_commands(root):
    screen = "\n".join((root / "README.md").read_text(encoding="utf-8").splitlines()[:20])
    block = re.search(r"```\n(.*?)```", screen, re.DOTALL).group(1)
    assert [line.split("#")[0].strip() for line in block.strip().splitlines()] == ["make run", "make test"]
