"""Uploads that go from a browser straight to R2: presigned single PUTs and presigned multipart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from eventkit.effects import Effects

from servicekit.settings import StorageSettings
from servicekit.storage import ObjectMissingError, checked, r2_client, translated

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CORSConfigurationTypeDef, CORSRuleTypeDef


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the store has: its number (1 to 10,000), its bytes, and the tag that completing asks for.

    R2 wants every part but the last to be of one size, 5 MiB or more (limits-runtime.md, section 3).
    """

    number: int
    size: int
    etag: str


class UploadStore(Protocol):
    """One bucket's uploads. Methods raise as those of storage.ObjectStore do; presigning asks nobody."""

    def presign_put(self, key: str, content_type: str, size: int, expires: timedelta) -> str:
        """A URL that takes one PUT of exactly `size` bytes with this Content-Type, until it expires."""

    def create_multipart(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; its id."""

    def presign_part(self, key: str, upload_id: str, number: int, size: int, expires: timedelta) -> str:
        """A URL that takes one PUT of exactly `size` bytes as part `number`, until it expires."""

    def list_parts(self, key: str, upload_id: str) -> Iterator[Part]:
        """Every part that is there, by number. Raises ObjectMissingError for an upload that has ended."""

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the object of these parts. Raises ObjectMissingError for an upload that has ended."""

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Give up the upload and its parts; one that has ended counts as given up."""


class R2Uploads:
    """UploadStore over R2 or any S3 server."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def presign_put(self, key: str, content_type: str, size: int, expires: timedelta) -> str:
        # both are signed as headers: the store refuses a body of another length
        return self._presigned("put_object", key, expires, ContentType=content_type, ContentLength=size)

    def create_multipart(self, key: str, content_type: str) -> str:
        with translated():
            answer = self._client.create_multipart_upload(
                Bucket=self._bucket, Key=checked(key), ContentType=content_type
            )
        return answer["UploadId"]

    def presign_part(self, key: str, upload_id: str, number: int, size: int, expires: timedelta) -> str:
        return self._presigned(
            "upload_part", key, expires, UploadId=upload_id, PartNumber=number, ContentLength=size
        )

    def list_parts(self, key: str, upload_id: str) -> Iterator[Part]:
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=checked(key), UploadId=upload_id
        )
        with translated():
            listed = (part for page in pages for part in page.get("Parts", []))
            # SeaweedFS lists a part that came twice with different bytes twice; the newest one counts
            for number, found in groupby(listed, key=itemgetter("PartNumber")):
                part = max(found, key=itemgetter("LastModified"))
                yield Part(number, part["Size"], part["ETag"])

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        listed: Any = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        with translated():
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=checked(key),
                UploadId=upload_id,
                MultipartUpload={"Parts": listed},
            )

    def abort_multipart(self, key: str, upload_id: str) -> None:
        try:
            with translated():
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=checked(key), UploadId=upload_id)
        except ObjectMissingError:
            return

    def recording(self, effects: Effects) -> UploadStore:
        """Its twin in a rehearsal."""
        return NotedUploads(self, effects)

    def _presigned(self, operation: str, key: str, expires: timedelta, **parameters: Any) -> str:
        return self._client.generate_presigned_url(
            operation,
            Params={"Bucket": self._bucket, "Key": checked(key), **parameters},
            ExpiresIn=int(expires.total_seconds()),
        )


class NotedUploads:
    """Lists and presigns what is there; what it would begin, complete or abort is noted."""

    def __init__(self, real: UploadStore, effects: Effects) -> None:
        self.presign_put, self.presign_part = real.presign_put, real.presign_part
        self.list_parts = real.list_parts
        self._effects = effects

    def create_multipart(self, key: str, content_type: str) -> str:
        self._effects.note("uploads begun")
        return ""

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        self._effects.note("objects stored")

    def abort_multipart(self, key: str, upload_id: str) -> None:
        self._effects.note("uploads aborted")


def open_uploads(settings: StorageSettings, bucket: str) -> R2Uploads:
    """The uploads of one bucket."""
    access_key, secret_key = settings.r2_access_key.reveal(), settings.r2_secret_key.reveal()
    return R2Uploads(r2_client(settings.r2_endpoint, access_key, secret_key), bucket)


def upload_rules(origins: Sequence[str]) -> CORSConfigurationTypeDef:
    """The bucket's CORS rules: what a presigned PUT from a page of these origins needs, and nothing else."""
    rule: CORSRuleTypeDef = {
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["content-type"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 3600,
    }
    return {"CORSRules": [rule]}
