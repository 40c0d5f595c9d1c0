"""`enrollment api | worker | migrate | settings`."""

from servicekit.cli import service_main

from enrollment.settings import Settings
from enrollment.worker import build_worker


def main() -> int:
    return service_main(
        "enrollment", create_app="enrollment.app:create_app", build_worker=build_worker, settings=Settings
    )


if __name__ == "__main__":
    raise SystemExit(main())
