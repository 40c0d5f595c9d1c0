"""Asks the other services over their internal API; one that is away answers None, and the plan says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from servicekit.lifecycle import outgoing_headers
from servicekit.peers import FAILURES, ask

from students.ports import Holdings

_PATH = "/internal/erasure/holdings/"
_TIMEOUT = 10.0
_AT_ONCE = 500


class HttpHoldings:
    """ports.AskHoldings over HTTP, with the internal token."""

    def __init__(self, peers: Mapping[str, str], token: str) -> None:
        self._peers = peers
        self._token = token

    def __call__(self, tenant: str, student_ids: Sequence[UUID], /) -> Mapping[str, Holdings | None]:
        cause = outgoing_headers()
        with ThreadPoolExecutor(len(self._peers) or 1) as pool:
            asked = {
                service: pool.submit(self._ask, address, tenant, student_ids, cause)
                for service, address in self._peers.items()
            }
            return {service: answer.result() for service, answer in asked.items()}

    def _ask(
        self, address: str, tenant: str, student_ids: Sequence[UUID], cause: Mapping[str, str]
    ) -> Holdings | None:
        found: Holdings = {}
        try:
            for start in range(0, len(student_ids), _AT_ONCE):
                part = [str(student_id) for student_id in student_ids[start : start + _AT_ONCE]]
                asked = {"tenant_id": tenant, "student_ids": part}
                answer = ask(address + _PATH, self._token, asked, seconds=_TIMEOUT, cause=cause)
                given = answer["holdings"]
                found |= {UUID(student): counts for student, counts in given.items()}
        except FAILURES:
            return None
        return found
