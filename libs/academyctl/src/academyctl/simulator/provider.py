"""The provider itself: takes messages, delivers them after a while, bills them, and tells of it."""

from __future__ import annotations

import json
import secrets
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from academyctl.simulator.faults import Faults
from academyctl.simulator.record import Record, Row
from academyctl.simulator.rules import Account, Known, Refusal, check_signature, refusal_of

PRICES = {"SMS": 20, "LMS": 50, "ATA": 15}
_MOST = 10_000
_TRIES = 5
_TICK = 0.1


class Provider:
    """State in `path`; thread safe. `webhook` is where reports go, "" for nowhere."""

    def __init__(self, path: Path, account: Account, webhook: str) -> None:
        self.record = Record(path)
        self.faults = Faults()
        self._account = account
        self._webhook = webhook

    def admit(self, header: str) -> None:
        """Who is calling. Raises Refusal."""
        now = time.time() + self.faults.clock_skew
        signature = check_signature(self._account, header, now)
        if not self.record.run("INSERT OR IGNORE INTO signature VALUES (?, ?)", signature, now):
            raise Refusal(403, "DuplicatedSignature")

    def send(self, body: Any) -> Row:
        """POST /messages/v4/send-many/detail. Raises Refusal, and then took nothing."""
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list) or not messages:
            raise Refusal(400, "ValidationError")
        if len(messages) > _MOST:
            raise Refusal(413, "RecipientsTooMany")
        group = _id("G4V")
        known, now = self._known(), time.time()
        judged = [(one, refusal_of(one, known) or self.faults.refused()) for one in messages]
        prices = self.record.setting("prices", PRICES)
        taken = [_row(one, group, prices, now) for one, refused in judged if not refused]
        with self.record.writing():
            self._charge(sum(row[10] for row in taken))
            self.record.many(_INSERT, taken)
        ids = iter(row[0] for row in taken)
        return {
            "groupInfo": {"groupId": group, "count": _count(len(messages), len(taken)), "status": "SENDING"},
            "messageList": [_item(one, next(ids), "2000") for one, refused in judged if not refused],
            "failedMessageList": [_item(one, _id("M4V"), refused) for one, refused in judged if refused],
        }

    def _charge(self, price: float) -> None:
        balance = self.record.setting("balance", 1_000_000_000)
        if price > balance:
            raise Refusal(402, "NotEnoughBalance")
        self.record.set({"balance": balance - price})

    def _known(self) -> Known:
        templates = self.record.rows("SELECT id, content FROM template WHERE status = 'APPROVED'")
        return Known(
            frozenset(self.record.setting("senders", [])),
            frozenset(self.record.setting("opted_out", [])),
            {row["id"]: row["content"] for row in templates},
        )

    def listed(self, query: Mapping[str, str]) -> Row:
        """GET /messages/v4/list: by messageIds[in], or from startDate, oldest first."""
        limit, after = int(query.get("limit", "20")), int(query.get("startKey") or 0)
        if "messageIds[in]" in query:
            ids = json.loads(query["messageIds[in]"])
            marks = ",".join("?" * len(ids))
            where, values = f"id IN ({marks})", list(ids)
        else:
            where, values = "created >= ?", [_seconds(query.get("startDate"))]
        found = self.record.rows(
            f"SELECT * FROM message WHERE {where} AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - constants
            *values,
            after,
            limit + 1,
        )
        page = found[:limit]
        following = str(page[-1]["seq"]) if len(found) > limit else None
        return {"limit": limit, "messageList": {row["id"]: _shown(row) for row in page}, "nextKey": following}

    def run(self, stop: threading.Event) -> None:
        """Deliver and tell, until `stop`."""
        while not stop.wait(_TICK):
            self.deliver()
            self.tell()

    def deliver(self) -> None:
        """What has waited long enough reaches its phone, or does not and is paid back."""
        now = time.time()
        due = now - float(self.record.setting("deliver_after", 0.5))
        waiting = self.record.rows(
            "SELECT * FROM message WHERE code IN ('2000', '3000') AND created <= ? LIMIT 2000", due
        )
        if not waiting:
            return
        prices = self.record.setting("prices", PRICES)
        ends = [self._end(row, prices, now) for row in waiting]
        refund = sum(row["price"] - end[2] for row, end in zip(waiting, ends, strict=True))
        with self.record.writing():
            self.record.many(
                "UPDATE message SET code = ?, replaced = ?, price = ?, updated = ? WHERE id = ?", ends
            )
            self.record.set({"balance": self.record.setting("balance", 1_000_000_000) + refund})
            self._plan_webhooks([row["id"] for row in waiting], now)

    def _end(self, row: Row, prices: Mapping[str, int], now: float) -> tuple[Any, ...]:
        """(code, replaced, price, updated, id)."""
        code, kind, replaced = self.faults.reported(), row["type"], False
        if kind == "ATA" and self.faults.happens("kakao_unreachable"):
            replaced = row["fallback"] is not None
            code = code if replaced else "3104"
        paid = prices[row["fallback"] if replaced else kind] if code == "4000" else 0
        return code, int(replaced), paid, now, row["id"]

    def _plan_webhooks(self, ids: Sequence[str], now: float) -> None:
        if not self._webhook:
            return
        rows: list[tuple[Any, ...]] = []
        for message_id in ids:
            if not self.faults.happens("webhook_drop"):
                event = _id("E")
                rows.append((event, message_id, now))
                if self.faults.happens("webhook_repeat"):
                    rows.append((event, message_id, now + 0.3))
        self.record.many("INSERT INTO webhook (event_id, message_id, due) VALUES (?, ?, ?)", rows)

    def tell(self) -> None:
        """Reports that are due; one that is not answered with 200 comes again, five times in all."""
        due = self.record.rows(
            "SELECT w.seq, w.event_id, w.tries, m.* FROM webhook w JOIN message m ON m.id = w.message_id"
            " WHERE w.due <= ? ORDER BY w.due LIMIT 100",
            time.time(),
        )
        if not due:
            return
        body = [
            {"eventDataId": row["event_id"], "data": _shown(row), "retryCount": row["tries"]} for row in due
        ]
        seqs = [(row["seq"],) for row in due]
        if _posted(self._webhook, body):
            self.record.many("DELETE FROM webhook WHERE seq = ?", seqs)
            return
        later = [(time.time() + 2, *seq) for seq in seqs]
        self.record.many("UPDATE webhook SET tries = tries + 1, due = ? WHERE seq = ?", later)
        self.record.run("DELETE FROM webhook WHERE tries >= ?", _TRIES)


_INSERT = """
INSERT INTO message (
    id, group_id, ledger, fields, recipient, sender, type, text, fallback, code, price, created, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def _row(one: Mapping[str, Any], group: str, prices: Mapping[str, int], now: float) -> tuple[Any, ...]:
    options, fields = one.get("kakaoOptions") or {}, one.get("customFields") or {}
    kind = one["type"]
    short = len(one["text"].encode("cp949", "ignore")) <= 90
    fallback = ("SMS" if short else "LMS") if kind == "ATA" and not options.get("disableSms") else None
    price = max(prices[kind], prices[fallback] if fallback else 0)
    return (
        _id("M4V"), group, fields.get("ledger"), json.dumps(fields), one["to"], one["from"], kind,
        one["text"], fallback, "2000", price, now, now,
    )  # fmt: skip


def _posted(url: str, body: Any) -> bool:
    request = urllib.request.Request(  # noqa: S310 - http(s) by the command line
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
            return bool(answer.status == 200)
    except OSError:
        return False


def _shown(row: Row) -> Row:
    return {
        "messageId": row["id"],
        "groupId": row["group_id"],
        "to": row["recipient"],
        "from": row["sender"],
        "type": row["fallback"] if row["replaced"] else row["type"],
        "statusCode": row["code"],
        "replacement": bool(row["replaced"]),
        "customFields": json.loads(row["fields"]),
        "dateCreated": _iso(row["created"]),
        "dateUpdated": _iso(row["updated"]),
    }


def _item(one: Any, message_id: str, code: str) -> Row:
    given = one if isinstance(one, dict) else {}
    return {
        "messageId": message_id,
        "statusCode": code,
        "statusMessage": "정상 접수(이통사로 접수 예정)" if code == "2000" else "접수 실패",
        "customFields": given.get("customFields") or {},
        "to": given.get("to"),
        "from": given.get("from"),
        "type": given.get("type"),
    }


def _count(total: int, taken: int) -> Row:
    return {"total": total, "registeredSuccess": taken, "registeredFailed": total - taken}


def _id(prefix: str) -> str:
    return f"{prefix}{time.strftime('%Y%m%d%H%M%S')}{secrets.token_hex(8).upper()}"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _seconds(date: str | None) -> float:
    try:
        return datetime.fromisoformat((date or "").replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
