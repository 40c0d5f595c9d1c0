"""The mistakes that the simulator makes: some share of the time, or the very next times."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from typing import Any

SHARES = (
    "timeout_after_accept", "drop_after_accept", "error_after_accept", "timeout_before_accept",
    "drop_before_accept", "error_before_accept", "webhook_drop", "webhook_repeat", "kakao_unreachable",
)  # fmt: skip
"""Each a share from 0 to 1 of calls, webhooks or Alimtalks."""

ON_CALL = SHARES[:6]


class Faults:
    """`next`: names of ON_CALL, "" for none, that the next sends meet before chance decides again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shares: dict[str, float] = {}
        self._next: list[str] = []
        self._refuse: dict[str, float] = {}
        self._report: dict[str, float] = {}
        self._random = random.Random(0)  # noqa: S311 - chance that a test can repeat
        self.clock_skew = 0.0
        self.delay = 0.0

    def change(self, wanted: Mapping[str, Any]) -> None:
        """SHARES, and `next` [name], `refuse` and `report` {code: share}, in seconds `clock_skew`
        and `delay` of each send, `seed`.

        What is not named stays. Raises ValueError for anything else.
        """
        with self._lock:
            for name, value in wanted.items():
                self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        if name in SHARES:
            self._shares[name] = float(value)
        elif name == "next":
            self._next = [str(one) for one in value]
        elif name == "refuse":
            self._refuse = dict(value)
        elif name == "report":
            self._report = dict(value)
        elif name == "clock_skew":
            self.clock_skew = float(value)
        elif name == "delay":
            self.delay = float(value)
        elif name == "seed":
            self._random.seed(int(value))
        else:
            raise ValueError(f"no such fault: {name}")

    def of_call(self) -> str:
        """Which of ON_CALL this send meets, or ""."""
        with self._lock:
            if self._next:
                return self._next.pop(0)
            return next((name for name in ON_CALL if self._happens(self._shares.get(name, 0))), "")

    def happens(self, name: str) -> bool:
        with self._lock:
            return self._happens(self._shares.get(name, 0))

    def refused(self) -> str:
        """The code with which this message is refused, or ""."""
        return self._code(self._refuse)

    def reported(self) -> str:
        """The code that the carrier reports of this message."""
        return self._code(self._report) or "4000"

    def _code(self, shares: Mapping[str, float]) -> str:
        with self._lock:
            return next((code for code, share in shares.items() if self._happens(share)), "")

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share
