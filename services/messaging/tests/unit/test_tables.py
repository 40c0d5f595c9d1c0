"""Declared data: triggers, prices, codes, fingerprints."""

from decimal import Decimal

import pytest
from messaging.domain.codes import CODES, Nature, Source, refused_call, refused_message, report
from messaging.domain.content import Kind
from messaging.domain.pricing import Prices, price
from messaging.domain.recipients import Fingerprints, mask
from messaging.domain.triggers import TRIGGERS, Policy, is_on

PRICES = Prices(Decimal("18"), Decimal("45.5"), Decimal("13"))


@pytest.mark.parametrize(
    ("policy", "untouched", "on", "off"),
    [
        (Policy.SYSTEM, True, True, True),
        (Policy.AUTOMATIC, True, True, False),
        (Policy.MANUAL, False, False, False),
        (Policy.DISABLED, False, False, False),
    ],
)
def test_policies(policy, untouched, on, off):
    triggers = [one for one in TRIGGERS.values() if one.policy is policy and not one.off_at_first]
    assert triggers
    for trigger in triggers:
        assert (is_on(trigger, None), is_on(trigger, True), is_on(trigger, False)) == (untouched, on, off)


def test_a_video_is_told_of_only_where_an_academy_wants_it():
    assert [name for name, one in TRIGGERS.items() if one.off_at_first] == ["video_encoding_complete"]
    video = TRIGGERS["video_encoding_complete"]
    assert (is_on(video, None), is_on(video, True), is_on(video, False)) == (False, True, False)


def test_an_alimtalk_reserves_what_its_text_message_would_cost():
    made = price(PRICES, Kind.ATA, Kind.LMS)
    assert (made.reserved, made.due(replaced=False), made.due(replaced=True)) == (
        Decimal("45.5"),
        Decimal("13"),
        Decimal("45.5"),
    )
    alone = price(PRICES, Kind.ATA)
    assert alone.reserved == alone.due(replaced=True) == Decimal("13")


def test_every_code_has_words_and_a_source():
    assert all(code.reason.endswith("다.") for code in CODES.values())
    assert {name for name, code in CODES.items() if code.source is Source.ASSUMED} == {
        "3063",
        "QuotaExceeded",
        "TooManyRequests",
    }
    assert len(CODES) > 100


@pytest.mark.parametrize(
    ("read", "code", "nature"),
    [
        (refused_message, "1062", Nature.PERMANENT),
        (refused_message, "1024", Nature.TRANSIENT),
        (refused_message, "1999", Nature.PERMANENT),
        (refused_call, "NotEnoughBalance", Nature.TRANSIENT),
        (refused_call, "RequestTimeTooSkewed", Nature.TRANSIENT),
        (refused_call, "ValidationError", Nature.PERMANENT),
        (refused_call, "NewError", Nature.TRANSIENT),
        (report, "2000", Nature.PENDING),
        (report, "3000", Nature.PENDING),
        (report, "4000", Nature.DELIVERED),
        (report, "3043", Nature.TRANSIENT),
        (report, "3014", Nature.UNKNOWN),
        (report, "9999", Nature.UNKNOWN),
    ],
)
def test_natures(read, code, nature):
    assert read(code).nature is nature


def test_a_fingerprint_is_of_one_academy_and_shows_no_number():
    prints = Fingerprints(b"k" * 32)
    one = prints.of("hangang", "01012345678")
    assert len(one) == 32
    assert one != prints.of("other", "01012345678")
    assert one != Fingerprints(b"x" * 32).of("hangang", "01012345678")
    assert "kkk" not in repr(prints)
    assert mask("01012345678") == "0101****"
