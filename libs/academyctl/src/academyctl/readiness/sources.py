"""Where each service's environment is read: files of an operator, or the processes of the local stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
from contracts import SERVICES, package_of
from dotenv.parser import Binding, parse_stream
from servicekit.settings import Found, read

from academyctl.state import StackState

SHARED = ".env"
Problem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """One file or process; `values` is None when nothing could be read. A problem: reason, fix (Korean)."""

    name: str
    values: Mapping[str, str] | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A service, the environment it will get, and what its Settings find there."""

    name: str
    environ: Mapping[str, str]
    settings: type[Any]
    found: Found

    @property
    def package(self) -> str:
        """The Python package and the database schema."""
        return package_of(self.name)


@dataclass(frozen=True, slots=True)
class Sources:
    """`services` leaves out those whose source cannot be read."""

    all: tuple[Source, ...]
    services: tuple[Service, ...]


def of_files(directory: Path) -> Sources:
    """`<service>.env` for each service, over a `.env` that all share, if there is one."""
    shared = _file(directory / SHARED) if (directory / SHARED).exists() else None
    own = {service: _file(directory / f"{service}.env") for service in SERVICES}
    base = (shared and shared.values) or {}
    services = (
        _service(name, {**base, **source.values}) for name, source in own.items() if source.values is not None
    )
    return Sources((*([shared] if shared else []), *own.values()), tuple(services))


def of_stack(state: StackState) -> Sources:
    """What the workers of a running local stack were started with."""
    sources = {service: _process(f"{service}-worker", state.pids) for service in SERVICES}
    services = (
        _service(name, source.values) for name, source in sources.items() if source.values is not None
    )
    return Sources(tuple(sources.values()), tuple(services))


def _service(name: str, environ: Mapping[str, str]) -> Service:
    settings = import_module(f"{package_of(name)}.settings").Settings
    return Service(name, environ, settings, read(settings, environ))


def _process(name: str, pids: Mapping[str, int]) -> Source:
    try:
        return Source(name, psutil.Process(pids[name]).environ())
    except (KeyError, psutil.Error):
        return Source(name, None, (("실행 중인 프로세스가 없습니다", "logs 폴더의 로그를 보세요"),))


def _file(path: Path) -> Source:
    if not path.exists():
        problem = ("파일이 없습니다", "만들거나 --env-dir로 다른 폴더를 지정하세요")
        return Source(path.name, None, (problem,))
    if not path.is_file():  # a pipe would never end
        return Source(path.name, None, (("파일이 아닙니다", "NAME=값 줄로 된 파일을 두세요"),))
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError:
        return Source(path.name, None, (("UTF-8 파일이 아닙니다", "UTF-8로 저장하세요"),))
    except OSError:
        return Source(path.name, None, (("파일을 읽을 수 없습니다", "읽기 권한을 확인하세요"),))
    problems = list(_problems(bindings))
    mode = path.stat().st_mode & 0o777
    if mode & 0o007:
        reason = f"비밀이 든 파일이 모든 사용자에게 열려 있습니다 (모드 {mode:04o})"
        problems.append((reason, f"`chmod 640 {path.name}`"))
    values = {binding.key: binding.value or "" for binding in bindings if binding.key}
    return Source(path.name, values, tuple(problems))


def _problems(bindings: Iterable[Binding]) -> Iterator[Problem]:
    seen: dict[str, str | None] = {}
    for binding in bindings:
        if binding.error or (binding.key and binding.value is None):
            yield f"{binding.original.line}번째 줄이 NAME=값이 아닙니다", "줄을 고치거나 지우세요"
        elif binding.key and seen.setdefault(binding.key, binding.value) != binding.value:
            yield f"{binding.key}가 서로 다른 값으로 두 번 적혀 있습니다", "한 줄만 남기세요"
