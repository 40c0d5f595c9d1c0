"""One attempt: from the original in the bucket to a READY video, step by step, and what stops it."""

import errno
from dataclasses import replace
from datetime import timedelta

import pytest
from eventkit.errors import PermanentError, UnavailableError
from media.domain.failures import EncodeError
from media.domain.jobs import STALL_LIMIT
from media.usecases.encoding import pipeline, scratch

PLAYLIST = ("application/vnd.apple.mpegurl", "no-cache")
FOREVER = ("video/mp4", "public, max-age=31536000, immutable")


def names(video_id, keys):
    return [key.split(f"{video_id}/")[1].partition("/")[2] for key in keys]


def test_a_video_becomes_ready_with_its_event_in_the_same_commit(
    encoder, upload, job_of, video_of, events, stored, left
):
    video_id = upload()
    assert encoder.run_once()
    job, video = job_of(video_id), video_of(video_id)
    assert (job["state"], job["attempt"], job["failures"], job["percent"]) == ("SUCCEEDED", 1, 0, 100)
    assert (video["status"], video["error_code"]) == ("READY", None)
    assert video["master_key"].endswith(f"{video_id}/{job['id']}-1/master.m3u8")
    assert video["poster_key"].endswith("/poster.jpg")
    assert video["storyboard_key"].endswith("/storyboard.vtt")
    assert [one["name"] for one in video["renditions"]] == ["v1", "v2"]
    assert (video["duration_ms"], video["width"], video["height"]) == (13_000, 640, 360)
    assert video["raw_expires_at"] - video["ready_at"] == timedelta(days=30)
    assert events() == [("media.video.ready", "hangang", "flow-1")]
    files = ["index.m3u8", "init.mp4", "00000.m4s", "00001.m4s", "00002.m4s"]
    expected = [f"{rung}/{file}" for rung in ("v1", "v2") for file in files]
    expected += ["captions/0/index.m3u8", "captions/0/00000.vtt", "master.m3u8", "poster.jpg"]
    expected += ["storyboard-000.jpg", "storyboard.vtt", "viewable.m3u8"]
    assert sorted(names(video_id, stored(video_id))) == sorted(expected)
    assert video["hls_objects"] == len(expected) - 1  # all but viewable.m3u8, which nobody needs any more
    assert left() == []


def test_the_steps_come_in_order(encoder, upload, transcoder):
    upload()
    encoder.run_once()
    assert transcoder.calls == [
        "probe", "encode v1 v2", "examine v1", "examine v2", "poster", "storyboard", "captions kor",
    ]  # fmt: skip


def test_a_long_video_is_viewable_before_its_other_renditions_are_encoded(
    encoder, upload, transcoder, video_of, source
):
    transcoder.source = replace(source, duration_ms=pipeline.LONG)
    video_id = upload()
    seen = []
    transcoder.meanwhile = lambda: seen.append(video_of(video_id))
    encoder.run_once()
    assert [call for call in transcoder.calls if call.startswith("encode")] == ["encode v1", "encode v2"]
    first, second = seen
    assert (first["status"], first["master_key"]) == ("PROCESSING", None)
    assert (second["status"], [one["name"] for one in second["renditions"]]) == ("VIEWABLE", ["v1"])
    assert second["master_key"].endswith("/viewable.m3u8")
    assert video_of(video_id)["status"] == "READY"


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("master.m3u8", PLAYLIST),
        ("v1/index.m3u8", PLAYLIST),
        ("v1/init.mp4", FOREVER),
        ("v1/00000.m4s", ("video/iso.segment", FOREVER[1])),
        ("poster.jpg", ("image/jpeg", "public, max-age=604800")),
        ("storyboard.vtt", ("text/vtt; charset=utf-8", "public, max-age=3600")),
    ],
)
def test_objects_say_what_they_are_and_how_long_they_keep(
    encoder, upload, video_of, s3_client, bucket, name, headers
):
    video_id = upload()
    encoder.run_once()
    key = video_of(video_id)["master_key"].replace("master.m3u8", name)
    head = s3_client.head_object(Bucket=bucket, Key=key)
    assert (head["ContentType"], head["CacheControl"]) == headers


def test_people_see_a_step_its_share_and_the_time_left(encoder, upload, transcoder, job_of, clock):
    video_id = upload()
    seen = []

    def look():
        clock.pass_(seconds=100)
        seen.append(job_of(video_id))

    transcoder.meanwhile = look
    encoder.ports.points.at("encoded", look)
    encoder.run_once()
    halfway, encoded = seen
    assert (halfway["step"], halfway["step_percent"]) == (
        "transcoding",
        0,
    )  # half a second ago: once a second
    assert (encoded["step"], encoded["step_percent"]) == ("transcoding", 100)
    assert encoded["percent"] > halfway["percent"]
    assert 0 < encoded["remaining_seconds"] < 200


def test_an_academy_s_own_days_and_a_kept_original(encoder, upload, admin, video_of):
    admin.execute(
        "INSERT INTO tenant_setting (tenant_id, raw_retention_days, max_video_bytes, quota_bytes)"
        " VALUES ('hangang', 7, 1, 1)"
    )
    short, kept = upload(), upload()
    admin.execute("UPDATE video SET raw_keep = true WHERE id = %s", [kept])
    while encoder.run_once():
        pass
    assert video_of(short)["raw_expires_at"] - video_of(short)["ready_at"] == timedelta(days=7)
    assert video_of(kept)["raw_expires_at"] is None


def test_captions_that_take_long_one_after_the_other_are_no_stall(
    encoder, upload, transcoder, source, clock, job_of
):
    transcoder.source = replace(source, captions=source.captions * 3)
    made, shown = transcoder.captions, []
    video_id = upload()

    def slowly(*given):
        made(*given)
        shown.append(job_of(video_id)["percent"])
        clock.pass_(seconds=0.9 * STALL_LIMIT.total_seconds())
        given[-1](source.duration_ms / 1000)

    transcoder.captions = slowly
    encoder.run_once()
    assert job_of(video_id)["state"] == "SUCCEEDED"
    assert shown == sorted(set(shown))


# what goes wrong


@pytest.mark.parametrize("code", ["not_a_video", "unsupported_codec", "truncated_file"])
def test_a_file_at_fault_fails_at_once_and_says_why(
    encoder, upload, transcoder, job_of, video_of, events, left, code
):
    transcoder.fails["probe"] = EncodeError(code)
    video_id = upload()
    encoder.run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["error_code"]) == ("FAILED", code)
    assert (video_of(video_id)["status"], video_of(video_id)["error_code"]) == ("FAILED", code)
    assert [type for type, *_ in events()] == ["media.video.failed"]
    assert not encoder.run_once()
    assert left() == []


@pytest.mark.parametrize(
    ("step", "error", "code"),
    [
        ("encode v1 v2", EncodeError("encoder_failed"), "encoder_failed"),
        ("examine v2", EncodeError("gate_failed", "no IDR"), "gate_failed"),
        ("poster", OSError(errno.ENOSPC, "full"), "no_space"),
        ("storyboard", PermanentError("storage_refused"), "storage_unavailable"),
    ],
)
def test_other_failures_wait_and_are_tried_again(encoder, upload, job_of, video_of, clock, step, error, code):
    encoder.ports.transcoder.fails[step] = error
    video_id = upload()
    encoder.run_once()
    job = job_of(video_id)
    assert (job["state"], job["failures"], job["error_code"]) == ("RETRY_WAIT", 1, code)
    assert job["due_at"] <= clock.now() + timedelta(minutes=1)
    assert video_of(video_id)["status"] in ("PROCESSING", "VIEWABLE")
    clock.pass_(minutes=1)
    assert encoder.run_once()
    assert (job_of(video_id)["state"], video_of(video_id)["status"]) == ("SUCCEEDED", "READY")


def test_after_five_failures_the_job_is_dead(encoder, upload, transcoder, job_of, video_of, events, clock):
    video_id = upload()
    for _ in range(5):
        transcoder.fails["probe"] = EncodeError("encoder_failed")
        assert encoder.run_once()
        clock.pass_(minutes=30)
    assert not encoder.run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["attempt"]) == ("DEAD", 5)
    assert video_of(video_id)["error_code"] == "encoder_failed"
    assert [type for type, *_ in events()] == ["media.video.failed"]


def test_an_original_that_is_gone_is_nobody_s_second_try(encoder, upload, job_of):
    video_id = upload(stored=False)
    encoder.run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["error_code"]) == ("FAILED", "raw_missing")


def test_a_full_disk_is_seen_before_the_download(encoder, upload, job_of, transcoder, monkeypatch):
    monkeypatch.setattr(scratch, "_MARGIN", 1 << 62)
    video_id = upload()
    encoder.run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["error_code"]) == ("RETRY_WAIT", "no_space")
    assert transcoder.calls == []


def test_what_is_uploaded_is_not_made_again(encoder, upload, transcoder, clock, video_of, job_of):
    transcoder.fails["poster"] = EncodeError("encoder_failed")
    video_id = upload()
    encoder.run_once()
    clock.pass_(minutes=1)
    transcoder.calls.clear()
    encoder.run_once()
    assert [call for call in transcoder.calls if call.startswith(("encode", "examine"))] == []
    prefixes = {one["prefix"].split("/")[-3] for one in video_of(video_id)["renditions"]}
    assert prefixes == {f"{job_of(video_id)['id']}-1"}
    assert video_of(video_id)["master_key"].split("/")[-2] == f"{job_of(video_id)['id']}-2"


def test_an_object_that_the_store_lost_is_missed_before_ready(
    encoder, upload, objects, points, job_of, video_of, stored
):
    video_id = upload()
    points.at("viewable", lambda: objects.delete([key for key in stored(video_id) if "v1/00001" in key]))
    encoder.run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["error_code"]) == ("RETRY_WAIT", "gate_failed")
    assert video_of(video_id)["status"] == "VIEWABLE"


class Flaky:
    """A store that is away for a while, for one of its methods."""

    def __init__(self, real, method, times):
        self._real, self._method, self._times = real, method, times

    def __getattr__(self, name):
        if name != self._method or self._times == 0:
            return getattr(self._real, name)
        self._times -= 1
        raise UnavailableError("storage: test")


@pytest.mark.parametrize("method", ["head", "open", "put_file", "list"])
def test_a_store_that_comes_back_costs_no_failure(make_encoder, upload, objects, job_of, method):
    encoder = make_encoder(objects=Flaky(objects, method, 2), jitter=lambda: 0.0)
    video_id = upload()
    encoder.run_once()
    assert (job_of(video_id)["state"], job_of(video_id)["failures"]) == ("SUCCEEDED", 0)
