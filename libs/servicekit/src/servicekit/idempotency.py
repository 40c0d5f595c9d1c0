"""Idempotency-Key on POST: the answer is stored in its effect's transaction and repeated for 24 hours."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import flask
from eventkit.ports import Database
from sqlalchemy import Connection, text

from servicekit.auth import Identity
from servicekit.problem import Problem
from servicekit.requests import HashingFile

HEADER = "Idempotency-Key"
KEEP = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND = text("""
    SELECT request_hash, status, body FROM idempotency
    WHERE tenant_id = :tenant AND subject = :subject AND key = :key
    ORDER BY created_at DESC LIMIT 1
""")
_STORE = text("""
    INSERT INTO idempotency (tenant_id, subject, operation, key, request_hash, status, body)
    VALUES (:tenant, :subject, :operation, :key, :hash, :status, :body)
""")
_PRUNE = text("DELETE FROM idempotency WHERE created_at < now() - CAST(:keep AS interval)")


def key_of(request: flask.Request) -> str | None:
    """The key a client sent, or None. Raises Problem 400 "invalid_idempotency_key"."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise Problem("invalid_idempotency_key")
    return key


def fingerprint(request: flask.Request) -> str:
    """SHA-256 over method, path, query and body; of a multipart body its fields and its files' digests."""
    digest = hashlib.sha256()

    def add(*parts: str | bytes) -> None:
        for part in parts:
            data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)

    add(request.method, request.path, request.query_string)
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        for name, values in sorted(request.form.lists()):
            add(name, *values)
        for name, uploads in sorted(request.files.lists(), key=lambda item: item[0]):
            for upload in uploads:
                add(name, upload.filename or "", _digest_of(upload.stream))
    else:
        add(request.mimetype, request.get_data(cache=True))
    return digest.hexdigest()


def _digest_of(stream: Any) -> str:
    # every file of a servicekit Request is a HashingFile
    assert isinstance(stream, HashingFile)
    return stream.sha256


def replay(conn: Connection, identity: Identity, key: str, request_hash: str) -> flask.Response | None:
    """Take the key for this transaction; the stored answer when it was used before.

    Raises Problem 409 "idempotency_in_progress" while another transaction holds the key, and 422
    "idempotency_key_reused" when it was used for another request.
    """
    names = {"tenant": identity.tenant_id, "subject": identity.subject, "key": key}
    lock = "\n".join(("idempotency", identity.tenant_id, identity.subject, key))
    if not conn.execute(_LOCK, {"name": lock}).scalar_one():
        raise Problem("idempotency_in_progress", headers={"Retry-After": "1"})
    found = conn.execute(_FIND, names).one_or_none()
    if found is None:
        return None
    if found.request_hash != request_hash:
        raise Problem("idempotency_key_reused")
    answer = flask.Response(found.body, found.status, content_type="application/json")
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def store(
    conn: Connection, identity: Identity, key: str, request_hash: str, operation: str, answer: flask.Response
) -> None:
    """Keep a successful answer with the effect that made it."""
    conn.execute(
        _STORE,
        {
            "tenant": identity.tenant_id,
            "subject": identity.subject,
            "operation": operation,
            "key": key,
            "hash": request_hash,
            "status": answer.status_code,
            "body": answer.get_data(as_text=True),
        },
    )


def prune(db: Database, keep: timedelta = KEEP) -> int:
    """Forget answers older than `keep`; the number forgotten. A periodic task runs this."""
    with db.system() as conn:
        return conn.execute(_PRUNE, {"keep": keep}).rowcount
