"""What the students service says and hears."""

PUBLISHES = frozenset({"students.roster.resolved", "students.student.changed"})
CONSUMES = frozenset({"enrollment.roster.parsed"})
