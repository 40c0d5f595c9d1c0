"""The CDN's edge (deploy/edge/worker.js) answers addresses that domain/signing.py made, and no others."""

import json
import subprocess
from base64 import b64decode, b64encode
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from shutil import copy, which
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import pytest
from media.domain.signing import Grant, SignatureRefusedError, SigningKeys, signing_keys
from testkit.api import SIGNING_SECRET
from testkit.browser import BINARY, DRIVER, running_browser
from testkit.servers import serving

WORKER = Path(__file__).parents[5] / "deploy" / "edge" / "worker.js"
RUNNER = Path(__file__).with_name("edge_runner.mjs")
BASE = "https://cdn.academy.test"
VIDEO = UUID("0b7c3f9e-5a3e-4d1e-9f51-3c8e6a5f0a11")
SESSION = "5c1f2d9a-7e6b-4a8c-8d3f-9b2e1a4c7d60"
PLACE = f"demo/{VIDEO}/job-1/v1/00000.m4s"
FUTURE = 4_000_000_000
CONTENT = bytes(range(256)) * 4
KEYS = signing_keys(SIGNING_SECRET)
ENV = {"CDN_HLS_SIGNING_SECRET": SIGNING_SECRET, "ALLOWED_ORIGIN": "https://academy.test"}
OBJECTS = {
    f"tenants/demo/video/hls/{VIDEO}/job-1/{name}": CONTENT
    for name in ("v1/00000.m4s", "poster.jpg", "master.m3u8")
}


def in_node(given, _folder):
    done = subprocess.run(
        [which("node"), RUNNER, WORKER.as_uri()],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def in_chromium(given, folder):
    """Over 127.0.0.1, because a browser has WebCrypto for secure contexts only."""
    copy(WORKER, folder / "worker.js")
    copy(RUNNER, folder / "edge_runner.mjs")
    (folder / "page.html").write_text("<!doctype html><title>edge</title>")

    class Files(SimpleHTTPRequestHandler):
        extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012 - as there

        def log_message(self, *_):
            """Quiet."""

    script = """
        const [given, done] = arguments;
        Promise.all([import("/worker.js"), import("/edge_runner.mjs")])
            .then(([worker, runner]) => runner.run(worker.default, given))
            .then(done, (error) => done(`${error}`));
    """
    with (
        serving(partial(Files, directory=folder)) as url,
        running_browser(folder / "browser") as browser,
        browser.profile(folder) as driver,
    ):
        driver.get(f"{url}/page.html")
        return driver.execute_async_script(script, given)


@pytest.fixture(
    params=[
        pytest.param(
            in_node,
            id="node",
            marks=pytest.mark.skipif(not which("node"), reason="no node: the edge is not run in it"),
        ),
        pytest.param(
            in_chromium,
            id="chromium",
            marks=[
                pytest.mark.browser,
                pytest.mark.skipif(not (BINARY and DRIVER), reason="no chromium: the edge is not run in it"),
            ],
        ),
    ]
)
def edge(request, tmp_path):
    """`edge((url, method, headers), …)`: (status, headers, body) of each."""

    def run(*requests, env=ENV):
        given = {
            "env": env,
            "objects": {key: b64encode(content).decode() for key, content in OBJECTS.items()},
            "requests": [
                {"url": url, "method": method, "headers": headers} for url, method, headers in requests
            ],
        }
        answers = request.param(given, tmp_path)
        assert isinstance(answers, list), answers
        return [(one["status"], one["headers"], b64decode(one["body"])) for one in answers]

    return run


def get(url, **headers):
    return url, "GET", headers


def signed(path=PLACE, *, keys=KEYS, expires=FUTURE, viewer="e:x", policy=1, session=SESSION, **changed):
    query = dict(parse_qsl(keys.sign(path, Grant(viewer, policy, session), expires), keep_blank_values=True))
    given = {name: text for name, text in {**query, **changed}.items() if text is not None}
    return f"{BASE}/{path}?{urlencode(given)}"


def accepted_here(url):
    path, _, query = url.removeprefix(f"{BASE}/").partition("?")
    try:
        KEYS.verify(path, dict(parse_qsl(query, keep_blank_values=True)), 1_800_000_000)
    except SignatureRefusedError as error:
        return error.refusal.value
    return None


def vectors():
    """Addresses of every kind; what the edge has to say of each is what domain/signing.py says."""
    sig = dict(parse_qsl(signed().partition("?")[2]))["sig"]
    # the last character of 43 holds two bits that no byte has
    twin = sig[:-1] + chr(ord(sig[-1]) + 1) if sig[-1] not in "Zz9-_" else sig[:-1] + "A"
    older = SigningKeys({"v1": bytes.fromhex("b2" * 32)})
    unknown = SigningKeys({"v0": bytes(32)})
    fields = ("exp", "kid", "uid", "pv", "sid", "sig")
    return [
        signed(),
        signed(viewer="s:auth0/7+8%&=?#~", session=""),
        signed(keys=older),
        signed(policy=999_999_999),
        signed(f"demo/{VIDEO}/job-1/poster.jpg"),
        *(signed(**{name: None}) for name in fields),
        *(signed(**{name: ""}) for name in fields if name != "sid"),
        *(signed(**{name: "7"}) for name in fields),
        signed(sig=twin),
        signed(sid=""),
        signed(expires=1),
        signed(exp="1"),
        signed(exp="00000000001e9"),
        signed(keys=unknown),
        signed(keys=older, kid="v2"),
        signed(sig=sig + "="),
        signed().replace("00000.m4s", "00001.m4s"),
        signed().replace("/demo/", "/other/"),
        signed().replace("job-1/v1/", "job-1/v1//"),
        signed().replace("00000.m4s", "%30%30000.m4s"),
        f"{BASE}/{PLACE}",
        f"{BASE}/",
        f"{BASE}/favicon.ico",
    ]


def test_the_edge_refuses_and_serves_what_the_origin_does(edge):
    urls = vectors()
    answers = edge(*map(get, urls))
    said = {
        url: json.loads(body)["code"] if status != 200 else None
        for url, (status, _, body) in zip(urls, answers, strict=True)
    }
    assert said == {url: accepted_here(url) for url in urls}
    assert {status for status, _, _ in answers} == {200, 403}
    assert {code for code in said.values() if code} == {
        "unsigned_url",
        "bad_signature",
        "unknown_key",
        "url_expired",
    }


def test_segments_ranges_and_heads(edge):
    url = signed()
    whole, part, tail, head, beyond, several = edge(
        get(url),
        get(url, Range="bytes=10-19"),
        get(url, Range="bytes=-4"),
        (url, "HEAD", {}),
        get(url, Range="bytes=1024-"),
        get(url, Range="bytes=0-1,4-5"),
    )
    assert (whole[0], whole[2], whole[1]["content-type"]) == (200, CONTENT, "video/iso.segment")
    assert whole[1]["cache-control"].startswith("private, max-age=")
    assert whole[1]["access-control-allow-origin"] == "https://academy.test"
    assert (part[0], part[2], part[1]["content-range"]) == (206, CONTENT[10:20], "bytes 10-19/1024")
    assert (tail[0], tail[2], tail[1]["content-range"]) == (206, CONTENT[-4:], "bytes 1020-1023/1024")
    assert (head[0], head[2], head[1]["content-length"]) == (200, b"", "1024")
    assert (beyond[0], beyond[1]["content-range"]) == (416, "bytes */1024")
    assert (several[0], several[2]) == (200, CONTENT)


def test_what_the_edge_never_serves(edge):
    prefix = f"demo/{VIDEO}/job-1"
    asked = [
        (*get(signed(f"{prefix}/master.m3u8")), 404, "not_found"),
        (*get(signed(f"{prefix}/storyboard.vtt")), 404, "not_found"),
        (*get(signed(f"{prefix}/v1/99999.m4s")), 404, "not_found"),
        (*get(signed(f"{prefix}/v1/99999.m4s"), Range="bytes=0-1"), 404, "not_found"),
        (signed(f"{prefix}/v1/99999.m4s"), "HEAD", {}, 404, None),
        (signed(), "POST", {}, 405, "method_not_allowed"),
        (signed(), "DELETE", {}, 405, "method_not_allowed"),
    ]
    answers = edge(*((url, method, headers) for url, method, headers, *_ in asked))
    found = [(status, json.loads(body)["code"] if body else None) for status, _, body in answers]
    expected = [(status, code) for *_, status, code in asked]
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1] and pair[1][1]] == []
    assert [status for status, _ in found] == [status for status, _ in expected]


@pytest.mark.parametrize("secret", [None, "", "short", "v1:zz"])
def test_without_a_key_there_is_no_way_in(edge, secret):
    env = {"ALLOWED_ORIGIN": "x"} | ({} if secret is None else {"CDN_HLS_SIGNING_SECRET": secret})
    answers = edge(get(signed()), get(f"{BASE}/{PLACE}"), env=env)
    assert [(status, json.loads(body)["code"]) for status, _, body in answers] == [
        (500, "not_configured")
    ] * 2
