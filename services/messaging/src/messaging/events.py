"""What the messaging service says and hears, as the event registry has it (contracts)."""

from contracts import REGISTRY

SERVICE = "messaging"
PUBLISHES = REGISTRY.published_by(SERVICE)
CONSUMES = REGISTRY.consumed_by(SERVICE)
