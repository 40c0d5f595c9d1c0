"""Blueprints, one module per part of the context."""

from enrollment.http.attendance import attendance
from enrollment.http.enrollments import enrollments, session_enrollments
from enrollment.http.imports import imports
from enrollment.http.lectures import lectures, sessions

BLUEPRINTS = (lectures, sessions, enrollments, session_enrollments, attendance, imports)
