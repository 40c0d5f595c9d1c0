"""The local stack: which parts there are, in which order they start and stop."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator

from contracts import SERVICES
from sqlalchemy import make_url

from academyctl import bootstrap, endpoints, gateway, prometheus
from academyctl.config import Directories, LocalSettings, Ports
from academyctl.embedded import postgres, s3, solapi, sqs
from academyctl.embedded.program import Program
from academyctl.issuer import DevelopmentIssuer
from academyctl.ports import require_free
from academyctl.secret_store import SecretStore
from academyctl.services import (
    DATABASE,
    Surroundings,
    media_environment,
    messaging_environment,
    passwords,
    students_environment,
    webhook_token,
)
from academyctl.state import StackState
from academyctl.supervisor import Say, Supervisor

_SERVERS = frozenset({"postgres", "sqs", "s3", "solapi"})
_PATIENCE = 8.0  # for what a killed run left to end by itself


class Stack:
    """Made with the data directory locked; then `up()`, and `down()` whatever happened."""

    def __init__(self, settings: LocalSettings, directories: Directories, say: Say) -> None:
        self._settings = settings
        self._directories = directories
        self._secrets = SecretStore(directories.secrets)
        self._ports = Ports(settings.port)
        self._endpoints = endpoints.find(settings, self._secrets, self._ports)
        self._say = say
        self._ready = False
        self._supervisor = Supervisor(directories.logs, say, self._write_state)
        self.issuer = DevelopmentIssuer(directories.secrets)
        self.base_url = f"http://127.0.0.1:{self._ports.gateway}"

    async def up(self) -> None:
        """Raises StartError, PortTakenError, psycopg.Error, BotoCoreError or ClientError."""
        began = time.monotonic()
        self.issuer.write_jwks(self._directories.jwks)
        servers, services = list(self._servers()), self._surroundings()
        prometheus.write(self._directories, self._ports)
        gate = gateway.program(self._directories, self._ports, self._endpoints.r2_url)
        parts = [gate, *map(services.api, SERVICES), *map(services.worker, SERVICES), services.encoder()]
        await asyncio.to_thread(self._prepare, [*servers, *parts])
        self._write_state()  # in place of the one that a killed run left
        await self._supervisor.start(servers)
        await asyncio.gather(
            asyncio.to_thread(bootstrap.database, self._endpoints, self._secrets),
            asyncio.to_thread(bootstrap.queues, self._endpoints),
            asyncio.to_thread(bootstrap.buckets, self._endpoints, self._pages()),
        )
        await self._supervisor.run(map(services.migration, SERVICES))
        await self._supervisor.start(parts)
        self._ready = True
        self._write_state()
        self._say(f"all {len(self._supervisor.parts)} parts are up in {time.monotonic() - began:.1f} s")

    async def down(self) -> None:
        """Services drain first, then the gateway, then the servers they stand on."""
        names = set(self._supervisor.parts)
        for stage in (names - _SERVERS - {"gateway"}, {"gateway"}, names & _SERVERS):
            await self._supervisor.stop(stage)
        if names:
            self._say("everything is stopped")
        s3.remove_sockets(self._ports.s3)
        self._directories.state.unlink(missing_ok=True)

    def _prepare(self, programs: Iterable[Program]) -> None:
        ports = dict(sorted((port, program.name) for program in programs for port in program.ports))
        left_over = self._directories.state.exists()
        require_free(ports, self._ports.gateway, patience=_PATIENCE if left_over else 0)
        if not self._settings.database_url:
            postgres.initialise(self._directories.postgres, self._secrets.get("postgres"))
            postgres.clear_stale_lock(self._directories.postgres)

    def _servers(self) -> Iterator[Program]:
        settings, at = self._settings, self._directories
        if not settings.database_url:
            yield postgres.program(at.postgres, self._ports.postgres, self._secrets.get("postgres"))
        if not settings.sqs_endpoint_url:
            yield sqs.program(at.sqs, self._ports.sqs)
        if not settings.r2_endpoint:
            yield s3.program(at.s3, self._ports.s3, *self._endpoints.r2_keys)
        if not settings.solapi_endpoint:
            webhook = f"{self.base_url}/api/v1/messaging/webhooks/{webhook_token(self._secrets)}/"
            yield solapi.program(at.solapi, self._ports.solapi, *self._endpoints.solapi_keys, webhook)

    def _pages(self) -> tuple[str, ...]:
        """Origins of the console; of a real R2 whoever runs it says who may upload."""
        return (
            () if self._settings.r2_endpoint else (self.base_url, f"http://localhost:{self._ports.gateway}")
        )

    def _surroundings(self) -> Surroundings:
        shared = endpoints.service_environment(
            self._settings, self._endpoints, self._secrets, self._directories
        )
        own = {
            "students": students_environment(self._secrets, self._directories.accounts_key, self._ports),
            "media": media_environment(self._secrets, self._ports),
            "messaging": messaging_environment(self._secrets, self._endpoints),
        }
        return Surroundings(
            self._endpoints.admin_url,
            self._ports,
            shared,
            passwords(self._secrets),
            self._directories.metrics,
            self._directories.scratch,
            own,
        )

    def _write_state(self) -> None:
        parts = self._supervisor.parts
        url = make_url(self._endpoints.admin_url)
        StackState(
            supervisor=os.getpid(),
            base_url=self.base_url,
            ready=self._ready,
            database=f"{url.host}:{url.port or 5432}/{DATABASE}",
            sqs_endpoint=self._endpoints.sqs_url,
            r2_endpoint=self._endpoints.r2_url,
            pids={name: part.process.pid for name, part in parts.items()},
            restarts={name: part.restarts for name, part in parts.items()},
            ports={name: part.program.ports[0] for name, part in parts.items() if part.program.ports},
        ).write(self._directories.state)
