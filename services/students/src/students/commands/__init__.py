"""What an operator may do by hand: `students <command>`; exit code 3 when somebody was held back."""

COMMANDS = {
    "check-deleted-student-duplicates": "students.commands.duplicates:check_deleted_student_duplicates",
    "purge-deleted-students": "students.commands.purge:purge_deleted_students",
    "replay-erasures": "students.commands.replay:replay_erasures",
}
