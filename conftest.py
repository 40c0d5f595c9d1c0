"""Loads the shared fixtures for every member's tests; pytest allows pytest_plugins only here, at the root."""

pytest_plugins = [
    "testkit.scheduling",
    "testkit.server_fixtures",
    "testkit.stack_fixtures",
    "testkit.plugin",
    "testkit.events",
]
