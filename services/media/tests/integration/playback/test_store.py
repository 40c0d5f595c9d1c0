"""The origin over a real S3 server: bytes stream from the bucket, and its absence is told."""

import re
from uuid import uuid4

import pytest
from servicekit.storage import R2Store, r2_client
from testkit.api import refused

pytestmark = pytest.mark.servers


@pytest.fixture
def bucket(s3_server):
    client = r2_client(s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    name = f"video-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    return client, name


def addresses(answer):
    return re.findall(r"/api/v1/media/hls/[^\"\s#]+", answer.get_data(as_text=True))


def test_the_whole_path_from_a_bucket(make_academy, bucket):
    client, name = bucket
    academy = make_academy(store=R2Store(client, name))
    video, player = academy.video(), academy.student("ONLINE")
    for key, content in academy.objects.content.items():
        client.put_object(Bucket=name, Key=key, Body=content)
    begun = player.started(video)
    [variant] = addresses(academy.fetch(begun["play_url"]))
    _, first, _ = addresses(academy.fetch(variant))
    whole = academy.fetch(first)
    assert (whole.status_code, whole.content_length) == (200, 10240)
    part = academy.fetch(first, Range="bytes=256-511")
    assert (part.status_code, part.data) == (206, bytes(range(256)))
    assert academy.fetch(first, Range="bytes=-256").data == bytes(range(256))
    assert academy.fetch(first, "HEAD").content_length == 10240
    assert refused(academy.fetch(first, Range="bytes=10240-"))[:2] == (416, "range_not_satisfiable")
    client.delete_object(
        Bucket=name, Key=next(key for key in academy.objects.content if key.endswith("00000.m4s"))
    )
    assert refused(academy.fetch(first))[:2] == (404, "not_found")


def test_a_store_that_is_away_is_told(academy):
    video, player = academy.video(), academy.student("ONLINE")
    begun = player.started(video)
    academy.objects.away = True
    assert refused(academy.fetch(begun["play_url"]))[:2] == (503, "unavailable")
    assert refused(academy.fetch(begun["poster_url"]))[:2] == (503, "unavailable")
