"""What the media service says and hears."""

PUBLISHES: frozenset[str] = frozenset()
CONSUMES = frozenset({"enrollment.enrollment.changed", "enrollment.session_enrollment.changed"})
