"""Objects on a real S3 server, and what a broken one means."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import boto3
import pytest
from eventkit.errors import PermanentError, UnavailableError
from servicekit.settings import StorageSettings, load
from servicekit.storage import (
    ObjectMissingError,
    R2Store,
    RangeNotSatisfiableError,
    open_store,
)
from testkit.objects import MemoryObjects
from testkit.servers import S3Server

pytestmark = pytest.mark.servers
BUCKET = f"kit-{uuid4().hex}"  # the server is shared with other processes of this run


def settings(server: S3Server, **changes: str) -> StorageSettings:
    values = {
        "R2_ENDPOINT": server.endpoint,
        "R2_ACCESS_KEY": server.access_key,
        "R2_SECRET_KEY": server.secret_key,
    }
    return load(StorageSettings, values | changes)


@pytest.fixture(scope="session")
def store(s3_server: S3Server) -> R2Store:
    client = boto3.client(
        "s3",
        endpoint_url=s3_server.endpoint,
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
        region_name="auto",
    )
    client.create_bucket(Bucket=BUCKET)
    return open_store(settings(s3_server), BUCKET)


def test_an_object_goes_there_and_back(store: R2Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    store.put_file("excel/demo/명단 1.xlsx", tmp_path / "a")
    assert store.head("excel/demo/명단 1.xlsx").size == len(content)
    store.download_to("excel/demo/명단 1.xlsx", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == content
    store.delete(["excel/demo/명단 1.xlsx", "excel/demo/never-there"])
    with pytest.raises(ObjectMissingError):
        store.head("excel/demo/명단 1.xlsx")


def test_a_missing_object_leaves_no_file(store: R2Store, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissingError):
        store.download_to("nothing", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_list_gives_exactly_the_prefix(store: R2Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    keys = [f"list/1/{n}" for n in range(3)] + ["list/10/0"]
    for key in keys:
        store.put_file(key, tmp_path / "a")
    assert [found.key for found in store.list("list/1/")] == keys[:3]
    store.delete(keys)
    assert list(store.list("list/")) == []


def test_a_link_downloads_under_its_korean_name_until_it_expires(store: R2Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    store.put_file("exports/a", tmp_path / "a")
    link = store.presign_get("exports/a", timedelta(minutes=5), "수강생 명단.xlsx")
    with urlopen(link) as answer:
        assert answer.read() == b"content"
        assert "filename*=UTF-8''%EC" in answer.headers["Content-Disposition"]
    with pytest.raises(HTTPError) as refused:
        urlopen(link.replace("exports/a", "exports/b"))
    assert refused.value.code == 403
    refused.value.close()


@pytest.mark.parametrize("key", ["", "/a", "a\nb", "a\x00", "가" * 342])
def test_a_key_r2_would_refuse_never_leaves(store: R2Store, tmp_path: Path, key: str) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(PermanentError, match="invalid_object_key"):
        store.put_file(key, tmp_path / "a")


@pytest.mark.parametrize("change", [{"R2_ENDPOINT": "http://127.0.0.1:1"}, {"R2_SECRET_KEY": "wrong"}])
def test_a_store_that_is_away_or_refuses_us_is_unavailable(
    s3_server: S3Server, tmp_path: Path, change: dict[str, str]
) -> None:
    (tmp_path / "a").write_bytes(b"1")
    broken = open_store(settings(s3_server, **change), BUCKET)
    for call in (
        lambda: broken.put_file("a", tmp_path / "a"),
        lambda: broken.download_to("a", tmp_path / "b"),
        lambda: broken.head("a"),
        lambda: broken.delete(["a"]),
        lambda: list(broken.list("a")),
        lambda: broken.open("a"),
        lambda: broken.read_range("a", 0, 1),
    ):
        with pytest.raises(UnavailableError):
            call()


def test_a_missing_bucket_is_our_mistake_not_the_objects(s3_server: S3Server, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        open_store(settings(s3_server), "no-such-bucket").download_to("a", tmp_path / "b")


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        (None, 0, 9),
        ((0, None), 0, 9),
        ((0, 0), 0, 0),
        ((3, 5), 3, 5),
        ((3, None), 3, 9),
        ((9, 9), 9, 9),
        ((3, 10**12), 3, 9),
    ],
)
@pytest.mark.parametrize("kind", ["r2", "memory"])
def test_a_range_says_where_it_lies(
    store: R2Store, tmp_path: Path, kind: str, wanted: tuple[int, int | None] | None, start: int, end: int
) -> None:
    objects = store if kind == "r2" else MemoryObjects()
    (tmp_path / "a").write_bytes(b"0123456789")
    objects.put_file("range/a", tmp_path / "a", "video/mp4")

    stream = objects.open("range/a", wanted)

    assert (stream.start, stream.end, stream.info.size) == (start, end, 10)
    assert stream.info.content_type == "video/mp4"
    assert b"".join(stream.chunks) == b"0123456789"[start : end + 1]


@pytest.mark.parametrize("kind", ["r2", "memory"])
def test_a_range_past_the_end_is_refused_but_reads_as_nothing(
    store: R2Store, tmp_path: Path, kind: str
) -> None:
    objects = store if kind == "r2" else MemoryObjects()
    (tmp_path / "a").write_bytes(b"0123456789")
    objects.put_file("range/b", tmp_path / "a")

    with pytest.raises(RangeNotSatisfiableError):
        objects.open("range/b", (10, None))
    assert objects.read_range("range/b", 10, 5) == b""
    assert objects.read_range("range/b", 8, 5) == b"89"
    assert objects.read_range("range/b", 0, 2) == b"01"
    with pytest.raises(ObjectMissingError):
        objects.open("range/none")


def test_an_object_is_served_as_it_was_stored(store: R2Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"#EXTM3U")
    store.put_file("kept/a", tmp_path / "a", "application/vnd.apple.mpegurl", cache_control="no-cache")
    with urlopen(store.presign_get("kept/a", timedelta(minutes=5), "a.m3u8")) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
