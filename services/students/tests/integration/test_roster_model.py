"""Random imports and deletions against a model of twenty lines: same outcomes, same invariants."""

import random

import pytest

NAMES = ("김하나", "김 하나", "이두리", "Ann Lee", "ann lee")
KEYS = {"김 하나": "김하나", "Ann Lee": "ann lee"}


class Model:
    """Who is active and how many deleted there are, by identity."""

    def __init__(self):
        self.active = {}
        self.deleted = {}

    def outcome(self, key):
        if key in self.active:
            return "matched"
        gone = self.deleted.get(key, 0)
        if gone > 1:
            return "needs_review"
        self.active[key] = None
        self.deleted[key] = 0
        return "restored" if gone else "created"


def identity(row):
    return KEYS.get(row["name"], row["name"]), row["parent_phone"]


def roll(rng):
    phones = [f"0101000000{n}" for n in range(4)]
    own = rng.choice([None, *phones, "01099990001", "01099990002"])
    return {"name": rng.choice(NAMES), "parent_phone": rng.choice(phones), "student_phone": own}


def bury(academy, model, rng):
    """Delete some active students; now and then leave a second deleted twin behind."""
    for key in [key for key in model.active if rng.random() < 0.4]:
        academy.delete(model.active.pop(key))
        model.deleted[key] = model.deleted.get(key, 0) + 1
        if rng.random() < 0.3:
            academy.all(
                "INSERT INTO student (tenant_id, id, name, name_key, parent_phone, deleted_at)"
                " VALUES ('demo', gen_random_uuid(), %s, %s, %s, now()) RETURNING id",
                key[0],
                *key,
            )
            model.deleted[key] += 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_outcomes_equal_the_models(academy, seed):
    rng, model = random.Random(seed), Model()
    for _ in range(15):
        rows = [roll(rng) for _ in range(rng.randrange(8))]
        expected = [model.outcome(identity(row)) for row in rows]
        answers = academy.resolve(*rows)
        assert [answer["outcome"] for answer in answers] == expected
        for row, answer in zip(rows, answers, strict=True):
            if answer["student_id"] is not None:
                known = model.active[identity(row)]
                assert known in (None, answer["student_id"])
                model.active[identity(row)] = answer["student_id"]
        check(academy, model)
        bury(academy, model, rng)


def check(academy, model):
    active = academy.all("SELECT name_key, parent_phone, id::text FROM student WHERE deleted_at IS NULL")
    assert {(name, phone): student for name, phone, student in active} == model.active
    assert academy.all(
        "SELECT count(*) FROM student s WHERE deleted_at IS NULL AND NOT EXISTS ("
        " SELECT FROM account a JOIN parent p ON p.id = s.parent_id AND p.phone = s.parent_phone"
        " JOIN account b ON b.parent_id = p.id WHERE a.student_id = s.id)"
    ) == [(0,)]
    assert academy.all(
        "SELECT count(*) FROM account a JOIN parent p ON p.phone = a.login_id AND p.created_at < a.created_at"
        " WHERE a.kind = 'student'"
    ) == [(0,)]
