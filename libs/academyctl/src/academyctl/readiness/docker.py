"""The container engine through its command line, as the operator has it."""

from __future__ import annotations

import subprocess
from functools import cached_property
from uuid import uuid4

SECONDS = 60.0
"""Longest call; loading a worker takes some two."""
_WORDS = 120


class Docker:
    """`pattern` is an image's name with {service} in it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def image(self, service: str) -> str:
        """The name of a service's image."""
        return self._pattern.replace("{service}", service)

    @cached_property
    def answers(self) -> bool:
        """Whether there is a docker command, and an engine behind it."""
        try:
            return _call("version", "--format", "{{.Server.Version}}")[0] == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def has(self, image: str) -> bool:
        """Whether the engine has the image, without asking a registry."""
        return _call("image", "inspect", "--format", "{{.Id}}", image)[0] == 0

    def run(self, image: str, *arguments: str, entrypoint: str | None = None) -> tuple[int | None, str]:
        """(exit code, last words) of a container without network and variables; no code: it did not end."""
        name = f"readiness-{uuid4().hex}"
        options = ["--network", "none", "--name", name]
        options += ["--entrypoint", entrypoint] if entrypoint else []
        try:
            return _call("run", *options, image, *arguments)
        except subprocess.TimeoutExpired:
            return None, f"{SECONDS:.0f}초 안에 끝나지 않았습니다"
        finally:
            _call("rm", "--force", name)  # not --rm, with which podman answers 0 whatever the exit code was


def _call(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    words = done.stderr.strip().rpartition("\n")[2]
    return done.returncode, words[:_WORDS]
