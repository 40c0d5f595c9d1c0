"""What the storage-janitor says and hears."""

PUBLISHES: frozenset[str] = frozenset()
CONSUMES = frozenset({"enrollment.import.completed", "enrollment.import.failed"})
