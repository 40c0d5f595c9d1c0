"""RFC 9457 answers: every error leaves as application/problem+json with a stable code and a Korean detail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from eventkit.errors import TransientError
from flask import Flask, Response, g, request
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)

# code → (status, Korean detail). Services add codes of their own; these mean the same everywhere.
CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "요청 형식이 올바르지 않습니다."),
    "invalid_json": (400, "요청 본문이 올바른 JSON이 아닙니다."),
    "invalid_multipart": (400, "업로드 형식이 올바르지 않거나 전송이 중간에 끊겼습니다."),
    "invalid_characters": (400, "사용할 수 없는 문자가 포함되어 있습니다."),
    "invalid_cursor": (400, "목록 위치 정보(cursor)가 올바르지 않습니다. 처음부터 다시 조회해 주세요."),
    "invalid_idempotency_key": (400, "Idempotency-Key는 공백 없는 1~200자의 영문·숫자·기호여야 합니다."),
    "unauthenticated": (401, "로그인이 필요합니다."),
    "invalid_token": (401, "로그인 정보가 올바르지 않거나 만료되었습니다. 다시 로그인해 주세요."),
    "invalid_internal_token": (401, "내부 호출 인증에 실패했습니다."),
    "forbidden": (403, "이 작업을 할 권한이 없습니다."),
    "not_found": (404, "요청한 대상을 찾을 수 없습니다."),
    "method_not_allowed": (405, "지원하지 않는 요청 방식입니다."),
    "conflict": (409, "현재 상태와 충돌하여 처리할 수 없습니다."),
    "idempotency_in_progress": (409, "같은 요청이 처리 중입니다. 잠시 후 다시 시도해 주세요."),
    "too_large": (413, "요청 크기가 허용 한도를 넘었습니다."),
    "uri_too_long": (414, "요청 주소가 너무 깁니다."),
    "unsupported_media_type": (415, "지원하지 않는 요청 본문 형식(Content-Type)입니다."),
    "invalid_request": (422, "입력값을 확인해 주세요."),
    "idempotency_key_reused": (422, "같은 Idempotency-Key가 다른 내용의 요청에 이미 사용되었습니다."),
    "too_many_requests": (429, "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요."),
    "headers_too_large": (431, "요청 헤더가 너무 큽니다."),
    "letter_not_open": (409, "이미 처리되었거나 폐기된 메시지입니다."),
    "letter_not_an_event": (422, "이 메시지는 이벤트 형식이 아니어서 고칠 수 없습니다."),
    "letter_not_fitting": (422, "이벤트 형식에 맞지 않는 값입니다."),
    "replay_state": (409, "지금 상태에서는 할 수 없는 작업입니다."),
    "approval_required": (409, "1,000건이 넘는 재처리는 만든 사람이 아닌 승인자의 승인이 필요합니다."),
    "own_approval": (403, "자신이 만든 재처리는 승인할 수 없습니다."),
    "filter_required": (422, "조건을 하나 이상 지정해 주세요."),
    "not_rebuildable": (422, "다시 만들 수 있는 조회 모델의 이벤트가 아닙니다."),
    "internal_error": (500, "일시적인 오류가 발생했습니다. 문제가 계속되면 요청 번호와 함께 문의해 주세요."),
    "unavailable": (503, "서비스를 잠시 사용할 수 없습니다. 잠시 후 다시 시도해 주세요."),
    "database_unavailable": (503, "데이터베이스에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요."),
    "auth_unavailable": (503, "로그인 정보를 확인할 수 없습니다. 잠시 후 다시 시도해 주세요."),
    "busy": (503, "다른 작업이 진행 중입니다. 잠시 후 다시 시도해 주세요."),
}
_BY_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "too_many_requests",
    431: "headers_too_large",
    503: "unavailable",
}
# SQLSTATE classes that say "the same request may succeed in a moment"
_BUSY = ("40", "55P03", "57014")
_AWAY = ("08", "53", "57P")

Errors = Mapping[str, Any]


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An error answer. `code` from CODES brings its status and detail; a service's own code names both.

    `errors` maps a field to its Korean messages. `detail` is read by academy staff: Korean, no values of
    other people's data. `members` are extension members of the answer (RFC 9457 section 3.2).
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        status: int | None = None,
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        known_status, known_detail = CODES.get(code, (status or 0, detail))
        self.code = code
        self.status = status or known_status
        self.detail = detail or known_detail
        if not (400 <= self.status < 600 and self.detail):
            raise TypeError(f"problem {code!r} is not in CODES and lacks status or detail")
        self.errors = errors
        self.members = dict(members or {})
        self.headers = dict(headers or {})
        super().__init__(code)


def register_problems(app: Flask) -> None:
    """Answer every exception of this app as a problem."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, lambda error: respond(_of_http(error)))
    app.register_error_handler(DBAPIError, lambda error: respond(_of_database(error)))
    app.register_error_handler(
        PoolTimeoutError, lambda _: respond(Problem("busy", headers={"Retry-After": "2"}))
    )
    app.register_error_handler(TransientError, lambda error: respond(_of_transient(error)))
    app.register_error_handler(Exception, _unexpected)


def respond(problem: Problem) -> Response:
    """The problem as a response."""
    body = {
        **problem.members,
        "type": f"urn:academy:problem:{problem.code}",
        "title": _title(problem.status),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **({"errors": problem.errors} if problem.errors else {}),
        "request_id": g.get("request_id", ""),
        "instance": request.path,
    }
    if problem.status == 401 and problem.code != "invalid_internal_token":
        problem.headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(
        orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS),  # list errors are keyed by position
        problem.status,
        problem.headers,
        content_type="application/problem+json",
    )


def _title(status: int) -> str:
    return HTTPStatus(status).phrase


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    # webargs and marshmallow leave the field errors in `data`, by location: {"json": {"field": [...]}}
    messages = getattr(error, "data", {}).get("messages")
    errors = _fields(messages) if status == 422 and isinstance(messages, Mapping) else None
    code = _BY_STATUS.get(status, "bad_request" if status < 500 else "internal_error")
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return Problem(code, status=status, errors=errors, headers=headers)


def _fields(messages: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for errors in messages.values():
        flat.update(errors if isinstance(errors, Mapping) else {"_schema": errors})
    return flat


def _of_database(error: DBAPIError) -> Problem:
    state = getattr(error.orig, "sqlstate", None) or ""
    connection_failed = isinstance(error, OperationalError | InterfaceError) and not state
    if error.connection_invalidated or connection_failed or state.startswith(_AWAY):
        log.warning("database unavailable", extra={"sqlstate": state})
        return Problem("database_unavailable", headers={"Retry-After": "5"})
    if state.startswith(_BUSY):
        log.warning("database busy", extra={"sqlstate": state})
        return Problem("busy", headers={"Retry-After": "1"})
    if isinstance(error, DataError):
        log.warning("value refused by the database", extra={"sqlstate": state}, exc_info=error)
        return Problem("invalid_request")
    log.error("unexpected database error", extra={"sqlstate": state}, exc_info=error)
    return Problem("internal_error")


def _of_transient(error: TransientError) -> Problem:
    seconds = int(error.after.total_seconds()) if error.after else 5
    return Problem("unavailable", headers={"Retry-After": str(max(seconds, 1))})


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return respond(Problem("internal_error"))
