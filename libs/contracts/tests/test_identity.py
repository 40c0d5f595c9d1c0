"""The shared identity rule: what two spellings have in common, and what is no mobile number."""

from __future__ import annotations

import unicodedata

import pytest
from contracts.identity import name_key, normalise_name, normalise_phone
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("  홍길동\t", "홍길동"),
        ("남궁\u00a0 민수", "남궁 민수"),
        ("홍\u200b길동\ufeff", "홍길동"),
        ("\u202a홍길동\u202c", "홍길동"),
        ("홍길동\x00\x08", "홍길동"),
        ("\u3164\u3164", ""),
        ("\u200b", ""),
        ("홍길동\n(2)", "홍길동 (2)"),
        ("Ann  Lee", "Ann Lee"),
        # the parts of a syllable, kept apart by an invisible mark
        ("\u1112\u200b\u1169\u11bc", "홍"),
    ],
)
def test_a_name_is_stored_as_a_person_reads_it(written: str, stored: str) -> None:
    assert normalise_name(written) == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [("홍 길동", "홍길동"), ("홍 길 동", "홍길동"), ("Ann Lee", "ANN  LEE"), ("홍길동A", "홍길동a")],
)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("홍길동", "홍길둥"), ("홍길동", "홍길동2"), ("Ann Lee", "Annlee")]
)
def test_different_names_differ(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise_name(text)

    assert normalise_name(once) == once
    assert name_key(once) == name_key(text)
    assert unicodedata.is_normalized("NFC", once)
    assert "\x00" not in once


@pytest.mark.parametrize(
    "written",
    [
        "01012345678",
        "010-1234-5678",
        "010 1234 5678",
        "010.1234.5678",
        "(010)1234-5678",
        "０１０－１２３４－５６７８",
        "1012345678",
        "10-1234-5678",
        "+82 10-1234-5678",
        "+82(0)10-1234-5678",
        "82 010 1234 5678",
        "0082-10-1234-5678",
        "\u202a010-1234-5678\u202c",
        "모 010-1234-5678",
    ],
)
def test_spellings_of_one_mobile_number(written: str) -> None:
    assert normalise_phone(written) == "01012345678"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-",
        "010",
        "010-123-4567",
        "0101234567",
        "02-123-4567",
        "011-123-4567",
        "010-1234-56789",
        "12345678",
    ],
)
def test_no_mobile_number(written: str) -> None:
    assert normalise_phone(written) is None


@given(st.text())
def test_a_phone_is_eleven_digits_or_none(text: str) -> None:
    found = normalise_phone(text)

    assert found is None or (len(found) == 11 and found.isascii() and found.startswith("010"))
    assert found is None or normalise_phone(found) == found
