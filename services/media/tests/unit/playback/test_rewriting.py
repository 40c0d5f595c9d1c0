"""Every address in a playlist or storyboard is signed, and none leaves the video."""

import pytest
from media.domain.links import EscapesError, is_rewritten, rewrite


def sign(place):
    return f"<{place}>"


def test_a_master_playlist():
    text = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="한국어",URI="subs/index.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="v1/iframes.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.4d401e,mp4a.40.2"
../job-1/v1/index.m3u8

#EXT-X-STREAM-INF:BANDWIDTH=2500000
v2/index.m3u8
"""
    assert rewrite("job-2/master.m3u8", text, sign) == (
        text.replace('"subs/index.m3u8"', '"<job-2/subs/index.m3u8>"')
        .replace('"v1/iframes.m3u8"', '"<job-2/v1/iframes.m3u8>"')
        .replace("../job-1/v1/index.m3u8", "<job-1/v1/index.m3u8>")
        .replace("\nv2/index.m3u8", "\n<job-2/v2/index.m3u8>")
    )


def test_a_variant_playlist():
    text = '#EXTM3U\r\n#EXT-X-MAP:URI="init.mp4"\r\n#EXTINF:6.0,\r\n00000.m4s\r\n#EXT-X-ENDLIST\r\n'
    assert rewrite("job/v1/index.m3u8", text, sign).splitlines() == [
        "#EXTM3U",
        '#EXT-X-MAP:URI="<job/v1/init.mp4>"',
        "#EXTINF:6.0,",
        "<job/v1/00000.m4s>",
        "#EXT-X-ENDLIST",
    ]


def test_a_storyboard_keeps_its_times_and_the_parts_of_its_pictures():
    text = (
        "WEBVTT\n\nNOTE a b\n\n1\n00:00.000 --> 00:10.000\nstoryboard-000.jpg#xywh=0,0,160,90\n\n"
        "00:10.000 --> 00:20.000\nstoryboard-000.jpg#xywh=160,0,160,90\n"
    )
    assert rewrite("job/storyboard.vtt", text, sign) == text.replace(
        "storyboard-000.jpg", "<job/storyboard-000.jpg>"
    )


@pytest.mark.parametrize(
    "uri",
    [
        "../../../other/v1/index.m3u8",
        "../..",
        "/etc/passwd",
        "https://elsewhere.test/x.m3u8",
        "//elsewhere.test/x.m3u8",
        "data:text/plain,x",
        "v1/index.m3u8?sig=x",
        "v1/%2e%2e/x",
        "v1\\x",
        "",
    ],
)
def test_what_leads_out_of_the_video_is_refused(uri):
    with pytest.raises(EscapesError):
        rewrite("job/v1/index.m3u8", f'#EXTM3U\n#EXT-X-MAP:URI="{uri}"\n', sign)
    if uri:
        with pytest.raises(EscapesError):
            rewrite("job/v1/index.m3u8", f"#EXTM3U\n{uri}\n", sign)
        with pytest.raises(EscapesError):
            rewrite("job/storyboard.vtt", f"WEBVTT\n\n00:00.000 --> 00:10.000\n{uri}\n", sign)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("a/master.m3u8", True),
        ("a/storyboard.vtt", True),
        ("a/subs/00000.vtt", False),
        ("a/v1/00000.m4s", False),
        ("a/poster.jpg", False),
    ],
)
def test_only_what_names_others_is_rewritten(rest, expected):
    assert is_rewritten(rest) is expected
