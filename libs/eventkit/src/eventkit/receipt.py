"""What became of the messages: every one received is accounted for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal["done", "duplicate", "returned", "dead"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """received = done + duplicate + returned + dead, once nothing is in flight."""

    received: int = 0
    done: int = 0
    duplicate: int = 0
    returned: int = 0
    dead: int = 0

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            self.received + other.received,
            self.done + other.done,
            self.duplicate + other.duplicate,
            self.returned + other.returned,
            self.dead + other.dead,
        )

    @property
    def balanced(self) -> bool:
        return self.received == self.done + self.duplicate + self.returned + self.dead

    def __str__(self) -> str:
        return " ".join(f"{name}={count}" for name, count in asdict(self).items())
