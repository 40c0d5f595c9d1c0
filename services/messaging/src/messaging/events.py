"""What the messaging service says and hears."""

PUBLISHES: frozenset[str] = frozenset()
CONSUMES = frozenset({"students.student.changed"})
