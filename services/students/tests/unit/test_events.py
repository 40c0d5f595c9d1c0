"""What the service says it says and hears is what the registry routes."""

from contracts import REGISTRY
from students.events import CONSUMES, PUBLISHES


def test_published_and_consumed_events_are_the_registrys():
    assert REGISTRY.published_by("students") == PUBLISHES
    assert REGISTRY.consumed_by("students") == CONSUMES
