"""The images, with a docker command that answers from a table."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from academyctl.readiness import docker
from academyctl.readiness.checks import images
from academyctl.readiness.context import Context
from academyctl.readiness.docker import Docker
from academyctl.readiness.report import READY, Verdict
from academyctl.readiness.sources import Sources, of_files
from contracts import SERVICES

PATTERN = "registry.example/academy-{service}:7"
MEDIA = PATTERN.replace("{service}", "media")
GOOD = {"worker": "exit 2", "*": "exit 0"}


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    for service in SERVICES:
        (tmp_path / f"{service}.env").touch()
    return of_files(tmp_path)


def command(folder: Path, patch: pytest.MonkeyPatch, answers: dict[str, str]) -> Path:
    """A `docker` that does the first of `answers` whose key stands in its arguments; the log of its calls."""
    log = folder / "calls"
    cases = "".join(f'  *"{words}"*) {does} ;;\n' for words, does in answers.items() if words not in GOOD)
    rest = f'  *" worker") {GOOD["worker"]} ;;\n  *) {GOOD["*"]} ;;\n'
    script = folder / "docker"
    script.write_text(f'#!/bin/sh\necho "$*" >>{log}\ncase "$*" in\n{cases}{rest}esac\n')
    script.chmod(0o755)
    patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def examine(sources: Sources, pattern: str | None = PATTERN) -> dict[str, list[Verdict]]:
    context = Context(sources, local=False, docker=Docker(pattern) if pattern else None)
    return {"present": list(images.present(context)), "starts": list(images.starts(context))}


def removed(log: Path) -> list[str]:
    """The containers that were removed."""
    return [line.split()[-1] for line in log.read_text().splitlines() if line.startswith("rm --force ")]


def failing(verdicts: list[Verdict]) -> list[tuple[str, str, str]]:
    return [(one.status, one.subject, one.reason) for one in verdicts if one.status != "PASS"]


def test_images_that_start(sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = command(tmp_path, monkeypatch, {})
    found = examine(sources)
    assert [one.status for verdicts in found.values() for one in verdicts] == ["PASS"] * 2 * len(SERVICES)
    runs = [line for line in log.read_text().splitlines() if line.startswith("run ")]
    assert len(runs) == 2 * len(SERVICES)
    # no network, no variable, nothing left behind
    assert all("--network none " in run and " -e" not in run.replace("--entrypoint", "") for run in runs)
    assert sorted(removed(log)) == sorted(run.split()[run.split().index("--name") + 1] for run in runs)
    assert [
        run for run in runs if run.endswith(f"--entrypoint python {MEDIA} -c import media.worker, media.app")
    ]


@pytest.mark.parametrize(
    ("answers", "present", "starts"),
    [
        ({f"inspect --format {{{{.Id}}}} {MEDIA}": "exit 1"}, "이미지가 없습니다", "SKIP"),
        (
            {f"{MEDIA} -c": "echo \"ModuleNotFoundError: No module named 'media'\" >&2; exit 1"},
            None,
            "워커나 API를 불러올 수 없습니다: ModuleNotFoundError: No module named 'media'",
        ),
        (
            {f"{MEDIA} worker": "echo usage >&2; exit 0"},
            None,
            "설정 없는 worker는 코드 2로 끝나야 합니다 (코드 0: usage)",
        ),
        ({f"{MEDIA} worker": "exit 127"}, None, "설정 없는 worker는 코드 2로 끝나야 합니다 (코드 127: )"),
    ],
)
def test_an_image_that_does_not(
    sources: Sources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[str, str],
    present: str | None,
    starts: str,
) -> None:
    command(tmp_path, monkeypatch, answers)
    found = examine(sources)
    assert failing(found["present"]) == ([("FAIL", MEDIA, present)] if present else [])
    ((status, subject, reason),) = failing(found["starts"])
    assert subject == MEDIA
    assert (status, reason)[starts != "SKIP"] == starts


def test_one_that_never_ends_is_removed(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = command(tmp_path, monkeypatch, {f"{MEDIA} -c": "exec sleep 60"})
    monkeypatch.setattr(docker, "SECONDS", 2.0)
    ((status, subject, reason),) = failing(examine(sources)["starts"])
    assert (status, subject) == ("FAIL", MEDIA)
    assert "2초 안에 끝나지 않았습니다" in reason
    (run,) = (line for line in log.read_text().splitlines() if f"{MEDIA} -c" in line)
    assert run.split()[run.split().index("--name") + 1] in removed(log)


@pytest.mark.parametrize("answers", [{"version": "exit 1"}, None])
def test_without_an_engine_nothing_is_known(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str] | None
) -> None:
    if answers:
        command(tmp_path, monkeypatch, answers)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))  # no docker command at all
    found = examine(sources)
    assert failing(found["present"]) == [("SKIP", "docker", "컨테이너 엔진이 답하지 않습니다")]
    assert [one.status for one in found["starts"]] == ["SKIP"]


def test_not_asked_for_is_not_passed(sources: Sources) -> None:
    found = examine(sources, None)
    assert [one.status for verdicts in found.values() for one in verdicts] == ["SKIP", "SKIP"]


@pytest.mark.servers
def test_with_images_an_installation_in_good_order_is_ready(
    installation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path, monkeypatch, {})
    installation.docker = Docker(PATTERN)
    assert installation.examine().exit_code == READY


@pytest.mark.containers
def test_a_real_engine(sources: Sources, tmp_path: Path) -> None:
    """An image that starts, then without its API; no container stays behind."""
    base = os.environ.get("PYTHON_IMAGE", "python:3.11-slim")
    pattern = f"readiness-{uuid4().hex[:8]}:{{service}}"
    image = pattern.replace("{service}", "media")
    (tmp_path / "media").mkdir()
    for name, text in {"__main__": "import sys; sys.exit(2)", "worker": "", "app": ""}.items():
        (tmp_path / "media" / f"{name}.py").write_text(text)
    (tmp_path / "Dockerfile").write_text(
        f'FROM {base}\nCOPY media /app/media\nWORKDIR /app\nENTRYPOINT ["python", "-m", "media"]\n'
    )
    try:
        engine("build", "--quiet", "--tag", image, str(tmp_path))
        found = examine(sources, pattern)
        assert [one.subject for one in found["present"] if one.status == "PASS"] == [image]
        assert [one.subject for one in found["starts"] if one.status == "PASS"] == [image]
        engine("rmi", "--force", image)
        (tmp_path / "media" / "app.py").unlink()
        engine("build", "--quiet", "--tag", image, str(tmp_path))
        (broken,) = (one for one in examine(sources, pattern)["starts"] if one.subject == image)
        assert "No module named 'media.app'" in broken.reason
        assert image not in engine("ps", "--all", "--format", "{{.Image}}")
    finally:
        engine("rmi", "--force", image)


def engine(*arguments: str) -> str:
    # the classic builder: the only one that podman's socket offers
    environ = {**os.environ, "DOCKER_BUILDKIT": "0"}
    return subprocess.run(
        ["docker", *arguments], env=environ, capture_output=True, text=True, check=True
    ).stdout
