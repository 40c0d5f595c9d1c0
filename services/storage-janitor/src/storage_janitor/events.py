"""What the storage-janitor says and hears."""

PUBLISHES = frozenset({"storage.erasure.completed"})
CONSUMES = frozenset({"enrollment.import.completed", "enrollment.import.failed", "students.student.purged"})
