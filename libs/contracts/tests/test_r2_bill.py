"""R2's bill: rounded up, the free part first."""

from decimal import Decimal

import pytest
from contracts.r2_bill import GIGABYTE, class_a_bill, class_b_bill, storage_bill


@pytest.mark.parametrize(
    ("size", "usd"),
    [
        (0, "0"),
        (10 * GIGABYTE, "0"),
        (10 * GIGABYTE + 1, "0.015"),  # the next whole gigabyte
        (11 * GIGABYTE, "0.015"),
        (4_000 * GIGABYTE, "59.850"),
    ],
)
def test_storage_is_billed_in_whole_gigabytes_beyond_ten(size, usd):
    assert storage_bill(size) == Decimal(usd)


@pytest.mark.parametrize(
    ("bill", "requests", "usd"),
    [
        (class_a_bill, 0, "0"),
        (class_a_bill, 10**6, "0"),
        (class_a_bill, 10**6 + 1, "4.50"),
        (class_a_bill, 3 * 10**6, "9.00"),
        (class_b_bill, 10**7, "0"),
        (class_b_bill, 10**7 + 1, "0.36"),
        (class_b_bill, 12 * 10**6, "0.72"),
    ],
)
def test_requests_are_billed_in_whole_millions_beyond_the_free_ones(bill, requests, usd):
    assert bill(requests) == Decimal(usd)
