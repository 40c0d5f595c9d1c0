"""The images of the services: there, and able to start what they are for (--docker)."""

from __future__ import annotations

from collections.abc import Iterator

from servicekit.cli import BAD_SETTINGS

from academyctl.readiness.context import Context
from academyctl.readiness.docker import Docker
from academyctl.readiness.report import Verdict, failed, passed, skipped, skipped_after
from academyctl.readiness.sources import Service


def present(context: Context) -> Iterator[Verdict]:
    """The engine has an image of each service."""
    docker = context.docker
    if docker is None:
        yield skipped("docker", "--docker가 없어 확인하지 않았습니다", "--docker를 붙여 다시 실행하세요")
    elif not docker.answers:
        yield skipped("docker", "컨테이너 엔진이 답하지 않습니다", "엔진이 있는 곳에서 다시 실행하세요")
    else:
        for image in (docker.image(service.name) for service in context.services):
            if docker.has(image):
                yield passed(image, "있습니다")
            else:
                yield failed(image, "이미지가 없습니다", "베이스부터 빌드하거나 docker pull로 받으세요")


def starts(context: Context) -> Iterator[Verdict]:
    """API and worker load in the image, and its entry point is the service's command."""
    docker = context.docker
    if docker is None or not docker.answers:
        yield skipped_after("image.present", "docker")
        return
    for service in context.services:
        if docker.has(docker.image(service.name)):
            yield _start(docker, service)
        else:
            yield skipped_after("image.present", docker.image(service.name))


def _start(docker: Docker, service: Service) -> Verdict:
    image = docker.image(service.name)
    modules = f"import {service.package}.worker, {service.package}.app"
    code, words = docker.run(image, "-c", modules, entrypoint="python")
    if code != 0:
        reason = f"워커나 API를 불러올 수 없습니다: {words}"
        return failed(image, reason, "이미지를 지금 코드와 requirements로 다시 빌드하세요")
    code, words = docker.run(image, "worker")
    if code != BAD_SETTINGS:
        reason = f"설정 없는 worker는 코드 {BAD_SETTINGS}로 끝나야 합니다 (코드 {code}: {words})"
        return failed(image, reason, f'ENTRYPOINT를 ["python", "-m", "{service.package}"]로 하세요')
    return passed(image, "worker와 api가 시작됩니다")
