"""For services that admit students and parents: asks the students service whether a sign-in still counts."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from servicekit.auth import Identity
from servicekit.peers import FAILURES, ask
from servicekit.problem import Problem

_PATH = "/internal/sign-ins/"
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """`students`: the student who signed in, or the parent's active children; nobody when not `alive`."""

    alive: bool
    students: frozenset[UUID]


_DEAD = SignIn(alive=False, students=frozenset())


class SignIns:
    """What the students service at `address` says of sign-ins; each answer is good for `lifespan` seconds.

    So long a sign-in that was ended is still taken here. Shared by all threads of a process.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        lifespan: float = 10.0,
        most: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = address.rstrip("/") + _PATH
        self._token = token
        self._lifespan = lifespan
        self._most = most
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[Identity, tuple[float, SignIn]] = OrderedDict()

    def alive(self, who: Identity) -> bool:
        """For servicekit.auth.Accounts. Raises Problem 503 "auth_unavailable"."""
        return self.find(who).alive

    def find(self, who: Identity) -> SignIn:
        """The caller's sign-in. Raises Problem 503 "auth_unavailable" while the students service is away."""
        now = self._monotonic()
        with self._lock:
            asked, known = self._known.get(who, (0.0, _DEAD))
        if asked and now - asked < self._lifespan:
            return known
        found = self._ask(who)
        with self._lock:
            self._known[who] = (now, found)
            self._known.move_to_end(who)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found

    def _ask(self, who: Identity) -> SignIn:
        try:
            subject = str(UUID(who.subject))
        except ValueError:
            return _DEAD
        if who.session is None:
            return _DEAD
        asked = {"tenant_id": who.tenant_id, "session": str(who.session), "subject": subject}
        try:
            given = ask(self._url, self._token, asked, seconds=_TIMEOUT)
            return SignIn(given["alive"] is True, frozenset(map(UUID, given["student_ids"])))
        except FAILURES as error:
            raise Problem("auth_unavailable", headers={"Retry-After": "5"}) from error
