"""What the media service says of its videos: the newest word counts, in whatever order it comes."""

from itertools import permutations
from uuid import UUID

import pytest
from eventkit.errors import PermanentError

TENANT, VIDEO, OTHER = "hangang", UUID(int=12), UUID(int=123)
HLS, OTHER_HLS = (f"tenants/hangang/video/hls/{video}/" for video in (VIDEO, OTHER))
# as conftest.raw_key names them
RAW, OTHER_RAW = (f"tenants/hangang/video/raw/{UUID(int=2)}/{UUID(int=n)}.mp4" for n in (1012, 1123))
WORDS = ("uploaded", "failed", "uploaded", "ready")


@pytest.mark.parametrize("order", sorted(set(permutations(range(4)))))
def test_the_newest_event_counts_in_any_order(janitor, order):
    said = [janitor.event(f"media.video.{word}") for word in WORDS]
    janitor.hear(*(said[number] for number in order))
    (row,) = janitor.admin.execute("SELECT state, raw_key, version FROM video_ref").fetchall()
    assert row == ("ready", RAW, said[3].id)


def test_events_of_one_batch_and_repeated_ones(janitor):
    first, again, other = (janitor.event("media.video.uploaded", video) for video in (VIDEO, VIDEO, OTHER))
    janitor.hear_together(again, first, other, first)
    janitor.hear(first)
    rows = janitor.admin.execute("SELECT video_id, version FROM video_ref ORDER BY 1").fetchall()
    assert rows == [(VIDEO, again.id), (OTHER, other.id)]


@pytest.mark.parametrize("word", ["uploaded", "ready", "failed"])
def test_a_deleted_video_stays_deleted(janitor, word):
    before = janitor.event(f"media.video.{word}")
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.hear(before, janitor.event(f"media.video.{word}"))
    assert janitor.videos() == [(TENANT, VIDEO, "deleted")]


def test_academies_do_not_meet(janitor):
    janitor.hear(janitor.event("media.video.deleted"))
    janitor.hear(janitor.event("media.video.uploaded", tenant="other"))
    assert janitor.videos() == [(TENANT, VIDEO, "deleted"), ("other", VIDEO, "uploaded")]


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "/",
        "tenants/",
        f"tenants/{TENANT}/",
        f"tenants/{TENANT}/video/hls/",
        HLS.removesuffix("/"),
        HLS + "/",
        f"/{HLS}",
        OTHER_HLS,
        HLS.replace(TENANT, "other"),
        HLS.replace(TENANT, "hangang2"),
        f"tenants/{TENANT}/video/raw/{VIDEO}/",
        f"{HLS}../{OTHER}/",
    ],
)
def test_a_prefix_that_is_not_the_video_s_own_is_refused_before_anything_is_planned(janitor, prefix):
    with pytest.raises(PermanentError, match="foreign_key: hls_prefix"):
        janitor.hear(janitor.event("media.video.deleted", hls_prefix=prefix))
    assert (janitor.videos(), janitor.deletions()) == ([], [])


@pytest.mark.parametrize("type", ["media.video.deleted", "media.raw.expired"])
@pytest.mark.parametrize("key", [RAW.replace(TENANT, "other"), HLS, f"{HLS}master.m3u8", ""])
def test_an_original_of_another_academy_or_shape_is_refused(janitor, type, key):
    with pytest.raises(PermanentError, match="foreign_key: raw_key"):
        janitor.hear(janitor.event(type, raw_key=key))
    assert (janitor.videos(), janitor.deletions()) == ([], [])


@pytest.mark.parametrize("type", ["media.video.deleted", "media.raw.expired"])
def test_an_original_that_another_video_has_is_refused(janitor, type):
    janitor.hear(janitor.event("media.video.uploaded", OTHER))
    with pytest.raises(PermanentError, match="foreign_key: raw_key"):
        janitor.hear(janitor.event(type, raw_key=OTHER_RAW))
    assert (janitor.videos(), janitor.deletions()) == ([(TENANT, OTHER, "uploaded")], [])


@pytest.mark.parametrize("type", ["media.video.deleted", "media.raw.expired"])
def test_a_release_makes_the_deleting_task_due(janitor, type):
    janitor.admin.execute(
        "INSERT INTO periodic_task (name, due_at)"
        " VALUES ('storage_janitor.delete_released', now() + interval '5 minutes')"
    )
    janitor.hear(janitor.event(type))
    assert janitor.admin.execute("SELECT due_at <= now() FROM periodic_task").fetchone() == (True,)
