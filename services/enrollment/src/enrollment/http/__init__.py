"""Blueprints, one module per part of the context."""

from enrollment.http import attendance, enrollments, exports, imports, jobs, lectures

BLUEPRINTS = (
    imports.imports,
    imports.student_imports,
    jobs.jobs,
    enrollments.enrollments,
    enrollments.session_enrollments,
    lectures.lectures,
    lectures.sessions,
    attendance.attendance,
    exports.exports,
    exports.templates,
)
