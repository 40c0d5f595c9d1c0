"""The buckets of R2, or of any S3 server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from servicekit.settings import StorageSettings
from servicekit.storage import checked, r2_client, translated

from storage_janitor.domain.objects import Found

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_PAGES_AT_MOST = 3
"""Of a listing that looks for the keys of a batch; the others are then asked for one by one."""
_AT_ONCE = 8
_NONE_YET = ("NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration")


class R2Bucket:
    """ports.Bucket and ports.BucketRules."""

    def __init__(self, client: S3Client, kind: str, name: str) -> None:
        self.kind = kind
        self._client = client
        self._name = name

    def pages(self, prefix: str = "", after: str = "") -> Iterator[list[Found]]:
        arguments: dict[str, Any] = {"Bucket": self._name, "Prefix": prefix}
        if after:
            arguments["StartAfter"] = after
        pages = self._client.get_paginator("list_objects_v2").paginate(**arguments)
        with translated():
            for page in pages:
                yield [_found(one["Key"], one) for one in page.get("Contents", [])]

    def fresh(self, keys: Sequence[str]) -> dict[str, Found]:
        wanted, found = set(keys), dict[str, Found]()
        if not keys:
            return found
        seen = ""
        if len(keys) > _AT_ONCE:
            # keys of a plan lie close together: three listings tell what a thousand requests would
            for number, page in enumerate(self.pages(after=keys[0][:-1]), start=1):
                found |= {one.key: one for one in page if one.key in wanted}
                seen = page[-1].key if page else keys[-1]
                if seen >= keys[-1] or number == _PAGES_AT_MOST:
                    break
            else:
                seen = keys[-1]
        rest = [key for key in keys if key > seen]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return found | {one.key: one for one in pool.map(self._head, rest) if one}

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        objects: Any = [{"Key": checked(key)} for key in keys]
        with translated():
            answer = self._client.delete_objects(
                Bucket=self._name, Delete={"Objects": objects, "Quiet": True}
            )
        refused = ((one.get("Key", ""), one.get("Code", "")) for one in answer.get("Errors", []))
        return {key: code for key, code in refused if code != "NoSuchKey"}

    def make(self) -> None:
        with translated():
            try:
                self._client.head_bucket(Bucket=self._name)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                self._client.create_bucket(Bucket=self._name)

    def lifecycle(self) -> list[dict[str, Any]]:
        return self._configured("get_bucket_lifecycle_configuration", "Rules")

    def put_lifecycle(self, rules: Sequence[Mapping[str, Any]]) -> None:
        with translated():
            given: Any = {"Rules": list(rules)}
            self._client.put_bucket_lifecycle_configuration(Bucket=self._name, LifecycleConfiguration=given)

    def cors(self) -> list[dict[str, Any]]:
        return self._configured("get_bucket_cors", "CORSRules")

    def put_cors(self, rules: Sequence[Mapping[str, Any]]) -> None:
        with translated():
            given: Any = {"CORSRules": list(rules)}
            self._client.put_bucket_cors(Bucket=self._name, CORSConfiguration=given)

    def abort_uploads(self, before: datetime) -> int:
        aborted = 0
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._name)
        with translated():
            for page in pages:
                for one in page.get("Uploads", []):
                    if one["Initiated"] < before:
                        self._client.abort_multipart_upload(
                            Bucket=self._name, Key=one["Key"], UploadId=one["UploadId"]
                        )
                        aborted += 1
        return aborted

    def _configured(self, operation: str, name: str) -> list[dict[str, Any]]:
        with translated():
            try:
                return list(getattr(self._client, operation)(Bucket=self._name).get(name, []))
            except ClientError as error:
                if error.response["Error"]["Code"] in _NONE_YET:
                    return []
                raise

    def _head(self, key: str) -> Found | None:
        with translated():
            try:
                return _found(key, self._client.head_object(Bucket=self._name, Key=key))
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return None
                raise


def open_buckets(settings: StorageSettings, names: Mapping[str, str]) -> dict[str, R2Bucket]:
    """By kind. `names`: kind → what the bucket is called. Connects to nothing yet."""
    access_key, secret_key = settings.r2_access_key.reveal(), settings.r2_secret_key.reveal()
    client = r2_client(settings.r2_endpoint, access_key, secret_key)
    return {kind: R2Bucket(client, kind, name) for kind, name in names.items()}


def _found(key: str, answer: Mapping[str, Any]) -> Found:
    """Of a listing's line or a HEAD: whole seconds, as HTTP has them, so that both say the same."""
    size = answer["Size"] if "Size" in answer else answer["ContentLength"]
    written = answer["LastModified"].astimezone(UTC).replace(microsecond=0)
    return Found(key, size, answer["ETag"].strip('"'), written)
