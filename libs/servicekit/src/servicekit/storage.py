"""Objects in Cloudflare R2 through boto3, limited to what R2 has: no tags, no versions, no locks."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
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

BINARY = "application/octet-stream"
MAX_KEY_BYTES = 1024
_DELETE_BATCH = 1000
_CHUNK = 1 << 20
_TRANSFER = TransferConfig(multipart_threshold=64 << 20, multipart_chunksize=64 << 20, use_threads=False)


class ObjectMissingError(PermanentError):
    """There is no object of this key."""

    def __init__(self) -> None:
        super().__init__("object_missing")


class RangeNotSatisfiableError(PermanentError):
    """The object ends before the range begins."""

    def __init__(self) -> None:
        super().__init__("range_not_satisfiable")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """`size` in bytes; a listing does not say the content type."""

    key: str
    size: int
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """Bytes `start` to `end` (both included) of an object; `info.size` is the whole object's.

    `chunks` is read once and closed, or its connection stays taken; it raises what ObjectStore's methods do.
    """

    info: ObjectInfo
    chunks: Generator[bytes]
    start: int
    end: int


class ObjectStore(Protocol):
    """One bucket.

    Every method raises UnavailableError while the store is away or refuses our credentials, TransientError
    when it asks to slow down, PermanentError for a request that can never succeed.
    """

    def put_file(
        self, key: str, path: Path, content_type: str = BINARY, *, cache_control: str | None = None
    ) -> None:
        """Store the file's bytes, replacing an object of the same key."""

    def download_to(self, key: str, path: Path) -> None:
        """Write the whole object to `path`, or leave nothing there. Raises ObjectMissingError."""

    def head(self, key: str) -> ObjectInfo:
        """Size and type. Raises ObjectMissingError."""

    def open(self, key: str, byte_range: tuple[int, int | None] | None = None) -> ObjectStream:
        """The object, or bytes (first, last) of it, both included; last None or past the end: to the end.

        Raises ObjectMissingError, RangeNotSatisfiableError.
        """

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on; fewer where the object ends, none at or after its end.

        Raises ObjectMissingError.
        """

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

    def put_file(
        self, key: str, path: Path, content_type: str = BINARY, *, cache_control: str | None = None
    ) -> None:
        extra = {"ContentType": content_type} | ({"CacheControl": cache_control} if cache_control else {})
        with translated():
            self._client.upload_file(str(path), self._bucket, checked(key), ExtraArgs=extra, Config=_TRANSFER)

    def download_to(self, key: str, path: Path) -> None:
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as file, closing(self.open(key).chunks) as chunks:
                file.writelines(chunks)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def head(self, key: str) -> ObjectInfo:
        with translated():
            found = self._client.head_object(Bucket=self._bucket, Key=checked(key))
        return ObjectInfo(key, found["ContentLength"], found.get("ContentType", ""))

    def open(self, key: str, byte_range: tuple[int, int | None] | None = None) -> ObjectStream:
        wanted: Any = {} if byte_range is None else {"Range": _range_header(*byte_range)}
        with translated():
            found = self._client.get_object(Bucket=self._bucket, Key=checked(key), **wanted)
        start, end, size = _span(found.get("ContentRange"), found["ContentLength"])
        info = ObjectInfo(key, size, found.get("ContentType", ""))
        return ObjectStream(info, _chunks(found["Body"]), start, end)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        if length <= 0:
            raise ValueError("a range has a length")
        try:
            return b"".join(self.open(key, (start, start + length - 1)).chunks)
        except RangeNotSatisfiableError:
            return b""

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _DELETE_BATCH):
            objects: Any = [{"Key": checked(key)} for key in keys[start : start + _DELETE_BATCH]]
            with translated():
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
                )
            refused = [error for error in answer.get("Errors", []) if error.get("Code") != "NoSuchKey"]
            if refused:
                raise TransientError(f"{len(refused)} objects not deleted: {refused[0].get('Code')}")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with translated():
            for page in pages:
                for found in page.get("Contents", []):
                    yield ObjectInfo(found["Key"], found["Size"])

    def presign_get(self, key: str, expires: timedelta, filename: str) -> str:
        parameters = {
            "Bucket": self._bucket,
            "Key": checked(key),
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
        self.open, self.read_range = real.open, real.read_range
        self.list, self.presign_get = real.list, real.presign_get
        self._effects = effects

    def put_file(
        self, key: str, path: Path, content_type: str = BINARY, *, cache_control: str | None = None
    ) -> None:
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
def translated() -> Iterator[None]:
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
    if status == 416:
        return RangeNotSatisfiableError()
    if status == 429 or code in ("SlowDown", "RequestTimeout"):
        return TransientError(f"storage: {code}")
    if status >= 500 or not status:
        return UnavailableError(f"storage: {code}")
    return PermanentError("storage_refused", code)


def checked(key: str) -> str:
    """The key. Raises PermanentError for one that R2 refuses."""
    if not key or len(key.encode()) > MAX_KEY_BYTES or not key.isprintable() or key.startswith("/"):
        raise PermanentError("invalid_object_key")
    return key


def _range_header(first: int, last: int | None) -> str:
    return f"bytes={first}-{'' if last is None else last}"


def _span(content_range: str | None, length: int) -> tuple[int, int, int]:
    """First and last byte of an answer and the object's size, of `bytes 0-99/1234` or of a whole object."""
    if content_range is None:
        return 0, length - 1, length
    span, size = content_range.removeprefix("bytes ").split("/")
    first, last = span.split("-")
    return int(first), int(last), int(size)


def _chunks(body: Any) -> Generator[bytes]:
    try:
        with translated():
            yield from body.iter_chunks(_CHUNK)
    finally:
        body.close()
