"""Asks the services that own objects, over their internal API."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from eventkit.errors import UnavailableError
from servicekit.peers import FAILURES, ask

_PATH = "/internal/storage/released/"
_TIMEOUT = 10.0
_AT_ONCE = 1000


class HttpOwners:
    """ports.Owners, with the internal token. An answer about another key counts for nothing."""

    def __init__(self, peers: Mapping[str, str], token: str) -> None:
        self._peers = peers
        self._token = token

    def released(self, owner: str, tenant: str, keys: Collection[str], /) -> set[str]:
        wanted, found = sorted(keys), set[str]()
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            try:
                asked = {"tenant_id": tenant, "keys": part}
                answer = ask(self._peers[owner] + _PATH, self._token, asked, seconds=_TIMEOUT, cause={})
                found |= set(part) & set(answer["released"])
            except FAILURES as error:
                raise UnavailableError(f"owner: {owner}") from error
        return found
