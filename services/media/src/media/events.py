"""What the media service says and hears."""

PUBLISHES = frozenset({"media.erasure.completed"})
CONSUMES = frozenset(
    {
        "enrollment.enrollment.changed",
        "enrollment.session_enrollment.changed",
        "students.student.purged",
    }
)
