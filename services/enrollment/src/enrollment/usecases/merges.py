"""Two records of one person: what their merge, and its being taken back, mean for enrollments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.columns import concat
from eventkit.envelope import Event
from eventkit.projection import project
from eventkit.uow import UnitOfWork
from sqlalchemy import Row, RowMapping

from enrollment.domain.merges import Enrollment, Merge, Move, join, part
from enrollment.store import merges as store
from enrollment.store.tables import student_ref
from enrollment.usecases.enrollments import announce_enrollments, announce_session_enrollments


def merge_students(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The winner gets the loser's enrollments with attendance, and keeps its own (students.student.merged).

    A merge that was undone before it was heard of changes nothing. Statements do not grow with merges or
    enrollments; nothing is told to a guardian.
    """
    project(uow, student_ref, concat(event.data["students"] for event in events))
    merges = store.add(uow.conn, uow.tenant, _merges(events), undone=False)
    if not merges:
        return
    enrollments = _hold(uow, merges)
    before = _copies(enrollments)
    moves = join(merges, enrollments)
    if moves:
        store.remember(uow.conn, uow.tenant, moves)
        _write(uow, before, enrollments)


def unmerge_students(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """What a merge did is undone where nobody has changed it since (students.student.unmerged).

    Where another record is merged into the same winner, it counts in the same lectures as if it had been
    the only one: the winner does not fall out of a lecture in which that one was.
    """
    project(uow, student_ref, concat(event.data["students"] for event in events))
    given = _merges(events)
    store.add(uow.conn, uow.tenant, given, undone=True)
    undone = store.undo(uow.conn, uow.tenant, [merge.id for merge in given])
    if not undone:
        return
    others = store.live(uow.conn, uow.tenant, {merge.winner_id for merge in undone})
    merges = [*undone, *others]
    moves = store.moves_of(uow.conn, uow.tenant, [merge.id for merge in merges])
    enrollments = _hold(uow, merges, {move.enrollment_id for move in moves})
    before = _copies(enrollments)
    moves, touched = _touched(undone, merges, moves, before)
    part(merges, moves, {one.id: one for one in enrollments})
    anew = join(others, [one for one in enrollments if one.lecture_id in touched])
    store.forget(uow.conn, uow.tenant, moves)
    store.remember(uow.conn, uow.tenant, anew)
    _write(uow, before, enrollments)


def _merges(events: Iterable[Event]) -> list[Merge]:
    names = ("merge_id", "winner_id", "loser_id")
    found = {Merge(*(UUID(str(event.data[name])) for name in names)) for event in events}
    return sorted(found, key=lambda merge: merge.id)


def _hold(uow: UnitOfWork, merges: Iterable[Merge], also: Collection[UUID] = ()) -> list[Enrollment]:
    """Students first, then their enrollments: the order of every request."""
    students = {student for merge in merges for student in (merge.winner_id, merge.loser_id)}
    store.hold_students(uow.conn, uow.tenant, students)
    return store.hold_enrollments(uow.conn, uow.tenant, students=students, also=also)


def _copies(enrollments: Iterable[Enrollment]) -> dict[UUID, Enrollment]:
    return {one.id: replace(one) for one in enrollments}


def _touched(
    undone: Collection[Merge],
    merges: Iterable[Merge],
    moves: Iterable[Move],
    enrollments: Mapping[UUID, Enrollment],
) -> tuple[list[Move], set[UUID]]:
    """Moves of the undone merges, with those of the other ones in the same lectures; and these lectures."""
    of = {merge.id: merge for merge in merges}
    found = [
        (of[move.merge_id], enrollments[move.enrollment_id].lecture_id, move)
        for move in moves
        if move.enrollment_id in enrollments
    ]
    places = {(merge.winner_id, lecture) for merge, lecture, _ in found if merge in undone}
    kept = [
        move
        for merge, lecture, move in found
        if (merge.winner_id, lecture) in places or (merge.loser_id, lecture) in places
    ]
    return kept, {lecture for _, lecture in places}


def _write(uow: UnitOfWork, before: Mapping[UUID, Enrollment], enrollments: Iterable[Enrollment]) -> None:
    """Store what differs from before, and tell it: a read model has the student of each."""
    changed = [one for one in enrollments if one != before[one.id]]
    taken = {(one.student_id, one.lecture_id) for one in before.values()}
    moved = [one for one in changed if one.student_id != before[one.id].student_id]
    # one statement would put an enrollment in a place that another one is about to leave
    late = [one for one in moved if (one.student_id, one.lecture_id) in taken]
    rows = [
        row
        for wave in ([one for one in changed if one not in late], late)
        if wave
        for row in store.write(uow.conn, uow.tenant, wave)
    ]
    by_state: dict[tuple[UUID, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_state[row.lecture_id, row.status].append(row)
    for (lecture_id, status), state in by_state.items():
        announce_enrollments(uow, lecture_id, state, status=status)
    if moved:
        _tell_sessions(uow, [one.id for one in moved])


def _tell_sessions(uow: UnitOfWork, enrollment_ids: Collection[UUID]) -> None:
    by_lecture: dict[UUID, list[RowMapping]] = defaultdict(list)
    for row in store.reseat(uow.conn, uow.tenant, enrollment_ids):
        by_lecture[row["lecture_id"]].append(row)
    for seats in by_lecture.values():
        announce_session_enrollments(uow, seats)
