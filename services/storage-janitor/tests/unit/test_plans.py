"""Fuses, digests, holds, the ledger's chain, and the bill."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from contracts.r2_bill import GIGABYTE
from hypothesis import given
from hypothesis import strategies as st
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.domain import chain, costs
from storage_janitor.domain.chain import START, Entry, Head
from storage_janitor.domain.costs import Point
from storage_janitor.domain.holds import Hold, HoldKind, Holds
from storage_janitor.domain.plans import Blown, Item, Total, blown, digest

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RULE = "video-hls"  # 50,000 objects, 20 percent above 200, 500 GB


@pytest.mark.parametrize(
    ("bucket", "planned", "today", "limits"),
    [
        (Total(1000, 1000), Total(200, 200), Total(0, 0), []),
        (Total(1000, 1000), Total(201, 201), Total(0, 0), [("percent", 21, 20)]),
        (Total(1000, 1000), Total(600, 600), Total(0, 0), [("percent", 60, 20)]),
        (Total(10_000, 10_000), Total(2000, 2000), Total(0, 0), []),
        (Total(10_000, 10_000), Total(2001, 2001), Total(0, 0), [("percent", 21, 20)]),
        # few objects, most of the bytes
        (Total(10_000, 10_000), Total(201, 9000), Total(0, 0), [("percent", 90, 20)]),
        (Total(10**6, 10**15), Total(50_001, 1), Total(0, 0), [("objects", 50_001, 50_000)]),
        (Total(10**6, 10**15), Total(1, 1), Total(50_000, 1), [("objects", 50_001, 50_000)]),
        (
            Total(10**6, 10**15),
            Total(1, 500 * GIGABYTE + 1),
            Total(0, 0),
            [("bytes", 500 * GIGABYTE + 1, 500 * GIGABYTE)],
        ),
        (Total(0, 0), Total(300, 0), Total(0, 0), []),
    ],
)
def test_a_fuse_blows_above_what_it_allows(bucket, planned, today, limits):
    found = blown(built_in(), bucket, {RULE: planned}, {RULE: today})
    assert found == [Blown(RULE, *limit) for limit in limits]


def item(**changes):
    values = {"tenant": "hangang", "key": "a/1", "bytes": 5, "etag": "e", "written_at": NOW, "rule": "export"}
    return Item(**{"seq": 1, **values, "reason": "written", **changes})


@pytest.mark.parametrize(
    "changes",
    [{"key": "a/2"}, {"bytes": 6}, {"etag": "f"}, {"written_at": NOW + timedelta(seconds=1)}, {"tenant": "x"},
     {"rule": "x"}, {"reason": "x"}, {"seq": 2}],
)  # fmt: skip
def test_a_plan_s_digest_covers_every_field_of_every_item(changes):
    header = {"id": "1"}
    assert digest(header, [item()]) == digest(header, [item()])
    assert digest(header, [item(**changes)]) != digest(header, [item()])
    assert digest(header, [item(), item(seq=2)]) != digest(header, [item()])
    assert digest({"id": "2"}, [item()]) != digest(header, [item()])


def entries(count):
    """A chain as the ledger writes it."""
    last, found = START, []
    for seq in range(1, count + 1):
        one = Entry(
            seq, NOW, "hangang", "video", f"k{seq}", 5, "e", NOW, "video-hls", "deleted", "plan:1", "x"
        )
        own = chain.hash_of(last, one)
        found.append((one, last, own))
        last = own
    return found, Head(count, last)


@given(count=st.integers(0, 30))
def test_an_untouched_chain_verifies(count):
    found, head = entries(count)
    assert chain.verify(found, head) == chain.Verified(count, head, None)


@given(data=st.data(), count=st.integers(1, 30))
def test_any_change_breaks_the_chain_where_it_was_made(data, count):
    found, head = entries(count)
    at = data.draw(st.integers(0, count - 1))
    one, previous, own = found[at]
    how = data.draw(st.sampled_from(["changed", "left out", "swapped in", "rehashed"]))
    if how == "changed":
        found[at] = (replace(one, bytes=6), previous, own)
    elif how == "left out":
        del found[at]
    elif how == "swapped in":
        found.insert(at, (replace(one, key="other"), previous, own))
    else:
        other = replace(one, approver="me")
        found[at] = (other, previous, chain.hash_of(previous, other))
    broken = chain.verify(found, head).broken_at
    expected = {"rehashed": at + 2} if how == "rehashed" else {}
    assert broken == expected.get(how, at + 1)


def hold(kind, value, tenant="hangang", bucket=None):
    return Hold(UUID(int=1), HoldKind(kind), tenant, bucket, value, NOW)


ONE, TWO = str(UUID(int=1)), str(UUID(int=2))


@pytest.mark.parametrize(
    ("placed", "held"),
    [
        (hold("tenant", "hangang"), True),
        (hold("tenant", "other", tenant="other"), False),
        (hold("video", ONE), True),
        (hold("video", ONE, tenant="other"), False),
        (hold("video", TWO), False),
        (hold("student", TWO), False),
        (hold("prefix", "tenants/hangang/", bucket="video"), True),
        (hold("prefix", "tenants/hangang/", bucket="excel"), False),
        (hold("prefix", "tenants/hangang/video/raw/", bucket="video"), False),
    ],
)
def test_what_a_hold_is_on(placed, held):
    values = {"tenant": "hangang", "video": ONE, "rest": "a.m4s"}
    for found in (values, {}):  # of the same key, were its shape unknown
        assert bool(Holds([placed]).of("video", f"tenants/hangang/video/hls/{ONE}/a.m4s", found)) == held


def test_a_month_is_the_mean_of_daily_peaks_and_the_forecast_a_line_through_them():
    days = [Point(date(2026, 3, day), day * 100 * GIGABYTE) for day in range(1, 11)]
    assert costs.byte_months(days) == 550 * GIGABYTE
    (ahead,) = costs.forecast(days, [30])
    assert (ahead.bytes, ahead.usd) == (4000 * GIGABYTE, Decimal("59.850"))
    (falling,) = costs.forecast([Point(date(2026, 3, 11 - day), day) for day in range(10, 0, -1)], [365])
    assert falling.bytes == 0
    assert costs.forecast([], [30]) == []
    assert costs.forecast(days[:1], [30])[0].bytes == days[0].bytes
