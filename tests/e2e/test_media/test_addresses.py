"""A signed address opens its own object to its own viewer for its own time, and nothing else does."""

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
from testkit.cinema import addresses, fetch
from testkit.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def video(cinema, videos):
    video = cinema.send(videos.path("h264"))
    assert cinema.encoded(video)["status"] == "READY"
    return video


@pytest.fixture
def chain(cinema, video):
    """The addresses of the master playlist, of one variant's, and of its first segment."""
    master = cinema.play_url(video)
    variant = urljoin(master, addresses(fetch(master)[1].decode())[0])
    segment = urljoin(variant, addresses(fetch(variant)[1].decode())[0])
    return {"master": master, "variant": variant, "segment": segment}


def changed(url, **values):
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | values
    return parts._replace(query=urlencode(query)).geturl()


def test_it_opens_playlist_and_segment_and_a_part_of_it(chain):
    assert [fetch(chain[name])[0] for name in ("master", "variant", "segment")] == [200, 200, 200]
    status, part = fetch(chain["segment"], Range="bytes=10-19")
    assert (status, part) == (206, fetch(chain["segment"])[1][10:20])


@pytest.mark.parametrize("name", ["master", "variant", "segment"])
def test_without_or_with_another_signature_it_opens_nothing(chain, name):
    url = chain[name]
    sig = dict(parse_qsl(urlsplit(url).query))["sig"]
    tampered = {
        "unsigned": urlsplit(url)._replace(query="").geturl(),
        "signature": changed(url, sig=("A" if sig[0] != "A" else "B") + sig[1:]),
        "later": changed(url, exp=str(int(dict(parse_qsl(urlsplit(url).query))["exp"]) + 60)),
        "over": changed(url, exp="1"),
        "another viewer": changed(url, uid="somebody"),
        "another policy": changed(url, pv="99"),
        "another key": changed(url, kid="v9"),
        "another path": re.sub(r"/([^/?]+)\?", r"/x\1?", url, count=1),
    }
    answers = {how: fetch(address) for how, address in tampered.items()}
    assert {how: status for how, (status, _) in answers.items()} == dict.fromkeys(tampered, 403)
    assert not any(b"ftyp" in body or b"#EXTM3U" in body for _, body in answers.values())


def test_a_new_policy_ends_the_addresses_of_the_old_one(cinema, video, chain):
    cinema.api.patch(f"/api/v1/media/videos/{video}/", {"max_speed": 1.5})
    assert [fetch(url)[0] for url in chain.values()] == [403, 403, 403]
    assert fetch(cinema.play_url(video))[0] == 200


def test_a_deleted_video_is_gone_from_the_bucket_and_from_every_address(cinema, videos):
    video = cinema.send(videos.path("odd"), "video/x-matroska")
    assert cinema.encoded(video)["status"] == "READY"
    url = cinema.play_url(video)
    neighbour = cinema.send(videos.path("silent"))
    cinema.encoded(neighbour)
    kept = cinema.objects(neighbour)
    cinema.delete(video)
    assert fetch(url)[0] in (403, 404)
    wait_until(lambda: not cinema.objects(video), 60)
    assert cinema.objects(neighbour) == kept
    wait_until(lambda: cinema.query(f"SELECT cleaned_at FROM media.video WHERE id = '{video}'")[0][0], 60)
