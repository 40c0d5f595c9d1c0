"""What the messaging service says and hears."""

PUBLISHES = frozenset({"messaging.erasure.completed"})
CONSUMES = frozenset(
    {
        "students.student.changed",
        "students.student.merged",
        "students.student.unmerged",
        "students.student.purged",
    }
)
