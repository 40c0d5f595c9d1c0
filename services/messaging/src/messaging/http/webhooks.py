"""The route that Solapi calls with its reports. Its address is the secret: they are not signed."""

from __future__ import annotations

import hmac

from flask import request
from servicekit.auth import PUBLIC
from servicekit.problem import Problem
from servicekit.web import Blueprint, deps, system

from messaging.ports import Ports
from messaging.schemas.webhooks import ReceivedSchema
from messaging.usecases import webhooks as usecases

MAX_BYTES = 1 << 20

webhooks = Blueprint("webhooks", __name__, url_prefix="/api/v1/messaging", description="발송 결과 수신")


@webhooks.route("/webhooks/<token>/", roles=PUBLIC, methods=["POST"], max_bytes=MAX_BYTES)
@webhooks.response(200, ReceivedSchema)
def receive_reports(token: str) -> dict[str, int]:
    """Solapi's reports on messages: each once by its eventDataId; what they say is asked again before it
    counts (404 for another token, 400 for what is no list of reports).
    """
    ports = deps(Ports)
    # a list, not a generator: the time must not tell which one matched
    matches = [hmac.compare_digest(token.encode(), live.encode()) for live in ports.webhook_tokens]
    if not any(matches):
        raise Problem("not_found")
    items = request.get_json(silent=True)
    if not isinstance(items, list) or len(items) > usecases.MOST_ITEMS:
        raise Problem("bad_request")
    with system() as conn:
        return {"received": usecases.receive(conn, items, ports.clock.now())}
