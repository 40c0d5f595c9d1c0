"""`storage-janitor api | worker | migrate | settings`."""

from servicekit.cli import service_main

from storage_janitor.settings import Settings


def main() -> int:
    return service_main("storage-janitor", Settings)


if __name__ == "__main__":
    raise SystemExit(main())
