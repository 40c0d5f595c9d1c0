"""The services, once: queues, ports, roles, receipts and tests follow from this list."""

from __future__ import annotations

SERVICES = ("enrollment", "students", "media", "messaging", "storage-janitor")
"""A new one goes to the end: the ports of the local stack are counted from here."""

# the one service that is not called as its context is
_OWNERS = {"storage": "storage-janitor"}


def package_of(service: str) -> str:
    """Its Python package, which is also its database schema."""
    return service.replace("-", "_")


def owner_of(context: str) -> str:
    """The service that publishes the events whose first word is `context`."""
    return _OWNERS.get(context, context)


def context_of(service: str) -> str:
    """The first word of the events that a service publishes."""
    return next((context for context, owner in _OWNERS.items() if owner == service), service)
