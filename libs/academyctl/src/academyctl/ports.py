"""Is a port free, and if not, who has it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Mapping

import psutil

from academyctl.config import PORT_BLOCK


class PortTakenError(RuntimeError):
    """Names the port, its holder and the variable to set."""


def require_free(ports: Mapping[int, str], gateway: int, *, patience: float = 0.0) -> None:
    """`ports` maps numbers to part names. Waits `patience` seconds for what a killed run left.

    Raises PortTakenError.
    """
    deadline = time.monotonic() + patience
    while taken := [port for port in ports if not is_free(port)]:
        if time.monotonic() >= deadline:
            raise PortTakenError(
                f"port {taken[0]} ({ports[taken[0]]}) is taken by {_holder(taken[0])}.\n"
                f"Set ACADEMY_PORT to another block of ports: ACADEMY_PORT={_suggestion(gateway)} make run"
            )
        time.sleep(0.1)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        pids = _listening(port)
        return ", ".join(f"{psutil.Process(pid).name()} (process {pid})" for pid in pids) or "another process"
    except psutil.Error:
        return "another process"


def _listening(port: int) -> Iterable[int]:
    listeners = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
    return sorted({c.pid for c in listeners if c.laddr[1:2] == (port,) and c.pid})


def _suggestion(gateway: int) -> int:
    for first in range(gateway + 100, min(gateway + 5_000, 50_000), 100):
        if all(map(is_free, range(first, first + PORT_BLOCK))):
            return first
    return 18_800
