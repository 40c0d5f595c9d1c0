"""`media api | worker | migrate | settings`."""

from servicekit.cli import service_main

from media.settings import Settings


def main() -> int:
    return service_main("media", Settings)


if __name__ == "__main__":
    raise SystemExit(main())
