"""Names one character apart, and what a merge fills and gives back."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from students.domain.merges import FILLED, emptying, filling, similar, written

NAMES = st.text("가나a ", max_size=5)
NOTHING = {**dict.fromkeys(FILLED), "custom_fields": {}}


def distance(left, right):
    """Levenshtein's, by its definition."""

    @cache
    def of(m, n):
        if not m or not n:
            return m + n
        changed = of(m - 1, n - 1) + (left[m - 1] != right[n - 1])
        return min(changed, of(m - 1, n) + 1, of(m, n - 1) + 1)

    return of(len(left), len(right))


@given(NAMES, NAMES)
def test_similar_is_an_edit_distance_of_one_at_most_without_spaces(left, right):
    assert similar(left, right) == (distance(left.replace(" ", ""), right.replace(" ", "")) <= 1)


VALUES = {
    "school": st.sampled_from([None, "가중", "나중"]),
    "school_type": st.sampled_from([None, "ELEMENTARY", "MIDDLE"]),
    "grade": st.sampled_from([None, 1, 3, 6]),
    "custom_fields": st.dictionaries(st.sampled_from(["버스", "형제"]), st.sampled_from(["1", "2"])),
}
RECORDS = st.fixed_dictionaries(VALUES).map(lambda values: {**NOTHING, **values})


@given(RECORDS, RECORDS)
def test_what_was_filled_is_emptied_again_and_nothing_was_overwritten(winner, loser):
    filled = filling(winner, loser)
    after = {**winner, **written(winner, filled)}
    for name, value in winner.items():
        if name != "custom_fields":
            assert after[name] == value if value is not None else after[name] in (None, loser[name])
    assert after["custom_fields"] == {**loser["custom_fields"], **winner["custom_fields"]}
    assert {**after, **emptying(after, filled)} == winner


@pytest.mark.parametrize(
    ("winner", "loser", "filled"),
    [
        ({}, {"school_type": "ELEMENTARY", "grade": 6}, {"school_type": "ELEMENTARY", "grade": 6}),
        # a sixth grade of a middle school does not exist
        ({"school_type": "MIDDLE"}, {"school_type": "ELEMENTARY", "grade": 6}, {}),
        ({"grade": 6}, {"school_type": "MIDDLE", "school": "가중"}, {"school": "가중"}),
    ],
)
def test_a_grade_is_filled_only_where_the_school_has_it(winner, loser, filled):
    assert filling({**NOTHING, **winner}, {**NOTHING, **loser}) == filled
