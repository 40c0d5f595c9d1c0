"""`messaging api | worker | migrate | settings`."""

from servicekit.cli import service_main

from messaging.settings import Settings
from messaging.worker import build_worker


def main() -> int:
    return service_main(
        "messaging", create_app="messaging.app:create_app", build_worker=build_worker, settings=Settings
    )


if __name__ == "__main__":
    raise SystemExit(main())
