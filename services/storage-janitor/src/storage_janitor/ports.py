"""What this context needs from the outside world."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from storage_janitor.domain.objects import Found
from storage_janitor.domain.policies import Policy


class Bucket(Protocol):
    """One bucket's objects. Every method raises UnavailableError while the store is away or refuses our
    credentials, TransientError when it asks to slow down.
    """

    @property
    def kind(self) -> str:
        """One of domain.objects.BUCKETS."""

    def pages(self, prefix: str = "", after: str = "") -> Iterator[list[Found]]:
        """Every object whose key begins with `prefix`, in key order, after the key `after`; at most 1,000
        at once, so that memory does not grow with the bucket.
        """

    def fresh(self, keys: Sequence[str]) -> dict[str, Found]:
        """These objects (sorted keys) as they are now; those that are not there are left out."""

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        """Delete at most 1,000; key → error code of those that the store refused. A missing one is none."""


class BucketRules(Protocol):
    """One bucket's own rules and unfinished uploads. Raises as Bucket does, PermanentError where refused."""

    def make(self) -> None:
        """Make the bucket, if there is none."""

    def lifecycle(self) -> list[dict[str, Any]]:
        """As S3 has them; none for no rules."""

    def put_lifecycle(self, rules: Sequence[Mapping[str, Any]]) -> None: ...

    def cors(self) -> list[dict[str, Any]]:
        """As S3 has them."""

    def put_cors(self, rules: Sequence[Mapping[str, Any]]) -> None: ...

    def abort_uploads(self, before: datetime) -> int:
        """Abort the multipart uploads begun before; how many."""


class Owners(Protocol):
    def released(self, owner: str, tenant: str, keys: Collection[str], /) -> set[str]:
        """Those to which nothing refers and nothing ever will, by the service that knows.

        Raises UnavailableError for one that does not answer.
        """


@dataclass(frozen=True, slots=True)
class Ports:
    """What the routes get from `deps(Ports)`; buckets by kind."""

    policy: Policy
    buckets: Mapping[str, Bucket]
    owners: Owners
