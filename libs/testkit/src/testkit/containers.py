"""PostgreSQL in a container."""

from __future__ import annotations

import os

from testcontainers.postgres import PostgresContainer

from testkit.servers import free_ports


class HostPostgres(PostgresContainer):
    """On a port of this machine: a network of its own would come and go with it, and Chromium drops what it
    is asking for whenever an interface does (ERR_NETWORK_CHANGED).
    """

    def __init__(self, default: str) -> None:
        """`default`: the image where POSTGRES_IMAGE names none."""
        super().__init__(os.environ.get("POSTGRES_IMAGE", default), port=free_ports(), driver=None)
        self.ports.clear()  # nothing is mapped
        self.with_kwargs(network_mode="host").with_env("PGPORT", str(self.port))

    def get_exposed_port(self, port: int) -> int:
        """The same inside and outside."""
        return port
