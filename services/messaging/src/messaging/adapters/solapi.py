"""Solapi's HTTP API v4.

Not the official Python package (solapi 5): it tells a failure that is surely not sent from no other (each is
a bare Exception), connects up to four times with one signature, and brings httpx and pydantic. Paths and
fields are those of the provider's documentation and of that package; what neither says is marked "assumed".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from eventkit.clock import Clock

from messaging.adapters.http import Answer, LostError, NotSentError, call
from messaging.adapters.signing import VALID_FOR, authorization
from messaging.domain.codes import Nature, refused_call, refused_message
from messaging.ports import (
    Accepted,
    Found,
    Outcome,
    Outgoing,
    ProviderRefusedError,
    ProviderUnavailableError,
    Refused,
    TemplateState,
    Unknown,
)

_PAGE = 500  # assumed: the documentation names no most
_IDS = 100  # in one address of at most some 4 KB
LEDGER, ATTEMPT = "ledger", "attempt"
"""Custom fields: names up to 30 characters, values up to 100."""


@dataclass(frozen=True, slots=True)
class Solapi:
    """ports.Provider over `endpoint`, which need not be Solapi's own."""

    endpoint: str
    key: str
    secret: str = field(repr=False)
    clock: Clock
    timeout: float

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        body = {
            "messages": [_message(one) for one in batch],
            # our business key decides what is a duplicate
            "allowDuplicates": True,
            "showMessageList": True,
        }
        try:
            answer = self._call("POST", "/messages/v4/send-many/detail", body)
        except NotSentError as error:
            return [Refused(one.ledger, str(error), again=True) for one in batch]
        except LostError as error:
            return [Unknown(one.ledger, str(error)) for one in batch]
        return list(_outcomes(answer, [one.ledger for one in batch]))

    def find(self, ledgers: Sequence[UUID], since: datetime) -> list[Found]:
        wanted = frozenset(ledgers)
        # the provider's clock may differ from ours by as much as it lets a signature differ
        start = since - VALID_FOR - timedelta(minutes=1)
        query = {"dateType": "CREATED", "startDate": _date(start)}
        return [found for found in self._listed(query) if found.ledger in wanted]

    def statuses(self, provider_ids: Sequence[str]) -> list[Found]:
        found: list[Found] = []
        waiting = iter(provider_ids)
        while some := list(islice(waiting, _IDS)):
            found += self._listed({"messageIds[in]": orjson.dumps(some).decode()})
        return found

    def balance(self) -> Decimal:
        body = self._ask("GET", "/cash/v1/balance")
        try:
            # points are spent before the balance
            return Decimal(str(body["balance"])) + Decimal(str(body.get("point") or 0))
        except (KeyError, InvalidOperation) as error:
            raise ProviderUnavailableError("malformed_answer") from error

    def opted_out(self) -> list[str]:
        # the answer's form is assumed to be the other lists'
        return [
            str(one["recipientNumber"])
            for body in self._pages("/iam/v1/black", {})
            for one in body.get("blackList", ())
            if isinstance(one, dict) and "recipientNumber" in one
        ]

    def senders(self) -> frozenset[str]:
        # assumed: not in the published documentation
        body = self._ask("GET", "/senderid/v1/numbers/active")
        numbers = body if isinstance(body, list) else body.get("phoneNumbers", ())
        return frozenset(str(one) for one in numbers)

    def register_template(self, pfid: str, name: str, content: str) -> str:
        body = {
            "channelId": pfid,
            "name": name,
            "content": content,
            "categoryCode": "TE",
            "messageType": "BA",
            "emphasizeType": "NONE",
        }
        answer = self._ask("POST", "/kakao/v2/templates", body)
        code = answer.get("templateId")
        if not isinstance(code, str):
            raise ProviderUnavailableError("malformed_answer")
        return code

    def template_state(self, code: str) -> TemplateState:
        answer = self._ask("GET", f"/kakao/v2/templates/{code}")
        review = {"APPROVED": "APPROVED", "REJECTED": "REJECTED"}.get(str(answer.get("status")), "PENDING")
        comments = answer.get("comments") or [{}]
        return TemplateState(review, comments[-1].get("content"))

    def _listed(self, query: Mapping[str, str]) -> Iterator[Found]:
        for body in self._pages("/messages/v4/list", query):
            messages = body.get("messageList")
            if not isinstance(messages, dict):
                raise ProviderUnavailableError("malformed_answer")
            for provider_id, one in messages.items():
                if found := _found(provider_id, one):
                    yield found

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Every page: an absence counts only where the list was read to its end."""
        start: str | None = None
        while True:
            more = {"limit": str(_PAGE), **({"startKey": start} if start else {})}
            body = self._ask("GET", f"{path}?{urlencode({**query, **more})}")
            yield body
            following = body.get("nextKey")
            if not following or following == start:
                return
            start = str(following)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call without an effect that matters. Raises ProviderUnavailableError, ProviderRefusedError."""
        try:
            answer = self._call(method, path, body)
        except (NotSentError, LostError) as error:
            raise ProviderUnavailableError(str(error)) from error
        if answer.status == 200 and answer.body is not None:
            return answer.body
        code = _error_code(answer)
        if code is None or refused_call(code).nature is Nature.TRANSIENT:
            raise ProviderUnavailableError(code or f"http_{answer.status}")
        raise ProviderRefusedError(code)

    def _call(self, method: str, path: str, body: Any) -> Answer:
        headers = {"Authorization": authorization(self.key, self.secret, self.clock.now())}
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        return call(method, self.endpoint + path, headers, content, self.timeout)


def _message(one: Outgoing) -> dict[str, Any]:
    made: dict[str, Any] = {
        "to": one.phone,
        "from": one.sender,
        "type": one.kind.value,
        "text": one.text,
        "customFields": {LEDGER: str(one.ledger), ATTEMPT: str(one.attempt)},
    }
    if one.subject:
        made["subject"] = one.subject
    if one.alimtalk:
        made["kakaoOptions"] = {
            "pfId": one.alimtalk.pfid,
            "templateId": one.alimtalk.template,
            "variables": {f"#{{{name}}}": value for name, value in one.alimtalk.variables.items()},
            "disableSms": not one.alimtalk.fallback,
        }
    return made


def _outcomes(answer: Answer, ledgers: Sequence[UUID]) -> Iterator[Outcome]:
    """A 4xx with the provider's own error code is its refusal of the whole call; anything else but 200 may
    come from something in between, or after the messages were taken."""
    code = _error_code(answer)
    if 400 <= answer.status < 500 and code is not None:
        again = refused_call(code).nature is Nature.TRANSIENT
        yield from (Refused(ledger, code, again) for ledger in ledgers)
        return
    told = _told(answer.body) if answer.status == 200 and isinstance(answer.body, dict) else {}
    missing = "no_answer" if answer.status == 200 else f"http_{answer.status}"
    for ledger in ledgers:
        yield told.get(ledger) or Unknown(ledger, missing)


def _told(body: Mapping[str, Any]) -> dict[UUID, Outcome]:
    """What a 200 says of each message; one that it does not name stays unknown."""
    group = str(_mapping(body.get("groupInfo")).get("groupId") or "")
    told: dict[UUID, Outcome] = {}
    for one in body.get("messageList") or ():
        ledger, provider_id = _ledger(one), _mapping(one).get("messageId")
        if ledger and isinstance(provider_id, str) and not str(one.get("statusCode")).startswith("1"):
            told[ledger] = Accepted(ledger, provider_id, group)
    for one in body.get("failedMessageList") or ():
        if ledger := _ledger(one):
            code = str(one.get("statusCode"))
            told[ledger] = Refused(ledger, code, refused_message(code).nature is Nature.TRANSIENT)
    return told


def _found(provider_id: str, one: Any) -> Found | None:
    ledger = _ledger(one)
    if ledger is None:
        return None  # not ours: another system may use the same account
    attempt = str(_mapping(one.get("customFields")).get(ATTEMPT) or "")
    return Found(
        ledger,
        int(attempt) if attempt.isascii() and attempt.isdigit() else 0,
        provider_id,
        str(one.get("groupId") or ""),
        str(one.get("statusCode")),
        one.get("replacement") is True,
    )


def _ledger(one: Any) -> UUID | None:
    try:
        return UUID(str(_mapping(_mapping(one).get("customFields"))[LEDGER]))
    except (KeyError, ValueError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _error_code(answer: Answer) -> str | None:
    code = _mapping(answer.body).get("errorCode")
    return code if isinstance(code, str) and code else None


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
