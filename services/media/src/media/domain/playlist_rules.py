"""The rules of RFC 8216 that playlists are held to, as data."""

from __future__ import annotations

from dataclasses import dataclass

MUST = "MUST"
SHOULD = "SHOULD"


@dataclass(frozen=True, slots=True)
class Rule:
    """`section` is RFC 8216's; MUST also where it says REQUIRED."""

    id: str
    level: str
    section: str
    what: str


_TABLE = (
    # any playlist
    ("no-bom", MUST, "4.1", "a playlist does not begin with a byte order mark"),
    ("no-control-characters", MUST, "4.1", "no control characters but line ends"),
    ("no-stray-space", MUST, "4.1", "no white space at the ends of a line"),
    ("extm3u-first", MUST, "4.3.1.1", "EXTM3U is the first line"),
    ("version-once", MUST, "4.3.1.2", "at most one EXT-X-VERSION"),
    ("version-number", MUST, "4.3.1.2", "EXT-X-VERSION is a decimal integer"),
    ("version-enough", MUST, "7", "EXT-X-VERSION is at least what the tags used need"),
    ("independent-once", MUST, "4.3.5.1", "at most one EXT-X-INDEPENDENT-SEGMENTS"),
    ("attribute-syntax", MUST, "4.2", "attribute lists are NAME=value, separated by commas without spaces"),
    ("attribute-once", MUST, "4.2", "no attribute twice in a list"),
    # media playlists
    ("no-master-tags", MUST, "4.3.4", "no master playlist tag in a media playlist"),
    ("target-duration", MUST, "4.3.3.1", "EXT-X-TARGETDURATION is there, an integer of seconds"),
    ("target-duration-once", MUST, "4.3.3.1", "at most one EXT-X-TARGETDURATION"),
    ("segment-too-long", MUST, "4.3.3.1", "each EXTINF, rounded, is at most the target duration"),
    ("extinf", MUST, "4.3.2.1", "each segment has an EXTINF"),
    ("extinf-number", MUST, "4.3.2.1", "EXTINF begins with a decimal number and a comma"),
    ("extinf-segment", MUST, "4.3.2.1", "each EXTINF is followed by a segment's URI"),
    ("media-sequence-number", MUST, "4.3.3.2", "EXT-X-MEDIA-SEQUENCE is a decimal integer, once"),
    ("media-sequence-first", MUST, "4.3.3.2", "EXT-X-MEDIA-SEQUENCE is before the first segment"),
    ("discontinuity-first", MUST, "4.3.3.3", "EXT-X-DISCONTINUITY-SEQUENCE is before the first segment"),
    ("playlist-type", MUST, "4.3.3.5", "EXT-X-PLAYLIST-TYPE is EVENT or VOD"),
    ("endlist-once", MUST, "4.3.3.4", "at most one EXT-X-ENDLIST"),
    ("vod-ends", MUST, "6.2.1", "a playlist that does not change has EXT-X-ENDLIST"),
    ("map-uri", MUST, "4.3.2.5", "EXT-X-MAP has a quoted URI"),
    ("map-of-fmp4", MUST, "3.3", "fragmented MP4 segments have an EXT-X-MAP before them"),
    ("byterange", MUST, "4.3.2.2", "EXT-X-BYTERANGE is n or n@o, the first of a resource with @o"),
    ("key-method", MUST, "4.3.2.4", "EXT-X-KEY has a METHOD: NONE, AES-128 or SAMPLE-AES"),
    ("key-uri", MUST, "4.3.2.4", "EXT-X-KEY has a URI unless its METHOD is NONE, and none then"),
    ("date-time", MUST, "4.3.2.6", "EXT-X-PROGRAM-DATE-TIME is an ISO 8601 date and time"),
    ("date-time-zone", SHOULD, "4.3.2.6", "EXT-X-PROGRAM-DATE-TIME has a time zone"),
    # master playlists
    ("no-media-tags", MUST, "4.3.2", "no media playlist tag in a master playlist"),
    ("variants", MUST, "4.3.4.2", "a master playlist has a variant"),
    ("variant-uri", MUST, "4.3.4.2", "each EXT-X-STREAM-INF is followed by a URI, and each URI follows one"),
    ("bandwidth", MUST, "4.3.4.2", "each variant has a BANDWIDTH, an integer of bits per second"),
    ("average-bandwidth", MUST, "4.3.4.2", "AVERAGE-BANDWIDTH is an integer, and no more than the peak"),
    ("codecs", SHOULD, "4.3.4.2", "each variant has quoted CODECS"),
    ("resolution", MUST, "4.2", "RESOLUTION is WIDTHxHEIGHT"),
    ("resolution-said", SHOULD, "4.3.4.2", "each variant with video says its RESOLUTION"),
    ("frame-rate", MUST, "4.3.4.2", "FRAME-RATE is a decimal number with at most three decimals"),
    ("group-exists", MUST, "4.3.4.2", "AUDIO, VIDEO and SUBTITLES name a group of that type"),
    ("media-attributes", MUST, "4.3.4.1", "EXT-X-MEDIA has TYPE, GROUP-ID and NAME"),
    ("media-type", MUST, "4.3.4.1", "TYPE is AUDIO, VIDEO, SUBTITLES or CLOSED-CAPTIONS"),
    ("media-name", MUST, "4.3.4.1.1", "NAMEs in a group differ"),
    ("media-default-once", MUST, "4.3.4.1.1", "a group has at most one DEFAULT=YES"),
    ("media-default-autoselect", MUST, "4.3.4.1", "AUTOSELECT is YES where DEFAULT is"),
    ("media-forced", MUST, "4.3.4.1", "FORCED is only for SUBTITLES"),
    (
        "captions-in-stream",
        MUST,
        "4.3.4.1",
        "CLOSED-CAPTIONS has INSTREAM-ID and no URI, others no INSTREAM-ID",
    ),
    ("iframe-variant", MUST, "4.3.4.3", "EXT-X-I-FRAME-STREAM-INF has BANDWIDTH and URI"),
)

RULES = {row[0]: Rule(*row) for row in _TABLE}
