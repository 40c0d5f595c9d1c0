"""Uploads from a browser to a real S3 server: presigned, in one piece and in parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from eventkit.effects import Effects
from eventkit.errors import PermanentError, UnavailableError
from servicekit.multipart import R2Uploads, open_uploads
from servicekit.settings import StorageSettings, load
from servicekit.storage import ObjectMissingError, R2Store, open_store, r2_client
from testkit.servers import S3Server

pytestmark = pytest.mark.servers
BUCKET = f"uploads-{uuid4().hex}"  # the server is shared with other processes of this run
HOUR = timedelta(hours=1)
TYPE = "video/mp4"
MIN_PART_BYTES = 5 << 20


def settings(server: S3Server, **changes: str) -> StorageSettings:
    values = {
        "R2_ENDPOINT": server.endpoint,
        "R2_ACCESS_KEY": server.access_key,
        "R2_SECRET_KEY": server.secret_key,
    }
    return load(StorageSettings, values | changes)


@pytest.fixture(scope="session")
def bucket(s3_server: S3Server) -> str:
    client = r2_client(s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    client.create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture
def uploads(s3_server: S3Server, bucket: str) -> R2Uploads:
    return open_uploads(settings(s3_server), bucket)


@pytest.fixture
def objects(s3_server: S3Server, bucket: str) -> R2Store:
    return open_store(settings(s3_server), bucket)


@pytest.fixture
def key() -> str:
    return f"tenants/demo/video/raw/{uuid4()}.mp4"


def put(url: str, body: bytes, content_type: str = "") -> None:
    """What a browser does; raises HTTPError."""
    # urllib adds a Content-Type of its own, which an unsigned one may be
    urlopen(Request(url, body, {"Content-Type": content_type}, method="PUT")).close()


def test_a_signed_put_takes_exactly_what_it_was_signed_for(
    uploads: R2Uploads, objects: R2Store, key: str
) -> None:
    url = uploads.presign_put(key, TYPE, 5, HOUR)
    for body, content_type in ((b"123456", TYPE), (b"1234", TYPE), (b"12345", "text/html")):
        with pytest.raises(HTTPError) as refused:
            put(url, body, content_type)
        assert refused.value.code == 403
        refused.value.close()

    put(url, b"12345", TYPE)

    found = objects.head(key)
    assert (found.size, found.content_type) == (5, TYPE)


def test_parts_are_told_as_they_are_there_and_become_one_object(
    uploads: R2Uploads, objects: R2Store, key: str
) -> None:
    upload = uploads.create_multipart(key, TYPE)
    first, last = b"a" * MIN_PART_BYTES, b"end"
    put(uploads.presign_part(key, upload, 2, len(last), HOUR), last)
    assert [(part.number, part.size) for part in uploads.list_parts(key, upload)] == [(2, 3)]
    for _again in range(2):
        put(uploads.presign_part(key, upload, 1, len(first), HOUR), first)

    parts = list(uploads.list_parts(key, upload))
    assert [(part.number, part.size) for part in parts] == [(1, len(first)), (2, 3)]
    uploads.complete_multipart(key, upload, parts)

    found = objects.head(key)
    assert (found.size, found.content_type) == (len(first) + 3, TYPE)
    assert objects.read_range(key, len(first) - 1, 10) == b"aend"


def test_every_page_of_the_parts_is_read(
    uploads: R2Uploads, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page holds 1,000 parts; here it holds 2, so that five small ones are three pages."""
    upload = uploads.create_multipart(key, TYPE)
    for number in range(1, 6):
        put(uploads.presign_part(key, upload, number, number, HOUR), b"x" * number)
    paginator = uploads._client.get_paginator("list_parts")
    paged = paginator.paginate
    monkeypatch.setattr(
        paginator, "paginate", lambda **names: paged(**names, PaginationConfig={"PageSize": 2})
    )
    monkeypatch.setattr(uploads._client, "get_paginator", lambda _name: paginator)

    assert [part.size for part in uploads.list_parts(key, upload)] == [1, 2, 3, 4, 5]


def test_of_a_part_that_is_listed_twice_the_newest_counts(
    uploads: R2Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SeaweedFS does so when other bytes came the second time."""
    then = datetime(2026, 3, 2, tzinfo=UTC)
    listed = [(1, 10, "a", 0), (2, 10, "old", 1), (2, 7, "new", 2), (3, 5, "c", 0)]
    parts = [
        {"PartNumber": number, "Size": size, "ETag": etag, "LastModified": then + timedelta(seconds=after)}
        for number, size, etag, after in listed
    ]
    pages = SimpleNamespace(paginate=lambda **_: iter([{"Parts": parts[:2]}, {"Parts": parts[2:]}, {}]))
    monkeypatch.setattr(uploads._client, "get_paginator", lambda _name: pages)

    assert [(part.number, part.etag) for part in uploads.list_parts("k", "u")] == [
        (1, "a"),
        (2, "new"),
        (3, "c"),
    ]


def test_an_upload_that_has_ended_has_no_parts_and_may_be_given_up_again(
    uploads: R2Uploads, objects: R2Store, key: str
) -> None:
    upload = uploads.create_multipart(key, TYPE)
    url = uploads.presign_part(key, upload, 1, 1, HOUR)
    put(url, b"x")

    uploads.abort_multipart(key, upload)
    uploads.abort_multipart(key, upload)

    for call in (
        lambda: list(uploads.list_parts(key, upload)),
        lambda: uploads.complete_multipart(key, upload, []),
    ):
        with pytest.raises((ObjectMissingError, PermanentError)):
            call()
    with pytest.raises(ObjectMissingError):
        objects.head(key)
    with pytest.raises(HTTPError) as refused:
        put(url, b"x")
    assert refused.value.code == 404
    refused.value.close()


def test_a_rehearsal_begins_and_ends_nothing(uploads: R2Uploads, objects: R2Store, key: str) -> None:
    upload = uploads.create_multipart(key, TYPE)
    put(uploads.presign_part(key, upload, 1, 1, HOUR), b"x")
    noted = Effects()
    twin = uploads.recording(noted)

    parts = list(twin.list_parts(key, upload))
    twin.complete_multipart(key, upload, parts)
    twin.abort_multipart(key, upload)
    twin.create_multipart(key, TYPE)

    assert noted.counts == {"objects stored": 1, "uploads aborted": 1, "uploads begun": 1}
    assert list(uploads.list_parts(key, upload)) == parts
    with pytest.raises(ObjectMissingError):
        objects.head(key)


Call = Callable[[R2Uploads], object]
CALLS: dict[str, Call] = {
    "create": lambda uploads: uploads.create_multipart("a", TYPE),
    "list": lambda uploads: list(uploads.list_parts("a", "u")),
    "complete": lambda uploads: uploads.complete_multipart("a", "u", []),
    "abort": lambda uploads: uploads.abort_multipart("a", "u"),
}


@pytest.mark.parametrize("change", [{"R2_ENDPOINT": "http://127.0.0.1:1"}, {"R2_SECRET_KEY": "wrong"}])
@pytest.mark.parametrize("call", CALLS)
def test_a_store_that_is_away_or_refuses_us_is_unavailable(
    s3_server: S3Server, bucket: str, change: dict[str, str], call: str
) -> None:
    with pytest.raises(UnavailableError):
        CALLS[call](open_uploads(settings(s3_server, **change), bucket))
