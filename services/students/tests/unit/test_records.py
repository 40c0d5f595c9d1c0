"""Rules of a record."""

import pytest
from students.domain.records import grade_fits, login_id_of, photo_type, shown_fields, shown_phone


@pytest.mark.parametrize(
    ("text", "login_id"),
    [
        ("hana", "hana"),
        ("Hana.1_2-3", "hana.1_2-3"),
        ("01012345678", "01012345678"),
        ("a" * 40, "a" * 40),
        ("a" * 41, None),
        ("abc", None),
        ("", None),
        ("ha na", None),
        ("hana\n", None),
        ("한나", None),
        ("ｈａｎａ", None),
        ("hana@x", None),
        # lowers to a dotted i: two letters that are no ASCII
        ("HANİ", None),
    ],
)
def test_login_ids(text, login_id):
    assert login_id_of(text) == login_id


@pytest.mark.parametrize(
    ("school_type", "grade", "fits"),
    [
        (None, 6, True),
        ("ELEMENTARY", 6, True),
        ("ELEMENTARY", None, True),
        ("MIDDLE", 3, True),
        ("MIDDLE", 4, False),
        ("HIGH", 3, True),
        ("HIGH", 4, False),
        (None, None, True),
    ],
)
def test_grades_of_school_types(school_type, grade, fits):
    assert grade_fits(school_type, grade) is fits


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"RIFF\x24\0\0\0WEBP", "image/webp"),
        (b"RIFF\x24\0\0\0WAVE", None),
        (b"\x89PNG", None),
        (b"\xff\xd8", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_photos_by_their_first_bytes(head, content_type):
    assert photo_type(head) == content_type


def test_shown_values():
    assert (shown_phone("01012345678"), shown_phone(None)) == ("010-1234-5678", "")
    assert (shown_fields({"a": "1", "b": ""}), shown_fields({})) == ("a: 1\nb: ", "")
