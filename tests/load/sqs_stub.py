"""SQS that answers at once: queues in memory, no checks, no visibility. `python sqs_stub.py PORT`."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict, deque
from typing import Any

import orjson

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s"


class Queues:
    """The operations that eventkit uses: a request's document to its answer's."""

    def __init__(self) -> None:
        self._messages: dict[str, deque[bytes]] = defaultdict(deque)
        self._arrived: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def answer(self, operation: str, asked: dict[str, Any]) -> bytes:
        """Only a receive ever waits."""
        name = asked.get("QueueUrl", "").rpartition("/")[2]
        if operation == "ReceiveMessage":
            return await self._receive(name, asked["MaxNumberOfMessages"], asked["WaitTimeSeconds"])
        if operation == "SendMessageBatch":
            self._messages[name].extend(map(_shown, asked["Entries"]))
            self._arrived[name].set()
        if operation == "GetQueueUrl":
            return orjson.dumps({"QueueUrl": f"http://127.0.0.1/0/{asked['QueueName']}"})
        if operation == "GetQueueAttributes":
            return b'{"Attributes":{"VisibilityTimeout":"30","RedrivePolicy":"{\\"maxReceiveCount\\":6}"}}'
        done = [{"Id": e["Id"], "MessageId": "0", "MD5OfMessageBody": "0"} for e in asked.get("Entries", ())]
        return orjson.dumps({"Successful": done})

    async def _receive(self, name: str, limit: int, wait: int) -> bytes:
        messages, arrived = self._messages[name], self._arrived[name]
        if not messages:
            arrived.clear()
            try:
                await asyncio.wait_for(arrived.wait(), wait)
            except TimeoutError:
                return b"{}"
        found = [messages.popleft() for _ in range(min(limit, len(messages)))]
        return b'{"Messages":[%s]}' % b",".join(found)


def _shown(entry: dict[str, Any]) -> bytes:
    """A message as ReceiveMessage shows it."""
    return orjson.dumps(
        {
            "MessageId": "00000000-0000-0000-0000-000000000000",
            "ReceiptHandle": "0" * 180,
            "MD5OfBody": "0" * 32,
            "Body": entry["MessageBody"],
            "Attributes": {"ApproximateReceiveCount": "1"},
            "MessageAttributes": entry.get("MessageAttributes", {}),
        }
    )


async def serve(port: int) -> None:
    queues = Queues()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
            except asyncio.IncompleteReadError:
                break
            length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
            target = head.partition(b"x-amz-target: ")[2].partition(b"\r")[0].decode().rpartition(".")[2]
            asked = orjson.loads(await reader.readexactly(length))
            body = await queues.answer(_NAMES[target], asked)
            writer.write(_HEAD % (len(body), body))
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    await server.serve_forever()


_OPERATIONS = (
    "ReceiveMessage",
    "SendMessageBatch",
    "DeleteMessageBatch",
    "GetQueueUrl",
    "GetQueueAttributes",
    "ChangeMessageVisibilityBatch",
)
_NAMES = {name.lower(): name for name in _OPERATIONS}

if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
