"""Settings of the storage-janitor service, read from the environment at boot."""

# ruff: noqa: RUF009 - env() returns a dataclasses.field

from __future__ import annotations

from dataclasses import dataclass

from servicekit.settings import CommonSettings, StorageSettings, bucket, env, peers


@dataclass(frozen=True, kw_only=True)
class Settings(StorageSettings, CommonSettings):
    """What every service needs, all four buckets, and where the owners of their objects answer."""

    r2_excel_bucket: str = bucket("excel")
    r2_video_bucket: str = bucket("video")
    r2_ai_bucket: str = bucket("ai")
    r2_storage_bucket: str = bucket("storage")
    peer_urls: dict[str, str] = env(
        "PEER_URLS", parse=peers, doc="internal addresses of the other services: name=url, comma separated"
    )
    upload_origins: tuple[str, ...] = env(
        "UPLOAD_ORIGINS",
        default="",
        parse=lambda value: tuple(one.strip() for one in value.split(",") if one.strip()),
        doc="origins of pages that may send videos to the bucket (CORS), comma separated; none: unchecked",
    )

    @property
    def buckets(self) -> dict[str, str]:
        """Kind → what the bucket is called."""
        return {
            "ai": self.r2_ai_bucket,
            "video": self.r2_video_bucket,
            "excel": self.r2_excel_bucket,
            "storage": self.r2_storage_bucket,
        }
