"""What the checks of one run share: the services' environments, and connections opened on first use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from academyctl.bootstrap import QUEUES
from academyctl.queues import Difference, QueueSpec, drift, load_queues
from academyctl.readiness import reach
from academyctl.readiness.docker import Docker
from academyctl.readiness.report import VALUES, Verdict, failed, skipped_after
from academyctl.readiness.sources import Service, Sources

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_sqs.client import SQSClient

_PLAIN = "https가 아니어서 비밀이 그대로 전송됩니다: 연결하지 않았습니다"


def _utc() -> datetime:
    return datetime.now(UTC)


class Context:
    """One run. `local`: plain http is fine. `now` is this machine's clock. Close it at the end."""

    def __init__(
        self,
        sources: Sources,
        *,
        local: bool,
        docker: Docker | None = None,
        now: Callable[[], datetime] = _utc,
    ) -> None:
        self.sources = sources.all
        self.services = sources.services
        self.docker = docker
        self.now = now
        self._local = local

    def agreed(self, variable: str) -> Any | None:
        """The value that most services have; None when nobody has one. Where they differ `env.same` tells."""
        return next(iter(self.spread(variable)), None)

    def spread(self, variable: str) -> dict[Any, list[Service]]:
        """value → the services that have it, the most common value first."""
        holders = [service for service in self.services if variable in service.found.values]
        counted = Counter(service.found.values[variable] for service in holders)
        return {
            value: [service for service in holders if service.found.values[variable] == value]
            for value, _ in counted.most_common()
        }

    def buckets(self) -> Iterator[str]:
        """R2_<KIND>_BUCKET of every kind that some service has."""
        names = {name: None for service in self.services for name in service.found.values}
        return (name for name in names if name.startswith("R2_") and name.endswith("_BUCKET"))

    def refuses(self, url: str) -> bool:
        """Whether a secret must not be sent there."""
        return not self._local and reach.is_plain(url)

    @cached_property
    def queues(self) -> list[QueueSpec]:
        """What deploy/queues.yaml declares under the agreed prefix; nothing without one."""
        prefix = self.agreed("QUEUE_PREFIX")
        return load_queues(QUEUES, prefix) if prefix else []

    @cached_property
    def sqs(self) -> SQSClient | Verdict:
        """Asked with the keys of the first service that has some."""
        region, endpoint = self.agreed("AWS_REGION"), self.agreed("SQS_ENDPOINT_URL")
        if region is None or endpoint is None or not self.queues:
            return skipped_after(VALUES, "sqs")
        if self.refuses(endpoint):
            return failed("sqs", _PLAIN, "SQS_ENDPOINT_URL을 https로 바꾸거나 지우세요")
        keyed = (service.environ for service in self.services if "AWS_ACCESS_KEY_ID" in service.environ)
        return reach.queues(next(keyed, {}), region, endpoint, self.queues[0].name)

    @cached_property
    def drift(self) -> list[Difference]:
        """Empty as well when SQS cannot be asked. Raises BotoCoreError and ClientError."""
        return [] if isinstance(self.sqs, Verdict) else drift(self.sqs, self.queues)

    @cached_property
    def databases(self) -> dict[str, reach.Connection | Verdict]:
        """By service."""
        return {service.name: reach.database(service) for service in self.services}

    @cached_property
    def stores(self) -> dict[tuple[str, str], S3Client | Verdict]:
        """By service and bucket; what `env.same` refuses is left out."""
        return {
            (service.name, bucket): self._store(service, bucket)
            for variable in self.buckets()
            for bucket, holders in list(self.spread(variable).items())[:1]
            for service in holders
        }

    def _store(self, service: Service, bucket: str) -> S3Client | Verdict:
        if self.refuses(service.found.values.get("R2_ENDPOINT", "")):
            return failed(f"{service.name}: {bucket}", _PLAIN, "R2_ENDPOINT를 https로 바꾸세요")
        return reach.bucket(service, bucket)

    def close(self) -> None:
        """Close what was opened."""
        for connection in self.__dict__.get("databases", {}).values():
            if not isinstance(connection, Verdict):
                connection.close()
