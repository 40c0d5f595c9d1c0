"""Which test runs on which pytest-xdist worker."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """A file of end-to-end tests is one worker's, because its module fixtures are whole stacks; these files
    come first, the largest before the others. Every other test goes wherever there is room.

    (xdist's own `loadgroup` has no effect under pytest 9.2: the mark goes into a node id that is no more.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith("tests/e2e/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)
