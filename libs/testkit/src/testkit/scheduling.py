"""Which test runs on which pytest-xdist worker."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_END_TO_END = "tests/e2e/"
_BY_FILE = (_END_TO_END, "tests/architecture/", "tests/contract/")
# directories whose tests share what costs half a minute: a disturbed stack, a deployment of the templates
_AS_ONE = ("tests/e2e/test_disturbed/", "tests/architecture/test_aws/")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """A file of end-to-end tests is one worker's, because its module fixtures are whole stacks; these files
    come first, the largest before the others. So is one whose fixtures read the whole repository or make the
    apps of all services, and a directory of _AS_ONE is one worker's as a whole. Every other test goes
    wherever there is room, slow ones first: the last to end must not be one that all other workers wait for.

    (xdist's own `loadgroup` has no effect under pytest 9.2: the mark goes into a node id that is no more.)
    """

    def _split_scope(self, nodeid: str) -> str:
        for directory in _AS_ONE:
            if nodeid.startswith(directory):
                return directory
        file = nodeid.partition("::")[0]
        return file if file.startswith(_BY_FILE) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The scheduler counts tests, and among files of one test keeps to this order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (not item.nodeid.startswith(_END_TO_END), not _is_slow(item)))


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None
