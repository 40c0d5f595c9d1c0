"""Students' lives, at random, against a model: nobody is doubled, lost, resurrected or of another academy.

Each example is a new academy; a witness with the same names and phones is in the database and never changes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from eventkit.envelope import decode
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from servicekit.problem import Problem
from students.domain.audit import Actor, Pseudonyms
from students.domain.purge import Fuse
from students.usecases import changing, duplicates, merges, purge, trash
from students.usecases.records import NewStudent, create_students
from testkit.api import PSEUDONYM_KEY

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"
BY = Actor("user-1", Pseudonyms(bytes.fromhex(PSEUDONYM_KEY)))
PLACEHOLDER = "01012345678"
KEYS = {"김하나": "김하나", "김 하나": "김하나", "김하니": "김하니"}
PHONES = ("01000000001", "01000000002", PLACEHOLDER)
PEOPLE = st.lists(
    st.tuples(st.sampled_from(sorted(KEYS)), st.sampled_from(PHONES)),
    min_size=1,
    max_size=3,
)
# of the records for which a step makes sense, or now and then of all that ever were
ONE = st.integers(0, 30)
CHOICE = st.lists(ONE, min_size=1, max_size=4)
WILD = st.sampled_from((False, False, False, True))

Identity = tuple[str, str]


def identity_of(person: tuple[str, str]) -> Identity:
    name, phone = person
    return KEYS[name], phone


@dataclass
class Record:
    """What the model knows of a student. `gone`: the turn of its deletion, None while active."""

    id: UUID
    name: str
    phone: str
    school: str | None
    version: int = 1
    gone: int | None = None
    winner: UUID | None = None

    @property
    def identity(self) -> Identity:
        return identity_of((self.name, self.phone))

    @property
    def age(self) -> tuple[int, UUID]:
        assert self.gone is not None
        return self.gone, self.id


@dataclass
class Merge:
    winner: UUID
    loser: UUID
    filled: str | None
    undone: bool = False


@dataclass
class Model:
    """Records that exist, and the ids of those that existed once."""

    records: dict[UUID, Record] = field(default_factory=dict)
    purged: set[UUID] = field(default_factory=set)
    born: list[UUID] = field(default_factory=list)
    merges: dict[UUID, Merge] = field(default_factory=dict)
    turns: Any = field(default_factory=lambda: count(1))

    def active(self, identity: Identity, but: UUID | None = None) -> Record | None:
        found = [
            r for r in self.records.values() if r.gone is None and r.identity == identity and r.id != but
        ]
        assert len(found) < 2
        return found[0] if found else None

    def trash(self, identity: Identity) -> list[Record]:
        """In the order of deletion."""
        found = [r for r in self.records.values() if r.gone and not r.winner and r.identity == identity]
        return sorted(found, key=lambda record: record.age)

    def known_as(self, identity: Identity) -> UUID | None:
        """The active record of this identity, or the one that a record of it was merged into."""
        active = self.active(identity)
        if active or self.trash(identity):
            return active.id if active else None
        winners = [r.winner for r in self.records.values() if r.winner and r.identity == identity]
        return min((w for w in winners if self.records[w].gone is None), default=None)

    def obstacle(self, id: UUID, request: list[UUID]) -> str | None:
        record = self.records.get(id)
        if record is None:
            return "not_found"
        if record.gone is None:
            return "not_deleted"
        if record.winner:
            return "merged"
        if self.active(record.identity):
            return "active_student_exists"
        twins = [r for r in self.trash(record.identity) if r.id in request]
        return None if twins[0] is record else "same_identity_in_request"

    def bring_back(self, record: Record) -> None:
        record.gone, record.version = None, record.version + 1

    def remove(self, ids: list[UUID]) -> None:
        for id in ids:
            del self.records[id]
        self.purged.update(ids)
        self.merges = {key: m for key, m in self.merges.items() if not {m.winner, m.loser} & set(ids)}
        for record in self.records.values():
            if record.winner in self.purged:
                record.winner = None


class Life(RuleBasedStateMachine):
    """The rules call the use cases that the routes call; `academy` is set by the test."""

    academy: Any
    numbers = count()

    @initialize(people=PEOPLE, twins=st.lists(st.sampled_from(PHONES), max_size=2))
    def found(self, people: list[Any], twins: list[str]) -> None:
        self.tenant = f"life{next(self.numbers)}"
        self.model = Model()
        self.seen: dict[UUID, tuple[int, bool]] = {}
        self.others = self.academy.snapshot("tenant_id <> %s", self.tenant)
        [(self.read,)] = self.academy.all("SELECT coalesce(max(seq), 0) FROM outbox")
        self.schools = count(1)
        for phone in twins:
            self.bury_twins(phone)
        self.create(people, True)
        self.create([("김하니", phone) for phone in PHONES], False)
        self.merge([(-1, 0)], False)

    def bury_twins(self, phone: str) -> None:
        """Two of one identity in the trash: one was somebody else's name until it was corrected."""
        for name in ("김하나", "김하니"):
            self.create([(name, phone)], True)
            for record in [r for r in self.model.records.values() if r.gone is None and r.phone == phone]:
                self.rename_to(record.id, "김하나")
                self.delete_all([record.id])

    def work(self) -> Any:
        return unit_of_work(self.academy.db.database, self.tenant, Cause.start(), source="students")

    def chosen(self, numbers: list[int], wild: bool, *, active: bool) -> list[UUID]:
        """Ids of active or of deleted records, or, `wild`, of all that there ever were."""
        likely = {r.id for r in self.model.records.values() if (r.gone is None) == active}
        known = [id for id in self.model.born if wild or id in likely]
        return list(dict.fromkeys(known[n % len(known)] for n in numbers))

    def have_active(self) -> bool:
        return any(r.gone is None for r in self.model.records.values())

    def have_deleted(self) -> bool:
        return any(r.gone is not None for r in self.model.records.values())

    @rule(people=PEOPLE, schooled=st.booleans())
    def create(self, people: list[Any], schooled: bool) -> None:
        students = [
            NewStudent(row=n, name=name, parent_phone=phone, school=self.school() if schooled else None)
            for n, (name, phone) in enumerate(people)
        ]
        with self.work() as uow:
            answers = create_students(uow, BY, students, HASH)
        asked: set[Identity] = set()
        for student, answer in zip(students, answers, strict=True):
            identity = identity_of((student.name, student.parent_phone))
            known, deleted = self.model.known_as(identity), self.model.trash(identity)
            if identity in asked:
                expected: tuple[str | None, UUID | None] = ("duplicate_in_request", None)
            elif known:
                expected = ("duplicate_student", known)
            elif deleted:
                expected = ("deleted_student_exists", deleted[-1].id)
            else:
                expected = (None, None)
                self.add(answer.student_id, student.name, student.parent_phone, student.school)
            assert (answer.code, answer.conflict_student_id) == expected
            asked.add(identity)

    @rule(people=PEOPLE, schooled=st.booleans())
    def roster(self, people: list[Any], schooled: bool) -> None:
        rows = [
            {"name": name, "parent_phone": phone, "school": self.school() if schooled else None}
            for name, phone in people
        ]
        # a chunk sees merges as they were before it: a winner whom it restores has no other name in it yet
        before = {identity: self.model.known_as(identity) for identity in map(identity_of, people)}
        for row, answer in zip(rows, self.academy.resolve(*rows, tenant=self.tenant), strict=True):
            identity = identity_of((row["name"], row["parent_phone"]))
            active, deleted = self.model.active(identity), self.model.trash(identity)
            known = active.id if active else before[identity]
            found = answer["student_id"] and UUID(answer["student_id"])
            if known:
                expected, whom = "matched", known
            elif len(deleted) > 1:
                expected, whom = "needs_review", None
            elif deleted:
                expected, whom = "restored", deleted[0].id
                self.model.bring_back(deleted[0])
                deleted[0].school = row["school"] or deleted[0].school
            else:
                expected, whom = "created", found
                self.add(found, row["name"], row["parent_phone"], row["school"])
            assert (answer["outcome"], found) == (expected, whom)

    @precondition(have_active)
    @rule(numbers=CHOICE, wild=WILD)
    def delete(self, numbers: list[int], wild: bool) -> None:
        self.delete_all(self.chosen(numbers, wild, active=True))

    def delete_all(self, ids: list[UUID]) -> None:
        turn = next(self.model.turns)
        with self.work() as uow:
            deleted, skipped = trash.delete_students(uow, BY, ids)
        active = [id for id in ids if id in self.model.records and self.model.records[id].gone is None]
        for id in active:
            record = self.model.records[id]
            record.gone, record.version = turn, record.version + 1
        assert deleted == len(active)
        assert {one.id: one.code for one in skipped} == {
            id: "not_found" if id in self.model.purged else "already_deleted"
            for id in ids
            if id not in active
        }

    @precondition(have_deleted)
    @rule(numbers=CHOICE, wild=WILD)
    def restore(self, numbers: list[int], wild: bool) -> None:
        ids = self.chosen(numbers, wild, active=False)
        expected = {id: self.model.obstacle(id, ids) for id in ids}
        with self.work() as uow:
            restored, skipped = trash.restore_students(uow, BY, ids)
        assert {one.id: one.code for one in skipped} == {id: code for id, code in expected.items() if code}
        back = {id for id, code in expected.items() if not code}
        assert {UUID(row.student_id) for row in restored} == back
        for id in back:
            self.model.bring_back(self.model.records[id])

    @precondition(have_active)
    @rule(number=ONE, name=st.sampled_from(sorted(KEYS)), wild=WILD, schooled=st.booleans())
    def rename(self, number: int, name: str, wild: bool, schooled: bool) -> None:
        [id] = self.chosen([number], wild, active=True)
        self.rename_to(id, name, **({"school": self.school()} if schooled else {}))

    def rename_to(self, id: UUID, name: str, **more: str) -> None:
        record = self.model.records.get(id)
        if record is None:
            code: str | None = "not_found"
        elif record.gone is not None:
            code = "student_deleted"
        elif name != record.name and self.model.active(identity_of((name, record.phone)), but=id):
            code = "duplicate_student"
        else:
            code = None
        assert self.refused(lambda uow: changing.update(uow, BY, id, {"name": name, **more})) == code
        if record is not None and code is None and (name != record.name or more):
            record.name, record.version = name, record.version + 1
            record.school = more.get("school", record.school)

    @precondition(have_active)
    @rule(pairs=st.lists(st.tuples(ONE, ONE), min_size=1, max_size=3), wild=WILD)
    def merge(self, pairs: list[tuple[int, int]], wild: bool) -> None:
        for one, other in pairs:
            # the second number counts from the first one's neighbour, so that few are merged with themselves
            winner_id, *losers = self.chosen([one, one + 1 + other, one + 1], wild, active=True)
            self.merge_two(winner_id, losers[0] if losers else winner_id)
            if not self.have_active():
                break

    def merge_two(self, winner_id: UUID, loser_id: UUID) -> None:
        winner, loser = self.model.records.get(winner_id), self.model.records.get(loser_id)
        made: list[UUID] = []
        code = self.refused(lambda uow: made.append(merges.merge(uow, BY, winner_id, loser_id)))
        if winner_id == loser_id:
            assert code == "same_student"
        elif winner is None or loser is None:
            assert code == "not_found"
        elif winner.gone is not None or loser.gone is not None:
            assert code == "not_active"
        elif any(m.winner == loser_id and not m.undone for m in self.model.merges.values()):
            assert code == "has_merged_others"
        else:
            assert code is None
            filled = loser.school if winner.school is None else None
            self.model.merges[made[0]] = Merge(winner_id, loser_id, filled)
            winner.school, winner.version = winner.school or loser.school, winner.version + 1
            loser.gone, loser.winner, loser.version = next(self.model.turns), winner_id, loser.version + 1

    @precondition(lambda self: any(not merge.undone for merge in self.model.merges.values()))
    @rule(number=ONE, wild=WILD, corrected=st.booleans())
    def unmerge(self, number: int, wild: bool, corrected: bool) -> None:
        known = [id for id, merge in self.model.merges.items() if wild or not merge.undone]
        id = known[number % len(known)]
        merge = self.model.merges[id]
        winner, loser = self.model.records[merge.winner], self.model.records[merge.loser]
        if corrected:
            self.rename_to(winner.id, loser.name)
        code = self.refused(lambda uow: merges.undo(uow, BY, id))
        if merge.undone:
            assert code == "already_undone"
        elif self.model.active(loser.identity):
            assert code == "active_student_exists"
        else:
            assert code is None
            self.model.bring_back(loser)
            loser.winner, merge.undone, winner.version = None, True, winner.version + 1
            if merge.filled and winner.school == merge.filled:
                winner.school = None

    @precondition(have_deleted)
    @rule()
    def fix_duplicates(self) -> None:
        groups = [self.model.trash(i) for i in {r.identity for r in self.model.records.values()}]
        gone = [r.id for group in groups if group and group[0].phone != PLACEHOLDER for r in group[1:]]
        with self.work() as uow:
            done = duplicates.fix(uow, BY)
        assert done.removed == len(gone)
        self.model.remove(gone)

    @precondition(have_deleted)
    @rule(numbers=CHOICE, wild=WILD, winners=st.booleans())
    def remove_for_good(self, numbers: list[int], wild: bool, winners: bool) -> None:
        ids = self.chosen(numbers, wild, active=False)
        if winners and self.model.merges:
            ids = list({merge.winner: None for merge in self.model.merges.values()})
            self.delete_all(ids)
        gone = [id for id in ids if id in self.model.records and self.model.records[id].gone is not None]
        with self.work() as uow:
            done = purge.purge(uow, BY, ids, "requested")
        assert set(done.purged) == set(gone)
        assert {one.id: one.code for one in done.refused} == {
            id: "not_deleted" if id in self.model.records else "not_found" for id in ids if id not in gone
        }
        self.model.remove(gone)

    @precondition(have_deleted)
    @rule(number=ONE)
    def empty_trash(self, number: int) -> None:
        """Some have been there for thirty days, some have not."""
        deleted = sorted((r for r in self.model.records.values() if r.gone), key=lambda r: r.age)
        last = deleted[number % len(deleted)]
        [(moment,)] = self.academy.all("SELECT deleted_at FROM student WHERE id = %s", last.id)
        before = moment + timedelta(microseconds=1)
        purge.empty_trash(self.academy.db.database, BY, before, Fuse(overridden=True), tenant=self.tenant)
        self.model.remove([r.id for r in deleted if r.gone <= last.gone])

    def school(self) -> str:
        """A different one each time, so that a value which moves is seen."""
        return f"학교{next(self.schools)}"

    def add(self, id: UUID | None, name: str, phone: str, school: str | None) -> None:
        assert id is not None
        assert id not in self.model.records.keys() | self.model.purged
        self.model.born.append(id)
        self.model.records[id] = Record(id, name, phone, school)

    def refused(self, act: Any) -> str | None:
        try:
            with self.work() as uow:
                act(uow)
        except Problem as problem:
            return problem.code
        return None

    @invariant()
    def every_record_is_as_the_model_says(self) -> None:
        rows = self.academy.all(
            "SELECT s.id, s.name, s.parent_phone, s.school, s.version, s.deleted_at IS NULL, s.merged_into,"
            " p.phone, (SELECT count(*) FROM account a WHERE a.student_id = s.id)"
            " FROM student s LEFT JOIN parent p ON p.id = s.parent_id WHERE s.tenant_id = %s",
            self.tenant,
        )
        expected = [
            (r.id, r.name, r.phone, r.school, r.version, r.gone is None, r.winner, r.phone, 1)
            for r in self.model.records.values()
        ]
        assert sorted(rows) == sorted(expected)
        active = Counter(r.identity for r in self.model.records.values() if r.gone is None)
        assert max(active.values(), default=0) < 2

    @invariant()
    def who_follows_the_events_knows_it_too(self) -> None:
        for seq, body in self.academy.all(
            "SELECT max(seq), min(body) FROM outbox WHERE seq > %s AND tenant_id = %s"
            " GROUP BY id ORDER BY min(seq)",
            self.read,
            self.tenant,
        ):
            self.read = max(self.read, seq)
            event = decode(body)
            if event.type == "students.student.purged":
                assert {UUID(id) for id in event.data["students"]["student_id"]} <= self.model.purged
                for id in event.data["students"]["student_id"]:
                    del self.seen[UUID(id)]
            elif event.type.startswith("students.student."):
                columns = event.data["students"]
                told = zip(columns["student_id"], columns["version"], columns["deleted"], strict=True)
                for id, version, deleted in told:
                    assert version > self.seen.get(UUID(id), (0, False))[0]
                    self.seen[UUID(id)] = (version, deleted)
        assert self.seen == {r.id: (r.version, r.gone is not None) for r in self.model.records.values()}

    @invariant()
    def the_witness_is_untouched(self) -> None:
        assert self.academy.snapshot("tenant_id = %s", "witness") == self.academy.witness

    def teardown(self) -> None:
        if hasattr(self, "tenant"):
            assert self.academy.snapshot("tenant_id <> %s", self.tenant) == self.others


@pytest.mark.slow
def test_nobody_is_doubled_lost_resurrected_or_touched_by_strangers(academy):
    bear_witness(academy)
    Life.academy = academy
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def bear_witness(academy: Any) -> None:
    """An academy with the same people in every state, and a way to see whether a row of it changed."""
    rows = [{"name": name, "parent_phone": phone} for name in KEYS for phone in ("01000000001", PLACEHOLDER)]
    first = [row["student_id"] for row in academy.resolve(*rows, tenant="witness")]
    academy.delete(*set(first))
    twins = [NewStudent(row=0, name="새 이름", parent_phone="01000000001")]
    with unit_of_work(academy.db.database, "witness", Cause.start(), source="students") as uow:
        create_students(uow, BY, twins, HASH)
    academy.all("UPDATE student SET name = '김하나', name_key = '김하나' WHERE name = '새 이름' RETURNING 1")
    [(winner,)] = academy.all("SELECT id FROM student WHERE tenant_id = 'witness' AND deleted_at IS NULL")
    again = academy.resolve({"name": "김하늘", "parent_phone": "01000000002"}, tenant="witness")
    with unit_of_work(academy.db.database, "witness", Cause.start(), source="students") as uow:
        merges.merge(uow, BY, winner, UUID(again[0]["student_id"]))
    tables = [
        name
        for (name,) in academy.all(
            "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'students'"
            " AND column_name = 'tenant_id' ORDER BY 1"
        )
    ]

    def snapshot(which: str, tenant: str) -> list[Any]:
        parts = (
            f"SELECT '{table}', count(*), md5(string_agg(t::text, ',' ORDER BY t::text))"
            f" FROM {table} AS t WHERE {which}"
            for table in tables
        )
        return sorted(academy.all(" UNION ALL ".join(parts), *[tenant] * len(tables)))

    academy.snapshot = snapshot
    academy.witness = snapshot("tenant_id = %s", "witness")
