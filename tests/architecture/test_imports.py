"""Who may import whom."""

import sys
from graphlib import TopologicalSorter

LIBS = ("contracts", "eventkit", "servicekit", "testkit", "academyctl")
# what each library may see of the others; services may see contracts, eventkit and servicekit
ALLOWED = {
    "contracts": set(),
    "eventkit": {"contracts"},
    "servicekit": {"contracts", "eventkit"},
    "testkit": {"contracts", "eventkit", "servicekit", "academyctl"},
    "academyctl": {"contracts", "eventkit", "servicekit"},
}
# what the parts of a service may see of each other: downwards only, so that no rule depends on a route
LAYERS = {
    "domain": set(),
    "events": set(),
    "settings": {"domain"},
    "metrics": {"domain"},
    "ports": {"domain"},
    "store": {"domain"},
    "adapters": {"domain", "ports"},
    "usecases": {"domain", "events", "metrics", "ports", "store"},
    "schemas": {"domain", "store", "usecases"},
    "handlers": {"domain", "ports", "usecases"},
    "http": {"domain", "ports", "schemas", "store", "usecases"},
    "commands": {"adapters", "domain", "events", "settings", "store", "usecases"},
    "app": {"adapters", "domain", "http", "ports", "settings", "store", "usecases"},
    "worker": {"adapters", "domain", "handlers", "metrics", "settings", "usecases"},
    "encoder": {"adapters", "domain", "metrics", "settings", "usecases"},
    "__main__": {"commands", "settings"},
}
# shared rules stand in contracts: identity with the students service, R2's bill with academyctl
DOMAIN_MAY_IMPORT = {"contracts.identity", "contracts.r2_bill"}


def internal(modules, services):
    members = {*LIBS, *services.values()}
    for module in modules:
        for name in module.imports():
            top = name.split(".")[0]
            if top in members and top != module.package:
                yield module, top


def test_libs_import_only_the_libs_below_them(modules, services):
    wrong = [
        f"{m.name} imports {top}"
        for m, top in internal(modules, services)
        if m.package in ALLOWED and top not in ALLOWED[m.package]
    ]
    assert wrong == []


def test_services_import_no_other_service_and_no_tool(modules, services):
    wrong = [
        f"{m.name} imports {top}"
        for m, top in internal(modules, services)
        if m.package in services.values() and top not in {"contracts", "eventkit", "servicekit"}
    ]
    assert wrong == []


def test_no_module_is_imported_by_what_it_imports(graph):
    """Raises CycleError, which names the circle."""
    TopologicalSorter(graph).prepare()


def test_a_service_s_parts_see_only_the_parts_below_them(graph, services):
    wrong = [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if (package := module.split(".")[0]) in services.values() and other.startswith(f"{package}.")
        if _layer(other) not in {_layer(module), *LAYERS[_layer(module)]}
    ]
    assert wrong == []


def _layer(module):
    return module.split(".")[1]


def test_domain_is_pure(modules):
    wrong = [
        f"{m.name} imports {name}"
        for m in modules
        if "domain" in (m.path.stem, *(p.name for p in m.path.parents))
        for name in m.imports()
        if name.split(".")[0] not in sys.stdlib_module_names
        and name not in DOMAIN_MAY_IMPORT
        and not name.startswith(f"{m.package}.domain")
    ]
    assert wrong == []


def test_nothing_reaches_into_testkit_or_tests_from_production_code(modules):
    wrong = [
        f"{m.name} imports {name}"
        for m in modules
        if m.package != "testkit"
        for name in m.imports()
        if name.split(".")[0] in {"testkit", "tests", "pytest"}
    ]
    assert wrong == []
