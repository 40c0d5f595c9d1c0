"""What the students service says and hears."""

SERVICE = "students"

PUBLISHES = frozenset(
    {
        "students.roster.resolved",
        "students.student.changed",
        "students.student.merged",
        "students.student.unmerged",
        "students.student.purged",
        "students.erasure.completed",
    }
)
CONSUMES = frozenset(
    {
        "enrollment.roster.parsed",
        "students.student.purged",
        "enrollment.erasure.completed",
        "students.erasure.completed",
        "media.erasure.completed",
        "messaging.erasure.completed",
        "storage.erasure.completed",
    }
)
