"""`messaging api | worker | migrate | settings`."""

from servicekit.cli import service_main

from messaging.settings import Settings


def main() -> int:
    return service_main("messaging", Settings)


if __name__ == "__main__":
    raise SystemExit(main())
