"""Health answers of an API process. Workers have eventkit's health port."""

from __future__ import annotations

import orjson
from eventkit.ports import Database
from flask import Response
from sqlalchemy.exc import SQLAlchemyError


def live() -> Response:
    """The process answers; asks nothing of anybody, so an outage elsewhere never restarts it."""
    return _answer(200, {"status": "alive"})


def health(service: str, db: Database) -> Response:
    """200 or 503 in the guide's words; no error text, because the load balancer shows this to the world."""
    try:
        db.ping()
    except SQLAlchemyError:
        return _answer(503, {"status": "unhealthy", "service": service, "database": "disconnected"})
    return _answer(200, {"status": "healthy", "service": service, "database": "connected"})


def _answer(status: int, body: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json")
