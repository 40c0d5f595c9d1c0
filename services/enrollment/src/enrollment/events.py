"""What the enrollment service says and hears."""

SERVICE = "enrollment"

PUBLISHES = frozenset(
    {
        "enrollment.import.accepted",
        "enrollment.roster.parsed",
        "enrollment.import.completed",
        "enrollment.import.failed",
        "enrollment.enrollment.changed",
        "enrollment.session_enrollment.changed",
        "enrollment.erasure.completed",
    }
)
CONSUMES = frozenset(
    {
        "enrollment.import.accepted",
        "enrollment.import.completed",
        "enrollment.import.failed",
        "students.roster.resolved",
        "students.student.changed",
        "students.student.merged",
        "students.student.unmerged",
        "students.student.purged",
    }
)
