"""A tenant's credits: accounts whose balances add up to zero, since an entry moves money between two."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Account(StrEnum):
    """CHARGED is the outside: what was paid in, below zero. SPENT is what delivered messages cost."""

    CHARGED = "charged"
    AVAILABLE = "available"
    HELD = "held"
    SPENT = "spent"


class Movement(StrEnum):
    CHARGE = "charge"
    RESERVE = "reserve"
    SETTLE = "settle"
    RELEASE = "release"


SIDES: Mapping[Movement, tuple[Account, Account]] = {
    Movement.CHARGE: (Account.CHARGED, Account.AVAILABLE),
    Movement.RESERVE: (Account.AVAILABLE, Account.HELD),
    Movement.SETTLE: (Account.HELD, Account.SPENT),
    Movement.RELEASE: (Account.HELD, Account.AVAILABLE),
}
"""Movement → the account that gives and the one that receives."""
