"""What the upload routes take and give."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate
from servicekit.fields import Data, Id, StrictBoolean, StrictSchema, Text, Whole, messages

from media.domain.uploads import MAX_PARTS, MAX_PARTS_PER_CALL, UploadKind, UploadState
from media.schemas.access import Speed
from media.schemas.videos import VideoSchema

_TYPE = validate.Regexp(r"^video/[a-z0-9][a-z0-9.+-]*$", error="video/로 시작하는 형식이어야 합니다.")
_MAX_BYTES = 5 * 10**12
"""R2's largest object (limits-runtime.md, section 3); an academy's own limit is in its settings."""


class NewUpload(StrictSchema):
    """`fingerprint` is the client's own name for the file, by which it finds the upload again."""

    session = Id(required=True)
    title = Text(255, required=True)
    filename = Text(255, required=True)
    content_type = Text(100, load_default="video/mp4", validate=_TYPE)
    size_bytes = Whole(min=0, max=_MAX_BYTES, required=True)
    fingerprint = Text(200, blank=True, load_default="")
    allow_skip = StrictBoolean(load_default=False)
    max_speed = Speed(load_default=Decimal("1.00"))
    show_watermark = StrictBoolean(load_default=True)


class Parts(fields.Field[list[int]]):
    """One to 100 different part numbers."""

    default_error_messages = messages(
        invalid=f"서로 다른 조각 번호(1~{MAX_PARTS}) 1개 이상 {MAX_PARTS_PER_CALL}개 이하여야 합니다."
    )

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> list[int]:
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_PARTS_PER_CALL:
            raise self.make_error("invalid")
        if not all(type(number) is int and 1 <= number <= MAX_PARTS for number in value):
            raise self.make_error("invalid")
        if len(set(value)) != len(value):
            raise self.make_error("invalid")
        return value


class WantedParts(StrictSchema):
    parts = Parts(
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "integer"},
            "minItems": 1,
            "maxItems": MAX_PARTS_PER_CALL,
        },
    )


class UploadsQuery(StrictSchema):
    """Without a fingerprint all open uploads of the caller."""

    fingerprint = Text(200, blank=True, load_default="")


class UploadSchema(Schema):
    """An upload session: `part_bytes` is the size of every part but the last."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"enum": list(UploadKind)})
    state = fields.String(required=True, metadata={"enum": list(UploadState)})
    filename = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    part_bytes = fields.Integer(required=True)
    part_count = fields.Integer(required=True)
    fingerprint = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


class OpenUploadSchema(Schema):
    """`upload_url` takes one PUT with the Content-Type and the size that were told; null for parts."""

    video_id = fields.UUID(required=True)
    upload = fields.Nested(UploadSchema, required=True)
    upload_url = fields.String(required=True, allow_none=True)
    file_key = fields.String(required=True)
    content_type = fields.String(required=True)


class OpenUploadsSchema(Schema):
    results = fields.List(fields.Nested(OpenUploadSchema), required=True)


class BegunSchema(OpenUploadSchema):
    video = fields.Nested(VideoSchema, required=True)


class UploadStateSchema(OpenUploadSchema):
    """`stored`: the store has the complete file; `uploaded_parts`: the numbers of those it has whole."""

    stored = fields.Boolean(required=True)
    uploaded_parts = fields.List(fields.Integer(), required=True)


class PartUrlSchema(Schema):
    """`url` takes one PUT of exactly `size` bytes."""

    part = fields.Integer(required=True)
    size = fields.Integer(required=True)
    url = fields.String(required=True)


class PartUrlsSchema(Schema):
    results = fields.List(fields.Nested(PartUrlSchema), required=True)
