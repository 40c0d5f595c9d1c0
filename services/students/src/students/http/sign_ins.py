"""For the other services: whether a sign-in still counts, and whose things it may see."""

from __future__ import annotations

from typing import Any

from servicekit.auth import INTERNAL
from servicekit.web import Blueprint, tx

from students.schemas.accounts import SignInQuery, SignInStateSchema
from students.usecases import sessions

sign_ins = Blueprint("sign_ins", __name__, url_prefix="/internal/sign-ins", description="로그인 확인")


@sign_ins.route("/", roles=INTERNAL, methods=["POST"])
@sign_ins.arguments(SignInQuery)
@sign_ins.response(200, SignInStateSchema)
def describe_sign_in(asked: dict[str, Any]) -> dict[str, Any]:
    """Whether a sign-in is alive, and the student's own id, or those of a parent's active children."""
    with tx(asked["tenant_id"]) as uow:
        return sessions.describe(uow, asked["session"], asked["subject"])
