"""The simulator as an HTTP server on loopback: Solapi's routes, `/_simulator/…` for whoever directs it."""

from __future__ import annotations

import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from academyctl.simulator.provider import Provider
from academyctl.simulator.record import Row
from academyctl.simulator.rules import Refusal

_HANG_SECONDS = 120.0
Query = Mapping[str, str]
Answer = Callable[[Provider, str, Query, Any], Any]


def serve(provider: Provider, port: int) -> ThreadingHTTPServer:
    """A server that is not running yet; `serve_forever()` runs it."""

    class Handler(_Handler):
        pass

    Handler.provider = provider
    return _Server(("127.0.0.1", port), Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: paths of lists may be long, and bodies hold numbers."""

    def _answer(self) -> None:
        url = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(content) if content else None
            status, answer = self._dispatch(url.path, dict(parse_qsl(url.query)), body)
        except Refusal as refusal:
            status, answer = refusal.status, {"errorCode": refusal.code, "errorMessage": refusal.code}
        except ValueError as error:
            status, answer = 400, {"errorCode": "ValidationError", "errorMessage": str(error)}
        if answer is not None:
            self._write(status, answer)

    def _dispatch(self, path: str, query: Query, body: Any) -> tuple[int, Any]:
        """The answer None: the line is dead."""
        if not path.startswith("/_simulator/"):
            self.provider.admit(self.headers.get("Authorization") or "")
        if path == _SEND:
            return self._send(body)
        for method, pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == self.command:
                return 200, answer(self.provider, match[1] if match.groups() else "", query, body)
        raise Refusal(404, "ResourceNotFound")

    def _send(self, body: Any) -> tuple[int, Any]:
        time.sleep(self.provider.faults.delay)
        fault = self.provider.faults.of_call()
        taken: Row | None = None
        if not fault.endswith("before_accept"):
            taken = self.provider.send(body)
        if fault.startswith("error"):
            return 500, {"errorCode": "InternalServerError", "errorMessage": "시험용 오류"}
        if fault:
            self._die(hang=fault.startswith("timeout"))
            return 0, None
        return 200, taken

    def _die(self, *, hang: bool) -> None:
        self.close_connection = True
        if hang:  # until the caller gives up
            self.connection.settimeout(_HANG_SECONDS)
            try:
                self.connection.recv(1)
            except OSError:
                return
        self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, status: int, answer: Any) -> None:
        content = json.dumps(answer, ensure_ascii=False).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the caller has gone
            self.close_connection = True


def _register(provider: Provider, _: str, _query: Query, body: Any) -> Row:
    if not isinstance(body, dict) or not body.get("content") or not body.get("channelId"):
        raise Refusal(400, "ValidationError")
    code = f"KA01TP{secrets.token_hex(8)}"
    provider.record.run("INSERT INTO template VALUES (?, ?, 'PENDING', NULL)", code, body["content"])
    return {"templateId": code, "status": "PENDING"}


def _template(provider: Provider, code: str, _query: Query, _body: Any) -> Row:
    found = provider.record.rows("SELECT * FROM template WHERE id = ?", code)
    if not found:
        raise Refusal(404, "ResourceNotFound")
    comments = [{"content": found[0]["comment"]}] if found[0]["comment"] else []
    return {"templateId": code, "status": found[0]["status"], "comments": comments}


def _decide(provider: Provider, code: str, _query: Query, body: Any) -> Row:
    touched = provider.record.run(
        "UPDATE template SET status = ?, comment = ? WHERE id = ?",
        body["status"],
        body.get("comment"),
        code,
    )
    return {"decided": touched}


def _balance(provider: Provider, _: str, _query: Query, _body: Any) -> Row:
    return {"balance": provider.record.setting("balance", 1_000_000_000), "point": 0}


def _black(provider: Provider, _: str, _query: Query, _body: Any) -> Row:
    numbers = provider.record.setting("opted_out", [])
    return {"blackList": [{"recipientNumber": number} for number in numbers], "nextKey": None}


def _bill(provider: Provider, _: str, _query: Query, _body: Any) -> Row:
    (row,) = provider.record.rows(
        "SELECT count(*) AS taken, coalesce(sum(code = '4000'), 0) AS delivered,"
        " coalesce(sum(code IN ('2000', '3000')), 0) AS pending, coalesce(sum(price), 0) AS price"
        " FROM message"
    )
    return row


def _deliveries(provider: Provider, _: str, query: Query, _body: Any) -> list[Row]:
    return provider.record.rows(
        "SELECT seq, id, ledger, fields, recipient, type, text, code, replaced, price FROM message"
        " WHERE seq > ? ORDER BY seq LIMIT 5000",
        int(query.get("after", "0")),
    )


def _set(provider: Provider, _: str, _query: Query, body: Any) -> Row:
    provider.record.set(body)
    return {}


def _fault(provider: Provider, _: str, _query: Query, body: Any) -> Row:
    provider.faults.change(body)
    return {}


_SEND = "/messages/v4/send-many/detail"
_ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "/messages/v4/list", lambda provider, _, query, __: provider.listed(query)),
    ("GET", "/cash/v1/balance", _balance),
    ("GET", "/iam/v1/black", _black),
    ("GET", "/senderid/v1/numbers/active", lambda provider, *_: provider.record.setting("senders", [])),
    ("POST", "/kakao/v2/templates", _register),
    ("GET", r"/kakao/v2/templates/(\w+)", _template),
    ("GET", "/_simulator/health", lambda *_: {}),
    ("GET", "/_simulator/bill", _bill),
    ("GET", "/_simulator/record", _deliveries),
    # settings: balance, prices {SMS, LMS, ATA}, senders, opted_out, deliver_after (seconds)
    ("POST", "/_simulator/settings", _set),
    ("POST", "/_simulator/faults", _fault),
    ("POST", r"/_simulator/templates/(\w+)", _decide),
)


def run(provider: Provider, port: int, stop: threading.Event) -> None:
    """Serve and deliver, until `stop`."""
    server = serve(provider, port)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    provider.run(stop)
    server.shutdown()
    server.server_close()
    provider.record.close()
