"""Bytes as carriers count them, characters that they cannot show, variables."""

import pytest
from messaging.domain.content import (
    Kind,
    MissingVariablesError,
    UnbalancedError,
    Unsendable,
    as_advertisement,
    byte_length,
    fill,
    measure,
    unsendable,
    variables,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [("", 0), ("abc", 3), ("가나다", 6), ("똠", 2), ("펲시콜라", 8), ("a\nb", 3), ("㈜①", 4), ("한 글", 5)],
)
def test_bytes_are_those_of_cp949(text, size):
    assert byte_length(text) == size


@pytest.mark.parametrize(
    ("text", "subject", "kind"),
    [
        ("가" * 45, "", Kind.SMS),
        ("가" * 45 + "a", "", Kind.LMS),
        ("짧아요", "제목", Kind.LMS),
        ("가" * 1000, "", Kind.LMS),
        ("가" * 1000 + "a", "", None),
    ],
    ids=["90 bytes", "91 bytes", "with a subject", "2,000 bytes", "2,001 bytes"],
)
def test_what_carriers_make_of_it(text, subject, kind):
    assert measure(text, subject).kind is kind


@pytest.mark.parametrize("character", ["😀", "é", "ñ", "\u200b", "\t", "\r", "\x00", "𠮷"])
def test_what_no_phone_shows_is_found_where_it_stands(character):
    assert list(unsendable(f"안녕\n{character}끝")) == [Unsendable(3, character)]
    assert measure(f"{character}a").bytes in (2, 3)


def test_all_that_cp949_has_is_sendable_and_measured_as_it_encodes():
    known = [one for one in map(chr, range(0x20, 0xD800)) if one != "\x7f" and one.encode("cp949", "ignore")]
    assert len(known) > 16_000
    for one in known:
        assert (list(unsendable(one)), byte_length(one)) == ([], len(one.encode("cp949")))
    assert byte_length("".join(known)) == sum(map(byte_length, known))


def test_variables_in_order_and_once():
    assert variables("#{name}님, #{date} #{name} 50% # {x} {y}") == ("name", "date")
    assert variables("#{ 이름 }") == ("이름",)


@pytest.mark.parametrize(
    ("template", "position"),
    [
        ("#{", 0),
        ("안녕 #{name", 3),
        ("#{a} #{", 5),
        ("#{}", 0),
        ("#{ }", 0),
        ("#{a.b}", 0),
        ("#{a#{b}}", 0),
        ("#{{a}}}", 0),
    ],
)
def test_what_is_unbalanced_is_told_with_its_place(template, position):
    with pytest.raises(UnbalancedError) as told:
        variables(template)
    assert told.value.position == position


def test_one_substitution_and_values_stay_as_they_are():
    assert fill("#{a}-#{b}-#{a}", {"a": "#{b}", "b": r"\1"}) == r"#{b}-\1-#{b}"


def test_missing_and_empty_values_are_named():
    with pytest.raises(MissingVariablesError) as told:
        fill("#{a} #{b} #{c}", {"a": "1", "b": ""})
    assert told.value.names == ("b", "c")


def test_an_advertisement_says_so_first_and_how_to_refuse_last():
    made = as_advertisement("여름 특강 안내", "한강학원", "080-123-4567")
    assert made == "(광고) 한강학원\n여름 특강 안내\n무료수신거부 080-123-4567"
    assert as_advertisement("(광고) 여름 특강 안내", "한강학원", "080-123-4567") == made
