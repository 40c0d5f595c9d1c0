"""Objects in Cloudflare R2 through boto3, limited to what R2 has: no tags, no versions, no locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from eventkit.effects import Effects
from eventkit.errors import PermanentError, TransientError, UnavailableError

from servicekit.settings import StorageSettings

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

MAX_KEY_BYTES = 1024
_DELETE_BATCH = 1000
_CHUNK = 1 << 20
_TRANSFER = TransferConfig(multipart_threshold=64 << 20, multipart_chunksize=64 << 20, use_threads=False)


class ObjectMissingError(PermanentError):
    """There is no object of this key."""

    def __init__(self) -> None:
        super().__init__("object_missing")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """`size` in bytes."""

    key: str
    size: int


class ObjectStore(Protocol):
    """One bucket.

    Every method raises UnavailableError while the store is away or refuses our credentials, TransientError
    when it asks to slow down, PermanentError for a request that can never succeed.
    """

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        """Store the file's bytes, replacing an object of the same key."""

    def download_to(self, key: str, path: Path) -> None:
        """Write the whole object to `path`, or leave nothing there. Raises ObjectMissingError."""

    def head(self, key: str) -> ObjectInfo:
        """Size and age. Raises ObjectMissingError."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete all; a key without object counts as deleted."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key starts with `prefix`, in key order."""

    def presign_get(self, key: str, expires: timedelta, filename: str) -> str:
        """A link that downloads the object as `filename` until it expires."""


class R2Store:
    """ObjectStore over R2 or any S3 server."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        with _translated():
            self._client.upload_file(
                str(path),
                self._bucket,
                _checked(key),
                ExtraArgs={"ContentType": content_type},
                Config=_TRANSFER,
            )

    def download_to(self, key: str, path: Path) -> None:
        part = path.with_name(f"{path.name}.part")
        try:
            with _translated(), part.open("wb") as file:
                body = self._client.get_object(Bucket=self._bucket, Key=_checked(key))["Body"]
                for chunk in body.iter_chunks(_CHUNK):
                    file.write(chunk)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def head(self, key: str) -> ObjectInfo:
        with _translated():
            found = self._client.head_object(Bucket=self._bucket, Key=_checked(key))
        return ObjectInfo(key, found["ContentLength"])

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _DELETE_BATCH):
            objects: Any = [{"Key": _checked(key)} for key in keys[start : start + _DELETE_BATCH]]
            with _translated():
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
                )
            refused = [error for error in answer.get("Errors", []) if error.get("Code") != "NoSuchKey"]
            if refused:
                raise TransientError(f"{len(refused)} objects not deleted: {refused[0].get('Code')}")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with _translated():
            for page in pages:
                for found in page.get("Contents", []):
                    yield ObjectInfo(found["Key"], found["Size"])

    def presign_get(self, key: str, expires: timedelta, filename: str) -> str:
        parameters = {
            "Bucket": self._bucket,
            "Key": _checked(key),
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        }
        return self._client.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=int(expires.total_seconds())
        )

    def recording(self, effects: Effects) -> ObjectStore:
        """Its twin in a rehearsal."""
        return NotedStore(self, effects)


class NotedStore:
    """Reads what is there; what it would write or delete is noted, and not seen by later reads."""

    def __init__(self, real: ObjectStore, effects: Effects) -> None:
        self.download_to, self.head = real.download_to, real.head
        self.list, self.presign_get = real.list, real.presign_get
        self._effects = effects

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        self._effects.note("objects stored")

    def delete(self, keys: Sequence[str]) -> None:
        self._effects.note("objects deleted", len(keys))


def open_store(settings: StorageSettings, bucket: str) -> R2Store:
    """The store of one bucket."""
    access_key, secret_key = settings.r2_access_key.reveal(), settings.r2_secret_key.reveal()
    return R2Store(r2_client(settings.r2_endpoint, access_key, secret_key), bucket)


def r2_client(endpoint: str, access_key: str, secret_key: str, *, attempts: int = 3) -> S3Client:
    """boto3's S3 client as R2 wants it, with R2's own credentials, apart from AWS's."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="auto",
        config=Config(
            # boto3's default checksums make R2 refuse uploads (limits-runtime.md, section 3)
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            retries={"mode": "standard", "max_attempts": attempts},
            connect_timeout=5,
            read_timeout=60,
        ),
    )


@contextmanager
def _translated() -> Iterator[None]:
    """boto3's errors as ours; their texts name hosts and keys and stay behind."""
    try:
        yield
    except ClientError as error:
        raise _of_client_error(error) from error
    except Boto3Error as error:  # upload_file wraps what it meets
        cause = error.__context__
        found = _of_client_error(cause) if isinstance(cause, ClientError) else UnavailableError("storage")
        raise found from error
    except (HTTPClientError, BotoCoreError) as error:
        raise UnavailableError(f"storage: {type(error).__name__}") from error


def _of_client_error(error: ClientError) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket" or status in (401, 403):
        return UnavailableError(f"storage: {code}")  # our configuration, not the object, is at fault
    if status == 404:
        return ObjectMissingError()
    if status == 429 or code in ("SlowDown", "RequestTimeout"):
        return TransientError(f"storage: {code}")
    if status >= 500 or not status:
        return UnavailableError(f"storage: {code}")
    return PermanentError("storage_refused", code)


def _checked(key: str) -> str:
    if not key or len(key.encode()) > MAX_KEY_BYTES or not key.isprintable() or key.startswith("/"):
        raise PermanentError("invalid_object_key")
    return key
