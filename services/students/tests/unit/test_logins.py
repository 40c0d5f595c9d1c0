"""Generated login ids."""

import re

from students.domain.logins import login_ids


def test_login_ids_are_different_and_easy_to_read_aloud():
    ids = login_ids(5000)
    assert len(ids) == len(set(ids)) == 5000
    assert all(re.fullmatch(r"[a-hj-km-np-z][2-9]{8}", login_id) for login_id in ids)


def test_none_are_made_for_an_empty_chunk():
    assert login_ids(0) == []


def test_every_letter_and_digit_comes_up():
    text = "".join(login_ids(2000))
    assert set(text) == set("abcdefghjkmnpqrt23456789")
