"""`media api | worker | migrate | settings`."""

from servicekit.cli import service_main

from media.settings import Settings
from media.worker import build_worker


def main() -> int:
    return service_main(
        "media", create_app="media.app:create_app", build_worker=build_worker, settings=Settings
    )


if __name__ == "__main__":
    raise SystemExit(main())
