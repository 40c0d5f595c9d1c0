"""The ledger of credits against a model: whatever happens, nothing is lost, made or owed."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from messaging.store import credits as store
from messaging.usecases import credits
from servicekit.problem import Problem

TENANT = "hangang"
WON = st.decimals(min_value="0.01", max_value="5000", places=2)


@pytest.fixture
def database(migrated):
    return migrated("messaging")


class Ledger(RuleBasedStateMachine):
    """Charges, reservations and their ends, in any order and some of them twice."""

    database = None  # bound by the test
    messages = Bundle("messages")
    ended = Bundle("ended")

    def __init__(self):
        super().__init__()
        self.tenant = f"t-{uuid4().hex[:12]}"
        self.available = Decimal(0)
        self.charged = {}
        self.held = {}
        self.spent = Decimal(0)

    def conn(self):
        return self.database.database.tenant(self.tenant)

    @rule(amount=WON, reference=st.sampled_from("abcdefgh"))
    def charge(self, amount, reference):
        earlier = self.charged.get(reference)
        if earlier not in (None, amount):
            with pytest.raises(Problem), self.conn() as conn:
                credits.charge(conn, self.tenant, amount, reference, "approver-1")
            return
        with self.conn() as conn:
            credits.charge(conn, self.tenant, amount, reference, "approver-1")
        if earlier is None:
            self.charged[reference] = amount
            self.available += amount

    @rule(target=messages, costs=st.lists(st.tuples(WON, st.none() | WON), min_size=1, max_size=4))
    def reserve(self, costs):
        made = {uuid4(): (own, fallback, max(own, fallback or 0)) for own, fallback in costs}
        amount = sum(most for _, _, most in made.values())
        with self.conn() as conn:
            paid = credits.reserve(conn, self.tenant, amount, "messages", "user-1")
            rows = [
                {
                    "tenant_id": self.tenant,
                    "message_id": one,
                    "own": own,
                    "fallback": fallback,
                    "amount": most,
                }
                for one, (own, fallback, most) in made.items()
            ]
            store.hold(conn, rows if paid else [])
        assert paid == (amount <= self.available)
        if not paid:
            return multiple()
        self.available -= amount
        self.held |= made
        return multiple(*made)

    @rule(target=ended, message=consumes(messages), delivered=st.booleans(), replaced=st.booleans())
    def end(self, message, delivered, replaced):
        own, fallback, most = self.held.pop(message)
        self.close(message, delivered, replaced)
        due = ((fallback or own) if replaced else own) if delivered else 0
        self.spent += due
        self.available += most - due
        return message

    @rule(message=ended, delivered=st.booleans())
    def end_again(self, message, delivered):
        self.close(message, delivered, replaced=False)

    def close(self, message, delivered, replaced):
        with self.conn() as conn:
            told = {message: replaced} if delivered else {}
            credits.close(conn, self.tenant, told, [] if delivered else [message])

    @invariant()
    def balances_are_the_model_s_and_the_entries_and_add_up_to_nothing(self):
        with self.conn() as conn:
            found = dict(store.balances(conn, self.tenant))
            entries = conn.execute(store.entries(self.tenant)).all()
        held = sum((most for _, _, most in self.held.values()), Decimal(0))
        charged = sum(self.charged.values(), Decimal(0))
        assert found == {
            "charged": -charged,
            "available": self.available,
            "held": held,
            "spent": self.spent,
        }
        moved = dict.fromkeys(found, Decimal(0))
        for one in entries:
            moved[one.from_account] -= one.amount
            moved[one.to_account] += one.amount
        assert moved == found
        assert sum(found.values()) == 0
        assert min(found["available"], found["held"], found["spent"]) >= 0

    def teardown(self):
        """Every reservation ends: then nothing is held."""
        for message in list(self.held):
            self.end(message, delivered=False, replaced=False)
        self.balances_are_the_model_s_and_the_entries_and_add_up_to_nothing()


def test_whatever_happens_the_ledger_balances(database):
    run_state_machine_as_test(
        type("Bound", (Ledger,), {"database": database}),
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def overdraw(database):
    with database.database.tenant(TENANT) as conn:
        store.lock(conn, TENANT)
        store.move(conn, TENANT, credits.Movement.RESERVE, Decimal(1), "x", "user-1")


def test_no_balance_can_be_pushed_below_zero_past_the_rules(database):
    with pytest.raises(Exception, match="ck_credit_account_balance"):
        overdraw(database)


def test_entries_cannot_be_changed(database):
    with database.database.tenant(TENANT) as conn:
        credits.charge(conn, TENANT, Decimal(100), "입금-1", "approver-1")
    for statement in ("UPDATE credit_entry SET amount = 1", "DELETE FROM credit_entry"):
        for opened in (database.database.tenant(TENANT), database.database.system()):
            with pytest.raises(Exception, match="permission denied"), opened as conn:
                conn.exec_driver_sql(statement)
