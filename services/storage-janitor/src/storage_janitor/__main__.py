"""`storage-janitor api | worker | migrate | settings`."""

from servicekit.cli import service_main

from storage_janitor.settings import Settings
from storage_janitor.worker import build_worker


def main() -> int:
    return service_main(
        "storage-janitor",
        create_app="storage_janitor.app:create_app",
        build_worker=build_worker,
        settings=Settings,
    )


if __name__ == "__main__":
    raise SystemExit(main())
