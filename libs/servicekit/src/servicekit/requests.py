"""The request object and argument parser: limits, strict JSON, and multipart files that stream to disk."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import IO, Any, NoReturn

import flask
import orjson
from marshmallow import EXCLUDE, RAISE, Schema
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.formparser import FormDataParser

from servicekit.problem import Problem

MAX_JSON_BYTES = 1 << 20
MAX_FORM_PARTS = 50
# werkzeug holds its 64 KiB read buffer against this too: a lower limit refuses honest files by chance
MAX_FIELD_BYTES = 500_000


class HashingFile:
    """A temporary file, gone when closed, that keeps the SHA-256 of its content."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile("w+b", prefix="upload-")  # noqa: SIM115 - closed with the request
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def path(self) -> Path:
        """Where the content is, until the request ends."""
        self._file.flush()
        return Path(self._file.name)

    @property
    def sha256(self) -> str:
        """Hex digest of all that was written."""
        return self._hash.hexdigest()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _LoudFormDataParser(FormDataParser):
    """werkzeug answers a truncated or malformed form with an empty one; here it is an error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "silent": False})


class Request(flask.Request):
    """Flask's request with a form that fails loudly and files on disk."""

    form_data_parser_class = _LoudFormDataParser

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return HashingFile()  # type: ignore[return-value]  # werkzeug uses what it has of IO

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except ValueError as error:
            raise Problem("invalid_multipart") from error

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        raise Problem("unsupported_media_type" if e is None else "invalid_json")


class Parser(FlaskParser):
    """Request arguments: unknown ones are refused, JSON is strict (no NaN, valid UTF-8, right media type)."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - declared so by webargs
        "json": RAISE,
        "form": RAISE,
        "query": RAISE,
        "querystring": RAISE,
        "files": EXCLUDE,
        "headers": EXCLUDE,
        "path": RAISE,
        "view_args": RAISE,
    }

    def load_form(self, req: flask.Request, schema: Schema) -> Any:
        """The form's fields. Raises Problem 415 for a body that is no form."""
        if req.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            raise Problem("unsupported_media_type", "multipart/form-data 형식으로 보내 주세요.")
        return super().load_form(req, schema)

    def _raw_load_json(self, req: flask.Request) -> Any:
        body = req.get_data(cache=True)
        # of a body without Content-Length werkzeug hands over as much as fits, and says nothing
        if len(body) >= (req.max_content_length or MAX_JSON_BYTES):
            raise Problem("too_large")
        if not body and not req.mimetype:
            return core.missing
        if not core.is_json(req.mimetype):
            raise Problem("unsupported_media_type")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Problem("invalid_json") from error
