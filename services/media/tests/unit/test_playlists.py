"""Each rule of RFC 8216 that is listed has a playlist that breaks it and nothing else."""

from __future__ import annotations

import pytest
from media.domain.playlist_rules import RULES
from media.domain.playlists import check_master, check_media

MEDIA = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.000000,
00000.m4s
#EXTINF:2.500000,
00001.m4s
#EXT-X-ENDLIST
"""
FIRST_VARIANT = (
    '#EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,CODECS="avc1.640015,mp4a.40.2",'
    'RESOLUTION=480x270,FRAME-RATE=30.000,SUBTITLES="subs"'
)
MASTER = f"""#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="1 kor",DEFAULT=NO,AUTOSELECT=YES,URI="c/index.m3u8"
{FIRST_VARIANT}
v1/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360
v2/index.m3u8
"""
MAP = '#EXT-X-MAP:URI="init.mp4"\n'
FIRST = "#EXTINF:6.000000,\n00000.m4s\n"
SUBTITLES = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="2",URI="d"'
LINE = "#EXT-X-STREAM-INF:BANDWIDTH=900000,"


def changed(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


BROKEN_MEDIA = [
    ("no-bom", "#EXTM3U", "\ufeff#EXTM3U"),
    ("no-control-characters", "00000.m4s", "000\x0100.m4s"),
    ("no-stray-space", "00000.m4s", "00000.m4s "),
    ("extm3u-first", "#EXTM3U\n", ""),
    ("version-once", "#EXT-X-VERSION:7", "#EXT-X-VERSION:7\n#EXT-X-VERSION:7"),
    ("version-number", "VERSION:7", "VERSION:seven"),
    ("version-enough", "VERSION:7", "VERSION:5"),
    ("version-enough", "#EXT-X-VERSION:7\n", ""),
    ("independent-once", MAP, f"#EXT-X-INDEPENDENT-SEGMENTS\n{MAP}"),
    ("attribute-syntax", 'URI="init.mp4"', 'URI="init.mp4", BYTERANGE="8@0"'),
    ("attribute-once", 'URI="init.mp4"', 'URI="init.mp4",URI="init.mp4"'),
    ("no-master-tags", MAP, f'#EXT-X-SESSION-DATA:DATA-ID="a"\n{MAP}'),
    ("target-duration", "#EXT-X-TARGETDURATION:6\n", ""),
    ("target-duration", "TARGETDURATION:6", "TARGETDURATION:6.5"),
    ("target-duration-once", MAP, f"#EXT-X-TARGETDURATION:6\n{MAP}"),
    ("segment-too-long", "#EXTINF:6.000000", "#EXTINF:6.500000"),
    ("extinf", "#EXTINF:2.500000,\n", ""),
    ("extinf-number", "#EXTINF:2.500000,", "#EXTINF:-2.5,"),
    ("extinf-number", "#EXTINF:2.500000,", "#EXTINF:2"),
    ("extinf-segment", "00001.m4s\n", ""),
    ("media-sequence-number", "MEDIA-SEQUENCE:0", "MEDIA-SEQUENCE:first"),
    ("media-sequence-number", MAP, f"#EXT-X-MEDIA-SEQUENCE:0\n{MAP}"),
    ("discontinuity-first", FIRST, f"{FIRST}#EXT-X-DISCONTINUITY-SEQUENCE:0\n"),
    ("playlist-type", "PLAYLIST-TYPE:VOD", "PLAYLIST-TYPE:LIVE"),
    ("endlist-once", "#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n"),
    ("vod-ends", "#EXT-X-ENDLIST\n", ""),
    ("map-uri", 'URI="init.mp4"', 'BYTERANGE="700@0"'),
    ("map-of-fmp4", MAP, ""),
    ("byterange", "#EXTINF:6.000000,\n", "#EXTINF:6.000000,\n#EXT-X-BYTERANGE:700\n"),
    ("byterange", "#EXTINF:6.000000,\n", "#EXTINF:6.000000,\n#EXT-X-BYTERANGE:0-700\n"),
    ("key-method", MAP, f'#EXT-X-KEY:METHOD=ROT13,URI="k"\n{MAP}'),
    ("key-uri", MAP, f"#EXT-X-KEY:METHOD=AES-128\n{MAP}"),
    ("key-uri", MAP, f'#EXT-X-KEY:METHOD=NONE,URI="k"\n{MAP}'),
    ("date-time", MAP, f"#EXT-X-PROGRAM-DATE-TIME:yesterday\n{MAP}"),
    ("date-time-zone", MAP, f"#EXT-X-PROGRAM-DATE-TIME:2026-03-02T09:00:00.000\n{MAP}"),
]
MOVED_SEQUENCE = MEDIA.replace("#EXT-X-MEDIA-SEQUENCE:0\n", "").replace(
    FIRST, f"{FIRST}#EXT-X-MEDIA-SEQUENCE:0\n"
)
BROKEN_MASTER = [
    ("extm3u-first", "#EXTM3U", "#EXTM3U8"),
    ("independent-once", "v2/index.m3u8\n", "v2/index.m3u8\n#EXT-X-INDEPENDENT-SEGMENTS\n"),
    ("attribute-syntax", "RESOLUTION=640x360", "RESOLUTION=640x360,score=1"),
    ("no-media-tags", "v2/index.m3u8\n", "v2/index.m3u8\n#EXT-X-ENDLIST\n"),
    ("variant-uri", "v1/index.m3u8\n", ""),
    ("variant-uri", "v1/index.m3u8\n", "v1/index.m3u8\nv3/index.m3u8\n"),
    ("bandwidth", LINE, "#EXT-X-STREAM-INF:"),
    ("bandwidth", LINE, "#EXT-X-STREAM-INF:BANDWIDTH=0.9M,"),
    ("average-bandwidth", "AVERAGE-BANDWIDTH=300000", "AVERAGE-BANDWIDTH=400001"),
    ("codecs", 'CODECS="avc1.64001e,mp4a.40.2",', ""),
    ("resolution", "RESOLUTION=640x360", "RESOLUTION=640*360"),
    ("resolution", "RESOLUTION=640x360", "RESOLUTION=0x360"),
    ("resolution-said", ",RESOLUTION=640x360", ""),
    ("frame-rate", "FRAME-RATE=30.000", "FRAME-RATE=30000/1001"),
    ("group-exists", 'SUBTITLES="subs"', 'SUBTITLES="caps"'),
    ("group-exists", 'SUBTITLES="subs"', 'AUDIO="subs"'),
    ("media-attributes", 'NAME="1 kor",', ""),
    ("media-type", LINE, f'#EXT-X-MEDIA:TYPE=TEXT,GROUP-ID="t",NAME="1"\n{LINE}'),
    ("media-name", LINE, f"{SUBTITLES}\n{SUBTITLES}\n{LINE}"),
    (
        "media-default-once",
        LINE,
        f"{SUBTITLES},DEFAULT=YES\n{SUBTITLES.replace('2', '3')},DEFAULT=YES\n{LINE}",
    ),
    ("media-default-autoselect", "DEFAULT=NO,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO"),
    ("media-forced", LINE, f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="1",FORCED=YES\n{LINE}'),
    ("captions-in-stream", LINE, f'#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="1"\n{LINE}'),
    ("captions-in-stream", "AUTOSELECT=YES", 'AUTOSELECT=YES,INSTREAM-ID="CC1"'),
    ("iframe-variant", LINE, f"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n{LINE}"),
]


def ids(findings):
    return [finding.rule.id for finding in findings]


def test_sound_playlists_have_no_finding():
    assert check_media(MEDIA) == []
    assert check_master(MASTER) == []


@pytest.mark.parametrize(("rule", "old", "new"), BROKEN_MEDIA)
def test_a_media_playlist_that_breaks_one_rule(rule, old, new):
    assert ids(check_media(changed(MEDIA, old, new))) == [rule]


@pytest.mark.parametrize(("rule", "old", "new"), BROKEN_MASTER)
def test_a_master_playlist_that_breaks_one_rule(rule, old, new):
    assert ids(check_master(changed(MASTER, old, new))) == [rule]


def test_what_cannot_be_said_as_one_change():
    assert ids(check_media(MOVED_SEQUENCE)) == ["media-sequence-first"]
    assert ids(check_master("#EXTM3U\n#EXT-X-VERSION:7\n")) == ["variants"]


def test_each_rule_that_is_listed_is_broken_above():
    broken = {rule for rule, _, _ in [*BROKEN_MEDIA, *BROKEN_MASTER]}

    assert broken | {"media-sequence-first", "variants"} == RULES.keys()


def test_a_finding_says_which_rule_of_which_section_is_broken_where():
    [finding] = check_media(changed(MEDIA, "#EXTINF:6.000000", "#EXTINF:6.500000"))

    assert str(finding) == "segment-too-long (MUST, RFC 8216 4.3.3.1), line 9"


@pytest.mark.parametrize(
    "text", ["", "\n\n", "\x00", "#EXTM3U", "<html>404</html>", "#EXTINF:\n#EXT-X-KEY\n#EXT"]
)
def test_what_is_no_playlist_has_findings_and_raises_nothing(text):
    assert check_media(text)
    assert check_master(text)


@pytest.mark.parametrize(
    ("seconds", "target", "found"),
    [("6.499", 6, []), ("6.5", 6, ["segment-too-long"]), ("6.5", 7, []), ("4.5", 4, ["segment-too-long"])],
)
def test_half_a_second_counts_up(seconds, target, found):
    text = MEDIA.replace("6.000000", seconds).replace("DURATION:6", f"DURATION:{target}")

    assert ids(check_media(text)) == found
