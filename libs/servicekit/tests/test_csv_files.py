"""CSV files as spreadsheets open them."""

import pytest
from servicekit.csv_files import rendered


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ("1=1", "1=1"),
        ("김하나", "김하나"),
        ('말 "하기"', '"말 ""하기"""'),
        (None, ""),
        (7, "7"),
    ],
)
def test_cells_are_quoted_and_never_formulas(cell, written):
    assert rendered([["a", cell]]) == f"a,{written}\r\n"
