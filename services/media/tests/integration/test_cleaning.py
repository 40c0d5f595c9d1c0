"""The storage-janitor's answers: of which videos nothing is left, of which the original is gone."""

from uuid import UUID

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.handlers import on_object_deleted

DELETED, KEPT, UNKNOWN = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
def database(migrated):
    """With a deleted video and one that is kept."""
    database = migrated("media")
    for video, deleted in ((DELETED, True), (KEPT, False)):
        database.admin.execute(
            "INSERT INTO video (tenant_id, lecture_id, session_id, title, position, raw_key, created_by, id,"
            " deleted_at) VALUES ('hangang', gen_random_uuid(), gen_random_uuid(), '1강', 1, 'raw', 'user-1',"
            " %s, CASE WHEN %s THEN now() END)",
            [video, deleted],
        )
    return database


@pytest.fixture
def hear(database, make_event):
    """One batch of answers, each (kind, video)."""

    def run(*answers, tenant="hangang", owner="media"):
        data = [
            {"owner": owner, "kind": kind, "reference": str(video), "objects": 1, "bytes": 5}
            for kind, video in answers
        ]
        with unit_of_work(database.database, tenant, Cause.start(), source="media") as uow:
            on_object_deleted(uow, [make_event("storage.object.deleted", tenant, one) for one in data])

    return run


def marks(database):
    """(cleaned_at, raw_deleted_at) by video."""
    rows = database.admin.execute("SELECT id, cleaned_at, raw_deleted_at FROM video").fetchall()
    return {video: times for video, *times in rows}


def is_marked(database):
    return {video: [time is not None for time in times] for video, times in marks(database).items()}


def test_a_batch_marks_each_video_by_what_is_gone(database, hear):
    hear(("video", DELETED), ("raw", KEPT), ("video", UNKNOWN), ("raw", UNKNOWN))
    assert is_marked(database) == {DELETED: [True, False], KEPT: [False, True]}


def test_the_first_time_counts(database, hear):
    hear(("video", DELETED), ("raw", KEPT))
    first = marks(database)
    hear(("video", DELETED), ("raw", KEPT))
    assert marks(database) == first


@pytest.mark.parametrize("about", [{"tenant": "other"}, {"owner": "students"}])
def test_answers_to_others_change_nothing(database, hear, about):
    hear(("video", DELETED), ("raw", KEPT), **about)
    assert is_marked(database) == {DELETED: [False, False], KEPT: [False, False]}


def test_a_video_that_is_not_deleted_is_never_cleaned(database, hear):
    hear(("video", KEPT))
    assert is_marked(database)[KEPT] == [False, False]


def test_other_kinds_of_objects_change_nothing(database, hear):
    hear(("poster", DELETED))
    assert is_marked(database)[DELETED] == [False, False]
