"""students.student.changed events stay under the size of one message."""

from collections import namedtuple

from students.usecases.changes import CHANGED, MAX_BATCH_BYTES, MAX_BATCH_ROWS, batches

Changed = namedtuple("Changed", CHANGED)


def student(school=None):
    return Changed("0197f1d0-0000-7000-8000-000000000001", 1, "김하나", "01012345678", None, school, None)


def test_a_batch_has_at_most_1000_rows():
    assert [len(batch) for batch in batches([student()] * (2 * MAX_BATCH_ROWS + 1))] == [1000, 1000, 1]


def test_a_batch_fits_in_a_message():
    rows = [student(school="가" * 3000)] * 100
    found = list(batches(rows))
    assert sum(len(batch) for batch in found) == 100
    assert all(len(batch) * 9000 < MAX_BATCH_BYTES for batch in found)


def test_a_row_larger_than_a_batch_stands_alone_and_no_batch_is_empty():
    rows = [student(), student(school="가" * MAX_BATCH_BYTES), student()]
    assert [len(batch) for batch in batches(rows)] == [1, 1, 1]


def test_nothing_changed_is_no_batch():
    assert list(batches([])) == []
