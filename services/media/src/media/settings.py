"""Settings of the media service, read from the environment at boot."""

# ruff: noqa: RUF009 - env() returns a dataclasses.field

from __future__ import annotations

from dataclasses import dataclass

from servicekit.settings import (
    AccountSettings,
    CommonSettings,
    Secret,
    StorageSettings,
    bucket,
    env,
    integer,
    url,
    worker_place,
)

from media.domain.access import Limits
from media.domain.links import Links
from media.domain.signing import SigningKeys, signing_keys


@dataclass(frozen=True, kw_only=True)
class Settings(StorageSettings, AccountSettings, CommonSettings):
    """What every service needs, the bucket of videos, and how they are played."""

    r2_video_bucket: str = bucket("video")
    signing_keys: Secret[SigningKeys] = env(
        "CDN_HLS_SIGNING_SECRET",
        secret=True,
        parse=signing_keys,
        doc="keys of playback URLs, `<key id>:<64 or more hex digits>`, comma separated: the first signs, "
        "all are taken; without id it is v1 (in place of CDN_HLS_SIGNING_KEY_ID)",
    )
    cdn_hls_base_url: str = env(
        "CDN_HLS_BASE_URL",
        default="",
        parse=url("https", "http"),
        doc="where segments are fetched from (deploy/edge); without it from this API",
    )
    playback_ttl_seconds: int = env(
        "VIDEO_PLAYBACK_TTL_SECONDS",
        default="600",
        parse=integer(60, 3600),
        doc="life of a playback token, of the URL a player begins with, and of a session without heartbeat",
    )
    max_sessions: int = env(
        "VIDEO_MAX_SESSIONS", default="9999", parse=integer(1, 9999), doc="classes a student watches at once"
    )
    max_devices: int = env(
        "VIDEO_MAX_DEVICES", default="9999", parse=integer(1, 9999), doc="devices a student uses at once"
    )
    revoke_violations: int = env(
        "VIDEO_VIOLATION_REVOKE_THRESHOLD",
        default="3",
        parse=integer(1, 10_000),
        doc="violations that end a class",
    )
    revoke_percent: int = env(
        "VIDEO_VIOLATION_REVOKE_PERCENT",
        default="50",
        parse=integer(1, 100),
        doc="share of violations among 6 events or more that ends a class",
    )
    ffmpeg_bin: str = env("FFMPEG_BIN", default="", doc="ffmpeg; without it PATH's, else the wheel's")
    ffprobe_bin: str = env("FFPROBE_BIN", default="", doc="ffprobe of the same version")
    encoder_scratch: str = env(
        "ENCODER_SCRATCH",
        default="/var/tmp/academy-encoder",  # noqa: S108 - the encoder makes a folder of its own there
        doc="where the encoder works: room for twice the largest original",
    )
    wake_encoder: str = env(
        "WAKE_ENCODER",
        default="",
        parse=worker_place,
        doc="which stopped encoder the API starts, as WAKE_WORKER",
    )

    @property
    def links(self) -> Links:
        """How addresses are signed."""
        return Links(self.signing_keys.reveal(), self.playback_ttl_seconds, self.cdn_hls_base_url.rstrip("/"))

    @property
    def limits(self) -> Limits:
        """What a student may have open, and what ends a class."""
        return Limits(self.max_sessions, self.max_devices, self.revoke_violations, self.revoke_percent / 100)
