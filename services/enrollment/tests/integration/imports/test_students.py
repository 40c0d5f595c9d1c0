"""students.student.changed: the read model, and what a deletion means for enrollments."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.columns import rows as table
from enrollment import handlers
from eventkit.envelope import Event
from eventkit.ids import new_id


def changed(imports: Any, *students: tuple[UUID, int, str, bool], at: datetime | None = None) -> Any:
    columns = {
        "student_id": [str(student) for student, *_ in students],
        "version": [version for _, version, *_ in students],
        "name": [name for *_, name, _ in students],
        "parent_phone": ["01020000001"] * len(students),
        "student_phone": [None] * len(students),
        "school": ["서울고"] * len(students),
        "grade": [1] * len(students),
        "deleted": [deleted for *_, deleted in students],
    }
    event = imports.make_event("students.student.changed", imports.tenant, {"students": columns})
    return dataclasses.replace(event, time=at or datetime.now(UTC))


def follow(imports: Any, *events: Event) -> None:
    imports.handle(events, handlers.on_student_changed)


def test_the_newest_version_wins_in_any_order(imports: Any) -> None:
    one, two = new_id(), new_id()
    follow(imports, changed(imports, (one, 3, "셋", False), (two, 1, "하나", False)))
    follow(
        imports,
        changed(imports, (one, 2, "둘", True)),
        changed(imports, (two, 5, "다섯", True), (two, 4, "넷", False)),
    )

    known = {
        r["student_id"]: (r["name"], r["version"], r["deleted"])
        for r in imports.all("SELECT * FROM student_ref")
    }
    assert known == {one: ("셋", 3, False), two: ("다섯", 5, True)}


def test_a_student_known_from_an_import_only_is_replaced(imports: Any, usable: Any) -> None:
    student = new_id()
    imports.run(imports.job(imports.lecture()), [usable(2)], lambda *_: ("created", student, None))

    follow(imports, changed(imports, (student, 1, "진짜 이름", False)))

    assert imports.one("SELECT name, version FROM student_ref") == {"name": "진짜 이름", "version": 1}


def test_a_restored_student_is_in_the_roster_at_done(imports: Any, usable: Any) -> None:
    """The student's own event may come later, and still wins with the same version."""
    student = new_id()
    follow(imports, changed(imports, (student, 2, "김하나", True)))

    imports.run(imports.job(imports.lecture()), [usable(2)], lambda *_: ("restored", student, None, 3))
    assert imports.one("SELECT version, deleted FROM student_ref") == {"version": 2, "deleted": False}

    follow(imports, changed(imports, (student, 3, "김하나", False)))
    assert imports.one("SELECT version, deleted FROM student_ref") == {"version": 3, "deleted": False}


def test_a_student_deleted_again_meanwhile_stays_deleted(imports: Any, usable: Any) -> None:
    student = new_id()
    follow(imports, changed(imports, (student, 4, "김하나", True)))

    imports.run(imports.job(imports.lecture()), [usable(2)], lambda *_: ("restored", student, None, 3))

    assert imports.one("SELECT version, deleted FROM student_ref") == {"version": 4, "deleted": True}


def test_deleting_a_student_ends_the_enrollments_and_says_so(imports: Any) -> None:
    student, other = new_id(), new_id()
    lectures = [imports.lecture("수학"), imports.lecture("영어")]
    for lecture in lectures:
        imports.enrollment(lecture, student)
        imports.enrollment(lecture, other)

    follow(imports, changed(imports, (student, 2, "김하나", True)))

    left = imports.all("SELECT student_id, status FROM enrollment")
    assert {(row["student_id"], row["status"]) for row in left} == {(student, "INACTIVE"), (other, "ACTIVE")}
    said = {
        row
        for event in imports.published("enrollment.enrollment.changed")
        for row in table(event.data["enrollments"], "lecture_id", "student_id", "status")
    }
    assert said == {(str(lecture), str(student), "INACTIVE") for lecture in lectures}


def test_restoring_a_student_enrolls_nobody(imports: Any) -> None:
    student = new_id()
    imports.enrollment(imports.lecture(), student)
    follow(imports, changed(imports, (student, 2, "김하나", True)))

    follow(imports, changed(imports, (student, 3, "김하나", False)))

    assert imports.one("SELECT status FROM enrollment")["status"] == "INACTIVE"


def test_a_late_deletion_does_not_end_what_began_after_it(imports: Any) -> None:
    student = new_id()
    deleted_at = datetime.now(UTC) - timedelta(minutes=1)
    imports.enrollment(imports.lecture(), student)

    follow(imports, changed(imports, (student, 2, "김하나", True), at=deleted_at))

    assert imports.one("SELECT status FROM enrollment")["status"] == "ACTIVE"


def test_another_tenants_students_are_not_touched(imports: Any) -> None:
    student = new_id()
    imports.enrollment(imports.lecture(), student)

    follow(imports.of("other"), changed(imports.of("other"), (student, 2, "김하나", True)))

    assert imports.one("SELECT status FROM enrollment")["status"] == "ACTIVE"
    assert imports.one("SELECT tenant_id FROM student_ref")["tenant_id"] == "other"
