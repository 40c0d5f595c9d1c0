"""deploy/aws as it stands after a first release to moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from academyctl.cost.declared import Size, load


@pytest.fixture(scope="session", params=["start", "growth"])
def cloud(request) -> Iterator[Any]:
    """deploy/aws after a first release to moto, once in each size (testkit.cloudformation.Deployed)."""
    from testkit.cloudformation import deployed  # noqa: PLC0415 - moto takes seconds that only these need

    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "moto")
        with deployed(request.param) as found:
            yield found


@pytest.fixture(scope="session")
def rented(root, cloud) -> Size:
    """What deploy/cost says is paid for, of this size."""
    return load(root / "deploy/cost").sizes[cloud.size]


@pytest.fixture(scope="session")
def containers(cloud) -> dict[str, dict[str, Any]]:
    """Family → its container."""
    tasks = [one.properties for one in cloud.of("ECS::TaskDefinition")]
    return {task["Family"]: task["ContainerDefinitions"][0] for task in tasks}
