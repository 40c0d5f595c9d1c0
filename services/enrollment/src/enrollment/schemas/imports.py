"""What the Excel import routes take and give."""

from __future__ import annotations

from typing import Any

from flask_smorest.fields import Upload
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from servicekit.fields import Choice, Id, Password, StrictBoolean, StrictSchema, Whole
from servicekit.pagination import PageSchema

from enrollment.domain.imports import PASSWORD_LENGTH, JobStatus, Outcome, Step, StudentOutcome


class InitialPassword(Password):
    """White space around it comes from copying and is no part of it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(value.strip() if isinstance(value, str) else value, *args, **kwargs)


class StudentImportForm(StrictSchema):
    """An upload but for its file: above all the password that the students' accounts start with."""

    initial_password = InitialPassword(min=PASSWORD_LENGTH[0], max=PASSWORD_LENGTH[1], required=True)
    dry_run = StrictBoolean(load_default=False)
    force = StrictBoolean(load_default=False)


class ImportForm(StudentImportForm):
    """With where the students go."""

    lecture_id = Id(required=True)
    session_id = Id(load_default=None)


class _File(Schema):
    """For the documentation: the file itself is no field of a form, it streams to disk."""

    file = Upload(required=True, metadata={"description": "엑셀 명단 (.xlsx, 20 MiB 이하)"})


class UploadSchema(_File, ImportForm):
    """The whole form of a lecture's import."""


class StudentUploadSchema(_File, StudentImportForm):
    """The whole form of an import without a lecture."""


class AcceptedSchema(Schema):
    """The job to poll; of a file that was uploaded before it may be past PENDING."""

    job_id = fields.UUID(required=True)
    status = fields.String(required=True, metadata={"enum": list(JobStatus)})


class ProgressSchema(Schema):
    """`seconds_left` is null until a rate has been measured."""

    percent = fields.Integer(required=True)
    step = fields.String(required=True, metadata={"enum": list(Step)})
    step_index = fields.Integer(required=True)
    step_total = fields.Integer(required=True)
    step_name_display = fields.String(required=True)
    rows_total = fields.Integer(required=True)
    rows_done = fields.Integer(required=True)
    seconds_left = fields.Integer(required=True, allow_none=True)


class FailedRowSchema(Schema):
    row = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


class ResultSchema(Schema):
    """Counts of rows by their end; rows_total is their sum, `failed` the first 100 of them.

    Of an import without a lecture the students' counts are of registered and already registered rows,
    and `session_id` and `lecture_title` are null.
    """

    enrolled_count = fields.Integer(required=True)
    created_students_count = fields.Integer(required=True)
    matched_students_count = fields.Integer(required=True)
    restored_students_count = fields.Integer(required=True)
    already_enrolled_count = fields.Integer(required=True)
    # jobs that ended before these two were counted have none of them
    registered_count = fields.Integer(required=True, dump_default=0)
    already_registered_count = fields.Integer(required=True, dump_default=0)
    duplicate_count = fields.Integer(required=True)
    skipped_count = fields.Integer(required=True)
    failed_count = fields.Integer(required=True)
    review_count = fields.Integer(required=True)
    rows_total = fields.Integer(required=True)
    session_id = fields.UUID(required=True, allow_none=True)
    lecture_title = fields.String(required=True, allow_none=True)
    failed = fields.List(fields.Nested(FailedRowSchema), required=True)
    rows_url = fields.String(required=True)


class UndoSchema(Schema):
    """An import that is, or was, taken back; `kept` rows had been changed by somebody (rows: undo=kept)."""

    status = fields.String(required=True, metadata={"enum": ["UNDOING", "UNDONE"]})
    undone = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    requested_by = fields.String(required=True)
    requested_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class JobSchema(Schema):
    """A job as a poll sees it: a result when DONE, an error when FAILED."""

    job_id = fields.UUID(required=True)
    job_type = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": list(JobStatus)})
    progress = fields.Nested(ProgressSchema, required=True)
    result = fields.Nested(ResultSchema, required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)
    error_message = fields.String(required=True, allow_none=True)
    dry_run = fields.Boolean(required=True)
    file_name = fields.String(required=True)
    lecture_id = fields.UUID(required=True, allow_none=True)
    requested_by = fields.String(required=True)
    plan_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "이 가져오기가 실행한 미리 보기"}
    )
    cancelled = fields.Boolean(required=True)
    undo = fields.Nested(UndoSchema, required=True, allow_none=True)
    workbook = fields.UUID(
        required=True, allow_none=True, metadata={"description": "결과 파일의 내보내기 ID (24시간)"}
    )
    created_at = fields.AwareDateTime(required=True)


class JobsQuery(PageSchema):
    """Filters of the history."""

    lecture = Id(load_default=None)
    dry_run = StrictBoolean(load_default=None)


class HistorySchema(Schema):
    """One import of the history; `result` is null until it is DONE."""

    job_id = fields.UUID(required=True, attribute="id")
    status = fields.String(required=True, metadata={"enum": list(JobStatus)})
    lecture_id = fields.UUID(required=True, allow_none=True)
    file_name = fields.String(required=True)
    dry_run = fields.Boolean(required=True)
    plan_id = fields.UUID(required=True, allow_none=True)
    cancelled = fields.Function(lambda job: job.cancelled_by is not None, metadata={"type": "boolean"})
    undo_status = fields.String(required=True, allow_none=True)
    result = fields.Nested(ResultSchema, required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)
    error_message = fields.String(required=True, allow_none=True)
    requested_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class JobsSchema(Schema):
    """A page of imports, newest first; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(HistorySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DecisionSchema(StrictSchema):
    """`pick` one of the row's candidates, `create` somebody new, or `skip` the row."""

    row = Whole(min=1, required=True)
    action = Choice("pick", "create", "skip", required=True)
    student_id = Id(load_default=None)

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        if (data["action"] == "pick") != (data["student_id"] is not None):
            raise ValidationError(
                "pick에는 student_id가 있어야 하고, 다른 결정에는 없어야 합니다.", "student_id"
            )


class Decisions(StrictSchema):
    """Rows of an import that a person has decided, all or none."""

    decisions = fields.List(
        fields.Nested(DecisionSchema), required=True, validate=validate.Length(min=1, max=500)
    )

    @validates_schema
    def _once(self, data: dict[str, Any], **_: Any) -> None:
        rows = [decision["row"] for decision in data["decisions"]]
        if len(set(rows)) != len(rows):
            raise ValidationError("같은 행이 두 번 이상 들어 있습니다.", "decisions")


class RowsQuery(PageSchema):
    """Filters of a job's rows; `undo` finds those that were taken back, or kept because somebody changed
    them.
    """

    outcome = Choice(*Outcome, load_default=None)
    undo = Choice("undone", "kept", load_default=None)


class RowSchema(Schema):
    """`row` is the number that the spreadsheet shows; `reason` is Korean."""

    row = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    parent_phone = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, metadata={"enum": list(Outcome)})
    student_outcome = fields.String(
        required=True, allow_none=True, metadata={"enum": [*StudentOutcome, None]}
    )
    student_id = fields.UUID(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    candidates = fields.List(
        fields.UUID(), required=True, allow_none=True, metadata={"description": "고를 수 있는 학생"}
    )
    undo = fields.String(required=True, allow_none=True, metadata={"enum": ["undone", "kept", None]})
    undo_code = fields.String(required=True, allow_none=True)


class RowsSchema(Schema):
    """A page of rows that have ended; `next` is the cursor of the following one."""

    results = fields.List(fields.Nested(RowSchema), required=True)
    next = fields.String(required=True, allow_none=True)
