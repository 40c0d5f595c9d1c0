"""Settings of the storage-janitor service, read from the environment at boot."""

from __future__ import annotations

from dataclasses import dataclass

from servicekit.settings import CommonSettings, StorageSettings, bucket


@dataclass(frozen=True, kw_only=True)
class Settings(StorageSettings, CommonSettings):
    """What every service needs, and the buckets of uploaded workbooks and of videos."""

    r2_excel_bucket: str = bucket("excel")
    r2_video_bucket: str = bucket("video")
