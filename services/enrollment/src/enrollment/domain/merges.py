"""What becomes of the enrollments of two records that are one person, and what when they are not.

The winner is in every lecture in which one of the two was, with the better of both statuses; attendance goes
with its enrollment. Whatever a merge did is a Move, and taking it back undoes its Moves and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MOVED, ENDED, REACTIVATED = "moved", "ended", "reactivated"
# from bad to good: whoever attends is not lost behind a record that has left
_RANKS = ("INACTIVE", "PENDING", "ACTIVE")


@dataclass(slots=True)
class Enrollment:
    """An enrollment as it now is; the functions of this module change it."""

    id: UUID
    lecture_id: UUID
    student_id: UUID
    status: str
    enrolled_at: datetime

    @property
    def rank(self) -> int:
        return _RANKS.index(self.status)


@dataclass(frozen=True, slots=True)
class Merge:
    """`loser_id` was a second record of `winner_id`. Ids grow with time."""

    id: UUID
    winner_id: UUID
    loser_id: UUID


@dataclass(frozen=True, slots=True)
class Move:
    """What a merge did to one enrollment; `status` and `enrolled_at` are what it had before.

    `moved`: the loser's became the winner's. Where the winner has its own: `ended` is the loser's, and
    `reactivated` the winner's if the loser's was better.
    """

    merge_id: UUID
    enrollment_id: UUID
    kind: str
    status: str
    enrolled_at: datetime


def join(merges: Sequence[Merge], enrollments: Sequence[Enrollment]) -> list[Move]:
    """Merge in the given order; answers what was done.

    Whose an enrollment was at first decides for all merges: a winner who is the loser of another one was
    parted from its own loser in between, even if that is not known here yet.
    """
    places = {(one.student_id, one.lecture_id): one for one in enrollments}
    owned: dict[UUID, list[Enrollment]] = {}
    for one in enrollments:
        owned.setdefault(one.student_id, []).append(one)
    moves: list[Move] = []
    for merge in merges:
        for one in owned.get(merge.loser_id, ()):
            present = places.setdefault((merge.winner_id, one.lecture_id), one)
            if present is one:
                moves.append(_was(merge, one, MOVED))
                one.student_id = merge.winner_id
            else:
                moves += _end(merge, one, present)
    return moves


def part(merges: Sequence[Merge], moves: Sequence[Move], enrollments: Mapping[UUID, Enrollment]) -> None:
    """Undo the moves of these merges, but for what somebody has changed since."""
    of = {merge.id: merge for merge in merges}
    _lower(moves, enrollments)
    places = {(one.student_id, one.lecture_id) for one in enrollments.values()}
    # the last one first: what it moved on goes back through the ones before it
    for move in sorted(moves, key=lambda move: move.merge_id, reverse=True):
        merge, one = of[move.merge_id], enrollments[move.enrollment_id]
        home = (merge.loser_id, one.lecture_id)
        if move.kind == MOVED and one.student_id == merge.winner_id and home not in places:
            places.symmetric_difference_update({(one.student_id, one.lecture_id), home})
            one.student_id = merge.loser_id
        elif move.kind == ENDED and one.student_id == merge.loser_id and one.rank == 0:
            one.status = move.status


def _end(merge: Merge, one: Enrollment, present: Enrollment) -> list[Move]:
    """The winner is in the lecture already: `present` is its own, and gets the better of both statuses."""
    moves = []
    if one.rank > present.rank:
        moves.append(_was(merge, present, REACTIVATED))
        present.status, present.enrolled_at = one.status, one.enrolled_at
    if one.rank > 0:
        moves.append(_was(merge, one, ENDED))
        one.status = _RANKS[0]
    return moves


def _lower(moves: Sequence[Move], enrollments: Mapping[UUID, Enrollment]) -> None:
    """What was reactivated is as before, from the best status down: each step was a better one."""
    given = {
        (move.merge_id, enrollments[move.enrollment_id].lecture_id): move
        for move in moves
        if move.kind == ENDED
    }
    raised = [
        (given.get((move.merge_id, enrollments[move.enrollment_id].lecture_id)), move)
        for move in moves
        if move.kind == REACTIVATED
    ]
    steps = [(to, move) for to, move in raised if to is not None]
    for to, move in sorted(steps, key=lambda step: _RANKS.index(step[0].status), reverse=True):
        one = enrollments[move.enrollment_id]
        if (one.status, one.enrolled_at) == (to.status, to.enrolled_at):
            one.status, one.enrolled_at = move.status, move.enrolled_at


def _was(merge: Merge, one: Enrollment, kind: str) -> Move:
    return Move(merge.id, one.id, kind, one.status, one.enrolled_at)
