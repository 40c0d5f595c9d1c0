"""The origin over a real S3 server: bytes stream from the bucket, and its absence is told."""

import pytest
from servicekit.storage import R2Store
from testkit.api import refused

pytestmark = pytest.mark.servers


def test_the_whole_path_from_a_bucket(make_academy, s3_client, bucket):
    academy = make_academy(store=R2Store(s3_client, bucket))
    video, player = academy.video(), academy.student("ONLINE")
    for key, content in academy.objects.content.items():
        s3_client.put_object(Bucket=bucket, Key=key, Body=content)
    begun = player.started(video)
    [variant] = academy.addresses(academy.fetch(begun["play_url"]))
    _, first, _ = academy.addresses(academy.fetch(variant))
    whole = academy.fetch(first)
    assert (whole.status_code, whole.content_length) == (200, 10240)
    part = academy.fetch(first, Range="bytes=256-511")
    assert (part.status_code, part.data) == (206, bytes(range(256)))
    assert academy.fetch(first, Range="bytes=-256").data == bytes(range(256))
    assert academy.fetch(first, "HEAD").content_length == 10240
    assert refused(academy.fetch(first, Range="bytes=10240-"))[:2] == (416, "range_not_satisfiable")
    s3_client.delete_object(
        Bucket=bucket, Key=next(key for key in academy.objects.content if key.endswith("00000.m4s"))
    )
    assert refused(academy.fetch(first))[:2] == (404, "not_found")


def test_a_store_that_is_away_is_told(academy):
    video, player = academy.video(), academy.student("ONLINE")
    begun = player.started(video)
    academy.objects.away = True
    assert refused(academy.fetch(begun["play_url"]))[:2] == (503, "unavailable")
    assert refused(academy.fetch(begun["poster_url"]))[:2] == (503, "unavailable")
