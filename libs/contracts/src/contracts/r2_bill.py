"""R2's price list and how its bill is rounded. Pure.

Shared by the storage-janitor (what is stored) and academyctl (what a month would cost), so that both say the
same money.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal

AS_OF = date(2026, 8, 3)
"""When they were last seen to be so: developers.cloudflare.com/r2/pricing."""
STORAGE = Decimal("0.015")
"""US dollars for a gigabyte-month (Standard)."""
CLASS_A, CLASS_B = Decimal("4.50"), Decimal("0.36")
"""US dollars for a million: PutObject, ListObjects and the like; GetObject, HeadObject. Deleting is free."""
FREE_GIGABYTES, FREE_A, FREE_B = 10, 1_000_000, 10_000_000
GIGABYTE = 10**9
"""Of bytes: what R2 bills by."""
_MILLION = 1_000_000


def storage_bill(byte_months: int) -> Decimal:
    """US dollars for a month with this mean of daily peaks, as billed: whole gigabytes, 10 of them free."""
    return STORAGE * max(whole(byte_months, GIGABYTE) - FREE_GIGABYTES, 0)


def class_a_bill(requests: int) -> Decimal:
    """US dollars for so many requests in a month, as billed: whole millions beyond the free one."""
    return CLASS_A * whole(max(requests - FREE_A, 0), _MILLION)


def class_b_bill(requests: int) -> Decimal:
    """Likewise beyond the ten free ones."""
    return CLASS_B * whole(max(requests - FREE_B, 0), _MILLION)


def whole(amount: int, unit: int) -> int:
    """Units begun."""
    return int((Decimal(amount) / unit).to_integral_value(ROUND_CEILING))
