"""What the export routes take and give."""

from __future__ import annotations

from marshmallow import Schema, fields
from servicekit.fields import Choice, Id, StrictSchema
from servicekit.pagination import PageSchema

from enrollment.domain.exports import ON_REQUEST, ExportKind, ExportStatus


class NewExport(StrictSchema):
    """`target_id` is a lecture; of import_results and failed_rows an import."""

    kind = Choice(*ON_REQUEST, required=True)
    target_id = Id(required=True)


class ExportsQuery(PageSchema):
    kind = Choice(*ExportKind, load_default=None)
    target = Id(load_default=None)


class ExportProgressSchema(Schema):
    percent = fields.Integer(required=True)
    rows_done = fields.Integer(required=True)
    rows_total = fields.Integer(required=True)


class ExportSchema(Schema):
    """`download_url` is signed anew at every reading, good for 10 minutes, and null unless DONE."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"enum": list(ExportKind)})
    target_id = fields.UUID(required=True)
    status = fields.String(required=True, metadata={"enum": list(ExportStatus)})
    progress = fields.Nested(ExportProgressSchema, required=True)
    file_name = fields.String(required=True)
    bytes = fields.Integer(required=True, allow_none=True)
    download_url = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)
    error_message = fields.String(required=True, allow_none=True)
    requested_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class ExportsSchema(Schema):
    """A page of exports, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(ExportSchema), required=True)
    next = fields.String(required=True, allow_none=True)
